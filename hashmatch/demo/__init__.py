"""Benign pictures, folders and lists that we make ourselves, for the demo and the tests."""
