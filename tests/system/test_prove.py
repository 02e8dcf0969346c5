#!/usr/bin/python3
"""`portcullis prove`: the kernel in a private namespace against the verdict, for flows and packets, on every path.

The device's own namespace must stay as it is, and a verdict that is wrong must be seen to be.
"""

import json
import re
import time

from harness import main, wait_until


class Scene:
    """The example's device."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.online = ("--socket", lab.socket, "--yang-dir", lab.root / "share/portcullis/yang")

    def nft(self, *arguments):
        """nft in the device's namespace."""
        return self.lab.run("device", "nft", *arguments).stdout

    def prove(self, *arguments, code=0, what=None):
        """The command's JSON, with an exit code."""
        done = self.lab.portcullis("prove", *arguments, "--json")
        self.checks.equal((done.returncode, done.stderr), (code, ""), f"{what or arguments[:2]}: {done.stdout[-600:]}")
        return json.loads(done.stdout) if done.stdout else {}

    def outside(self):
        """What must not change: links, addresses, routes, ruleset, namespaces but for those of other laboratories."""
        said = [self.lab.run("device", *command.split()).stdout for command in
                ("ip -o link", "ip -o addr", "ip route", "ip -6 route", "nft -a list ruleset")]
        spaces = (line.split()[0] for line in self.lab.run("device", "ip", "netns", "list").stdout.splitlines())
        return [*said, sorted(name for name in spaces
                              if name.startswith(f"{self.lab.prefix}-") or not re.match(r"pc\d+-", name))]

    def settled(self):
        """The same, when links and addresses have come up."""
        def twice():
            first = self.outside()
            time.sleep(0.3)
            return first if self.outside() == first else None
        return wait_until(twice, 10, "links and addresses")

    def labels(self):
        """Flows by label with their verdicts."""
        return {flow["label"]: flow for flow in self.lab.conformance()["flows"]}


def packets(scene):
    """Packets without a daemon: forwarded, to the device and from it, in both families."""
    checks = scene.checks
    cases = [("tcp 10.10.0.5:40000 > 10.20.1.100:5061", "conformant", "accepted"),
             ("tcp [fd00:10::5]:40000 > [fd00:20:1::100]:5061", "conformant", "accepted"),
             ("udp [fd00:10::5]:50020 > [fd00:20:1::11]:50000", "conformant", "accepted"),
             ("icmp 10.10.0.5 > 10.20.1.11", "conformant", "accepted"),
             ("icmpv6 fd00:10::5 > fd00:20:1::11", "conformant", "accepted"),
             ("tcp 10.10.0.5:99 > 10.20.1.100:5061", "blocked", "dropped"),
             ("tcp 10.10.0.5:40000 > 10.20.1.100:5062", "blocked", "dropped"),
             ("tcp [fd00:10::5]:40000 > [fd00:20:1::100]:5062", "blocked", "dropped"),
             ("tcp 10.20.0.2:40000 > 10.20.0.1:830", "conformant", "accepted"),
             ("udp 10.10.0.5:40000 > 10.10.0.1:9999", "blocked", "dropped"),
             ("icmpv6 fd00:10::5 > fd00:10::1", "conformant", "accepted"),
             ("udp 10.20.0.1:40000 > 10.20.1.11:53", "conformant", "accepted"),
             ("tcp [fd00:20::1]:40000 > [fd00:20:1::11]:443", "conformant", "accepted")]
    for packet, verdict, kernel in cases:
        result = scene.prove("--packet", packet)
        checks.equal((result["verdict"], result["agrees"]), (verdict, True), f"{packet}: verdict, agrees: {result}")
        checks.equal(result["passages"][-1]["kernel"], kernel, f"{packet}: the kernel")
        if kernel == "accepted":
            checks.equal(sorted({p["phase"] for p in result["passages"]}), ["established", "new", "reply"], f"{packet}: phases")
        else:
            checks.that(result["passages"][-1]["rule"] == result["rule"], f"{packet}: the rule, in the live ruleset's handles")


def changed(scene):
    """Rulesets of other kinds: stateless replies, translation, sets with timeouts, devices, what no verdict decides."""
    checks = scene.checks
    packet = ("--packet", "tcp 10.10.0.5:40000 > 10.20.1.100:5061")
    scene.nft("insert", "rule", "inet", "filter", "forward", "tcp", "sport", "5061", "counter", "drop")
    result = scene.prove(*packet, what="a rule that drops the replies")
    checks.equal((result["verdict"], result["phase"], result["passages"][-1]["phase"]), ("blocked", "reply", "reply"), "the reply")
    checks.that("sport 5061" in result["passages"][-1]["rule"]["text"], "the rule that drops the replies")
    scene.reset()
    scene.nft("insert", "rule", "inet", "filter", "forward", "limit", "rate", "over", "1/second", "burst", "1", "packets", "drop")
    result = scene.prove(*packet, code=2, what="a limit")
    checks.equal((result["verdict"], result["agrees"]), ("indeterminate", None), "a limit is not decided")
    scene.reset()
    scene.nft("add", "table", "ip", "nat")
    scene.nft("add", "chain", "ip", "nat", "pre", "{ type nat hook prerouting priority -100; }")
    scene.nft("add", "rule", "ip", "nat", "pre", "tcp", "dport", "5061", "dnat", "to", "10.20.1.11:5062")
    result = scene.prove(*packet, what="destination NAT")
    checks.equal((result["verdict"], result["agrees"]), ("misdirected", True), f"destination NAT: {result}")
    scene.nft("delete", "table", "ip", "nat")
    scene.nft("add", "set", "inet", "filter", "listed", "{ type ipv4_addr; flags timeout; elements = { 10.10.0.5 timeout 1h }; }")
    scene.nft("insert", "rule", "inet", "filter", "forward", "ip", "saddr", "@listed", "drop")
    result = scene.prove(*packet, code=2, what="a packet that is listed today")
    checks.equal(result["passages"][0]["kernel"], "dropped", "elements of a timeout set are loaded")
    checks.equal(scene.prove("--packet", "tcp 10.10.0.6:40000 > 10.20.1.100:5061")["agrees"], True, "a packet that is not listed")
    scene.reset()
    scene.nft("insert", "rule", "inet", "filter", "forward", "iif", "lan0", "oif", "srv0", "tcp", "dport", "5062", "accept")
    scene.prove("--packet", "tcp 10.10.0.5:40000 > 10.20.1.100:5062", what="interfaces by number")
    scene.nft("add", "table", "netdev", "early")
    scene.nft("add", "chain", "netdev", "early", "in", '{ type filter hook ingress device "lan0" priority 0; }')
    scene.prove(*packet, what="a chain of a device that does nothing")
    scene.nft("add", "rule", "netdev", "early", "in", "tcp", "dport", "5061", "drop")
    result = scene.prove(*packet, code=2, what="a chain of a device that drops")
    checks.equal(result["passages"][0]["kernel"], "lost", "what a chain of a device drops, no trace tells")
    scene.reset()


def iptables(scene):
    """Rules of iptables-nft: those that nft prints, and those that it does not."""
    checks = scene.checks
    if scene.lab.run("device", "iptables-nft", "--version", check=False).returncode != 0:
        print("skipped: iptables-nft is not installed")
        return
    def rule(*words):
        scene.lab.run("device", "iptables-nft", *words)
    scene.nft("flush", "ruleset")
    rule("-P", "FORWARD", "DROP")
    rule("-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
    rule("-A", "FORWARD", "-p", "tcp", "-m", "multiport", "--dports", "443,5061", "-m", "iprange", "--src-range",
         "10.10.0.1-10.10.0.9", "-j", "ACCEPT")
    rule("-A", "FORWARD", "-p", "tcp", "--dport", "5062", "-m", "recent", "--name", "x", "--rcheck", "-j", "ACCEPT")
    for source, verdict in (("10.10.0.5", "conformant"), ("10.10.0.77", "blocked")):
        result = scene.prove("--packet", f"tcp {source}:40000 > 10.20.1.100:5061")
        checks.equal((result["verdict"], result["agrees"]), (verdict, True), f"iptables, from {source}: {result}")
    result = scene.prove("--packet", "tcp 10.10.0.5:40000 > 10.20.1.100:5062", code=2)
    checks.equal((result["verdict"], result["passages"][-1]["kernel"]), ("indeterminate", "dropped"), "a match that is not decided")
    scene.reset()


def flows(scene):
    """Labels of the daemon: conformant, blocked, and a verdict that is behind the ruleset."""
    checks = scene.checks
    labels = scene.labels()
    some = [label for label, flow in labels.items() if flow["verdict"] == "conformant"][::23]
    for label in some:
        result = scene.prove(label, *scene.online)
        checks.equal((result["verdict"], result["agrees"]), ("conformant", True), f"{label}: {result}")
    label = next(label for label in labels if "5061-tcp" in label and label.endswith("clients>fe-pool/balancer ipv4"))
    scene.nft("insert", "rule", "inet", "filter", "to_servers", "tcp", "dport", "5061", "reject", "with", "tcp", "reset")
    wait_until(lambda: scene.labels()[label]["verdict"] == "blocked", 10, "the verdict")
    result = scene.prove(label, *scene.online)
    checks.equal((result["verdict"], result["agrees"]), ("blocked", True), f"a blocked flow: {result}")
    checks.that(result["passages"][-1]["rule"]["text"].startswith("tcp dport 5061"), "the rule that rejects")
    scene.reset()
    scene.nft("insert", "rule", "inet", "filter", "forward", "limit", "rate", "over", "1/second", "burst", "1", "packets", "drop")
    wait_until(lambda: scene.labels()[label]["assumed"], 10, "the verdict that rests on an assumption")
    result = scene.prove(label, *scene.online, code=1, what="an assumption that does not hold")
    checks.equal((result["verdict"], result["agrees"], result["why"]), ("conformant", False, "a packet does not pass"),
                 f"a wrong verdict is seen: {result}")
    out = scene.lab.portcullis("prove", label, *scene.online).stdout
    checks.that("DIFFER" in out and "limit rate over" in out, f"a wrong verdict, for people: {out}")
    scene.reset()
    scene.nft("insert", "rule", "inet", "filter", "to_servers", "tcp", "dport", "5061", "reject", "with", "tcp", "reset")
    wait_until(lambda: scene.labels()[label]["verdict"] == "blocked", 10, "the verdict")
    out = scene.lab.portcullis("prove", label, *scene.online).stdout
    checks.that("the kernel and the verdict agree" in out and "dropped" in out, f"for people: {out}")
    scene.reset()
    wait_until(lambda: scene.labels()[label]["verdict"] == "conformant", 10, "the verdict")


def published(scene):
    """A published address: without its translation, with another one, and with the right one; explain follows it."""
    checks = scene.checks
    label = next(label for label in scene.labels() if "5068-tcp" in label and label.endswith("pstn-gateway>mediation-pool ipv4"))
    checks.equal(scene.labels()[label]["verdict"], "misdirected", "no rule translates the published address")
    checks.equal(scene.prove(label, *scene.online)["agrees"], True, "the kernel does not translate it either")
    scene.nft("add", "table", "ip", "nat")
    scene.nft("add", "chain", "ip", "nat", "pre", "{ type nat hook prerouting priority -100; }")
    scene.nft("add", "rule", "ip", "nat", "pre", "ip", "daddr", "10.11.0.99", "dnat", "to", "10.20.5.10")
    wait_until(lambda: (scene.labels()[label]["rule"] or {}).get("handle"), 10, "the verdict")
    result = scene.prove(label, *scene.online)
    checks.equal((result["verdict"], result["agrees"], result["why"]),
                 ("misdirected", True, "it does not arrive where it should"), f"led to another host: {result}")
    scene.nft("replace", "rule", "ip", "nat", "pre", "handle", str(scene.labels()[label]["rule"]["handle"]),
              "ip", "daddr", "10.11.0.99", "dnat", "to", "10.20.3.11")
    wait_until(lambda: scene.labels()[label]["verdict"] == "conformant", 10, "the verdict")
    result = scene.prove(label, *scene.online)
    checks.equal((result["verdict"], result["agrees"]), ("conformant", True), f"led to the listener: {result}")
    explained = json.loads(scene.lab.online("explain", "--packet", "tcp 10.11.0.10:40000 > 10.11.0.99:5068", "--json").stdout)
    checks.equal((explained["verdict"], explained["leaves_as"], explained["output_interface"]),
                 ("conformant", "tcp 10.11.0.10:40000 > 10.20.3.11:5068", "srv0"), f"explain follows: {explained}")
    explained = json.loads(scene.lab.online("explain", "--packet", "tcp 10.10.0.5:40000 > 10.11.0.99:5068", "--json").stdout)
    checks.equal((explained["verdict"], explained["output_interface"], explained["rule"].get("policy")), ("blocked", "srv0", "drop"),
                 f"explain follows what no flow needs: {explained}")
    scene.nft("insert", "rule", "inet", "filter", "forward", "ip", "saddr", "10.20.3.11", "tcp", "sport", "5068", "drop")
    wait_until(lambda: scene.labels()[label]["verdict"] == "blocked", 10, "the verdict")
    result = scene.prove(label, *scene.online)
    checks.equal((result["phase"], result["agrees"], result["packet"].split(" > ")[1]), ("reply", True, "10.11.0.99:5068"),
                 f"replies of a published address: {result}")
    scene.reset()


def test(lab, checks):
    """Packets, rulesets, flows, refusals; and nothing outside changes."""
    scene = Scene(lab, checks)

    def reset():
        scene.nft("flush", "ruleset")
        scene.nft("-f", lab.ruleset)
    scene.reset = reset
    before = scene.settled()
    packets(scene)
    for have, want in zip(scene.outside(), before):
        checks.equal(have, want, "nothing outside has changed")
    changed(scene)
    iptables(scene)
    site = json.loads(lab.deployment.read_text())
    pool = next(group for group in site["portcullis:group"] if group["name"] == "mediation-pool")
    pool["published"] = [{"address": "10.11.0.99", "transport": "tcp", "lower": 5067, "upper": 5068}]
    site["portcullis:assumption"] = [{"name": "quiet", "pattern": "limit@*", "value": False, "reason": "Test", "owner": "Test"}]
    lab.deployment.write_text(json.dumps(site))
    lab.start_daemon()
    flows(scene)
    published(scene)
    for line, words in ((("--packet", "gre 1 > 2"), "write it like"), (("--packet", "47 10.10.0.5 > 10.20.1.11"), "tcp, udp"),
                        (("--packet", "tcp 10.10.0.5:1 > 10.20.1.11:2", "--iif", "nowhere0"), "nowhere0"),
                        (("no such flow", *scene.online), "no such flow")):
        done = lab.portcullis("prove", *line)
        checks.that(done.returncode == 3 and words in done.stderr and not done.stdout, f"{line}: {done.stderr}")
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
