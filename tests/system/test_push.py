#!/usr/bin/python3
"""Configurations pushed into the device's packet filter over NETCONF, by ncclient over SSH from another host.

What the gate refuses on every way to running, who may override it, what would cut the session off, commits that wait for their
confirmation and go back, somebody else's changes of the agent's table, and a daemon that is killed. With --ask HOST KEY this
program is the client: it reads operations, one a line, and prints the answers; with --listen HOST KEY the subscriber.
"""

import contextlib
import grp
import json
import os
import pwd
import re
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from harness import Lab, main, skip, wait_until
from lab import SSH_PORT
from test_access import GROUP, USERS, Session, denied
from test_netconf import BASE, PC, leaf

from ncclient import manager  # test_netconf has skipped without it
from ncclient.operations import RPCError
from ncclient.xml_ import to_ele

COMMIT = "urn:portcullis:yang:portcullis-commit"
DEVICE = "10.10.0.1"
MANAGEMENT = ("<management-access><name>nms</name><source>10.10.0.0/16</source><transport>tcp</transport>"
              f"<port><lower>{SSH_PORT}</lower></port></management-access>")
DROP = "<rule><name>{name}</name><matches>{matches}</matches><actions><forwarding>drop</forwarding></actions></rule>"
NO_CLIENTS = DROP.format(name="no-clients", matches="<source><group>clients</group></source>")
NO_SSH = DROP.format(name="no-ssh", matches="<path>input</path><destination><port><lower>1</lower><upper>65535</upper></port>"
                     "</destination><transport>tcp</transport>")


def firewall(*content, mode="enforce", gate="reject", management=MANAGEMENT):
    """The firewall part of a configuration, in place of the one that is there."""
    return (f'<firewall xmlns="{PC}" xmlns:nc="{BASE}" nc:operation="replace"><mode>{mode}</mode>'
            f"<commit-gate>{gate}</commit-gate>{management}{''.join(content)}</firewall>")


def edit(target, config):
    """An edit of a datastore."""
    return f'<edit-config xmlns="{BASE}"><target><{target}/></target><config>{config}</config></edit-config>'


def commit(inner=""):
    """A commit of candidate."""
    return f'<commit xmlns="{BASE}">{inner}</commit>'


DISCARD = f'<discard-changes xmlns="{BASE}"/>'
RUNNING = f'<get-config xmlns="{BASE}"><source><running/></source></get-config>'
VALIDATE = f'<validate xmlns="{BASE}"><source><candidate/></source></validate>'
COPY = f'<copy-config xmlns="{BASE}"><target><running/></target><source><candidate/></source></copy-config>'
CONFIRMED = "<confirmed/><confirm-timeout>{}</confirm-timeout>"
OVERRIDE = f'<override-commit xmlns="{COMMIT}"><reason>the plan of tonight</reason></override-commit>'
PAUSE = f'<pause-enforcement xmlns="{PC}"><duration>600</duration><reason>a look by hand</reason></pause-enforcement>'
RESUME = f'<resume-enforcement xmlns="{PC}"/>'
OWN_TABLE = f'<get xmlns="{BASE}"><filter><conformance xmlns="{PC}"><own-table/></conformance></filter></get>'


def connect(host, key):
    """A session over SSH."""
    return manager.connect(host=host, port=SSH_PORT, username="root", key_filename=key, hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=60)


def client(host, key):
    """Operations in, answers out."""
    with connect(host, key) as device:
        print("ready", flush=True)
        for line in sys.stdin:
            try:
                answer = " ".join(device.dispatch(to_ele(json.loads(line))).xml.split())
            except RPCError as error:
                answer = json.dumps({"tag": error.tag, "path": error.path, "message": error.message})
            print(answer, flush=True)


def listen(host, key):
    """A subscriber: "ready", then every notification as one line."""
    with connect(host, key) as device:
        device.create_subscription()
        print("ready", flush=True)
        while True:
            print(" ".join(device.take_notification(timeout=600).notification_xml.split()), flush=True)


class Program:
    """This program in a namespace, as a client or a subscriber."""

    def __init__(self, lab, space, what, host):
        self.process = subprocess.Popen(lab.command(space, sys.executable, os.path.abspath(__file__), what, host, lab.directory / "id"),
                                        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = []
        assert self.process.stdout.readline() == "ready\n", f"{what} in {space}"

    def send(self, operation):
        """Ask, and do not wait."""
        self.process.stdin.write(json.dumps(operation) + "\n")
        self.process.stdin.flush()

    def answer(self, seconds=60):
        """What came, or None after that time."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return None
        return self.process.stdout.readline()

    def ask(self, operation):
        """The answer."""
        self.send(operation)
        return self.answer()

    def collect(self):
        """Keep what comes, from now on."""
        threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True).start()

    def told(self, element, words="", seconds=20):
        """The first notification of that name with these words, which is taken out."""
        def found():
            for line in list(self.lines):
                if f"<{element} " in line and words in line:
                    self.lines.remove(line)
                    return line
            return None
        return wait_until(found, seconds, f"a notification {element} {words}")

    def end(self):
        """It is not needed any more."""
        self.process.kill()
        self.process.wait(10)


class Scene:
    """The device, who pushes, who listens."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.nms = self.watch = None

    def connect(self):
        """From the host of the NMS, and from the device itself, where nothing is cut off."""
        self.nms = Program(self.lab, "client", "--ask", DEVICE)
        self.watch = Program(self.lab, "device", "--listen", "127.0.0.1")
        self.watch.collect()

    def listed(self, *what):
        """The device's ruleset, or a part of it, without counters."""
        return self.lab.run("device", "nft", "-s", "list", *(what or ("ruleset",)), check=False).stdout

    def own(self):
        """The table of the agent, its sets by name, for some stay longer than others; "": none."""
        text = self.listed("table", "inet", "portcullis")
        sets = r"\tset [^\n]*\n.*?\n\t}\n\n"
        return re.sub(sets, "", text, flags=re.S) + "".join(sorted(re.findall(sets, text, flags=re.S)))

    def nft(self, text):
        """Somebody else changes the ruleset."""
        self.lab.run("device", "nft", text)

    def good(self, operation, what):
        """It is done."""
        answer = self.nms.ask(operation)
        self.checks.that(answer is not None and "<ok/>" in answer, f"{what}: {answer}")

    def refused(self, operation, words, what):
        """It is refused with these words, and nothing has changed."""
        table, running = self.own(), self.nms.ask(RUNNING)
        answer = self.nms.ask(operation)
        self.checks.that(answer is not None and '"tag": "access-denied"' in answer and all(word in answer for word in words),
                         f"{what}: {answer}")
        self.checks.equal(self.own(), table, f"{what}: the table")
        self.checks.that(self.nms.ask(RUNNING).partition("<data>")[2] == running.partition("<data>")[2], f"{what}: running")

    def status(self):
        """What the command says."""
        return json.loads(self.lab.online("status", "--json").stdout)

    def trap(self, name):
        """It arrives."""
        wait_until(lambda: any(f"= OID: {name}|" in line for line in self.lab.traps()), 10, f"trap {name}")

    def push(self, config, what, inner=""):
        """An edit of candidate and its commit."""
        self.good(edit("candidate", config), f"{what}: the edit")
        self.good(commit(inner), f"{what}: the commit")



def enforces(scene):
    """The table comes with the commit, and no other one changes."""
    others = scene.listed()
    scene.push(firewall(), "enforce")
    scene.checks.that("table inet portcullis" in scene.own() and "required-forward4" in scene.own(), "the table")
    scene.checks.equal(scene.listed("table", "inet", "filter") in others, True, "the other table")
    told = scene.watch.told("firewall-commit")
    scene.checks.that(leaf(told, "user") == "root" and "commit" in leaf(told, "comment"), f"the notification: {told}")
    scene.trap("portcullisFirewallCommit")
    wait_until(lambda: scene.lab.conformance()["summary"]["overall"] == "ok", 20, "the flows")


def what_if(scene):
    """What a commit would put into the kernel is part of the answer, and no nft line cures what the configuration says."""
    ask = f'<what-if xmlns="{PC}"/>'
    answer = scene.nms.ask(ask)
    scene.checks.that("<regressions>0<" in answer and "<openings-new>0<" in answer, f"nothing changes: {answer[:800]}")
    scene.good(edit("candidate", firewall(NO_CLIENTS)), "an edit of candidate")
    answer = scene.nms.ask(ask)
    scene.checks.that(int(leaf(answer, "regressions")) > 0 and "rule no-clients" in answer and "<cure>" not in answer and
                      "the agent's own table stops it" in answer.replace("&apos;", "'"), f"clients are dropped: {answer[:3000]}")
    scene.checks.that(re.search("<management[^>]*> ?<lost>0</lost> ?</management>", answer) is not None, f"nobody is cut off: {answer[:3000]}")
    scene.good(edit("candidate", firewall(NO_SSH, management="")), "an edit of candidate")
    answer = scene.nms.ask(ask).replace("> <", "><")
    loss = re.search(f"<loss><label>management session&gt;{DEVICE} ipv4</label>.*?</loss>", answer)
    scene.checks.that(loss is not None and "rule no-ssh" in loss.group() and "<before>conformant<" in loss.group() and
                      "<after>blocked<" in loss.group() and f"<destination-port>{SSH_PORT}<" in loss.group(),
                      f"who asks would be cut off: {answer[-6000:]}")
    scene.checks.that(f"<label>management nms&gt;{DEVICE} ipv4</label>" in answer, f"and so would be a peer: {answer[-6000:]}")
    done = scene.lab.online("what-if", "--json")
    said = json.loads(done.stdout)["management"]
    labels = [loss["label"] for loss in said["losses"]]
    scene.checks.that(done.returncode == 1 and said["lost"] == len(labels) > 0 and f"management nms>{DEVICE} ipv4" in labels and
                      not any("session" in label for label in labels), f"whoever asks from the device stays: {said}")
    text = scene.lab.online("what-if").stdout
    scene.checks.that(re.search(f"^cuts off +management nms>{DEVICE} ipv4 +{SSH_PORT}/tcp +conformant +blocked +inet portcullis input ",
                                text, re.M) and f"{len(labels)} connections of management would be cut off" in text, f"for people: {text}")
    scene.good(edit("candidate", firewall(mode="observe")), "an edit of candidate")
    scene.checks.that("<regressions>0<" in scene.nms.ask(ask), "without the own table")
    scene.good(DISCARD, "discard")


def gate(scene):
    """What breaks flows is refused on every way to running, but not to who may override."""
    checks, words = scene.checks, ("clients>", "rule no-clients", "for example")
    scene.refused(edit("running", firewall(NO_CLIENTS)), words, "edit-config of running")
    scene.good(edit("candidate", firewall(NO_CLIENTS)), "an edit of candidate")
    scene.refused(commit(), words, "commit")
    scene.refused(VALIDATE, words, "validate")
    scene.refused(COPY, words, "copy-config")
    scene.refused(commit(CONFIRMED.format(60)), words, "a confirmed commit")
    before = scene.own()
    with Session(scene.lab, USERS[0]) as user:
        checks.that(denied(user.ask(OVERRIDE)), "who has no right to override")
        checks.that(denied(user.ask(PAUSE)), "who has no right to pause")
    scene.good(OVERRIDE, "override-commit")
    checks.that("rule no-clients" in scene.own(), "it was done")
    told = scene.watch.told("firewall-commit", "the plan of tonight")
    checks.that("overridden" in told and "would be blocked by inet portcullis forward" in told, f"what was broken is told: {told}")
    wait_until(lambda: scene.lab.conformance()["summary"]["overall"] == "violated", 20, "the violation")
    scene.push(firewall(), "back again")
    checks.equal(scene.own(), before, "the table")
    history = scene.nms.ask(f'<get xmlns="{BASE}"><filter><history xmlns="{PC}"/></filter></get>')
    number = re.search(r"<number>(\d+)</number>(?:(?!<number>).)*override: the plan of tonight", history)
    checks.that(number is not None, f"the history: {history[:1500]}")
    if number is not None:
        scene.refused(f'<rollback-to xmlns="{PC}"><number>{number.group(1)}</number></rollback-to>', words, "rollback-to")


def management(scene):
    """Nobody cuts himself off, but with a commit that goes back."""
    checks = scene.checks
    cut = firewall(NO_SSH, management="")
    words = ("would cut off", str(SSH_PORT), "rule no-ssh")
    scene.good(edit("candidate", cut), "an edit of candidate")
    scene.refused(commit(), words, "commit")
    scene.refused(edit("running", cut), words, "edit-config of running")
    scene.refused(COPY, words, "copy-config")
    scene.refused(VALIDATE, words, "validate")
    scene.refused(OVERRIDE, words, "override-commit")
    before = scene.own()
    scene.nms.send(commit(CONFIRMED.format(6)))
    wait_until(lambda: "rule no-ssh" in scene.own(), 20, "the cut")
    checks.that("taken back unless" in scene.watch.told("firewall-commit", "confirmed commit"), "that it waits")
    tried = scene.lab.run("client", sys.executable, "-c", f"import socket; socket.create_connection(('{DEVICE}', {SSH_PORT}), 2)",
                          check=False)
    checks.that("rule no-ssh" in scene.own() and tried.returncode != 0, f"no connection while it is cut off: {tried}")
    wait_until(lambda: "rule no-ssh" not in scene.own(), 20, "the way back")
    checks.equal(scene.own(), before, "the table after the way back")
    told = scene.watch.told("rollback")
    checks.that("not confirmed in time" in told, f"why it went back: {told}")
    scene.trap("portcullisFirewallRollback")
    checks.that(scene.nms.answer() is not None, "the answer to the commit arrives in the end")
    checks.that("<data" in (scene.nms.ask(RUNNING) or ""), "the session goes on")


ECHO = """
import socket, sys, threading
def talk(c):
    while data := c.recv(100):
        c.sendall(data)
for address in sys.argv[1:]:
    s = socket.create_server((address, 8057))
    threading.Thread(target=lambda s=s: [talk(s.accept()[0]) for _ in range(9)], daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""
CALLS = """
import socket, sys
calls = [socket.create_connection((address, 8057), 5) for address in sys.argv[1:]]
def answers(c):
    try:
        c.settimeout(1)
        c.sendall(b"x")
        return c.recv(100) != b""
    except OSError:
        return False
print("ready", flush=True)
for line in sys.stdin:
    print(*[int(answers(c)) for c in calls], flush=True)
"""


def connections(scene):
    """Connections that a change no longer admits are counted, and ended where that is asked for, they and no others."""
    checks, servers = scene.checks, ("10.20.1.11", "10.20.1.12")
    rule = DROP.format(name="no-second", matches="<source><group>clients</group></source>"
                       f"<destination><address>{servers[1]}</address></destination>")
    pipes = {"text": True, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    echo = subprocess.Popen(scene.lab.command("server", sys.executable, "-c", ECHO, *servers), **pipes)
    checks.equal(echo.stdout.readline(), "ready\n", "the servers")
    calls = subprocess.Popen(scene.lab.command("client", sys.executable, "-c", CALLS, *servers), **pipes)
    checks.equal(calls.stdout.readline(), "ready\n", "the clients")

    def alive():
        calls.stdin.write("\n")
        calls.stdin.flush()
        return calls.stdout.readline().split()
    try:
        checks.equal(alive(), ["1", "1"], "both talk")
        scene.good(edit("candidate", firewall(rule)), "an edit of candidate")
        answer = scene.nms.ask(f'<what-if xmlns="{PC}"/>')
        checks.that(re.search("<lost>1</lost>", answer) and f"&gt; {servers[1]}:8057" in answer, f"what-if: {answer[-2500:]}")
        scene.good(OVERRIDE, "override-commit")
        told = scene.watch.told("firewall-commit", "established connections")
        checks.that(re.search("1 of [0-9]+ established connections would not be admitted anew, for example tcp 10.10.0.2:[0-9]+ &gt; "
                              f"{servers[1]}:8057; the most of them because of [^<]*rule no-second", told), f"told: {told}")
        checks.equal(alive(), ["1", "1"], "both are kept")
        scene.push(firewall(), "back again")
        ends = "<lost-connections>end</lost-connections>"
        scene.good(edit("candidate", firewall(rule, management=ends + MANAGEMENT)), "an edit of candidate")
        scene.good(OVERRIDE.replace("</reason>", "</reason>" + CONFIRMED.format(600)), "a confirmed override-commit")
        checks.equal(alive(), ["1", "1"], "both are kept until it is confirmed")
        scene.good(commit(), "the confirmation")
        checks.equal(alive(), ["1", "0"], "one is ended, and no other")
        checks.that("<data" in (scene.nms.ask(RUNNING) or ""), "the session goes on")
    finally:
        for process in (calls, echo):
            process.kill()
            process.wait(10)
    scene.push(firewall(), "as before")


def drift(scene):
    """Somebody else changes the table of the agent."""
    checks, before = scene.checks, scene.own()
    scene.nft("add rule inet portcullis forward ip saddr 10.10.0.7 drop")
    told = scene.watch.told("firewall-deviation")
    checks.that("there is now 'ip saddr 10.10.0.7 drop'" in told and leaf(told, "author") == "nft", f"the deviation: {told}")
    scene.watch.told("firewall-restored")
    checks.equal(scene.own(), before, "the table is put back")
    for name in ("portcullisFirewallDeviation", "portcullisFirewallRestored"):
        scene.trap(name)
    scene.nft("delete table inet portcullis")
    checks.that("is gone" in scene.watch.told("firewall-deviation"), "a table that is deleted")
    scene.watch.told("firewall-restored")
    checks.equal(scene.own(), before, "the table is back")
    done = scene.lab.online("pause", "--for", "10m", "--reason", "a look by hand")
    checks.equal((done.returncode, done.stdout, done.stderr), (0, "the table is left alone for 600 seconds\n", ""), "pause")
    scene.nft("flush chain inet portcullis forward")
    scene.watch.told("firewall-deviation")
    state = scene.nms.ask(OWN_TABLE)
    checks.that(leaf(state, "paused-by") == "root" and leaf(state, "pause-reason") == "a look by hand" and leaf(state, "deviation"),
                f"the state: {state}")
    status = scene.status()
    checks.that("gone" in status["firewall_deviation"] and status["pause_reason"] == "a look by hand" and status["paused_until"],
                f"the status: {status}")
    shown = scene.lab.online("status").stdout
    checks.that(re.search("^firewall +somebody changed", shown, re.MULTILINE) and
                re.search("^paused +until .*, by root: a look by hand$", shown, re.MULTILINE), f"the status: {shown}")
    time.sleep(3)
    checks.that(scene.own() not in ("", before), "it is left alone")
    restart(scene)
    checks.that(scene.own() not in ("", before), "it is left alone over a restart")
    scene.good(RESUME, "resume")
    scene.watch.told("firewall-restored")
    checks.equal(scene.own(), before, "the table after the pause")
    checks.that('"tag": "invalid-value"' in scene.nms.ask(RESUME), "there is no pause any more")
    scene.good(PAUSE, "pause again")
    checks.equal(scene.lab.online("pause", "--end").returncode, 0, "the end of the pause")
    checks.that("own-table" not in scene.nms.ask(OWN_TABLE), "all is well")


def restart(scene, number=signal.SIGTERM, meanwhile=None):
    """The daemon ends and starts."""
    scene.nms.end()
    scene.watch.end()
    scene.lab.stop(scene.lab.daemon, number)
    if meanwhile is not None:
        meanwhile()
    scene.lab.start_daemon("--group", GROUP, load=False)
    scene.connect()


def children(pid):
    """Processes that this one started."""
    return [int(word) for word in open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split()]


def killed(scene):
    """Killed while a commit waits, and with it, or alone, the privileged process."""
    checks, before = scene.checks, scene.own()
    extra = DROP.format(name="extra", matches="<source><address>192.0.2.1</address></source>")
    running = scene.nms.ask(RUNNING).partition("<data>")[2]
    for victims in ("both", "privileged"):
        scene.push(firewall(extra), victims, CONFIRMED.format(600))
        checks.that("rule extra" in scene.own(), f"{victims}: it waits")
        daemon = scene.lab.daemon.pid
        # `ip netns exec` runs the daemon in its own place.
        for child in children(daemon):
            os.kill(child, signal.SIGKILL)
        if victims == "both":
            restart(scene, signal.SIGKILL)
        else:
            checks.equal(scene.lab.daemon.wait(20), 1, "exit code without the privileged process")
            checks.that("rule extra" in scene.own(), "the table stays")
            restart(scene)
        checks.equal(scene.own(), before, f"{victims}: the table after the start")
        checks.equal(scene.nms.ask(RUNNING).partition("<data>")[2], running, f"{victims}: running after the start")
    # A boot: no table, then what was confirmed last, and a daemon that comes later.
    scene.push(firewall(extra), "the boot", CONFIRMED.format(600))

    def boot():
        scene.nft("delete table inet portcullis")
        scene.lab.run("device", *scene.lab.daemon_command("--restore"))
        checks.equal(scene.own(), before, "the table of the boot")
    restart(scene, signal.SIGKILL, boot)
    checks.equal(scene.own(), before, "the table after the boot")
    wrong = scene.lab.run("device", *scene.lab.daemon_command("--restore"), check=False)
    checks.that(wrong.returncode == 1 and "another" in wrong.stderr, f"a restore beside the daemon: {wrong}")


def upgrade(scene):
    """Packs that are read again open and close nothing; a commit without a change takes what they come to."""
    checks, before = scene.checks, scene.own()
    path = scene.lab.root / "share/portcullis/catalog/skype-for-business-server.json"
    whole = path.read_text(encoding="utf-8")
    content = json.loads(whole)
    pack = content["portcullis-catalog:catalog"]["pack"][0]
    pack["requirement"] = [one for one in pack["requirement"] if "web-conferencing" not in one["label-name"]]
    del pack["digest"]
    path.write_text(json.dumps(content), encoding="utf-8")
    scene.lab.daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: scene.status()["firewall_available"], 20, "what the new pack comes to is available")
    checks.equal(scene.own(), before, "the table after SIGHUP")
    checks.that("comes to another table" in scene.lab.online("status").stdout, "the status")
    answer = scene.nms.ask(f'<what-if xmlns="{PC}"><running/></what-if>')
    checks.that(int(leaf(answer, "openings-closed")) > 0 and "<regressions>0<" in answer, f"what-if of it: {answer[:1500]}")
    restart(scene)
    checks.equal(scene.own(), before, "the table after a restart with the new pack")
    checks.that(scene.status()["firewall_available"], "it is still available")
    scene.good(commit(), "a commit without a change")
    checks.that(scene.own() not in ("", before), "the table of the new pack")
    wait_until(lambda: not scene.status()["firewall_available"], 20, "nothing more is available")
    path.write_text(whole, encoding="utf-8")
    scene.lab.daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: scene.status()["firewall_available"], 20, "the old pack is available")
    scene.good(commit(), "back to the old pack")
    checks.equal(scene.own(), before, "the table of the old pack")


def boots(scene):
    """A boot begins with startup; even one that lets nobody in lets in the management."""
    checks, before = scene.checks, scene.own()
    scene.good(edit("candidate", firewall(NO_SSH, management="")), "an edit of candidate")
    scene.refused(f'<copy-config xmlns="{BASE}"><target><startup/></target><source><candidate/></source></copy-config>',
                  ("rule no-ssh",), "a startup that lets nobody in, also not who asks for it")
    scene.good(DISCARD, "discard")
    scene.good(edit("candidate", firewall(NO_SSH)), "an edit of candidate")
    scene.good(f'<copy-config xmlns="{BASE}"><target><startup/></target><source><candidate/></source></copy-config>', "startup")
    scene.good(DISCARD, "discard")

    def another_boot():
        with contextlib.closing(sqlite3.connect(scene.lab.state / "journal.db")) as journal:
            journal.execute("UPDATE setting SET value = 'before' WHERE name = 'boot-id'")
            journal.commit()
    restart(scene, meanwhile=another_boot)
    checks.that("rule no-ssh" in scene.own(), "running is startup")
    checks.that("<ok/>" in scene.nms.ask(VALIDATE), "the NMS gets in")
    scene.push(firewall(), "the end of it")
    checks.equal(scene.own(), before, "the table")


def observes(scene):
    """The table goes with the mode."""
    others = scene.listed("table", "inet", "filter")
    scene.push(firewall(mode="observe"), "observe")
    scene.checks.equal(scene.own(), "", "no table")
    scene.checks.equal(scene.listed("table", "inet", "filter"), others, "the other table")
    scene.nft("add table inet portcullis")
    scene.nft("add chain inet portcullis forward { type filter hook forward priority 0; }")
    scene.checks.that("not of this agent's making" in scene.watch.told("firewall-deviation"), "a table of somebody else's")
    scene.nft("delete table inet portcullis")
    scene.watch.told("firewall-restored")


def test(lab: Lab, checks):
    """Every part on one device."""
    lab.start_snmptrapd()
    lab.start_snmpd()
    lab.start_daemon("--group", GROUP)
    lab.start_sshd(DEVICE)
    lab.run("device", "nft", f"insert rule inet filter input ip saddr 10.10.0.0/16 tcp dport {SSH_PORT} accept")
    wait_until(lambda: lab.conformance()["summary"]["overall"] == "ok", 20, "the first verification")
    scene = Scene(lab, checks)
    scene.connect()
    try:
        for part in (enforces, what_if, gate, management, connections, drift, killed, upgrade, boots, observes):
            part(scene)
    finally:
        scene.nms.end()
        scene.watch.end()
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        client(*sys.argv[2:])
        sys.exit(0)
    if sys.argv[1:2] == ["--listen"]:
        listen(*sys.argv[2:])
    try:
        if any(pwd.getpwnam(user).pw_gid != grp.getgrnam(GROUP).gr_gid for user in USERS):
            skip(f"{' and '.join(USERS)} are not in group {GROUP}")
    except KeyError as error:
        skip(str(error))
    main(test)
