"""The rules, one module for each family; ``linting.registry`` finds them here."""
