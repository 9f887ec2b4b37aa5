"""Run as ``python -m hashmatch``."""

from hashmatch.cli import main

if __name__ == "__main__":  # worker processes import this module again
    main()
