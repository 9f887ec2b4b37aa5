"""Read every file below a folder, one after the other in the order of the folders.

python benchmarks/one_reader.py FOLDER
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    buffer = bytearray(1 << 20)
    for folder, _, names in os.walk(sys.argv[1]):
        for name in names:
            file = os.open(f"{folder}/{name}", os.O_RDONLY)
            while os.readv(file, [buffer]):
                pass
            os.close(file)


if __name__ == "__main__":
    main()
