"""Partitions, logical and encrypted volumes on a medium."""
