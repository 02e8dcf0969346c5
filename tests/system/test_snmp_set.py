#!/usr/bin/python3
"""What can be set over SNMP, with snmpset over SNMPv3: settings of notifications, a verification, a test.

It is the configuration that NETCONF shows, durable when it is answered; who has locked running, or waits for a confirmation,
keeps it; and it never moves the table in the kernel, which an upgrade would make otherwise by now.
"""

import json
import re
import signal

from harness import Lab, main, wait_until
from test_netconf import BASE, PC, leaf
from test_push import CONFIRMED, DEVICE, DISCARD, RUNNING, Program, commit, edit, firewall

MIB = "PORTCULLIS-MIB::portcullis"
LOCK = f'<{{}} xmlns="{BASE}"><target><running/></target></{{}}>'
HOLD_DOWN = f'<notification xmlns="{PC}"><hold-down>{{}}</hold-down></notification>'
CANCEL = f'<cancel-commit xmlns="{BASE}"/>'


class Scene:
    """The device, its managers over SNMP, and one over NETCONF."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.nms = Program(lab, "client", "--ask", DEVICE)

    def get(self, name):
        """The value of a scalar."""
        return self.lab.snmp("snmpget", "-Oqv", self.lab.agent(), f"{MIB}{name}.0").strip()

    def set(self, *values, user="manager"):
        """What snmpset says to values as (name, type, value)."""
        words = [word for name, kind, value in values for word in (f"{MIB}{name}.0", kind, str(value))]
        line = ["snmpset", "-u", user, "-Oqv", self.lab.agent(), *words]
        done = self.lab.run("device", *line, check=False, env=self.lab.snmp_environment())
        return done.stdout + done.stderr

    def done(self, *values):
        """It is done."""
        said = self.set(*values)
        self.checks.that("Error" not in said and len(said.splitlines()) == len(values), f"set {values}: {said}")

    def refused(self, reason, *values, **options):
        """It is refused by this name."""
        said = self.set(*values, **options)
        self.checks.that(f"Reason: {reason}" in said, f"set {values} is refused with {reason}: {said}")

    def ask(self, operation):
        """An operation over NETCONF that is done."""
        answer = self.nms.ask(operation)
        self.checks.that(answer is not None and "<ok/>" in answer, f"{operation[:200]}: {answer}")

    def running(self):
        """Running over NETCONF."""
        return self.nms.ask(RUNNING)

    def trapped(self, name, known):
        """A trap of that name behind those that were known arrives."""
        return wait_until(lambda: [trap for trap in self.lab.traps()[known:] if f"= OID: {name}|" in trap], 15, f"trap {name}")

    def break_rule(self):
        """Take the rule of the demonstration away."""
        listing = self.lab.run("device", "nft", "-a", "list", "table", "inet", "filter").stdout
        handle = re.search(r"demonstration.* handle (\d+)", listing).group(1)
        self.lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)

    def mend(self):
        """The example's ruleset again."""
        path = self.lab.directory / "mend.nft"
        path.write_text("delete table inet filter\n" + self.lab.ruleset.read_text(encoding="utf-8"), encoding="utf-8")
        self.lab.run("device", "nft", "-f", path)


def settings(scene):
    """One value in both models, at once and after a restart; the history says whose change it was."""
    checks = scene.checks
    checks.equal([scene.get(f"Notify{name}").split()[0] for name in ("Enable", "HoldDown", "MinimumInterval", "PerFlow")],
                 ["true", "200", "0", "false"], "what is not configured")
    scene.done(("NotifyHoldDown", "u", 321), ("NotifyMinimumInterval", "u", 5))
    running = scene.running()
    checks.that("<hold-down>321<" in running and "<minimum-interval>5<" in running, f"running: {running[:500]}")
    checks.that("<per-flow>" not in running, "what was not set is not in it")
    entry = json.loads(scene.lab.online("history", "--json").stdout)["commits"][0]
    checks.equal(entry["user"], "snmp", "who did it")
    scene.lab.stop(scene.lab.daemon, signal.SIGKILL)
    scene.lab.start_daemon(load=False)
    scene.nms.end()
    scene.nms = Program(scene.lab, "client", "--ask", DEVICE)
    checks.that("<hold-down>321<" in scene.running(), "running after kill -9")
    wait_until(lambda: scene.get("NotifyHoldDown").startswith("321"), 15, "SNMP after kill -9")
    scene.ask(edit("running", HOLD_DOWN.format(50)))
    checks.that(scene.get("NotifyHoldDown").startswith("50"), "what NETCONF set is what SNMP reads, at once")


def others(scene):
    """Who may not, who was first, and who waits."""
    scene.refused("noAccess", ("NotifyHoldDown", "u", 400), user="operator")
    scene.refused("wrongValue", ("NotifyHoldDown", "u", 600001))
    scene.ask(LOCK.format("lock", "lock"))
    scene.refused("resourceUnavailable", ("NotifyHoldDown", "u", 400))
    scene.ask(LOCK.format("unlock", "unlock"))
    scene.done(("NotifyHoldDown", "u", 400))
    scene.ask(edit("candidate", HOLD_DOWN.format(401)))
    scene.ask(commit(CONFIRMED.format(600)))
    scene.refused("resourceUnavailable", ("NotifyHoldDown", "u", 402))
    scene.ask(CANCEL)
    scene.checks.that(scene.get("NotifyHoldDown").startswith("400"), "the confirmed commit was cancelled")
    scene.done(("NotifyHoldDown", "u", 50), ("NotifyMinimumInterval", "u", 0))
    scene.ask(DISCARD)


def wishes(scene):
    """A verification and a test, once each; a set that is said again is refused."""
    checks, known, generation = scene.checks, len(scene.lab.traps()), int(scene.get("Generation"))
    lock = scene.get("ControlLock")
    values = (("ControlLock", "i", lock), ("ControlVerify", "i", 2), ("ControlTest", "i", 2))
    scene.done(*values)
    scene.refused("inconsistentValue", *values)
    scene.trapped("portcullisTest", known)
    wait_until(lambda: int(scene.get("Generation")) > generation, 10, "a verification")
    checks.equal(len([trap for trap in scene.lab.traps()[known:] if "portcullisTest" in trap]), 1, "tests")
    checks.equal(scene.get("ControlVerify"), "idle", "what is read")


def silence(scene):
    """Disabled, nothing is sent and the history has it; enabled, flows are told one by one where that is wanted."""
    checks, lab = scene.checks, scene.lab
    scene.done(("NotifyEnable", "i", 2))
    known, newest = len(lab.traps()), int(scene.get("NewestSequence"))
    scene.break_rule()
    wait_until(lambda: int(scene.get("NewestSequence")) >= newest + 2, 15, "the history")
    scene.mend()
    wait_until(lambda: int(scene.get("NewestSequence")) >= newest + 4, 15, "the history")
    scene.done(("NotifyEnable", "i", 1), ("NotifyPerFlow", "i", 1))
    checks.that("<per-flow>true<" in scene.running(), "running")
    scene.break_rule()
    raised = scene.trapped("portcullisFlowViolated", known)
    affected = re.search(r"portcullisNotifyAffected.0 = Gauge32: (\d+)", scene.trapped("portcullisViolated", known)[0])
    checks.equal(len(raised), int(affected.group(1)), "one for each flow")
    scene.mend()
    scene.trapped("portcullisFlowCleared", known)
    names = [re.search(r"= OID: (\w+)", trap).group(1) for trap in lab.traps()[known:]]
    checks.equal(names, ["portcullisViolated", *["portcullisFlowViolated"] * len(raised), "portcullisOverallChange",
                         "portcullisCleared", *["portcullisFlowCleared"] * len(raised), "portcullisOverallChange"], "the traps")
    scene.done(("NotifyPerFlow", "i", 2))


def upgrade(scene):
    """While an upgrade has a change for the table, a set leaves it alone, and the change stays available."""
    checks, lab = scene.checks, scene.lab
    scene.ask(edit("candidate", firewall()))
    scene.ask(commit())
    table = lab.run("device", "nft", "-s", "list", "table", "inet", "portcullis").stdout
    wait_until(lambda: scene.get("FirewallMode") == "enforce", 10, "the mode")
    checks.equal((scene.get("FirewallDeviates"), scene.get("FirewallReason")), ("false", ""), "the state of the table")
    path = lab.root / "share/portcullis/catalog/skype-for-business-server.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    pack = content["portcullis-catalog:catalog"]["pack"][0]
    pack["requirement"] = [one for one in pack["requirement"] if "web-conferencing" not in one["label-name"]]
    del pack["digest"]
    path.write_text(json.dumps(content), encoding="utf-8")
    lab.daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: scene.get("FirewallAvailable") == "true", 20, "the change is available")
    known = len(lab.traps())
    scene.done(("NotifyHoldDown", "u", 60))
    checks.equal(leaf(scene.running(), "hold-down"), "60", "it was set")
    checks.equal(lab.run("device", "nft", "-s", "list", "table", "inet", "portcullis").stdout, table, "the table")
    checks.equal(scene.get("FirewallAvailable"), "true", "the change is still available")
    checks.that(not any("FirewallCommit" in trap for trap in lab.traps()[known:]), "nothing went into the kernel")
    scene.ask(commit())
    checks.that(lab.run("device", "nft", "-s", "list", "table", "inet", "portcullis").stdout != table, "a commit takes it")


def test(lab: Lab, checks):
    """Every part on one device."""
    lab.start_snmptrapd()
    lab.start_snmpd()
    lab.start_daemon()
    lab.start_sshd(DEVICE)
    lab.run("device", "nft", "insert rule inet filter input ip saddr 10.10.0.0/16 accept")
    wait_until(lambda: lab.snmp("snmpget", lab.agent(), f"{MIB}Overall.0", check=False).strip().endswith("ok(1)"), 20,
               "the first verification over SNMP")
    scene = Scene(lab, checks)
    try:
        for part in (settings, others, wishes, silence, upgrade):
            part(scene)
    finally:
        scene.nms.end()
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    main(test)
