#!/usr/bin/python3
"""A server that is killed while it commits: what was confirmed is there afterwards, what was not is gone, nothing is between."""

import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from harness import BUILD, Checks

PC = "urn:portcullis:yang:portcullis"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
ROUNDS = 25


class Session:
    """A session on the UNIX socket, one rpc at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self.pending = b""
        self.socket.sendall(f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
                            "</capabilities></hello>]]>]]>".encode())
        self.message()

    def message(self):
        """The next message; EOFError when the server is gone."""
        while b"]]>]]>" not in self.pending:
            received = self.socket.recv(65536)
            if not received:
                raise EOFError
            self.pending += received
        whole, _, self.pending = self.pending.partition(b"]]>]]>")
        return whole.decode()

    def rpc(self, operation):
        """The reply."""
        self.socket.sendall(f'<rpc xmlns="{BASE}" message-id="1">{operation}</rpc>]]>]]>'.encode())
        return self.message()

    def number(self):
        """The number that running has; 0: none."""
        found = re.search(r"number (\d+)", self.rpc("<get-config><source><running/></source></get-config>"))
        return int(found.group(1)) if found else 0


class Writer(threading.Thread):
    """Commits numbers until the server is gone, plain ones and confirmed ones in turn."""

    def __init__(self, path, first):
        super().__init__(daemon=True)
        self.session = Session(path)
        self.kept = first  # the last number that was answered as final
        self.may = first  # a number that may have become final, though nobody heard of it
        self.commits = 0
        self.refused = None

    def ok(self, operation):
        """One rpc that has to be done."""
        reply = self.session.rpc(operation)
        if "<ok/>" not in reply:
            self.refused = f"{operation}: {reply}"
            raise EOFError
        self.commits += 1

    def run(self):
        try:
            for number in range(self.kept + 1, self.kept + 100000):
                self.ok(f'<edit-config><target><candidate/></target><config><zone xmlns="{PC}"><name>z</name><description>'
                        f"number {number}</description><interface>eth0</interface></zone></config></edit-config>")
                if number % 3 == 0:
                    self.ok(f"<commit><confirmed/><persist>{number}</persist></commit>")
                    self.may = number
                    self.ok(f"<commit><persist-id>{number}</persist-id></commit>")
                else:
                    self.may = number
                    self.ok("<commit/>")
                self.kept = number
        except (EOFError, OSError):
            pass


def start(path, log):
    """The server, once it says that it is ready."""
    server = subprocess.Popen([BUILD / "tests/check_netconf", "--serve", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=log, text=True)
    if server.stdout.readline() != "ready\n":
        raise OSError(f"the server did not start: {server.wait(10)}")
    return server


def crashes(directory, log, checks):
    """Kill it at a random moment of its work, again and again."""
    path, kept, commits = directory / "s", 0, 0
    generator = random.Random(7)
    for turn in range(ROUNDS):
        server = start(path, log)
        reader = Session(path)
        writer = Writer(path, kept)
        writer.start()
        time.sleep(generator.uniform(0.02, 0.4))
        server.send_signal(signal.SIGKILL)
        server.wait()
        writer.join(20)
        reader.socket.close()
        checks.that(writer.refused is None, f"turn {turn}: refused: {writer.refused}")
        server = start(path, log)
        session = Session(path)
        now = session.number()
        checks.that(now in (writer.kept, writer.may), f"turn {turn}: running has {now}, not {writer.kept} or {writer.may}")
        history = session.rpc(f'<get><filter><history xmlns="{PC}"/></filter></get>')
        numbers = re.findall(r"<number>(\d+)</number>", history)
        for number in numbers[-5:] + numbers[:1]:
            reply = session.rpc(f'<commit-changes xmlns="{PC}"><number>{number}</number></commit-changes>')
            checks.that("rpc-error" not in reply, f"turn {turn}: commit {number}: {reply}")
        reply = session.rpc('<cancel-commit/>')
        checks.that("none to cancel" in reply, f"turn {turn}: something is pending: {reply}")
        kept, commits = now, commits + writer.commits
        server.send_signal(signal.SIGKILL)
        server.wait()
    checks.that(commits > 3 * ROUNDS, f"only {commits} steps were done")
    print(f"{commits} steps, {ROUNDS} times killed")


def main():
    """Needs no namespaces and no root."""
    checks, directory = Checks(), pathlib.Path(tempfile.mkdtemp(prefix="portcullis-"))
    try:
        with open(directory / "log", "wb") as log:
            crashes(directory, log, checks)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        checks.failed += 1
    finally:
        if checks.failed:
            print((directory / "log").read_text(errors="replace")[-3000:])
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{checks.done - checks.failed} checks held, {checks.failed} did not")
    sys.exit(1 if checks.failed or not checks.done else 0)


if __name__ == "__main__":
    main()
