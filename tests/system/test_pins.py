#!/usr/bin/python3
"""A deployment stays with the pack that it pins: through an upgrade, until its pin is changed, and never on a broken copy."""

import json
import shutil
import signal
import socket

from harness import main, wait_until

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
PC = "urn:portcullis:yang:portcullis"
END = b"]]>]]>"
PRODUCT = "skype-for-business-server"


class Scene:
    """A device with a catalog directory of its own that the test upgrades."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.packs = lab.directory / "packs"
        shutil.copytree(lab.root / "share/portcullis/catalog", self.packs)
        self.pack = self.packs / f"{PRODUCT}.json"
        self.log = lab.directory / "portcullisd.log"

    def portcullis(self, *arguments):
        """An offline verb with the catalog directory."""
        return self.lab.portcullis(*arguments, "--catalog-dir", self.packs, "--yang-dir",
                                   self.lab.root / "share/portcullis/yang")

    def digest(self):
        """Digest of the installed pack."""
        packs = json.loads(self.portcullis("catalog", "list", "--json").stdout)
        return next(p["digest"] for p in packs.get("packs", packs) if p["name"] == PRODUCT)

    def start(self, **options):
        """The daemon on that directory."""
        self.lab.start_daemon("--catalog-dir", self.packs, **options)

    def deployment(self):
        """What the daemon says of the deployment's pack."""
        (entry,) = json.loads(self.lab.online("status", "--json").stdout)["deployments"]
        return entry

    def flows(self):
        """Every flow with its verdict."""
        return [(f["label"], f["ports"], f["verdict"]) for f in self.lab.conformance()["flows"]]

    def rpc(self, operation):
        """One operation's reply."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(str(self.lab.socket))

            def hear():
                data = b""
                while END not in data:
                    data += s.recv(65536)
                return data.decode()
            s.sendall(f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
                      '</capabilities></hello>'.encode() + END)
            hear()
            s.sendall(f'<rpc xmlns="{BASE}" message-id="1">{operation}</rpc>'.encode() + END)
            return hear()

    def pin(self, digest):
        """Pin another digest in running."""
        return self.rpc(f'<edit-config><target><running/></target><config><deployment xmlns="{PC}"><name>site-a</name>'
                        f'<pack-digest>{digest}</pack-digest></deployment></config></edit-config>')

    def upgrade(self):
        """The next version of the pack: fewer requirements."""
        content = json.loads(self.pack.read_text(encoding="utf-8"))
        pack = content["portcullis-catalog:catalog"]["pack"][0]
        pack["requirement"] = [r for r in pack["requirement"] if "web-conferencing" not in r["label-name"]]
        pack["version"] = "next"
        del pack["digest"]
        self.pack.write_text(json.dumps(content), encoding="utf-8")


def upgraded(scene, old, new, before, traps):
    """After the upgrade everything is as it was, and the new pack is shown as available."""
    checks, lab = scene.checks, scene.lab
    checks.equal(scene.flows(), before, "flows and verdicts after the upgrade")
    entry = scene.deployment()
    checks.equal((entry["pack_digest"], entry["pinned"], entry["kept"]), (old, True, True), "the pack in use")
    checks.equal((entry["available_version"], entry["available_digest"]), ("next", new), "the pack that is available")
    checks.equal(lab.conformance()["deployments"], [entry], "conformance says the same as status")
    checks.that(new in next(line for line in lab.online("status").stdout.splitlines() if line.startswith("available")),
                "status for people")
    checks.equal(lab.traps()[traps:], [], "traps of the upgrade")
    catalog = scene.rpc('<get><filter><catalog xmlns="urn:portcullis:yang:portcullis-catalog"/></filter></get>')
    other = catalog.index("<other-pack")
    checks.that(old in catalog[:other] and new not in catalog[:other] and new in catalog[other:],
                "NETCONF: the pack in use in its list, the other one beside it")
    products = lab.snmp("snmptable", "-t", "10", lab.agent(), "PORTCULLIS-MIB::portcullisProductTable")
    checks.equal(products.count(PRODUCT), 1, f"SNMP: one row of the product: {products}")
    checks.that(" next " not in products, f"SNMP: the version in use: {products}")


def offline(scene, old, new):
    """What has no copies says which pin meets no pack."""
    for verb in (("verify", "--live", "--deployment"), ("deployment", "check")):
        done = scene.portcullis(*verb, scene.lab.deployment)
        text = done.stdout + done.stderr
        scene.checks.that(done.returncode == 3 and old in text and new in text, f"{verb}: {done.returncode} {text}")


def repinned(scene, new, before):
    """The new pack takes effect by a change of the configuration, and nothing else can be pinned."""
    checks = scene.checks
    reply = scene.pin("0" * 64)
    checks.that("0" * 64 in reply and "<ok" not in reply, f"a pin that nothing meets is refused: {reply}")
    checks.equal(scene.flows(), before, "flows after a refused pin")
    checks.that("<ok" in scene.pin(new), "the new pin")
    wait_until(lambda: scene.deployment()["pack_digest"] == new, 10, "the new pack in use")
    entry = scene.deployment()
    checks.equal((entry["kept"], entry["available_digest"]), (False, None), "the new pack in use")
    after = scene.flows()
    checks.that(set(after) < set(before), f"fewer flows with the new pack: {len(before)}, {len(after)}")


def broken(scene, old, before):
    """A copy that is not whole gives no verdict but a reason, and a whole one in its place is taken."""
    checks, lab = scene.checks, scene.lab
    checks.that("<ok" in scene.pin(old), "the old pin again: its copy is there")
    wait_until(lambda: scene.deployment()["kept"], 10, "the old pack in use")
    checks.equal(scene.flows(), before, "flows with the old pin again")
    lab.stop(lab.daemon)
    (copy,) = [path for path in (lab.state / "packs").iterdir() if old in path.name]
    whole = copy.read_bytes()
    for name, content in (("cut short", whole[:5000]), ("changed", whole.replace(b"5061", b"5062", 1)), ("empty", b""),
                          ("of other content", b'{"portcullis-catalog:catalog":{}}')):
        copy.write_bytes(content)
        scene.start(load=False)
        status = json.loads(lab.online("status", "--json").stdout)
        checks.equal(status["summary"]["overall"], "cannot-tell", f"state on a copy that is {name}")
        checks.equal(status["summary"]["conformant"], 0, f"verdicts on a copy that is {name}")
        checks.that(copy.name in (status["unreadable"] or ""), f"{name}: {status['unreadable']}")
        unreadable = wait_until(lambda: [t for t in lab.traps() if "portcullisRulesetUnreadable" in t], 10, "a trap")
        checks.that(f"portcullisNotifyReason.0 = STRING: {copy}" in unreadable[-1], f"{name}: the trap: {unreadable[-1]}")
        checks.that(status["deployments"][0]["pack_digest"] is None, f"{name}: no pack is in use: {status['deployments']}")
        copy.write_bytes(whole)
        lab.daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: json.loads(lab.online("status", "--json").stdout)["unreadable"] is None, 10, "the whole copy")
        checks.equal(scene.flows(), before, f"flows after a copy that was {name}")
        lab.stop(lab.daemon)
    copy.unlink()
    scene.start(load=False)
    status = json.loads(lab.online("status", "--json").stdout)
    checks.that(status["summary"]["overall"] == "cannot-tell" and old in status["unreadable"], f"no copy: {status['unreadable']}")
    checks.equal(lab.stop(lab.daemon), 0, "exit code")


def test(lab, checks):
    """An upgrade, a change of the pin, broken copies."""
    scene = Scene(lab, checks)
    old = scene.digest()
    site = json.loads(lab.deployment.read_text(encoding="utf-8"))
    site["portcullis:deployment"][0]["pack-digest"] = old
    lab.deployment.write_text(json.dumps(site), encoding="utf-8")
    lab.start_snmpd()
    lab.start_snmptrapd()
    scene.start()
    before = scene.flows()
    entry = scene.deployment()
    checks.equal((entry["pack_digest"], entry["pinned"], entry["kept"], entry["available_digest"]), (old, True, False, None),
                 "the pack of a pinned deployment")
    scene.upgrade()
    new = scene.digest()
    traps = len(lab.traps())
    lab.daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: scene.deployment()["available_digest"] == new, 10, "the new pack after SIGHUP")
    upgraded(scene, old, new, before, traps)
    lab.stop(lab.daemon, signal.SIGKILL)
    scene.start(load=False)
    upgraded(scene, old, new, before, traps)
    offline(scene, old, new)
    repinned(scene, new, before)
    broken(scene, old, before)


if __name__ == "__main__":
    main(test)
