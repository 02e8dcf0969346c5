"""What the system tests share: the laboratory with the build under test, checks that count, and the end of a test."""

import os
import pathlib
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "contrib" / "example"))
from lab import SSH_PORT, Lab, LabError, wait_until  # noqa: E402,F401

BUILD = ROOT / os.environ.get("PORTCULLIS_BUILD", "build-asan")


def skip(reason):
    """End the test as skipped."""
    print(f"skipped: {reason}")
    sys.exit(77)


class Checks:
    """Checks of one test: each is told when it fails, and counted."""

    def __init__(self):
        self.done = self.failed = 0

    def that(self, truth, what):
        """One check."""
        self.done += 1
        if not truth:
            self.failed += 1
            print(f"FAILED: {what}", flush=True)
        return truth

    def equal(self, have, want, what):
        """One check of two values."""
        return self.that(have == want, f"{what}: is {have!r}, should be {want!r}")


def main(test, **options):
    """Run a test function with a laboratory and checks; the exit code of the program."""
    if os.geteuid() != 0:
        skip("needs root for network namespaces")
    checks, lab = Checks(), Lab(BUILD, **options)
    try:
        lab.up()
        test(lab, checks)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        checks.failed += 1
    finally:
        if checks.failed:
            for log in sorted(lab.directory.glob("*.log")):
                lines = [line for line in log.read_text(errors="replace").splitlines() if "netconf: session" not in line]
                print(f"--- {log.name}\n" + "\n".join(lines)[-3000:])
        lab.down()
    print(f"{checks.done - checks.failed} checks held, {checks.failed} did not")
    sys.exit(1 if checks.failed or not checks.done else 0)
