"""The forms in which findings are written; ``linting.registry`` finds them here."""
