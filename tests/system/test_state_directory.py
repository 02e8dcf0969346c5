#!/usr/bin/python3
"""A state directory that is full, cannot be written, is or becomes mounted for reading alone, or is damaged, under a daemon.

Each time: commits are refused with the reason, verification, SNMP and NETCONF go on, the alarm is raised once on every
face, and cleared by itself when writing works again. The directory is a file system in memory, in a mount namespace of
this test.
"""

import hashlib
import json
import os
import pwd
import re
import shutil
import sqlite3
import sys

from harness import Lab, main, wait_until
from test_crash import Session
from test_end_to_end import reset, rules

PC = "urn:portcullis:yang:portcullis"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
SUBSCRIBE = f'<create-subscription xmlns="{NOTIFICATION}"/>'
DELIVERY = "snmp-delivery"  # what SNMP would make there
ALARM = f'<get><filter><conformance xmlns="{PC}"><journal-unwritable/><events-unkept/><summary/></conformance></filter></get>'


def edit(name, entries=1):
    """An edit of the candidate with zones that need some room."""
    zones = "".join(f"<zone><name>{name}-{i}</name><description>{(name * 200)[:400]}</description><interface>{name}{i}</interface></zone>"
                    for i in range(entries))
    return (f'<edit-config><target><candidate/></target><config xmlns:pc="{PC}">' +
            zones.replace("<zone>", f'<zone xmlns="{PC}">') + "</config></edit-config>")


class Watch:
    """A device with its faces, and what they say."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.session = self.listener = None
        self.traps_before = self.log_before = 0

    def start(self, **options):
        """The daemon, a session and a subscriber."""
        self.mark()
        self.lab.start_daemon(**options)
        self.connect()

    def connect(self):
        """New sessions."""
        self.session, self.listener = Session(self.lab.socket), Session(self.lab.socket)
        self.checks.that("<ok/>" in self.listener.rpc(SUBSCRIBE), "create-subscription")

    def stop(self):
        """End it in order."""
        self.checks.equal(self.lab.stop(self.lab.daemon), 0, "exit code after SIGTERM")

    def mark(self):
        """What was told so far does not count."""
        log = self.lab.directory / "portcullisd.log"
        self.traps_before, self.log_before = len(self.lab.traps()), log.stat().st_size if log.exists() else 0

    def get(self, name):
        """A scalar over SNMP."""
        return self.lab.snmp("snmpget", "-Oqv", self.lab.agent(), f"PORTCULLIS-MIB::{name}.0").strip()

    def status(self):
        """What `portcullis status` says."""
        return json.loads(self.lab.online("status", "--json").stdout)

    def told(self, word):
        """The next notification with a word."""
        while True:
            message = self.listener.message()
            if word in message:
                return message

    def traps(self, name):
        """Traps of a kind since the mark."""
        return [line for line in self.lab.traps()[self.traps_before:] if f"OID: {name}|" in line]

    def refused(self, what, words, name):
        """A commit is refused with the reason, and nothing changes."""
        before = self.session.rpc("<get-config><source><running/></source></get-config>")
        reply = self.session.rpc(edit(name, 300))
        self.checks.that("<ok/>" in reply, f"{what}: an edit of the candidate: {reply}")
        reply = self.session.rpc("<commit/>")
        tag = re.search(r"<error-tag>([^<]*)", reply)
        self.checks.that(tag and tag.group(1) in ("resource-denied", "operation-failed") and all(w in reply for w in words),
                         f"{what}: a commit is refused with {words}: {reply}")
        after = self.session.rpc("<get-config><source><running/></source></get-config>")
        self.checks.equal(after, before, f"{what}: running")

    def alarm(self, what, word, notified=True):
        """It is raised on every face, once."""
        check = self.checks.that
        if notified:
            message = self.told("journal-unwritable")
            check(word in message and "<sequence>" in message and "<events-unkept>" in message, f"{what}: {message}")
        wait_until(lambda: self.status()["journal_unwritable"], 10, f"{what}: the alarm in the status")
        check(word in self.status()["journal_unwritable"], f"{what}: status says {self.status()['journal_unwritable']}")
        check(word in self.lab.online("status").stdout, f"{what}: status for people")
        check(word in self.session.rpc(ALARM), f"{what}: a get: {self.session.rpc(ALARM)}")
        wait_until(lambda: self.get("portcullisJournalWritable") in ("false", "2"), 10, f"{what}: the alarm over SNMP")
        check(word in self.get("portcullisJournalReason"), f"{what}: SNMP says {self.get('portcullisJournalReason')}")
        wait_until(lambda: self.traps("portcullisJournalUnwritable"), 10, f"{what}: the trap")
        check(word in self.traps("portcullisJournalUnwritable")[0], f"{what}: {self.traps('portcullisJournalUnwritable')}")

    def cleared(self, what, raised=1):
        """It is over by itself, and was told once."""
        message = self.told("journal-writable")
        self.checks.that("<events-unkept>" in message and "<reason>" not in message, f"{what}: {message}")
        wait_until(lambda: self.status()["journal_unwritable"] in (None, ""), 10, f"{what}: the end in the status")
        wait_until(lambda: self.get("portcullisJournalWritable") in ("true", "1"), 10, f"{what}: the end over SNMP")
        self.checks.equal(self.get("portcullisJournalReason"), "", f"{what}: the reason over SNMP")
        wait_until(lambda: self.traps("portcullisJournalRecovered"), 10, f"{what}: the trap of the end")
        self.checks.equal((len(self.traps("portcullisJournalUnwritable")), len(self.traps("portcullisJournalRecovered"))),
                          (raised, 1), f"{what}: traps")
        with open(self.lab.directory / "portcullisd.log", "rb") as log:
            log.seek(self.log_before)
            lines = log.read().decode(errors="replace").splitlines()
        self.checks.equal(len([line for line in lines if "commits are refused, monitoring goes on" in line]), raised,
                          f"{what}: lines in the log")
        self.mark()

    def verifies(self, what):
        """A rule that is deleted changes the verdicts, and they come back with it."""
        chain, handle, _ = next(rule for rule in rules(self.lab) if "5061" in rule[2])
        self.lab.run("device", "nft", "delete", "rule", "inet", "filter", chain, "handle", handle)
        self.checks.that("<verdict>blocked" in self.told("<kind>violated"), f"{what}: a deleted rule is told")
        wait_until(lambda: self.status()["summary"]["blocked"] > 0, 10, f"{what}: a deleted rule in the status")
        wait_until(lambda: self.get("portcullisOverall") in ("violated", "3"), 10, f"{what}: a deleted rule over SNMP")
        reset(self.lab)
        self.told("<kind>cleared")
        wait_until(lambda: self.status()["summary"]["overall"] == "ok", 10, f"{what}: the rule is back")

    def commits(self, what):
        """What was refused before is done now."""
        reply = self.session.rpc("<commit/>")
        self.checks.that("<ok/>" in reply, f"{what}: a commit afterwards: {reply}")


def fill(lab):
    """Until nothing more goes onto the disk."""
    with open(lab.state / "ballast", "ab", buffering=0) as ballast:
        for size in (65536, 4096, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                pass


def full(watch):
    """A disk that gets full while the daemon runs."""
    watch.mark()
    fill(watch.lab)
    for _ in range(3):
        watch.refused("a full disk", ["disk full", "make room"], "full")
    watch.alarm("a full disk", "disk full")
    watch.verifies("a full disk")
    (watch.lab.state / "ballast").unlink()
    watch.cleared("a full disk")
    watch.commits("a full disk")


def failing(watch):
    """Writes that fail; the daemon is not killed for it."""
    # Its own user may do that. The log of the daemon is a file as well: it does not grow meanwhile.
    group = pwd.getpwnam(watch.lab.user).pw_gid

    def limit(value):
        watch.lab.run(None, "setpriv", f"--reuid={watch.lab.user}", f"--regid={group}", "--clear-groups", "prlimit", "--pid",
                      watch.lab.daemon.pid, f"--fsize={value}:")
    watch.mark()
    limit(1)
    watch.refused("a failing disk", ["check the disk"], "failing")
    limit("unlimited")
    watch.told("journal-unwritable")
    watch.told("journal-writable")
    watch.commits("a failing disk")


def mounted(watch, option):
    """Mount the state directory anew, for a daemon that runs as well: it has mounts of its own."""
    running = watch.lab.daemon.poll() is None
    for inside in ((), ("nsenter", "--mount", "--target", watch.lab.daemon.pid)) if running else ((),):
        watch.lab.run(None, *inside, "mount", "-o", f"remount,{option}", watch.lab.state)


def bound(watch):
    """The directory becomes one for reading alone under a daemon that runs, and is one for writing again."""
    inside = ("nsenter", "--mount", "--target", watch.lab.daemon.pid)
    # What is open for writing keeps its own file system from it: the kernel says so, and nothing happens.
    done = watch.lab.run(None, *inside, "mount", "-o", "remount,ro", watch.lab.state, check=False)
    watch.checks.that(done.returncode != 0 and "busy" in done.stderr, f"a remount below an open journal: {done.stderr}")
    watch.commits("a remount that the kernel refuses")
    watch.mark()
    watch.lab.run(None, *inside, "mount", "--bind", watch.lab.state, watch.lab.state)
    watch.lab.run(None, *inside, "mount", "-o", "remount,bind,ro", watch.lab.state)
    for _ in range(2):
        watch.refused("bound read-only", ["Read-only file system", "for writing again"], "bound")
    watch.alarm("bound read-only", "Read-only file system")
    watch.verifies("bound read-only")
    watch.lab.run(None, *inside, "mount", "-o", "remount,bind,rw", watch.lab.state)
    watch.cleared("bound read-only")
    watch.commits("bound read-only")
    watch.lab.run(None, *inside, "umount", "--lazy", watch.lab.state)


def restarts_full(watch):
    """A start on a full disk: it monitors what it monitored before, and has no need of what SNMP would make there."""
    watch.stop()
    (watch.lab.state / DELIVERY).unlink()
    fill(watch.lab)
    watch.start(load=True)
    watch.checks.equal(watch.status()["summary"]["overall"], "ok", "a start on a full disk: overall state")
    watch.refused("a start on a full disk", ["disk full", "make room"], "again")
    watch.alarm("a start on a full disk", "disk full", notified=False)
    watch.verifies("a start on a full disk")
    (watch.lab.state / "ballast").unlink()
    watch.cleared("a start on a full disk")
    watch.commits("a start on a full disk")


def read_only(watch):
    """A start from a file system that is mounted for reading alone, until it is not any more."""
    watch.stop()
    (watch.lab.state / DELIVERY).unlink()
    mounted(watch, "ro")
    watch.start(load=True)
    watch.checks.that(not (watch.lab.state / DELIVERY).exists(), "read-only: no file for SNMP")
    watch.checks.equal(watch.status()["summary"]["overall"], "ok", "read-only: overall state")
    watch.refused("read-only", ["Read-only file system"], "read")
    watch.alarm("read-only", "Read-only file system", notified=False)
    watch.verifies("read-only")
    history = watch.lab.online("history", "--json")
    watch.checks.equal(history.returncode, 0, f"read-only: the history: {history.stderr}")
    mounted(watch, "rw")
    watch.cleared("read-only")
    watch.commits("read-only")


def digest(lab):
    """Of the journal's files."""
    return hashlib.sha256(b"".join((lab.state / name).read_bytes() for name in ("journal.db", "journal.db-wal")
                                   if (lab.state / name).exists())).hexdigest()


def flip_text(data):
    """One address of running becomes another one: it is a fine JSON text all the same."""
    at = data.index(b'"address":["10.') + len(b'"address":["1')
    return data[:at] + b"1" + data[at + 1:]


def damaged(watch, what, damage):
    """A start from a damaged file: nothing is known, nothing is written, and all faces say so."""
    lab, check = watch.lab, watch.checks
    watch.stop()
    whole = (lab.state / "journal.db").read_bytes()
    (lab.state / "journal.db").write_bytes(damage(whole))
    before = digest(lab)
    watch.start(load=True)
    status = watch.status()
    check.equal((status["summary"]["overall"], status["summary"]["conformant"]), ("cannot-tell", 0), f"{what}: the state")
    check.that("configuration is not known" in (status["unreadable"] or ""), f"{what}: unreadable: {status['unreadable']}")
    check.equal(lab.online("status").returncode, 2, f"{what}: exit code of status")
    watch.alarm(what, "damaged", notified=False)
    check.that(watch.get("portcullisOverall") in ("cannotTell", "5"), f"{what}: {watch.get('portcullisOverall')}")
    watch.refused(what, ["damaged", "move it away"], "damaged")
    watch.stop()
    check.equal(digest(lab), before, f"{what}: the file")
    (lab.state / "journal.db").write_bytes(whole)
    watch.start(load=False)
    check.equal(watch.status()["summary"]["overall"], "ok", f"{what}: the state with the whole file")
    check.equal(watch.status()["journal_unwritable"], None, f"{what}: no alarm with the whole file")


def startup(watch):
    """A start from a startup that is not what was written to it: running as it was, and nothing is written."""
    lab, check = watch.lab, watch.checks
    reply = watch.session.rpc("<copy-config><target><startup/></target><source><running/></source></copy-config>")
    check.that("<ok/>" in reply, f"running is copied to startup: {reply}")
    running = watch.session.rpc("<get-config><source><running/></source></get-config>")
    watch.stop()
    whole = (lab.state / "journal.db").read_bytes()
    database = sqlite3.connect(lab.state / "journal.db")
    database.execute("UPDATE datastore SET content = replace(content, '\"10.', '\"11.') WHERE name = 'startup'")
    # The device has booted since.
    database.execute("UPDATE setting SET value = 'another' WHERE name = 'boot-id'")
    database.commit()
    database.close()
    shutil.chown(lab.state / "journal.db", lab.user)
    before = digest(lab)
    watch.start(load=True)
    check.equal(watch.status()["summary"]["overall"], "ok", "a damaged startup: the state")
    check.equal(watch.session.rpc("<get-config><source><running/></source></get-config>"), running, "a damaged startup: running")
    watch.alarm("a damaged startup", "startup is not what was written to it", notified=False)
    watch.refused("a damaged startup", ["startup is not what was written", "move it away"], "startup")
    check.that("startup is damaged and is not loaded" in (lab.directory / "portcullisd.log").read_text(errors="replace"),
               "a damaged startup: the log")
    watch.stop()
    check.equal(digest(lab), before, "a damaged startup: the file")
    (lab.state / "journal.db").write_bytes(whole)
    watch.start(load=False)
    check.equal(watch.status()["journal_unwritable"], None, "a damaged startup: no alarm with the whole file")


def first(lab, checks):
    """A first start has to write, and says so."""
    mount(lab, "ro")
    done = lab.run("device", *lab.daemon_command(), check=False, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    checks.that(done.returncode == 1 and "Read-only file system" in done.stderr, f"a first start: {done.stderr}")
    lab.run(None, "umount", lab.state)


def mount(lab, option="rw"):
    """A state directory of 12 MB."""
    lab.state.mkdir(exist_ok=True)
    user = shutil.chown(lab.state, lab.user) or lab.state.stat().st_uid
    lab.run(None, "mount", "-t", "tmpfs", "-o", f"size=12m,mode=0750,uid={user},{option}", "state", lab.state)


def test(lab: Lab, checks):
    """All of it with one configuration."""
    lab.start_snmpd()
    lab.start_snmptrapd()
    first(lab, checks)
    mount(lab)
    watch = Watch(lab, checks)
    watch.start(load=True)
    checks.equal(watch.status()["journal_unwritable"], None, "no alarm at the beginning")
    checks.that(watch.get("portcullisJournalWritable") in ("true", "1"), "no alarm over SNMP at the beginning")
    full(watch)
    failing(watch)
    bound(watch)
    restarts_full(watch)
    read_only(watch)
    damaged(watch, "a damaged head", lambda data: b"not a database " + data[15:])
    damaged(watch, "a damaged text", flip_text)
    damaged(watch, "a file cut short", lambda data: data[:6000])
    startup(watch)
    watch.stop()


if __name__ == "__main__":
    if os.geteuid() == 0 and "PORTCULLIS_OWN_MOUNTS" not in os.environ:
        os.environ["PORTCULLIS_OWN_MOUNTS"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    main(test)
