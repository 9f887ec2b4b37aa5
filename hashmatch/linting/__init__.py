"""Checks of hash lists: rules over columns of records, what they found, and how it is written."""
