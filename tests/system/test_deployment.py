#!/usr/bin/python3
"""`portcullis deployment`, and what routes of the kernel make of required flows: next hops of equal cost, rules of the
routing policy, VRFs. What is said of a route is compared with packets that take it.
"""

import json
import pathlib
import subprocess

from harness import ROOT, main

PRODUCTS = ("ocs-2007-r2", "lync-server-2013", "skype-for-business-server")
CHAT = "sfb/persistent-chat-server/persistent-chat-file-transfer/443-tcp"
MANY = 20000
PROBE = pathlib.Path(__file__).resolve().parent / "probe.py"


class Scene:
    """The laboratory's device with the packs and files of the verbs."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        share = lab.root / "share/portcullis"
        self.program = lab.root / "bin/portcullis"
        self.catalog = ("--catalog-dir", share / "catalog", "--yang-dir", share / "yang")
        self.empty = self.write("empty.json", {"nftables": []})

    def write(self, name, content):
        """A JSON file in the laboratory's directory."""
        path = self.lab.directory / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def run(self, *arguments):
        """Exit code, standard output and standard error of the command on the device."""
        done = self.lab.run("device", self.program, *arguments, *self.catalog, check=False)
        return done.returncode, done.stdout, done.stderr

    def network(self):
        """Addresses, routes and rules of the device, as the manual says."""
        commands = {"addr": "ip -d -j addr", "route": "ip -4 -j route show table all",
                    "route6": "ip -6 -j route show table all",
                    "rule": "ip -j rule", "rule6": "ip -j -6 rule"}
        return self.write("network.json", {
            key: json.loads(self.lab.run("device", *command.split()).stdout) for key, command in commands.items()})

    def check(self, path, *options):
        """Exit code and JSON of `deployment check`."""
        code, out, err = self.run("deployment", "check", path, *options, "--json")
        self.checks.equal(err, "", f"check {path}: standard error")
        return code, json.loads(out)

    def live(self, path):
        """Flows and verdicts of a deployment on the live ruleset, by label."""
        code, out, err = self.run("verify", "--deployment", path, "--live", "--json")
        self.checks.that(code in (0, 1, 2), f"verify: {code} {err}")
        return {flow["label"]: flow for flow in json.loads(out)["flows"]} if out else {}


def kinds(result, level):
    """Kinds of the remarks of a level."""
    return {remark["kind"] for remark in result["remarks"] if remark["level"] == level}


def skeletons(scene):
    """What `init` writes is whole: it loads, flows follow, and nothing but the placeholders is warned of."""
    checks = scene.checks
    for product in PRODUCTS:
        code, out, err = scene.run("deployment", "init", product)
        checks.equal(code, 0, f"init {product}")
        checks.that("placeholder" in err and "deployment check" in err, f"init {product}: advice: {err}")
        path = scene.lab.directory / f"{product}.json"
        checks.equal(scene.run("deployment", "init", product, "--output", path, "--json"), (0, "", ""),
                     f"init {product} --output")
        checks.equal(path.read_text(encoding="utf-8"), out, f"init {product}: file and standard output")
        code, out, err = scene.run("deployment", "init", product, "--output", path)
        checks.that(code == 3 and "is a file already" in err, f"init {product}: does not overwrite: {err}")
        code, result = scene.check(path)
        checks.equal((code, result["errors"]), (1, 0), f"check of {product}'s skeleton")
        checks.equal(kinds(result, "warning"), {"placeholder-address"}, f"{product}: warnings")
        summary = result["summary"]
        checks.that(summary["to_check"] > 50, f"{product}: {summary}")
        for key in ("unbound", "needs_range", "no_common_family"):
            checks.equal(summary[key], 0, f"{product}: {key}")
        checks.equal(sum(summary["classes"].values()), summary["flows"], f"{product}: classes")
        checks.equal([d["flows"] for d in result["deployments"]], [summary["flows"]], f"{product}: one deployment")
        code, out, err = scene.run("verify", "--deployment", path, "--ruleset", scene.empty, "--json")
        checks.equal((code, len(json.loads(out)["flows"])), (0, summary["flows"]), f"{product}: verify")


def reviews(scene):
    """`check` of the example, and of the example with a fault."""
    checks = scene.checks
    code, result = scene.check(scene.lab.deployment, "--network", scene.network())
    checks.equal((code, result["errors"], result["warnings"]), (0, 0, 0), f"the example: {result['remarks']}")
    code, out, err = scene.run("deployment", "check", scene.lab.deployment)
    checks.equal((code, err), (0, ""), "the example for people")
    checks.that("site-a: to check " in out and "note: " in out, f"the example for people: {out}")

    def faulty(change, *options):
        site = json.loads(scene.lab.deployment.read_text(encoding="utf-8"))
        change(site)
        return scene.check(scene.write("faulty.json", site), *options)

    def first_deployment(site):
        return site["portcullis:deployment"][0]

    faults = {
        "another digest": (lambda site: first_deployment(site).update({"pack-digest": "0" * 64}),
                           "/portcullis:deployment[name='site-a']/pack-digest", "0" * 64),
        "unknown group": (lambda site: first_deployment(site)["group"].append("nobody"),
                          "/portcullis:deployment[name='site-a']/group[.='nobody']", "does not exist"),
        "too few ports": (lambda site: first_deployment(site)["port-override"][0].update({"upper": 50030}),
                          "port-override", "needs at least 20"),
        "no model": (lambda site: site.update({"portcullis:gruop": []}), "faulty.json", "gruop"),
    }
    for name, (change, where, words) in faults.items():
        code, result = faulty(change)
        checks.equal((code, result["errors"], result["summary"]), (3, 1, None), f"{name}: exit code, errors, summary")
        error = result["remarks"][0]
        checks.that(error["level"] == "error" and where in error["where"] and words in error["text"], f"{name}: {error}")
    code, result = faulty(lambda site: first_deployment(site)["role-absent"].remove("edge-server"))
    checks.equal((code, kinds(result, "warning")), (1, {"unbound-role"}), "a role that nobody has")
    code, result = faulty(lambda site: first_deployment(site)["accept-default-range"].clear())
    checks.equal((code, kinds(result, "warning")), (1, {"needs-range"}), "a range that waits")
    code, result = faulty(lambda site: site["portcullis:zone"][0]["interface"].append("lan9"), "--network", scene.network())
    checks.equal((code, kinds(result, "warning")), (1, {"interface-unknown"}), "an interface that does not exist")


def rules(scene):
    """`check` of explicit rules: the example's beside the example's deployment, faults in them, and very many."""
    checks = scene.checks
    example = json.loads((ROOT / "contrib/example/firewall.json").read_text(encoding="utf-8"))["portcullis:firewall"]

    def checked(change, *options):
        site = json.loads(scene.lab.deployment.read_text(encoding="utf-8"))
        site["portcullis:firewall"] = json.loads(json.dumps(example))
        change(site["portcullis:firewall"], site)
        return scene.check(scene.write("rules.json", site), *options)

    code, result = checked(lambda firewall, site: None, "--network", scene.network())
    checks.equal((code, result["errors"], result["warnings"]), (0, 0, 0), f"the example's rules: {result['remarks']}")
    code, result = checked(lambda firewall, site: firewall["rule"].insert(0, firewall["rule"].pop(1)))
    checks.equal((code, kinds(result, "warning")), (1, {"rule-contradicted"}), "the example's rules in another order")

    def group_in_use(firewall, site):
        firewall["rule"][0]["matches"]["source"]["group"] = ["clients"]
        for group in [g for g in site["portcullis:group"] if g["name"] == "clients"]:
            site["portcullis:group"].remove(group)
        site["portcullis:deployment"] = []

    code, result = checked(group_in_use)
    error = result["remarks"][0]
    checks.that(code == 3 and error["level"] == "error" and "administrators-log-in" in error["text"]
                and "group clients" in error["text"], f"a group that is gone while a rule names it: {error}")
    template = example["rule"][0]["actions"]
    many = [{"name": f"r{i}", "actions": template, "matches": {"source": {"address": [
        f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"]}, "transport": ["tcp"]}} for i in range(MANY)]
    many.append(dict(many[7], name="again"))
    code, result = checked(lambda firewall, site: firewall.update({"rule": many}))
    texts = [remark["text"] for remark in result["remarks"] if remark["kind"] == "rule-shadowed"]
    checks.that(len(texts) == 1 and "rule again is shadowed by rule r7," in texts[0], f"the twin of {MANY} rules: {texts}")
    checks.equal((code, kinds(result, "error")), (3, {"compile"}), f"{MANY} rules are too many for the kernel")


def usage(scene):
    """Wrong command lines and files."""
    for line, words in ((("deployment",), "init or check"), (("deployment", "buy", "x"), "buy is not an action"),
                        (("deployment", "init"), "one product"), (("deployment", "check", "a", "b"), "one file"),
                        (("deployment", "init", "x", "--network", "n"), "--network is not for init"),
                        (("deployment", "check", "x", "--output", "o"), "--output is not for check"),
                        (("deployment", "init", "no-such-product"), "no such product"),
                        (("deployment", "check", scene.lab.deployment, "--network", "/none"), "/none")):
        code, out, err = scene.run(*line)
        scene.checks.that((code, out) == (3, "") and words in err, f"{line}: {code} {out} {err}")
    code, result = scene.check("/no/such/file")
    scene.checks.that(code == 3 and "/no/such/file" in result["remarks"][0]["where"], f"no file: {result}")


def sent(scene, destination, ports):
    """Which of the source ports a client's connections pass with."""
    items = [{"transport": "tcp", "source": "10.10.0.2", "source_port": port, "destination": destination,
              "destination_port": 443} for port in ports]
    done = subprocess.run(scene.lab.command("client", "/usr/bin/python3", PROBE), input=json.dumps(items), text=True,
                          capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


def wide_zone(scene):
    """The example with one zone of servers behind two interfaces."""
    site = json.loads(scene.lab.deployment.read_text(encoding="utf-8"))
    site["portcullis:zone"] = [{"name": "clients", "interface": ["lan0"]},
                               {"name": "servers", "interface": ["srv0", "dmz0"]}]
    for group in site["portcullis:group"]:
        if group["zone"] == "dmz":
            group["zone"] = "servers"
    return scene.write("wide.json", site)


def next_hops(scene):
    """Packets of one flow go over every next hop of equal cost, so that each must let them pass."""
    checks, device = scene.checks, lambda *command: scene.lab.run("device", *command)
    label = f"site-a/{CHAT}#1 clients>persistent-chat-pool ipv4"
    path = wide_zone(scene)
    checks.equal(scene.live(path)[label]["verdict"], "conformant", "one route")
    checks.that(all(sent(scene, "10.20.4.11", range(40000, 40020))), "packets by one route")
    device("sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=1")
    hops = ("nexthop", "via", "10.20.0.2", "dev", "srv0", "nexthop", "via", "10.30.0.10", "dev", "dmz0")
    device("ip", "route", "add", "10.20.4.11/32", *hops)
    flow = scene.live(path)[label]
    checks.equal({leg["output_interface"] for leg in flow["legs"]}, {"srv0", "dmz0"}, "legs of two next hops")
    checks.equal(flow["verdict"], "partial", f"two next hops, one of which the ruleset blocks: {flow}")
    passed = sent(scene, "10.20.4.11", range(41000, 41060))
    checks.that(any(passed) and not all(passed), f"packets by two next hops: {sum(passed)} of {len(passed)}")
    code, result = scene.check(scene.lab.deployment, "--network", scene.network())
    error = result["remarks"][0]
    checks.equal((code, error["level"], error["where"]), (3, "error", "/portcullis:group[name='persistent-chat-pool']/zone"),
                 "a next hop outside the zone")
    checks.that("dmz0" in error["text"], f"a next hop outside the zone: {error}")
    device("ip", "route", "del", "10.20.4.11/32")
    checks.equal(scene.live(path)[label]["verdict"], "conformant", "one route again")


def policy(scene):
    """A rule that sends clients' packets elsewhere leaves the output interface open, and says so."""
    checks, device = scene.checks, lambda *command: scene.lab.run("device", *command)
    label = f"site-a/{CHAT}#1 clients>persistent-chat-pool ipv4"
    path = wide_zone(scene)
    device("ip", "route", "add", "10.20.4.0/24", "via", "10.30.0.10", "dev", "dmz0", "table", "100")
    device("ip", "rule", "add", "from", "10.10.0.0/16", "to", "10.20.4.0/24", "lookup", "100")
    flow = scene.live(path)[label]
    checks.equal({leg["output_interface"] for leg in flow["legs"]}, {"srv0", "dmz0"}, "the zone's interfaces are taken")
    checks.equal(flow["verdict"], "partial", "the rule's flow on each of them")
    site = json.loads(path.read_text(encoding="utf-8"))
    for group in site["portcullis:group"]:
        if group["name"] == "persistent-chat-pool":
            del group["zone"]
    flow = scene.live(scene.write("no-zone.json", site))[label]
    checks.equal({leg["output_interface"] for leg in flow["legs"]}, {""}, "without a zone the interface is open")
    checks.equal((flow["verdict"], flow["atoms"]), ("indeterminate", ["oifname unknown"]), "the rule's flow without a zone")
    checks.that(not any(sent(scene, "10.20.4.11", range(42000, 42010))), "the rule's packets go elsewhere")
    other = f"site-a/{CHAT}#1 clients>persistent-chat-pool ipv6"
    checks.equal(scene.live(path)[other]["verdict"], "conformant", "the other family has no such rule")
    code, result = scene.check(path, "--network", scene.network())
    checks.equal(code, 0, f"notes: {result['remarks']}")
    checks.that({"network", "path-open"} <= kinds(result, "note"), f"notes: {kinds(result, 'note')}")
    device("ip", "rule", "add", "pref", "90", "to", "10.20.0.0/16", "lookup", "main")
    checks.equal(scene.live(path)[label]["verdict"], "conformant", "an earlier rule to the main table")
    checks.that(all(sent(scene, "10.20.4.11", range(43000, 43010))), "packets by the earlier rule")
    device("ip", "rule", "del", "pref", "90")
    device("ip", "rule", "del", "from", "10.10.0.0/16", "to", "10.20.4.0/24", "lookup", "100")


def vrf(scene):
    """Interfaces of a VRF have routes of their own; clients of the main table do not reach them."""
    device = lambda *command, **options: scene.lab.run("device", *command, **options)  # noqa: E731
    if device("ip", "link", "add", "blue", "type", "vrf", "table", "10", check=False).returncode != 0:
        print("not done: this kernel has no VRFs")
        return
    label = f"site-a/{CHAT}#1 clients>persistent-chat-pool ipv4"
    device("ip", "link", "set", "blue", "up")
    device("ip", "link", "set", "srv0", "master", "blue")
    flow = scene.live(scene.lab.deployment)[label]
    scene.checks.equal(flow["verdict"], "not-transit", "into a VRF without a leaked route")
    scene.checks.that(not any(sent(scene, "10.20.4.11", range(44000, 44010))), "packets into a VRF")
    device("ip", "link", "set", "srv0", "nomaster")
    device("ip", "link", "del", "blue")


def test(lab, checks):
    """Everything, on one laboratory."""
    scene = Scene(lab, checks)
    for part in (skeletons, reviews, rules, usage, next_hops, policy, vrf):
        part(scene)


if __name__ == "__main__":
    main(test)
