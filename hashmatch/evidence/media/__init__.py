"""Disk images and devices as one stretch of bytes."""
