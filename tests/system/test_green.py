#!/usr/bin/python3
"""A good firewall is green: an edge ruleset as it is met in the field, with what hygiene and other tables bring along.

As nft and as iptables-nft: its calls pass, as real packets too; one media rule less is one problem with the flows of that
rule, and no other.
"""

import json
import pathlib

from harness import ROOT, Lab, main, wait_until
from test_end_to_end import compare, on_the_way, verify

SITE = ROOT / "tests" / "data" / "green"
MEDIA = 'comment "audio of calls"'
# What the rule for media from the Edge Server opens beyond what is needed: video ports of the Mediation Server.
OPENED = {("ipv4", "tcp"), ("ipv4", "udp"), ("ipv6", "tcp"), ("ipv6", "udp")}


def is_green(lab, checks, opened):
    """No violation, nothing undecided, and only the openings that are there."""
    result = verify(lab)
    summary = result["summary"]
    for verdict in ("misdirected", "indeterminate", "unknown", "unbound", "needs_range"):
        checks.equal(summary[verdict], 0, f"flows that are {verdict}")
    # Media that servers might open themselves are told, but nobody has to let them pass.
    wrong = [flow["label"] for flow in result["flows"] if flow["verdict"] in ("partial", "blocked") and flow["severity"] != "info"]
    checks.equal(wrong, [], "flows that do not pass")
    checks.equal(summary["overall"], "ok", "overall state")
    checks.that(summary["conformant"] > 100, f"conformant flows: {summary['conformant']}")
    openings = result["openings"]
    checks.equal({("ipv6" if ":" in o["witness"]["destination"] else "ipv4", o["witness"]["transport"]) for o in openings}, opened,
                 "openings")
    checks.equal(len(openings), len(opened), "number of openings")
    for opening in openings:
        checks.equal(opening["box"]["ports"], "57501-65535", "ports of an opening")
    published = [flow for flow in result["flows"] if "edge-server" in flow["requirement"] and flow["family"] == "ipv4"]
    checks.equal({flow["verdict"] for flow in published}, {"conformant"}, "flows to the published Edge Server")


def load_nft(lab):
    """The site's rules as nft."""
    lab.run("device", "nft", "flush", "ruleset")
    lab.run("device", "nft", "-f", lab.ruleset)


def load_iptables(lab):
    """The site's rules as iptables-nft makes them."""
    lab.run("device", "nft", "flush", "ruleset")
    lab.run("device", "iptables-nft-restore", SITE / "iptables.rules")
    lab.run("device", "ip6tables-nft-restore", SITE / "ip6tables.rules")


def delete_nft(lab):
    """The rule for audio of calls over IPv4."""
    listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "edge", "from_clients").stdout
    (line,) = [line for line in listing.splitlines() if MEDIA in line and "ip saddr" in line]
    lab.run("device", "nft", "delete", "rule", "inet", "edge", "from_clients", "handle", line.rsplit(" ", 1)[1])


def delete_iptables(lab):
    """The same, which here is for the front-end pool alone."""
    listing = lab.run("device", "iptables-nft", "-S", "FROM_CLIENTS").stdout
    (line,) = [line for line in listing.splitlines() if "audio of calls" in line]
    number = [line for line in listing.splitlines() if line.startswith("-A")].index(line) + 1
    lab.run("device", "iptables-nft", "-D", "FROM_CLIENTS", str(number))


def problems(lab):
    """The active problems that the daemon tells."""
    return json.loads(lab.online("status", "--json").stdout)["problems"]


def one_cause(lab, checks, delete, load, destinations):
    """The rule for audio of calls is deleted: one problem, the flows that it let pass, none when it is back."""
    wait_until(lambda: lab.online("status").returncode == 0, 10, "green")
    delete(lab)
    raised = wait_until(lambda: problems(lab), 10, "a problem")
    checks.equal(len(raised), 1, "problems")
    broken = {(flow["source"], flow["destination"], flow["family"], flow["transport"], flow["ports"])
              for flow in lab.conformance()["flows"] if flow["verdict"] not in ("conformant", "not-transit") and flow["severity"] != "info"}
    want = {(source, destination, "ipv4", "udp", "49152-57500") for source in ("clients", "branch-clients")
            for destination in destinations}
    checks.equal(broken, want, "flows that do not pass")
    load(lab)
    wait_until(lambda: lab.online("status").returncode == 0 and not problems(lab), 10, "green again")


def test(lab: Lab, checks):
    """Verdicts, packets, one cause."""
    seen = set()
    is_green(lab, checks, OPENED)
    verdicts = compare(lab, checks, seen, "the edge", on_the_way(lab))
    checks.that("conformant" in verdicts.values(), "packets were sent")
    lab.start_daemon()
    one_cause(lab, checks, delete_nft, load_nft, ("fe-pool", "mediation-pool"))
    load_iptables(lab)
    is_green(lab, checks, set())
    compare(lab, checks, seen, "the edge as iptables-nft", on_the_way(lab))
    one_cause(lab, checks, delete_iptables, load_iptables, ("fe-pool",))
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    main(test, deployment=SITE / "deployment.json", ruleset=SITE / "ruleset.nft", topology=SITE / "topology.json")
