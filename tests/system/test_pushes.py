#!/usr/bin/python3
"""A few of the random pushes of tests/pushes/daemon.py, one on each way to running; by hand it makes a thousand."""

import os
import pathlib
import sys

from harness import skip

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pushes"))

SEED = 7


def main():
    """Every way once."""
    if os.geteuid() != 0:
        skip("needs root for network namespaces")
    import daemon  # skips where ncclient is not installed
    count = daemon.run(len(daemon.WAYS), 0, SEED)
    sys.exit(1 if count["failures"] else 0)


if __name__ == "__main__":
    main()
