#!/usr/bin/python3
"""A good firewall is green: an edge ruleset as it is met in the field, with what hygiene and other tables bring along.

Its calls pass, as real packets too; one media rule less is one problem with the flows of that rule, and no other.
"""

import json
import pathlib

from harness import ROOT, Lab, main, wait_until
from test_end_to_end import compare, verify

SITE = ROOT / "tests" / "data" / "green"
MEDIA = 'comment "audio of calls"'
# What the rule for media from the Edge Server opens beyond what is needed: video ports of the Mediation Server.
OPENED = {("ipv4", "tcp"), ("ipv4", "udp"), ("ipv6", "tcp"), ("ipv6", "udp")}


def is_green(lab, checks):
    """No violation, nothing undecided, and only the openings that are there."""
    result = verify(lab)
    summary = result["summary"]
    for verdict in ("partial", "blocked", "misdirected", "indeterminate", "unknown", "unbound", "needs_range"):
        checks.equal(summary[verdict], 0, f"flows that are {verdict}")
    checks.equal(summary["overall"], "ok", "overall state")
    checks.that(summary["conformant"] > 100, f"conformant flows: {summary['conformant']}")
    openings = result["openings"]
    checks.equal({("ipv6" if ":" in o["witness"]["destination"] else "ipv4", o["witness"]["transport"]) for o in openings}, OPENED,
                 "openings")
    checks.equal(len(openings), len(OPENED), "number of openings")
    for opening in openings:
        checks.equal(opening["box"]["ports"], "57501-65535", "ports of an opening")
    published = [flow for flow in result["flows"] if "edge-server" in flow["requirement"] and flow["family"] == "ipv4"]
    checks.equal({flow["verdict"] for flow in published}, {"conformant"}, "flows to the published Edge Server")


def media_handle(lab):
    """Handle of the rule for audio of calls over IPv4."""
    listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "edge", "from_clients").stdout
    (line,) = [line for line in listing.splitlines() if MEDIA in line and "ip saddr" in line]
    return line.rsplit(" ", 1)[1]


def one_cause(lab, checks):
    """The rule for audio of calls is deleted: one problem, the flows that it let pass, one clear when it is back."""
    lab.start_daemon()
    wait_until(lambda: lab.online("status").returncode == 0, 10, "the first verdict")
    lab.run("device", "nft", "delete", "rule", "inet", "edge", "from_clients", "handle", media_handle(lab))
    status = wait_until(lambda: (lambda s: s if s["problems"] else None)(json.loads(lab.online("status", "--json").stdout)), 10,
                        "a problem")
    checks.equal(len(status["problems"]), 1, "problems")
    broken = {(flow["source"], flow["destination"], flow["family"], flow["transport"], flow["ports"])
              for flow in lab.conformance()["flows"] if flow["verdict"] not in ("conformant", "not-transit")}
    want = {(source, destination, "ipv4", "udp", "49152-57500") for source in ("clients", "branch-clients")
            for destination in ("fe-pool", "mediation-pool")}
    checks.equal(broken, want, "flows that do not pass")
    lab.run("device", "nft", "flush", "ruleset")
    lab.run("device", "nft", "-f", lab.ruleset)
    wait_until(lambda: lab.online("status").returncode == 0, 10, "green again")
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


def test(lab: Lab, checks):
    """Verdicts, packets, one cause."""
    is_green(lab, checks)
    verdicts = compare(lab, checks, set(), "the edge")
    checks.that("conformant" in verdicts.values(), "packets were sent")
    one_cause(lab, checks)


if __name__ == "__main__":
    main(test, deployment=SITE / "deployment.json", ruleset=SITE / "ruleset.nft", topology=SITE / "topology.json")
