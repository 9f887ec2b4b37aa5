"""Bytes in; digests and perceptual hashes out. Pixels never leave this package."""
