#!/usr/bin/python3
"""Documents to traps with real parts: what the agent says is what the packets do.

The deployment comes in over NETCONF (ncclient, edit-config and commit); verdicts are compared between the command, SNMP
and real packets, for the example's ruleset and for it with each rule of the forward path taken away in turn.
"""

import itertools
import json
import pathlib
import re
import subprocess

from harness import Lab, main, wait_until

PROBE = pathlib.Path(__file__).resolve().parent / "probe.py"
VERIFY = ("verify", "--live", "--all", "--json")


def neighbour(lab, device_interface):
    """Namespace and interface on the other side of one of the device's interfaces."""
    for space in lab.topology["namespaces"]:
        for interface in space.get("interfaces", []):
            if interface.get("peer") == f"device:{device_interface}":
                return space["name"], interface["name"]
    raise AssertionError(device_interface)


def verify(lab):
    """The verdicts of `portcullis verify --live` in the device."""
    share = lab.root / "share/portcullis"
    done = lab.portcullis(*VERIFY, "--deployment", lab.deployment, "--catalog-dir", share / "catalog", "--yang-dir",
                          share / "yang")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def host_in(cidr, offset):
    """An address of a prefix that is a host's."""
    import ipaddress
    network = ipaddress.ip_network(cidr)
    return str(network[min(offset, network.num_addresses - 1)])


def source_port(flow, _next=itertools.count()):
    """A port that the flow may come from: any (0) where its range has all that hosts choose from, else the next of it."""
    lower, _, upper = flow["source_ports"].partition("-")
    return 0 if int(lower) <= 1024 else int(lower) + next(_next) % (int(upper or lower) - int(lower) + 1)


def packets_of(flow):
    """One packet per leg, with the interfaces that it crosses."""
    for leg in flow["legs"]:
        yield {"transport": flow["transport"], "source": host_in(leg["source"][0], 0), "source_port": source_port(flow),
               "destination": host_in(leg["destination"][0], 0), "destination_port": int(flow["ports"].split("-")[0]),
               "iif": leg["input_interface"], "oif": leg["output_interface"], "label": flow["label"]}


def own(lab, packets, seen):
    """Give the hosts behind the device the addresses of the packets."""
    for packet in packets:
        for interface, address in ((packet["iif"], packet["source"]), (packet["oif"], packet["destination"])):
            if (interface, address) in seen:
                continue
            seen.add((interface, address))
            name, peer = neighbour(lab, interface)
            extra, length = (["nodad"], 128) if ":" in address else ([], 32)
            lab.run(name, "ip", "addr", "replace", f"{address}/{length}", "dev", peer, *extra, check=False)


def send(lab, packets):
    """Label to whether all of its packets got an answer."""
    result = {}
    for interface in {packet["iif"] for packet in packets}:
        mine = [packet for packet in packets if packet["iif"] == interface]
        done = subprocess.run(lab.command(neighbour(lab, interface)[0], "/usr/bin/python3", PROBE), text=True,
                              input=json.dumps(mine), capture_output=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        for packet, passed in zip(mine, json.loads(done.stdout)):
            result[packet["label"]] = result.get(packet["label"], True) and passed
    return result


def on_the_way(lab):
    """Flows that pass the device, with their verdicts of now."""
    return [flow for flow in verify(lab)["flows"] if flow["legs"]]


def compare(lab, checks, seen, what, flows, only=None):
    """Verdicts against packets; the verdicts by label."""
    chosen = [flow for flow in flows if only is None or flow["label"] in only]
    packets = [packet for flow in chosen for packet in packets_of(flow)]
    own(lab, packets, seen)
    passed = send(lab, packets)
    # A first packet may be lost while neighbours are resolved; what the ruleset drops is dropped every time.
    for _ in range(3):
        lost = {flow["label"] for flow in chosen if flow["verdict"] == "conformant" and not passed[flow["label"]]}
        passed.update(send(lab, [packet for packet in packets if packet["label"] in lost]))
    for flow in chosen:
        if flow["verdict"] in ("conformant", "blocked"):
            checks.equal(passed[flow["label"]], flow["verdict"] == "conformant",
                         f"{what}: {flow['label']} is {flow['verdict']}; its packet passed")
    return {flow["label"]: flow["verdict"] for flow in flows}


def rules(lab):
    """(chain, handle, text) of every rule of the filter table's forward path."""
    listing = lab.run("device", "nft", "-a", "list", "table", "inet", "filter").stdout
    chain, found = None, []
    for line in listing.splitlines():
        if match := re.match(r"\tchain (\S+) \{", line):
            chain = match.group(1)
        elif (match := re.match(r"\t\t(.*) # handle (\d+)$", line)) and chain != "input":
            found.append((chain, match.group(2), match.group(1)))
    return found


def reset(lab):
    """The example's ruleset again."""
    lab.run("device", "nft", "flush", "ruleset")
    lab.run("device", "nft", "-f", lab.ruleset)


def packets_agree(lab, checks):
    """The whole ruleset, then without each rule in turn."""
    seen = set()
    base = compare(lab, checks, seen, "whole ruleset", on_the_way(lab))
    checks.that("conformant" in base.values(), "some flow is conformant")
    broken = set()
    for index, (chain, handle, text) in enumerate(rules(lab)):
        reset(lab)
        chain, handle, text = rules(lab)[index]
        lab.run("device", "nft", "delete", "rule", "inet", "filter", chain, "handle", handle)
        flows = on_the_way(lab)
        changed = {flow["label"] for flow in flows if flow["verdict"] != base[flow["label"]]}
        broken |= changed
        compare(lab, checks, seen, f"without '{text}'", flows, set(sorted(changed)[:40]))
    reset(lab)
    checks.that(len(broken) >= len([v for v in base.values() if v == "conformant"]),
                "every conformant flow is broken by taking some rule away")


def configured_over_netconf(lab, checks):
    """edit-config on the candidate and commit with ncclient; the daemon then knows the example's flows."""
    share = lab.root / "share/portcullis/yang"
    xml = lab.run(None, "yanglint", "-p", share, "-p", "/usr/share/yuma/modules/ietf", "-t", "config", "-f", "xml",
                  share / "portcullis.yang", lab.deployment).stdout
    (lab.directory / "deployment.xml").write_text(f"<config xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'>{xml}</config>",
                                                  encoding="utf-8")
    before = lab.online("status", "--json")
    checks.that(before.returncode in (0, 2), f"status without configuration: {before.returncode} {before.stderr}")
    program = pathlib.Path(__file__).resolve().parent / "netconf_edit.py"
    done = lab.run("device", "/usr/bin/python3", program, lab.ssh_port, lab.directory / "id",
                   lab.directory / "deployment.xml", check=False)
    checks.equal(done.returncode, 0, f"edit-config and commit ({done.stdout}{done.stderr})")
    wait_until(lambda: lab.conformance()["flows"], 10, "flows of the committed deployment")


def faces_agree(lab, checks):
    """The same verdicts in the command, in SNMP and offline."""
    online = {flow["label"]: flow["verdict"] for flow in lab.conformance()["flows"]}
    offline = {flow["label"]: flow["verdict"] for flow in verify(lab)["flows"]}
    checks.equal(online, offline, "verdicts of the daemon and of `portcullis verify --live`")
    labels = lab.snmp("snmpbulkwalk", "-Oqv", "-Cr50", lab.agent(), "PORTCULLIS-MIB::portcullisFlowLabel").splitlines()
    verdicts = lab.snmp("snmpbulkwalk", "-Oqv", "-Cr50", lab.agent(), "PORTCULLIS-MIB::portcullisFlowVerdict").splitlines()
    camel = {verdict: re.sub(r"-(\w)", lambda m: m.group(1).upper(), verdict) for verdict in set(online.values())}
    checks.equal({label.strip('"'): verdict for label, verdict in zip(labels, verdicts)},
                 {label: camel[verdict] for label, verdict in online.items()}, "verdicts of the daemon and over SNMP")
    status = json.loads(lab.online("status", "--json").stdout)
    checks.equal(status["summary"]["overall"], "ok", "overall state of the example")


def traps_arrive(lab, checks):
    """One raise and one clear for a rule that breaks several flows; a session keeps its journal of both."""
    marked = next(rule for rule in rules(lab) if "demonstration" in rule[2])
    known = len(lab.traps())
    lab.run("device", "nft", "delete", "rule", "inet", "filter", marked[0], "handle", marked[1])
    raised = wait_until(lambda: [trap for trap in lab.traps()[known:] if "portcullisViolated" in trap], 10, "a raise")
    checks.that("policy drop" in raised[0] or "handle" in raised[0], f"the trap names the deciding rule: {raised[0]}")
    checks.that(re.search(r"tcp \S+ > \S+:\d+", raised[0]), f"the trap has a witness packet: {raised[0]}")
    checks.that("nft" in raised[0], f"the trap names who changed the ruleset: {raised[0]}")
    broken = {flow["label"] for flow in lab.conformance()["flows"] if flow["verdict"] == "blocked"}
    checks.that(any(label in raised[0] for label in broken), "the trap names a flow that is blocked now")
    reset(lab)
    cleared = wait_until(lambda: [trap for trap in lab.traps()[known:] if "portcullisCleared" in trap], 10, "a clear")
    checks.equal((len(raised), len(cleared)), (1, 1), "traps for one cause: raises, clears")
    checks.equal(json.loads(lab.online("status", "--json").stdout)["summary"]["overall"], "ok", "overall state at the end")


def test(lab: Lab, checks):
    """The walk through the house."""
    lab.ssh_port = 1830
    lab.start_snmpd()
    lab.start_snmptrapd()
    lab.start_daemon(load=False)
    lab.start_sshd()
    configured_over_netconf(lab, checks)
    wait_until(lambda: "INTEGER" in lab.snmp("snmpget", lab.agent(), "PORTCULLIS-MIB::portcullisOverall.0", check=False),
               15, "the subagent's registration")
    faces_agree(lab, checks)
    traps_arrive(lab, checks)
    packets_agree(lab, checks)
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")
    checks.that(not lab.socket.exists(), "the NETCONF socket is gone after the end")


if __name__ == "__main__":
    main(test)
