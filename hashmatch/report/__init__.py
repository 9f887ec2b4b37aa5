"""A finished run as a document. Reads a stored run; never touches evidence."""
