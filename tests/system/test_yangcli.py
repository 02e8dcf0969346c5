#!/usr/bin/python3
"""yangcli (yuma123), a NETCONF client of other origin than libnetconf2, over sshd: every operation that it can send."""

import os
import shutil
import subprocess

from harness import SSH_PORT, Checks, Lab, main, skip, snapshot_server

PC = "urn:portcullis:yang:portcullis"
ZONE = f'<?xml version="1.0"?>\n<zone xmlns="{PC}"><name>inside</name><interface>eth1</interface></zone>\n'
# Each with the kind of its reply, and a word of it.
COMMANDS = (
    ("lock target=candidate", "OK", ""),
    ("edit-config target=candidate config=@{zone}", "OK", ""),
    ("validate source=candidate", "OK", ""),
    ("commit", "OK", ""),
    ("unlock target=candidate", "OK", ""),
    ("copy-config source=running target=startup", "OK", ""),
    ("get-config source=startup", "Data", "interface eth1"),
    ("get-config source=running with-defaults=report-all", "Data", "hold-down 200"),
    ("xget select=/conformance/summary/overall", "Data", "overall violated"),
    ("delete-config target=startup", "OK", ""),
    ("edit-config target=candidate default-operation=none config=@{bogus}", "Error", "bad-element bogus"),
    ("lock target=running", "OK", ""),
    ("unlock target=running", "Error", "running is not locked"),
    ("discard-changes", "OK", ""),
    ("cancel-commit persist-id=none", "Error", "no confirmed commit is pending"),
    ("kill-session session-id=4000000000", "Error", "invalid-value"),
    ("get-schema identifier=portcullis-commit format=yang", "Data", "module portcullis-commit"),
    ("create-subscription", "OK", ""),
    ("close-session", "OK", ""),
)


def session(lab, command, *, directory):
    """What yangcli says to one command on a session of its own, as far as it concerns the command."""
    script = directory / "commands"
    script.write_text(command + "\n", encoding="utf-8")
    key = lab.directory / "id"
    line = (f"yangcli --batch-mode --server=127.0.0.1 --ncport={SSH_PORT} --user=root --private-key={key} --public-key={key}.pub "
            f"--timeout=20 --run-script={script} --modpath={lab.root / 'share/portcullis/yang'}:/usr/share/yuma/modules")
    # It wants a terminal.
    done = subprocess.run(lab.command("device", "script", "-qec", line, "/dev/null"), capture_output=True, text=True,
                          check=False, timeout=60, env={**os.environ, "HOME": str(directory), "TERM": "dumb"})
    return done.stdout.replace("\r", "").partition("Checking Server Modules")[2]


def test(lab: Lab, checks: Checks):
    """One command after the other, the first ones on one session, for a lock ends with it."""
    lab.start_sshd()
    files = {name: lab.directory / f"{name}.xml" for name in ("zone", "bogus")}
    files["zone"].write_text(ZONE, encoding="utf-8")
    files["bogus"].write_text(ZONE.replace("interface", "bogus"), encoding="utf-8")
    with snapshot_server(lab, checks):
        first = [command.format(**files) for command, _, _ in COMMANDS[:5]]
        said = session(lab, "\n".join(first), directory=lab.directory)
        checks.equal(said.count("RPC OK Reply"), 5, f"from lock to unlock: {said}")
        for command, kind, word in COMMANDS[5:]:
            said = session(lab, command.format(**files), directory=lab.directory)
            # yangcli throws the answer away when the end of the session arrives with it.
            for _ in range(4):
                if command == "close-session" and "RPC OK Reply" not in said:
                    said = session(lab, command, directory=lab.directory)
            checks.that(f"RPC {kind} Reply" in said and word in said, f"{command}: {said}")


if __name__ == "__main__":
    if not shutil.which("yangcli"):
        skip("yangcli is not installed")
    elif not os.path.exists("/usr/sbin/sshd"):
        skip("openssh-server is not installed")
    else:
        main(test)
