#!/usr/bin/python3
"""What verdicts do not see is said by every face: `verify` on dumps and live, `deployment check`, and the daemon."""

import json

from harness import ROOT, main, wait_until

OFF = "IPv4 packets that arrive on lan0 are not forwarded"
STRICT = "IPv4 packets that arrive on srv0"


class Scene:
    """The laboratory's device, read by the command with and without the daemon."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        share = lab.root / "share/portcullis"
        self.catalog = ("--catalog-dir", share / "catalog", "--yang-dir", share / "yang")
        self.site = ("verify", *self.catalog, "--deployment", lab.deployment)

    def write(self, name, content):
        """A JSON file in the laboratory's directory."""
        path = self.lab.directory / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def verify(self, *options):
        """What verify says to programs; the same caveats to people."""
        done = self.lab.portcullis(*self.site, *options, "--json")
        result = json.loads(done.stdout)
        out = self.lab.portcullis(*self.site, *options).stdout
        said = [line.removeprefix("caveat: ") for line in out.splitlines() if line.startswith("caveat: ")]
        self.checks.equal(said, result["caveats"], f"caveats for people, {options}")
        self.checks.that(f"no rule singles out: {result['summary']['forward_default']}\n" in out, f"the default for people: {out}")
        return result

    def network(self):
        """Addresses, routes and settings of the device, as the manual says."""
        commands = {"addr": "ip -d -j addr", "route": "ip -j route", "route6": "ip -6 -j route", "rule": "ip -j rule",
                    "rule6": "ip -j -6 rule", "netconf": "ip -j netconf"}
        return self.write("network.json", {
            key: json.loads(self.lab.run("device", *command.split()).stdout) for key, command in commands.items()})

    def dump(self):
        """The ruleset as nft prints it."""
        return json.loads(self.lab.run("device", "nft", "-j", "list", "ruleset").stdout)

    def sysctl(self, *settings):
        """Settings of the device."""
        self.lab.run("device", "sysctl", "-qw", *settings)

    def status(self):
        """Caveats of the daemon, in status, conformance and for people."""
        status = json.loads(self.lab.online("status", "--json").stdout)
        return status["caveats"]

    def becomes(self, words, there, what):
        """The daemon's caveats, once one has the words or none has."""
        caveats = wait_until(lambda: (c := self.status(), any(words in one for one in c) == there)[1] and [c], 10, what)[0]
        self.checks.equal(json.loads(self.lab.online("conformance", "--json").stdout)["caveats"], caveats, f"{what}: conformance")
        out = self.lab.online("status").stdout
        self.checks.that(all(f"caveat         {one}" in out for one in caveats), f"{what}: for people: {out}")
        return caveats


def settings(scene):
    """Forwarding and reverse paths: live, offline and in the daemon, which hears of a change."""
    checks = scene.checks
    scene.sysctl("net.ipv4.conf.lan0.forwarding=0", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.srv0.rp_filter=1")
    live = scene.verify("--live")
    checks.that(any(OFF in one for one in live["caveats"]), f"forwarding off: {live['caveats']}")
    checks.that(any(one.startswith(STRICT) and "rp_filter is strict" in one for one in live["caveats"]), f"strict: {live['caveats']}")
    checks.equal((live["summary"]["overall"], live["summary"]["forward_default"]), ("ok", "deny"), "verdicts are the ruleset's")
    dump = scene.write("dump.json", scene.dump())
    offline = scene.verify("--ruleset", dump, "--network", scene.network())
    checks.equal(offline["caveats"], live["caveats"], "the same from files")
    checks.that("ipsec" not in offline and len(live["ipsec"]) == 15, "exemptions from IPsec, live alone")
    alone = scene.verify("--ruleset", dump)
    checks.that(len(alone["caveats"]) == 1 and "are not known" in alone["caveats"][0], f"without --network: {alone['caveats']}")
    done = scene.lab.portcullis("deployment", "check", scene.lab.deployment, *scene.catalog, "--network",
                                scene.lab.directory / "network.json", "--json")
    remarks = [r["text"] for r in json.loads(done.stdout)["remarks"] if r["kind"] == "network"]
    checks.equal(remarks, live["caveats"], "deployment check")
    checks.equal(scene.becomes(OFF, True, "the start on a device that does not forward"), live["caveats"], "the daemon")
    scene.sysctl("net.ipv4.conf.lan0.forwarding=1")
    scene.becomes(OFF, False, "forwarding switched on")
    scene.sysctl("net.ipv4.conf.all.rp_filter=2")
    scene.becomes(STRICT, False, "reverse paths filtered loosely")
    scene.sysctl("net.ipv6.conf.all.forwarding=0")
    scene.becomes("net.ipv6.conf.all.forwarding is off", True, "IPv6 forwarding switched off")
    scene.sysctl("net.ipv6.conf.all.forwarding=1")
    checks.equal(scene.becomes("net.ipv6", False, "IPv6 forwarding switched on"), [], "no caveat is left")
    checks.equal(scene.verify("--live")["caveats"], [], "no caveat is left, live")


def rulesets(scene):
    """What a ruleset hides: a flowtable, and a default that is none."""
    checks, lab = scene.checks, scene.lab
    dump = scene.dump()
    dump["nftables"].append({"flowtable": {"family": "inet", "table": "filter", "name": "fast", "handle": 99, "hook": "ingress",
                                           "prio": 0, "dev": ["lan0", "srv0"]}})
    caveats = scene.verify("--ruleset", scene.write("flowtable.json", dump), "--network", scene.network())["caveats"]
    checks.that(len(caveats) == 1 and "flowtable" in caveats[0] and "fast" in caveats[0], f"a flowtable: {caveats}")
    lab.run("device", "nft", "insert", "rule", "inet", "filter", "forward", "accept")
    result = scene.verify("--live")
    checks.equal(result["summary"]["forward_default"], "deny-in-name-only", "a default in name only")
    checks.equal(scene.becomes("in name only", True, "the daemon on a default in name only"), result["caveats"], "the daemon")
    path = lab.directory / "again.nft"
    path.write_text("flush ruleset\n" + lab.ruleset.read_text(encoding="utf-8"), encoding="utf-8")
    lab.run("device", "nft", "-f", path)
    wait_until(lambda: scene.status() == [], 10, "the ruleset again")


def paths(scene):
    """A flow whose path is not certain says why."""
    checks, lab = scene.checks, scene.lab
    checks.that(all(flow["caveat"] is None for flow in scene.verify("--live")["flows"]), "certain paths")
    lab.run("device", "ip", "rule", "add", "from", "10.10.0.0/16", "to", "10.20.1.0/24", "lookup", "100", "pref", "90")
    result = scene.verify("--live")
    open_flows = {flow["label"]: flow["caveat"] for flow in result["flows"] if flow["caveat"]}
    checks.that(open_flows and all("ip rule" in caveat for caveat in open_flows.values()), f"a routing rule: {open_flows}")
    checks.that(any(f"{len(open_flows)} flows have an interface that cannot be told" in one for one in result["caveats"]),
                f"the number of them: {result['caveats']}")
    scene.becomes("cannot be told", True, "the daemon on a routing rule")
    theirs = {flow["label"]: flow["caveat"] for flow in lab.conformance()["flows"] if flow["caveat"]}
    checks.equal(theirs, open_flows, "caveats of flows, the daemon's and the command's")
    lab.run("device", "ip", "rule", "del", "pref", "90")
    scene.becomes("cannot be told", False, "no routing rule")


def exemptions(scene):
    """Exemptions from IPsec, live: what the daemon says."""
    checks, lab = scene.checks, scene.lab
    site = ROOT / "tests" / "data" / "cli" / "ipsec.json"
    lab.run("device", *("ip xfrm policy add src 10.10.0.0/16 dst 10.30.0.10/32 dir fwd priority 20 tmpl proto esp mode transport "
                        "reqid 7").split())
    lab.stop(lab.daemon)
    lab.state = lab.directory / "state-ipsec"
    lab.start_daemon("--load", site, load=False)
    theirs = lab.conformance()["ipsec"]
    command = ("verify", *scene.catalog, "--deployment", site, "--live")
    ours = json.loads(lab.portcullis(*command, "--json").stdout)["ipsec"]
    checks.that(any(entry["state"] == "violated" for entry in ours), f"a policy that catches: {ours}")
    order = lambda entry: (entry["deployment"], entry["exemption"])  # noqa: E731
    checks.equal(sorted(ours, key=order), sorted(theirs, key=order), "the exemptions, the command's and the daemon's")
    touched = sum(entry["state"] in ("violated", "carried-in-a-tunnel") for entry in ours)
    for option, rows in ((), touched), (("--all",), len(ours)):
        out = lab.portcullis(*command, *option).stdout
        table = out[out.index("IPSEC EXEMPTION"):].split("\n\n")[0]
        checks.that(len(table.splitlines()) == rows + 1 and "esp transport reqid 7" in table, f"for people, {option}: {out}")
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


def test(lab, checks):
    """One after the other, on one device."""
    scene = Scene(lab, checks)
    scene.sysctl("net.ipv4.conf.lan0.forwarding=0", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.srv0.rp_filter=1",
                 "net.ipv4.conf.lan0.rp_filter=0", "net.ipv4.conf.dmz0.rp_filter=0")
    lab.start_daemon()
    settings(scene)
    rulesets(scene)
    paths(scene)
    exemptions(scene)


if __name__ == "__main__":
    main(test)
