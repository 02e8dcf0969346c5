"""What the system tests share: the laboratory with the build under test, checks that count, and the end of a test."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "contrib" / "example"))
from lab import SSH_PORT, Lab, LabError, wait_until  # noqa: E402,F401

BUILD = ROOT / os.environ.get("PORTCULLIS_BUILD", "build-asan")
SANITIZED = re.search(r"^PORTCULLIS_SANITIZE:STRING=.", (BUILD / "CMakeCache.txt").read_text(errors="replace"), re.MULTILINE)


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


@contextlib.contextmanager
def snapshot_server(lab, checks):
    """The NETCONF server on a snapshot made by hand, without a daemon; it ends with its input."""
    lab.socket.parent.mkdir()
    with open(lab.directory / "server.log", "wb") as log:
        server = subprocess.Popen([BUILD / "tests/check_netconf", "--serve", lab.socket], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        checks.equal(server.stdout.readline(), "ready\n", "what the server says when it starts")
        yield
        server.stdin.close()
        checks.equal(server.wait(15), 0, "exit code of the server")
    finally:
        server.kill()
        server.wait()
    lab.socket.parent.rmdir()  # a daemon makes one that its user may write


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
