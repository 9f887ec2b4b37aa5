"""File systems: what entries a volume holds, and their content."""
