#!/usr/bin/python3
"""Exemptions from IPsec against the policies of a real kernel, through the privileged process, NETCONF and the command."""

import json

from harness import ROOT, main, wait_until


class Scene:
    """A device with a deployment that has exemptions, and its IPsec policies."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks

    def policy(self, *words):
        """One policy more."""
        self.lab.run("device", "ip", "xfrm", "policy", "add", *" ".join(words).split())

    def flush(self):
        """No policy."""
        self.lab.run("device", "ip", "xfrm", "policy", "flush")

    def states(self):
        """The exemptions by name, read by the daemon a moment ago."""
        self.lab.run("device", "/usr/bin/python3", "-c", VERIFY, self.lab.socket, timeout=60)
        done = self.lab.online("conformance", "--json")
        return {entry["exemption"]: entry for entry in json.loads(done.stdout)["ipsec"]}

    def verdicts(self):
        """What is said of the clients' flows to the Mediation Server, with policies read a moment ago."""
        self.states()
        return {flow["verdict"] for flow in self.lab.conformance()["flows"]
                if flow["source"] == "clients" and flow["destination"] == "mediation" and flow["family"] == "ipv4"
                and flow["verdict"] not in ("not-transit", "needs-range", "unbound")}

    def becomes(self, name, state, what):
        """An exemption's entry when it has the state."""
        def current():
            entry = self.states()[name]
            return entry if entry["state"] == state else None
        return wait_until(current, 15, what)


# The rpc verify over the socket: after it the policies are read again.
VERIFY = r"""
import socket, sys
end = b"]]>]]>"
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(20)
def say(text):
    s.sendall(text.encode() + end)
def hear():
    data = b""
    while end not in data:
        data += s.recv(65536)
    return data
base = "urn:ietf:params:xml:ns:netconf:base:1.0"
say(f'<hello xmlns="{base}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>')
hear()
say(f'<rpc xmlns="{base}" message-id="1"><verify xmlns="urn:portcullis:yang:portcullis"/></rpc>')
assert b"overall" in hear()
"""


def rules_follow(scene):
    """Rules that ask about IPsec are verified again when policies change, and only then."""
    scene.flush()
    scene.lab.run("device", "nft", "flush", "ruleset")
    scene.lab.run("device", "nft", "add table inet t; add chain inet t f { type filter hook forward priority 0; }; "
                  "add rule inet t f ip daddr 10.20.3.11 meta ipsec exists drop")
    wait_until(lambda: scene.verdicts() == {"conformant"}, 15, "nothing comes through a tunnel")
    scene.policy("src 10.10.0.0/16 dst 10.20.3.11/32 dir fwd priority 20 tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel")
    wait_until(lambda: scene.verdicts() == {"blocked"}, 15, "the tunnel's packets are dropped")
    scene.policy("src 10.10.0.0/16 dst 10.20.3.11/32 dir fwd priority 10 mark 5")
    wait_until(lambda: "indeterminate" in scene.verdicts(), 15, "a policy with a mark leaves it open")
    scene.flush()
    wait_until(lambda: scene.verdicts() == {"conformant"}, 15, "without policies")


def test(lab, checks):
    """Transport, tunnel, bypass and nothing."""
    scene = Scene(lab, checks)
    scene.policy("src 10.10.0.0/16 dst 10.30.0.10/32 dir fwd priority 20 tmpl proto esp mode transport reqid 7")
    lab.start_daemon()
    entry = scene.becomes("av-edge-internal-inbound", "violated", "a transport-mode policy at the start")
    checks.that("dir fwd src 10.10.0.0/16 dst 10.30.0.10" in entry["policy"] and "esp transport reqid 7" in entry["policy"],
                f"the policy is named: {entry['policy']}")
    checks.equal((entry["witness"]["source"], entry["witness"]["destination"]), ("10.10.0.1", "10.30.0.10"), "a witness")
    entries = scene.states()
    checks.equal(len(entries), 15, "exemptions of the product")
    checks.equal(entries["av-edge-internal-outbound"]["state"], "not-observable", "the other direction")
    checks.equal(entries["mediation-inbound"]["state"], "not-observable", "another server")
    checks.equal(entries["exchange-inbound"]["state"], "unbound", "a server that nobody has")
    checks.equal(entries["clients"]["state"], "unbound", "clients without a media range")
    out = lab.online("conformance", "--ipsec").stdout
    checks.that("hq/av-edge-internal-inbound" in out and "violated" in out and "transport reqid 7" in out, f"for people: {out}")
    scene.policy("src 10.10.0.0/16 dst 10.30.0.10/32 dir out priority 10")
    scene.policy("src 10.10.0.0/16 dst 10.30.0.10/32 proto udp dir fwd priority 10")
    entry = scene.becomes("av-edge-internal-inbound", "violated", "still violated for TCP")
    checks.equal(entry["witness"]["transport"], "tcp", "the bypass takes UDP out")
    scene.policy("src 10.10.0.0/16 dst 10.30.0.10/32 proto tcp dir fwd priority 10")
    scene.becomes("av-edge-internal-inbound", "not-observable", "bypasses before it")
    scene.flush()
    scene.policy("src 0.0.0.0/0 dst 10.20.3.0/24 dir out tmpl src 10.20.0.1 dst 10.20.0.2 proto esp mode tunnel")
    entry = scene.becomes("mediation-inbound", "carried-in-a-tunnel", "a tunnel")
    checks.that("esp tunnel 10.20.0.1>10.20.0.2" in entry["policy"], f"the tunnel is named: {entry['policy']}")
    checks.equal(scene.states()["av-edge-internal-inbound"]["state"], "not-observable", "not in the tunnel")
    scene.flush()
    scene.becomes("mediation-inbound", "not-observable", "no policy")
    for number in range(3000):  # more than one datagram of the dump
        if number % 1000 == 0:
            lab.directory.joinpath("many").write_text("".join(
                f"xfrm policy add src 172.16.{i // 256}.{i % 256}/32 dst 10.99.0.1/32 dir out tmpl proto esp mode transport\n"
                for i in range(number, number + 1000)))
            lab.run("device", "ip", "-batch", lab.directory / "many")
    scene.policy("src 10.10.0.0/16 dst 10.30.0.10/32 dir out tmpl proto ah mode transport")
    entry = scene.becomes("av-edge-external-inbound", "violated", "one among many")
    checks.that(" ah transport" in entry["policy"], "AH")
    rules_follow(scene)
    checks.that(True, "rules follow policies")
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test, deployment=ROOT / "tests" / "data" / "cli" / "ipsec.json")
