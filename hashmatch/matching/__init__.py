"""One item's hashes and the installed sets in, hits out."""
