"""What holds for all tests: the product is compiled once, not by each of the processes they start.

Their commands write nothing beside the product, as in a laboratory where it is installed for all;
without this each of them, and each of its workers, would compile what it loads again.
"""

import compileall
from pathlib import Path

PRODUCT = Path(__file__).parents[1] / "hashmatch"


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(PRODUCT, quiet=2)
