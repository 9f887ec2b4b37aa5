"""Benign pictures, a benign exhibit and hash lists about it, for trying out and for tests.

Everything is drawn from a seed; nothing comes from outside. Digests and perceptual hashes of
what is drawn are computed by the caller and handed in, so that this package proves nothing
about itself.
"""
