#!/usr/bin/python3
"""The tests of what contrib/ has for network management systems, or only those named; the last line counts them.

Each runs the real program from its package against a device in network namespaces, with the release build.
"""

import pathlib
import sys

import run

TIMEOUT = 900


def main():
    """tests/nms/test_NAME.py, all or those named on the command line."""
    tests = {pathlib.Path(test).stem[5:]: test for test in run.tracked("tests/nms/test_*.py")}
    for name in sys.argv[1:]:
        if name not in tests:
            sys.exit(f"nms.py: '{name}' is none of the tests {', '.join(tests)}")
    options = {"timeout": TIMEOUT, "env": {"PORTCULLIS_BUILD": "build"}}
    chosen = [run.test(f"nms {name}", run.PYTHON, tests[name], **options) for name in sys.argv[1:] or tests]
    return run.counted(lambda: run.together([lambda: chosen]))


if __name__ == "__main__":
    sys.exit(main())
