#!/usr/bin/python3
"""The plugin inside snmpd: the same tables as the subagent's, from the file that the daemon writes.

While the daemon hangs, dies and starts again, and while somebody spoils the file; what can be set, counters of notifications
and traps stay with the subagent.
"""

import os
import pwd
import re
import signal
import subprocess

from harness import SANITIZED, Lab, main, wait_until

MIB = "PORTCULLIS-MIB::portcullis"
USER = "Debian-snmp"  # as Debian's unit starts snmpd
# TimeStamps count from the start of snmpd, which is not the same; ages run.
RUNNING = re.compile(r"portcullis(LastChange|LastVerify|DataAge|VerifyDuration|DiscontinuityTime|TablesLastChange|FlowLastChange|"
                     r"ProblemSince|Generation|LastVerifyTime|Notify\w*|Control\w*)\.\d")


class Scene:
    """The device with its file."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.path = lab.run_dir / "snmp" / "snapshot"
        self.plugin = next((lab.root / "lib").rglob("snmp-plugin.so"))

    def start(self):
        """snmpd with the plugin; that of a build with sanitizers needs their libraries before snmpd's."""
        env = {}
        if SANITIZED:
            found = [subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
                     for name in ("libasan.so", "libubsan.so")]
            env = {"LD_PRELOAD": ":".join(found), "ASAN_OPTIONS": "detect_leaks=0"}
        self.lab.start_snmpd(f"dlmod portcullis {self.plugin}", f"portcullisSnapshot {self.path}", f"agentuser {USER}",
                             f"agentgroup {USER}", env=env)

    def get(self, name, *options):
        """A scalar, as snmpget prints it."""
        return self.lab.snmp("snmpget", *options, self.lab.agent(), f"{MIB}{name}.0", check=False).strip()

    def walk(self, repetitions=50):
        """Everything that does not run, a line each."""
        text = self.lab.snmp("snmpbulkwalk", "-Os", f"-Cr{repetitions}", self.lab.agent(), f"{MIB}Objects")
        return [line for line in text.splitlines() if not RUNNING.match(line)]

    def has(self, value, seconds=15):
        """portcullisOverall becomes that."""
        wait_until(lambda: self.get("Overall", "-Oqv") == value, seconds, f"portcullisOverall {value}")

    def gone(self):
        """Instances do not exist."""
        wait_until(lambda: "No Such Instance" in self.get("Overall"), 15, "no instance")
        self.checks.that("No Such Instance" in self.lab.snmp("snmpwalk", self.lab.agent(), f"{MIB}FlowTable") or
                         "FlowLabel" not in self.lab.snmp("snmpwalk", self.lab.agent(), f"{MIB}FlowTable"), "no rows")
        self.checks.that(self.lab.alive(self.lab.snmpd), "snmpd lives")

    def start_daemon(self, **options):
        """The daemon that writes the file."""
        self.lab.start_daemon("--snmp-snapshot", self.path, **options)


def the_same(scene, before):
    """Every table of the subagent, whatever the size of requests; SETs and counters beside them."""
    scene.checks.equal(os.stat(f"/proc/{scene.lab.snmpd.pid}").st_uid, pwd.getpwnam(USER).pw_uid, "who snmpd is")
    for repetitions in (1, 7, 200):
        scene.checks.equal(scene.walk(repetitions), before, f"the walk with -Cr{repetitions}")
    said = scene.lab.run("device", "snmpset", "-u", "manager", "-Oqv", scene.lab.agent(), f"{MIB}NotifyHoldDown.0", "u", "60",
                         check=False, env=scene.lab.snmp_environment())
    scene.checks.that(said.stdout.startswith("60"), f"a set: {said}")


def news(scene):
    """A change is in the plugin's rows, and its trap comes from the subagent."""
    lab, known = scene.lab, len(scene.lab.traps())
    listing = lab.run("device", "nft", "-a", "list", "table", "inet", "filter").stdout
    handle = re.search(r"demonstration.* handle (\d+)", listing).group(1)
    lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)
    scene.has("violated")
    wait_until(lambda: any("portcullisViolated" in trap for trap in lab.traps()[known:]), 15, "the trap")
    verdicts = lab.snmp("snmpbulkwalk", "-Oqv", lab.agent(), f"{MIB}FlowVerdict").split()
    scene.checks.equal(verdicts.count("blocked"), int(scene.get("FlowsBlocked", "-Oqv").split()[0]), "blocked flows")
    scene.checks.that(verdicts.count("blocked") > 0, "some are")


def hangs_and_dies(scene):
    """A daemon that hangs answers all the same; one that is gone does not, and the next one does."""
    lab, checks = scene.lab, scene.checks
    lab.daemon.send_signal(signal.SIGSTOP)
    checks.equal(scene.get("Overall", "-Oqv", "-t1", "-r0"), "violated", "while the daemon hangs")
    checks.that("Error" in scene.get("NotifySent", "-t1", "-r0") or scene.get("NotifySent", "-t1", "-r0") == "",
                "what the subagent serves has to wait")
    lab.daemon.send_signal(signal.SIGCONT)
    lab.stop(lab.daemon, signal.SIGKILL)
    scene.gone()
    scene.start_daemon(load=False)
    scene.has("violated")
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")
    checks.that(not scene.path.exists(), "the file is taken away")
    scene.gone()
    scene.start_daemon(load=False)
    scene.has("violated")


def spoiled(scene):
    """Whatever is in the file, snmpd lives; what is not sound has no rows, and the next snapshot has."""
    whole = scene.path.read_bytes()
    scene.checks.equal(oct(scene.path.stat().st_mode & 0o777), "0o640", "who may read the file")
    for content in (b"", whole[:100], whole[:-1], os.urandom(len(whole)), whole[:200] + os.urandom(len(whole) - 200), whole * 2):
        other = scene.path.with_name("other")
        other.write_bytes(content)
        other.rename(scene.path)
        scene.gone()
    with open(scene.path, "wb") as file:
        file.truncate(1 << 40)
    scene.gone()
    scene.lab.run("device", "nft", "add", "table", "inet", "elsewhere")
    scene.has("violated", 40)


def test(lab: Lab, checks):
    """Every part on one device."""
    scene = Scene(lab, checks)
    lab.start_snmptrapd()
    lab.start_snmpd()
    scene.start_daemon()
    scene.has("ok")
    before = scene.walk()
    checks.that(len(before) > 1000, f"{len(before)} objects of the subagent")
    lab.stop(lab.snmpd)
    scene.start()
    scene.has("ok")
    wait_until(lambda: "INTEGER" in scene.get("NotifyEnable"), 15, "the subagent beside the plugin")
    for part in (lambda scene: the_same(scene, before), news, hangs_and_dies, spoiled):
        part(scene)
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")
    checks.equal(lab.stop(lab.snmpd), 0, "exit code of snmpd")


if __name__ == "__main__":
    main(test)
