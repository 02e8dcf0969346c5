#!/usr/bin/python3
"""The `portcullis` command: help and manual, options, JSON, tables, exit codes, lost output, offline against live.

What a verb says is compared with its source, its manual, the fixed points of its JSON, and the other verbs.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from harness import ROOT, main, wait_until

VERBS = ("import", "catalog", "deployment", "compile", "verify", "status", "conformance", "explain", "what-if", "prove",
         "baseline", "history", "diff", "rollback", "pause")
VERDICTS = ("conformant", "partial", "blocked", "misdirected", "indeterminate", "unknown", "waived", "unbound", "not-transit",
            "needs-range", "no-common-family")
OVERALL = ("ok", "degraded", "violated", "incomplete", "cannot-tell")
FLOW_KEYS = {"deployment", "requirement", "variant", "source", "destination", "family", "transport", "source_ports", "ports",
             "path", "severity", "assumed", "verdict", "rule", "witness", "atoms"}
WITNESS_KEYS = {"transport", "source", "source_port", "destination", "destination_port", "phase"}
LIMIT = ("limit", "rate", "over", "1/second", "drop")
DATA = ROOT / "tests" / "data" / "cli"


class Scene:
    """The laboratory's device with the files that the offline verbs need."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        share = lab.root / "share/portcullis"
        self.program = lab.root / "bin/portcullis"
        self.packs = sorted((share / "catalog").glob("*.json"))
        self.yang = ("--yang-dir", share / "yang")
        self.catalog = ("--catalog-dir", share / "catalog", *self.yang)
        self.online = ("--socket", lab.socket, *self.yang)
        self.site = ("verify", *self.catalog, "--deployment", lab.deployment)
        self.document = lab.directory / "ports.md"
        self.document.write_text(DATA.joinpath("ports.md").read_text(encoding="utf-8"), encoding="utf-8")
        self.network = lab.directory / "network.json"
        self.network.write_text('{"addr":%s,"route":%s,"route6":%s}' % tuple(
            lab.run("device", *command.split()).stdout for command in ("ip -j addr", "ip -j route", "ip -j -6 route")))
        self.dump = self.dumped("example")
        self.future = ("what-if", *self.catalog, "--deployment", lab.deployment, "--ruleset", self.dump)
        self.offline = (*self.site, "--ruleset", self.dump, "--network", self.network)

    def dumped(self, name):
        """The device's ruleset as `nft -j` prints it, in a file."""
        path = self.lab.directory / f"{name}.json"
        path.write_text(self.lab.run("device", "nft", "-j", "list", "ruleset").stdout)
        return path

    def run(self, *arguments, **options):
        """The command in the device's namespace."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "check": False, "timeout": 120, **options}
        return subprocess.run(self.lab.command("device", self.program, *arguments), **options)

    def text(self, *arguments):
        """The command's exit code, standard output and standard error, which must be UTF-8."""
        done = self.run(*arguments)
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    def json(self, *arguments, code=0):
        """The command's JSON, with an exit code and nothing on standard error."""
        have, out, err = self.text(*arguments, "--json")
        self.checks.equal((have, err), (code, ""), f"{' '.join(map(str, arguments))}: exit code, standard error")
        try:
            return json.loads(out)
        except ValueError as error:
            self.checks.that(False, f"{' '.join(map(str, arguments))}: JSON: {error}: {out[:200]}")
            raise

    def fails(self, *arguments, words=(), code=3):
        """The command fails with one line on standard error that has these words, and prints nothing."""
        have, out, err = self.text(*arguments)
        what = " ".join(map(str, arguments))[:200]
        self.checks.equal((have, out), (code, ""), f"{what}: exit code, standard output")
        self.checks.that(err.count("\n") == 1 and err.startswith("portcullis"), f"{what}: one line, not {err!r}")
        for word in words:
            self.checks.that(word in err, f"{what}: says '{word}', not {err!r}")

    def nft(self, *arguments):
        """nft in the device's namespace."""
        return self.lab.run("device", "nft", *arguments).stdout

    def reset(self):
        """The example's ruleset again, in one transaction: nothing is open in between."""
        path = self.lab.directory / "reset.nft"
        path.write_text("flush ruleset\n" + pathlib.Path(self.lab.ruleset).read_text(encoding="utf-8"), encoding="utf-8")
        self.nft("-f", path)

    def rule(self, words):
        """Chain and handle of the first rule with these words."""
        chain = None
        for line in self.nft("-a", "list", "table", "inet", "filter").splitlines():
            chain = line.split()[1] if line.startswith("\tchain ") else chain
            if words in line:
                return chain, int(line.rsplit("handle ", 1)[1])
        raise AssertionError(words)


def options_of_source(verb):
    """Long options in a verb's source, and whether each takes a value."""
    found = {}
    for line in (ROOT / "agent" / "cli" / f"{verb.replace('-', '')}.c").read_text().replace("\n", " ").split("{\"")[1:]:
        match = re.match(r'([a-z-]+)", *(no_argument|required_argument)', line)
        if match:
            found["--" + match[1]] = match[2] == "required_argument"
    return found


def manual():
    """Long options of each verb's section of the manual, and those of the synopsis by verb."""
    page = (ROOT / "contrib/man/portcullis.1").read_text()
    sections = {name.strip(): set(re.findall(r"^\.It Fl -([a-z-]+)", text, re.MULTILINE))
                for name, text in re.findall(r"^\.Ss ([a-z-]+)\n(.*?)(?=^\.S[sh])", page, re.MULTILINE | re.DOTALL)}
    synopsis = {}
    for text in page.split(".Sh DESCRIPTION")[0].split(".Nm\n")[1:]:
        match = re.match(r"\.Cm ([a-z-]+)", text)
        if match:
            synopsis.setdefault(match[1], set()).update(re.findall(r"Fl -([a-z-]+)", text))
    return sections, synopsis


def helps(scene):
    """--help names every option there is, and so does the manual."""
    checks, (sections, synopsis) = scene.checks, manual()
    code, out, err = scene.text("--help")
    checks.equal((code, err), (0, ""), "--help")
    checks.equal(tuple(re.findall(r"^  ([a-z-]+) ", out, re.MULTILINE)), VERBS, "verbs of --help")
    checks.equal(set(sections), set(VERBS), "verbs of the manual")
    checks.equal(scene.text("--version")[0], 0, "--version")
    for verb in VERBS:
        known = options_of_source(verb)
        for option in ("--help", "-h"):
            code, out, err = scene.text(verb, option)
            checks.equal((code, err), (0, ""), f"{verb} {option}")
            checks.that(all(len(line) <= 120 for line in out.splitlines()), f"{verb} {option}: lines fit")
            checks.equal(set(re.findall(r"--[a-z-]+", out)), set(known), f"{verb} {option}: options")
            checks.that("Exit codes:" in out, f"{verb} {option}: exit codes")
        checks.equal({f"--{name}" for name in sections[verb]}, set(known), f"manual, section {verb}: options")
        checks.that({f"--{name}" for name in synopsis[verb]} | {"--help"} == set(known),
                    f"manual, synopsis of {verb}: {synopsis[verb]} should be {set(known)}")
        for option, needs_value in known.items():
            if needs_value:
                scene.fails(verb, option, words=[verb, option, "needs a value"])
            else:
                scene.fails(verb, f"{option}=5", words=[verb, option, "takes no value"])


def usage(scene):
    """Wrong command lines."""
    code, out, err = scene.text()
    scene.checks.that(code == 3 and not out and "Usage:" in err, "no verb")
    scene.fails("no-such-verb", words=["no-such-verb"])
    scene.fails("ve\x1brify\n", words=["'ve rify '"])
    for verb in VERBS:
        scene.fails(verb, "--no-such-option", words=[verb, "--no-such-option"])
        scene.fails(verb, "-x", words=["-x"])
        scene.fails(verb, "--json", "-xy", words=["-x"])
        scene.fails(verb, "--no-such-option=5", words=["--no-such-option "])
    scene.fails("import", words=["at least one document"])
    for verb in ("verify", "status", "conformance"):
        scene.fails(verb, "--json", "superfluous", words=["superfluous"])
    scene.fails("verify", words=["--deployment"])
    scene.fails(*scene.site, words=["--ruleset", "--live"])
    scene.fails(*scene.offline, "--live", words=["--ruleset", "--live"])
    scene.fails("conformance", "--all", "--problems", words=["--problems"])
    scene.fails("explain", words=["--packet"])
    scene.fails("explain", "a label", "--packet", "tcp 10.0.0.1:1 > 10.0.0.2:2", words=["--packet"])
    scene.fails("explain", "two", "words", words=["quotation marks"])
    scene.fails("what-if", "superfluous", words=["superfluous"])
    scene.fails("what-if", "--candidate", "--running", words=["--candidate", "--running"])
    scene.fails("what-if", "--now-ruleset", scene.dump, words=["--deployment"])
    scene.fails("what-if", "--deployment", scene.lab.deployment, words=["--ruleset"])
    scene.fails(*scene.future, words=["--now-deployment", "--now-ruleset"])
    scene.fails(*scene.future, "--running", words=["--running"])
    for line in ((), ("buy",), ("show",), ("list", "superfluous"), ("diff", "a"), ("check",), ("build",)):
        scene.fails("catalog", *line)
    scene.fails("catalog", "list", "--lang", "xx", words=["xx", "en, de or pt"])


def aligned(checks, text, what):
    """Tables in a text: what is left of each column is blank, no line has a tail of blanks, and all of it is printable."""
    starts, rows = None, 0
    for line in text.splitlines():
        checks.that(line == line.rstrip() and line.isprintable(), f"{what}: '{line!r}'")
        if re.match(r"[A-Z]+( [A-Z]+)*  +[A-Z]", line):
            starts = [match.end() for match in re.finditer(r"  +(?=\S)", line)]
        elif not line or "are not shown; --all" in line:
            starts = None
        elif starts:
            rows += 1
            checks.that(all(not line[start - 2:start].strip() for start in starts), f"{what}: columns of '{line[:150]}'")
    return rows


def import_says(scene):
    """import: JSON, tables, and what steers no terminal."""
    checks = scene.checks
    (document,) = scene.json("import", scene.document)["documents"]
    checks.equal([(row["role_id"], row["ports"], row["transports"], row["line"]) for row in document["tables"][0]["rows"]],
                 [("director", ["5061"], ["tcp"], 10), ("front-end-server", ["49152-57500"], ["tcp", "udp"], 11)], "rows")
    code, out, err = scene.text("import", scene.document)
    checks.equal((code, err), (0, ""), "import for people")
    checks.equal(aligned(checks, out, "import"), 2, "rows of the table")
    checks.that("5061" in out and "49152-57500" in out, "import shows the ports")
    code, out, err = scene.text("import", DATA / "steering.md")
    checks.equal(code, 1, "import of what is not understood: exit code")
    checks.equal(err.count("\n"), 3, f"import of what is not understood: a line for each problem: {err}")
    aligned(checks, out, "import of a document with control characters")
    checks.that(all(character == "\n" or character.isprintable() for character in err), f"printable problems: {err!r}")
    code, out, err = scene.text("import", "/no/such.md", scene.document, "--json")
    checks.equal((code, err.count("\n"), len(json.loads(out)["documents"])), (3, 1, 1), "a missing document beside one")


def catalog_says(scene):
    """catalog: list, show, diff, explain and check, for people and programs."""
    checks = scene.checks
    packs = scene.json("catalog", "list", *scene.catalog)["packs"]
    names = [pack["name"] for pack in packs]
    checks.equal(sorted(names), sorted(path.stem for path in scene.packs), "products")
    code, out, _ = scene.text("catalog", "list", *scene.catalog)
    checks.that(code == 0 and all(name in out for name in names), "catalog list for people")
    checks.equal(aligned(checks, out, "catalog list"), len(packs), "rows of catalog list")
    for turn, name in enumerate(names):
        shown = scene.json("catalog", "show", name, *scene.catalog)
        labels = [requirement["label"] for requirement in shown["requirements"]]
        checks.equal(len(labels), next(pack["requirements"] for pack in packs if pack["name"] == name), f"{name}: count")
        for language in ("en", "de", "pt") if turn == 0 else ("pt",):
            code, out, err = scene.text("catalog", "show", name, *scene.catalog, "--lang", language)
            checks.equal((code, err), (0, ""), f"catalog show {name} --lang {language}")
            checks.equal(aligned(checks, out, f"catalog show {name} --lang {language}"), len(labels), f"rows of {name}")
            checks.that(all(label in out for label in labels), f"catalog show {name} --lang {language}: labels")
        for label in (labels[0], labels[-1]):
            one = scene.json("catalog", "explain", label, *scene.catalog)
            checks.that(label in json.dumps(one) and "provenance" in json.dumps(one), f"catalog explain {label}")
            code, out, _ = scene.text("catalog", "explain", label, *scene.catalog, "--lang", "de")
            checks.that(code == 0 and out.startswith(label + "\n"), f"catalog explain {label} for people")
            aligned(checks, out, f"catalog explain {label}")
        same = scene.json("catalog", "diff", name, name, *scene.catalog)
        nothing = {"added": [], "removed": [], "changed": []}
        checks.equal(same, {**nothing, "not_compared": [], "requirements": nothing}, f"catalog diff of {name} and itself")
    german = scene.text("catalog", "show", "skype-for-business-server", *scene.catalog, "--lang", "de")[1]
    checks.that("Vermittlungsserver" in german and "ü" in german, "German names")
    checks.that("Mediação" in scene.text("catalog", "show", "skype-for-business-server", *scene.catalog, "--lang", "pt")[1],
                "Portuguese names")
    forth = scene.json("catalog", "diff", names[0], names[1], *scene.catalog)
    back = scene.json("catalog", "diff", names[1], names[0], *scene.catalog)
    checks.equal((len(forth["added"]), len(forth["removed"]), len(forth["changed"])),
                 (len(back["removed"]), len(back["added"]), len(back["changed"])), "diff forth and back")
    checks.that(forth["added"], "products differ")
    paths = {path.stem: path for path in scene.packs}
    checks.equal(scene.json("catalog", "diff", paths[names[0]], paths[names[1]], *scene.yang), forth, "diff of pack files")
    checked = scene.json("catalog", "check", *scene.packs, *scene.yang)["packs"]
    checks.equal({pack["product"]: pack["digest"] for pack in checked}, {pack["name"]: pack["digest"] for pack in packs},
                 "digests of check and list")
    scene.fails("catalog", "show", "no-such-product", *scene.catalog, words=["no-such-product"])
    scene.fails("catalog", "explain", "no-such-label", *scene.catalog, words=["no-such-label"])
    scene.fails("catalog", "diff", names[0], "no-such-product", *scene.catalog, words=["no-such-product"])
    scene.fails("catalog", "list", "--catalog-dir", "/no/such", *scene.yang, words=["/no/such"])
    scene.fails("catalog", "check", scene.document, *scene.yang, words=["ports.md"])


def examples():
    """The JSON of the page about packs."""
    page = (ROOT / "yang/catalog/README.md").read_text(encoding="utf-8")
    return [json.loads(text) for text in re.findall(r"^ {4}\{(?:.|\n(?= {4}))*", page, re.MULTILINE)]


def own_packs(scene):
    """Packs and overrides of one's own: what list, show, explain, check and diff say of them."""
    checks, own = scene.checks, scene.lab.directory / "own-catalog"
    own.mkdir()
    arguments = (*scene.catalog, "--own-catalog-dir", own)
    checks.equal(scene.json("catalog", "list", *arguments), scene.json("catalog", "list", *scene.catalog), "no own file")
    pack, override = examples()
    site, door = own / "site.json", own / "door.json"
    site.write_text(json.dumps(override))
    door.write_text(json.dumps(pack))
    product, label = "skype-for-business-server", "site/front-end-server/backup/10000-tcp"
    listed = {one["name"]: one for one in scene.json("catalog", "list", *arguments)["packs"]}
    checks.equal((listed["door-controller"]["own"], listed["door-controller"]["own_files"]), (True, [str(door)]), "own pack")
    checks.equal((listed[product]["own"], listed[product]["own_files"]), (False, [str(site)]), "changed pack")
    checks.equal((listed["lync-server-2013"]["own"], listed["lync-server-2013"]["own_files"]), (False, []), "shipped pack")
    out = scene.text("catalog", "list", *arguments)[1]
    checks.that(re.search(r"door-controller .* pack ", out) and re.search(product + r" .* changes ", out), f"list: {out}")
    aligned(checks, out, "catalog list with own packs")
    out = scene.text("catalog", "show", product, *arguments)[1]
    checks.that(f"changed by {site}\n" in out and re.search(r" \+ +" + label, out), f"catalog show: {out[:300]}")
    aligned(checks, out, "catalog show with an override")
    shown = scene.json("catalog", "show", product, *arguments)
    checks.equal({r["label"]: r["own_file"] for r in shown["requirements"] if r["own_file"]},
                 dict.fromkeys((label, "sfb/file-share-server/file-share-access/445-tcp"), str(site)), "own files")
    checks.that(f"own file   {site}\n" in scene.text("catalog", "explain", label, *arguments)[1], "catalog explain")
    checks.equal(scene.json("catalog", "explain", label, *arguments)["own_file"], str(site), "own file of explain")
    checked = scene.json("catalog", "check", site, door, *scene.catalog)
    checks.equal([one["product"] for one in checked["packs"]], ["door-controller"], "packs of check")
    checks.equal(checked["overrides"], [{"file": str(site), "product": product,
                                         "added": {"services": 0, "roles": 1, "requirements": 1},
                                         "replaced": {"services": 0, "roles": 0, "requirements": 1}}], "overrides of check")
    out = scene.text("catalog", "check", site, *scene.catalog)[1]
    checks.equal(out, f"{site}: changes {product}: added 1 requirement, 1 role; replaced 1 requirement\n", "catalog check")
    shipped = next(path for path in scene.packs if path.stem == product)
    requirements = scene.json("catalog", "diff", shipped, product, *arguments)["requirements"]
    checks.equal((requirements["added"], requirements["removed"]), ([label], []), "diff of two versions")
    checks.that("initiators" in requirements["changed"][0]["fields"], "fields of a changed requirement")
    out = scene.text("catalog", "diff", shipped, product, *arguments)[1]
    checks.that(f"requirements added 1\n  {label}\n" in out and "445-tcp  errata, initiators" in out, f"catalog diff: {out}")
    (own / "twice.json").write_text(json.dumps(override))
    scene.fails("catalog", "list", *arguments, words=["site.json", "twice.json", "keep one"])
    scene.fails("catalog", "list", *scene.catalog, "--own-catalog-dir", "/no/such", words=["/no/such"])
    scene.fails("catalog", "check", site, "--catalog-dir", "/no/such", *scene.yang, words=["/no/such"])
    scene.fails(*scene.offline, "--own-catalog-dir", own, words=["site.json", "twice.json"])
    management(scene)


def management(scene):
    """A deployment of the pack for management: this device and its station, in the example and without SNMP."""
    checks, roles = scene.checks, ("management-station", "notification-receiver")
    def group(name, number, address, *names):
        members = [{"product": "portcullis-management", "role": role} for role in names]
        return {"name": name, "id": number, "member-of": members, "address": [address]}
    path = scene.lab.directory / "management.json"
    path.write_text(json.dumps({
        "portcullis:group": [group("device", 1, "10.20.0.1", "managed-device"), group("station", 2, "10.20.0.2", *roles)],
        "portcullis:deployment": [{"name": "net", "id": 1, "product": "portcullis-management", "group": ["device", "station"]}]}))
    arguments = ("verify", *scene.catalog, "--deployment", path, "--network", scene.network)
    def verdicts(dump, code):
        flows = scene.json(*arguments, "--ruleset", dump, code=code)["flows"]
        return {(flow["ports"], flow["transport"], flow["path"]): flow["verdict"] for flow in flows}
    good = {("830", "tcp", "input"): "conformant", ("22", "tcp", "input"): "conformant", ("161", "udp", "input"): "conformant",
            ("162", "udp", "output"): "conformant"}
    checks.equal(verdicts(scene.dump, 0), good, "management in the example")
    chain, handle = scene.rule("management station: SNMP")
    scene.nft("delete", "rule", "inet", "filter", chain, "handle", str(handle))
    checks.equal(verdicts(scene.dumped("no-snmp"), 1), {**good, ("161", "udp", "input"): "blocked"}, "management without SNMP")
    scene.reset()


def verify_form(scene, result):
    """The exact form of `verify --json`."""
    checks, summary = scene.checks, result["summary"]
    checks.that({"summary", "flows", "openings", "caveats"} <= set(result), "keys of verify")
    keys = {verdict.replace("-", "_") for verdict in VERDICTS} | {"overall", "openings", "rules", "undecoded_rules",
                                                                  "forward_default"}
    checks.that(keys <= set(summary), f"keys of the summary: lacks {keys - set(summary)}")
    checks.that(summary["overall"] in OVERALL, "overall")
    checks.equal(summary["openings"], len(result["openings"]), "number of openings")
    for verdict in VERDICTS:
        checks.equal(summary[verdict.replace("-", "_")], sum(flow["verdict"] == verdict for flow in result["flows"]),
                     f"flows that are {verdict}")
    checks.equal(sum(summary[verdict.replace("-", "_")] for verdict in VERDICTS), len(result["flows"]), "all verdicts")
    for flow in result["flows"]:
        what = flow.get("label", str(flow)[:100])
        lacking = (FLOW_KEYS | {"remainder"}) - set(flow)
        checks.that(not lacking, f"{what}: lacks {lacking}")
        checks.that(flow["verdict"] in VERDICTS and flow["severity"] in ("critical", "major", "warning", "info", "none"),
                    f"{what}: verdict and severity")
        checks.that(re.fullmatch(r"\d+(-\d+)?", flow["ports"]) and re.fullmatch(r"\d+(-\d+)?", flow["source_ports"]),
                    f"{what}: form of ports")
        rule_form(checks, flow["rule"], what)
        if flow["witness"] is not None:
            checks.that(WITNESS_KEYS <= set(flow["witness"]) and flow["witness"]["phase"] in ("new", "reply", "established"),
                        f"{what}: witness")
        for box in flow["remainder"]:
            checks.that(set(box) == {"source", "destination", "source_ports", "ports"}, f"{what}: remainder")
        decided = flow["verdict"] in ("blocked", "partial")
        checks.that(not decided or (flow["rule"] and flow["witness"] and flow["remainder"]), f"{what}: rule, witness, remainder")
        checks.that(flow["verdict"] != "indeterminate" or flow["atoms"], f"{what}: conditions that are not decided")
    for opening in result["openings"]:
        checks.that({"rule", "box", "packets", "witness"} <= set(opening), "keys of an opening")
        checks.that(isinstance(opening["packets"], str) and int(opening["packets"]) > 0, "packets of an opening")
        rule_form(checks, opening["rule"], "opening")


def rule_form(checks, rule, what):
    """A rule or a policy, or null."""
    if rule is not None:
        checks.that({"family", "table", "chain"} <= set(rule) and
                    ({"handle", "text"} <= set(rule) or rule.get("policy") in ("accept", "drop")), f"{what}: rule {rule}")


def live_as_dump(scene, code):
    """verify --live, without what only the kernel itself knows."""
    result = scene.json(*scene.site, "--live", code=code)
    scene.checks.that(isinstance(result.pop("ipsec", None), list), "exemptions from IPsec of a live verification")
    return result


def verify_says(scene):
    """verify: form, every exit code, tables, standard input, and live against the dump."""
    checks = scene.checks
    whole = scene.json(*scene.offline)
    verify_form(scene, whole)
    checks.equal(whole["summary"]["overall"], "ok", "the example")
    checks.equal(live_as_dump(scene, 0), whole, "the example, live and from the dump")
    chain, handle = scene.rule("demonstration")
    scene.nft("delete", "rule", "inet", "filter", chain, "handle", str(handle))
    states = {"a rule removed": (1, scene.dumped("removed"))}
    broken = live_as_dump(scene, 1)
    scene.reset()
    scene.nft("insert", "rule", "inet", "filter", "forward", *LIMIT)
    states["an undecidable rule"] = 2, scene.dumped("undecided")
    undecided = live_as_dump(scene, 2)
    scene.reset()
    for (what, (code, dump)), live in zip(states.items(), (broken, undecided)):
        arguments = (*scene.site, "--ruleset", dump, "--network", scene.network)
        result = scene.json(*arguments, code=code)
        verify_form(scene, result)
        checks.equal(result, live, f"{what}, live and from the dump")
        have, out, err = scene.text(*arguments)
        checks.equal((have, err), (code, ""), f"{what}, for people")
        aligned(checks, out, what)
        shown = next(flow for flow in result["flows"] if flow["verdict"] in ("blocked", "indeterminate"))
        checks.that(shown["label"] in out and result["summary"]["overall"] + ":" in out, f"{what}, for people: {out[:300]}")
        checks.that(not any(f"\n{verdict} " in out for verdict in ("conformant", "not-transit")), f"{what}: only what matters")
        everything = scene.text(*arguments, "--all")[1]
        checks.that(all(flow["label"] in everything for flow in result["flows"]), f"{what}: --all")
        checks.equal(aligned(checks, everything, f"{what}, --all"), len(result["flows"]) + len(result["openings"]),
                     f"{what}, rows of --all")
        with open(dump, "rb") as file:
            piped = scene.run(*scene.site, "--ruleset", "-", "--network", scene.network, "--json", stdin=file)
        checks.equal(json.loads(piped.stdout), result, f"{what}, from standard input")
    checks.that(any(flow["verdict"] == "blocked" and flow["rule"].get("policy") == "drop" for flow in broken["flows"]),
                "a removed rule leaves the policy to decide")
    checks.that(all(flow["rule"]["text"].startswith("limit rate over") for flow in undecided["flows"]
                    if flow["verdict"] == "indeterminate"), "the undecidable rule is named")
    verify_strict(scene)
    verify_refuses(scene)
    any_bytes(scene)


def compile_says(scene):
    """compile: nft takes text and JSON, the table lets exactly the required flows pass, the same every time."""
    checks = scene.checks
    arguments = ("compile", *scene.catalog, "--deployment", scene.lab.deployment, "--network", scene.network)
    code, text, err = scene.text(*arguments)
    checks.equal((code, err), (0, ""), "compile: exit code, standard error")
    checks.equal(scene.text(*arguments)[1], text, "compile twice")
    checks.equal(scene.text("compile", *scene.catalog, "--deployment", scene.lab.deployment, "--live-network")[1], text,
                 "compile --live-network")
    path = scene.lab.directory / "compiled.nft"
    path.write_text(text, encoding="utf-8")
    listed = []
    for form in ("text", "json"):
        scene.nft("flush", "ruleset")
        if form == "json":
            path.write_text(json.dumps(scene.json(*arguments)), encoding="utf-8")
        scene.nft(*(("-j",) if form == "json" else ()), "-f", path)
        listed.append(re.sub(r'\t+comment "(digest|made by) .*"\n', "", scene.nft("list", "ruleset")))
        result = scene.json(*scene.site, "--live")
        # What rests on an unsure correction is never compiled, and never above info.
        checks.equal({flow["verdict"] for flow in result["flows"] if flow["severity"] not in ("info", "none")} -
                     {"conformant", "not-transit"}, set(), f"verdicts of {form}")
        checks.equal(len([flow for flow in result["flows"] if flow["verdict"] == "conformant"]) >= 60, True,
                     f"conformant flows of {form}")
        checks.equal([opening["label"] for opening in result["openings"]], [], f"openings of {form}")
    checks.equal(listed[1], listed[0], "text and JSON in the kernel")
    checks.that("required-forward4" in listed[0], "the set of required flows")
    scene.reset()
    scene.fails("compile", words=["--deployment"])
    scene.fails(*arguments, "--live-network", words=["--network", "--live-network"])
    scene.fails("compile", *scene.catalog, "--deployment", "/nowhere", words=["/nowhere"])


def verify_strict(scene):
    """--strict: what nothing requires and what is not bound count."""
    site = json.loads(scene.lab.deployment.read_text())
    site["portcullis:deployment"][0]["role-absent"].remove("edge-server")
    path = scene.lab.directory / "unbound.json"
    path.write_text(json.dumps(site))
    arguments = ("verify", *scene.catalog, "--deployment", path, "--ruleset", scene.dump, "--network", scene.network)
    result = scene.json(*arguments, code=2)
    scene.checks.that(result["summary"]["unbound"] > 0 and result["summary"]["overall"] == "incomplete", "an unbound role")
    scene.json(*arguments, "--strict", code=1)
    scene.nft("add", "rule", "inet", "filter", "to_servers", "ip", "daddr", "10.20.1.100", "tcp", "dport", "23", "accept")
    dump = scene.dumped("opened")
    scene.reset()
    arguments = (*scene.site, "--ruleset", dump, "--network", scene.network)
    result = scene.json(*arguments)
    scene.checks.that(any(opening["box"]["ports"] == "23" for opening in result["openings"]), "an opening")
    scene.json(*arguments, "--strict", code=1)
    have, out, _ = scene.text(*arguments)
    scene.checks.that(have == 0 and "tcp dport 23 accept" in out, "openings for people")
    aligned(scene.checks, out, "openings")


def verify_refuses(scene):
    """Files that are none."""
    for option, name in (("--deployment", "d"), ("--ruleset", "r"), ("--network", "n")):
        path = scene.lab.directory / f"cut-{name}.json"
        source = {"d": scene.lab.deployment, "r": scene.dump, "n": scene.network}[name]
        path.write_text(source.read_text()[:200])
        scene.fails(*scene.offline, option, path, words=[path.name])
        scene.fails(*scene.offline, option, "/no/such.json", words=["/no/such.json"])
        scene.fails(*scene.offline, option, scene.lab.directory)
    scene.fails(*scene.offline, "--catalog-dir", "/no/such", words=["/no/such"])
    scene.fails(*scene.offline, "--yang-dir", "/no/such", words=["/no/such"])


def any_bytes(scene):
    """A comment in a ruleset can be any bytes; what is printed is UTF-8, and the rule stays named."""
    path = scene.lab.directory / "bytes.nft"
    path.write_bytes(b'insert rule inet filter forward tcp dport 5061 drop comment "f\xe4hrt \x1b[31m \xc2\x9b31m"\n')
    scene.nft("-f", path)
    result = scene.json(*scene.site, "--live", code=1)
    verify_form(scene, result)
    aligned(scene.checks, scene.text(*scene.site, "--live")[1], "a comment of any bytes")
    scene.reset()


def outputs(scene):
    """Output that cannot be written is an error of every verb, and a reader that goes away is none."""
    checks = scene.checks
    small = scene.lab.directory / "small-catalog"  # what is read takes no part in where it goes
    small.mkdir()
    packs = sorted(scene.packs, key=lambda path: path.stat().st_size)[:2]
    for path in packs:
        shutil.copy(path, small)
    catalog, name = ("--catalog-dir", small, *scene.yang), packs[0].stem
    label = scene.json("catalog", "show", name, *catalog)["requirements"][0]["label"]
    flow = next(flow for flow in scene.json(*scene.offline)["flows"] if flow["verdict"] == "conformant")["label"]
    built = scene.lab.directory / "built"
    built.mkdir()
    lines = [("import", scene.document), ("catalog", "list", *catalog), ("catalog", "show", name, *catalog),
             ("catalog", "diff", name, packs[1].stem, *catalog), ("catalog", "explain", label, *catalog),
             ("catalog", "check", *packs, *scene.yang), scene.offline, (*scene.offline, "--all"),
             (*scene.site, "--live", "--all"), ("status", *scene.online), ("conformance", "--all", *scene.online),
             ("explain", flow, *scene.online)]
    plain = [("--help",), ("--version",), *((verb, "--help") for verb in VERBS)]
    for line in [*lines, *((*line, "--json") for line in lines), *plain]:
        what = " ".join(pathlib.Path(str(word)).name for word in line)[:150]
        code, out, err = scene.text(*line)
        checks.equal((code, err), (0, ""), what)
        checks.that(out.endswith("\n"), f"{what}: ends with a line end")
        if "--json" in line:
            json.loads(out)
        with open("/dev/full", "wb") as full:
            done = scene.run(*line, stdout=full)
        checks.equal((done.returncode, done.stderr.count(b"\n")), (3, 1), f"{what} > /dev/full: {done.stderr}")
        checks.that(b"No space left" in done.stderr, f"{what} > /dev/full: {done.stderr}")
        if "--json" in line:
            continue  # where it goes is the same for both forms
        done = scene.run(*line, stdout=None, preexec_fn=lambda: os.close(1))
        checks.equal((done.returncode, done.stderr.count(b"\n")), (3, 1), f"{what} >&-: {done.stderr}")
        reader, writer = os.pipe()
        os.close(reader)
        done = scene.run(*line, stdout=writer)
        os.close(writer)
        checks.that(done.returncode == -signal.SIGPIPE and not done.stderr, f"{what}, no reader: {done.returncode} {done.stderr}")


def settled(scene, *, until):
    """The daemon's status when a condition on its summary holds."""
    def current():
        summary = json.loads(scene.text("status", *scene.online, "--json")[1])["summary"]
        return summary if until(summary) else None
    return wait_until(current, 10, "the daemon's verification")


def online_says(scene):
    """status and conformance: keys, exit codes, the same as verify."""
    checks = scene.checks
    settled(scene, until=lambda summary: summary["overall"] == "ok")
    online_agrees(scene, 0)
    chain, handle = scene.rule("demonstration")
    scene.nft("delete", "rule", "inet", "filter", chain, "handle", str(handle))
    settled(scene, until=lambda summary: summary["overall"] == "violated" and summary["active_problems"])
    result = online_agrees(scene, 1)
    blocked = next(flow["label"] for flow in result["flows"] if flow["verdict"] == "blocked")
    status = scene.json("status", *scene.online, code=1)
    (problem,) = status["problems"]
    checks.that(problem["label"] in {flow["label"] for flow in result["flows"] if flow["verdict"] != "conformant"}, "problem")
    checks.that("policy drop" in problem["rule"] and problem["witness"], f"the problem's rule and witness: {problem}")
    out = scene.text("status", *scene.online)[1]
    checks.that("violated" in out and problem["label"] in out, f"status for people: {out}")
    problems = scene.json("conformance", "--problems", *scene.online, code=1)["flows"]
    checks.that(problems and all(flow["verdict"] in ("blocked", "partial") for flow in problems), "conformance --problems")
    code, out, _ = scene.text("conformance", *scene.online)
    checks.that(code == 1 and blocked in out and "flows are not shown; --all shows them" in out, f"conformance: {out}")
    explained(scene, blocked, 1, "policy drop", "explain of a blocked flow")
    scene.reset()
    settled(scene, until=lambda summary: summary["overall"] == "ok")
    scene.nft("insert", "rule", "inet", "filter", "forward", *LIMIT)
    settled(scene, until=lambda summary: summary["overall"] == "cannot-tell")
    online_agrees(scene, 2)
    explained(scene, blocked, 2, "limit rate over", "explain of a flow that is not decided")
    scene.reset()
    settled(scene, until=lambda summary: summary["overall"] == "ok")
    path = scene.lab.directory / "bytes.nft"
    path.write_bytes(b'insert rule inet filter forward tcp dport 5061 drop comment "f\xe4hrt \x1b[31m \xc2\x9b31m"\n')
    scene.nft("-f", path)
    settled(scene, until=lambda summary: summary["overall"] == "violated" and summary["active_problems"])
    online_agrees(scene, 1)
    explained(scene, blocked, 1, "f?hrt ?[31m ??31m", "explain of a rule whose comment is no UTF-8")
    scene.reset()
    settled(scene, until=lambda summary: summary["overall"] == "ok")


def online_agrees(scene, code):
    """The three faces of one state; what conformance says."""
    checks = scene.checks
    result, status = scene.json("conformance", *scene.online, code=code), scene.json("status", *scene.online, code=code)
    live = scene.json(*scene.site, "--live", code=code)
    for flow in result["flows"]:
        checks.that(FLOW_KEYS <= set(flow), f"{flow['label']}: lacks {FLOW_KEYS - set(flow)}")
        rule_form(checks, flow["rule"], flow["label"])
    def essence(flows):
        return {flow["label"]: [flow[key] for key in sorted(FLOW_KEYS)] for flow in flows}
    have, want = essence(result["flows"]), essence(live["flows"])
    checks.equal(sorted(have), sorted(want), "labels of conformance and of verify")
    for label, values in want.items():
        checks.equal(have.get(label), values, f"{label}: conformance and verify")
    def boxes(openings):
        return sorted((opening["id"], opening["rule"]["handle"], opening["packets"], opening["box"]["ports"])
                      for opening in openings)
    checks.equal(boxes(result["openings"]), boxes(live["openings"]), "openings of conformance and of verify")
    # A problem becomes active when it has lasted.
    for summary in (result["summary"], status["summary"]):
        summary.pop("active_problems")
    checks.equal(result["summary"], status["summary"], "summaries of conformance and status")
    for key in ("overall", "openings", "rules", "undecoded_rules", *(verdict.replace("-", "_") for verdict in VERDICTS)):
        checks.equal(result["summary"][key], live["summary"][key], f"summaries of conformance and verify: {key}")
    for key in ("generation", "ruleset_generation", "ruleset_digest", "last_change", "last_verify", "agent_version"):
        checks.that(status[key], f"status: {key}")
    for line in (("status",), ("conformance",), ("conformance", "--all", "--openings"), ("conformance", "--problems")):
        have, out, err = scene.text(*line, *scene.online)
        checks.equal((have, err), (code, ""), " ".join(line))
        aligned(checks, out, " ".join(line))
    everything = scene.text("conformance", "--all", *scene.online)[1]
    checks.that(all(flow["label"] in everything for flow in result["flows"]), "conformance --all")
    checks.equal(aligned(checks, everything, "conformance --all"), len(result["flows"]), "rows of conformance --all")
    return result


def explained(scene, flow, code, words, what):
    """explain of a flow or packet: exit code, and the last rule that decides."""
    arguments = ("explain", *flow, *scene.online) if isinstance(flow, tuple) else ("explain", flow, *scene.online)
    result = scene.json(*arguments, code=code)
    checks = scene.checks
    checks.that({"packet", "verdict", "reason", "steps"} <= set(result), f"{what}: keys")
    checks.equal([step["number"] for step in result["steps"]], list(range(1, len(result["steps"]) + 1)), f"{what}: numbers")
    for step in result["steps"]:
        checks.that(step["note"] and {"family", "table", "chain"} <= set(step["rule"]), f"{what}: step {step}")
    have, out, err = scene.text(*arguments)
    checks.equal((have, err), (code, ""), f"{what}, for people")
    aligned(checks, out, what)
    checks.that(words in out, f"{what}: says '{words}', not {out[-400:]}")
    return result


def explains(scene):
    """explain --packet: the rule that decides, by its handle, for both families."""
    checks = scene.checks
    cases = [("tcp 10.10.0.5:40000 > 10.20.1.100:5061", 0, "demonstration"),
             ("tcp [fd00:10::5]:40000 > [fd00:20:1::100]:5061", 0, '"SIP from clients to the front-end pool"'),
             ("udp [fd00:10::5]:40000 > [fd00:20:1::11]:50000", 0, "ip6 saddr @clients6 ip6 daddr @audio6 udp"),
             ("tcp 10.10.0.5:99 > 10.20.1.100:5061", 1, "tcp sport 0-1023 drop"),
             ("tcp 10.10.0.5:40000 > 10.20.1.100:5062", 1, None),
             ("tcp [fd00:10::5]:40000 > [fd00:20:1::100]:5062", 1, None),
             ("tcp 10.20.0.2:40000 > 10.20.0.1:830", 0, "management station: SSH")]
    for packet, code, words in cases:
        result = explained(scene, ("--packet", packet), code, packet, packet)
        last = result["steps"][-1]["rule"]
        checks.equal(result["verdict"], "blocked" if code else "conformant", f"{packet}: verdict")
        checks.equal(result["packet"], packet, f"{packet}: the packet")
        if words:
            chain, handle = scene.rule(words)
            checks.equal((last.get("chain"), last.get("handle")), (chain, handle), f"{packet}: the deciding rule")
        else:
            checks.equal((last["chain"], last.get("policy")), ("forward", "drop"), f"{packet}: the policy decides")
    first = cases[0][0]
    explained(scene, ("--packet", first, "--iif", "dmz0"), 1, "policy drop", "another input interface")
    explained(scene, ("--packet", first, "--oif", "dmz0"), 1, "policy drop", "another output interface")
    flows = scene.json("conformance", *scene.online)["flows"]
    for family in ("ipv4", "ipv6"):
        label = next(flow["label"] for flow in flows if flow["verdict"] == "conformant" and flow["family"] == family)
        explained(scene, label, 0, "accept comment", f"a conformant flow of {family}")
    out = explained(scene, ("--packet", "udp 10.20.0.1:40000 > 10.20.1.11:53"), 0, "from this device, to srv0", "output")
    checks.equal((out["path"], out["input_interface"], out["output_interface"]), ("output", None, "srv0"), "output path")
    checks.that(any(step["note"].startswith("enters at hook input, priority") for step in result["steps"]), "hook and priority")
    for option in ("--iif", "--oif"):
        scene.fails("explain", "--packet", first, option, "nowhere0", *scene.online, words=["nowhere0", "lo, ", "srv0"])
    scene.fails("explain", "no such flow", *scene.online, words=["no such flow"])
    for packet in ("", "tcp", "tcp 10.0.0.1:1 > 10.0.0.2", "tcp 10.0.0.1:70000 > 10.0.0.2:1", "tcp 10.0.0.1:1 > [::1]:1"):
        scene.fails("explain", "--packet", packet, *scene.online)


def baseline_says(scene):
    """baseline: acknowledged openings are listed and no longer counted as new; allow-all is flagged."""
    checks = scene.checks

    def told():
        log = scene.lab.directory.joinpath("portcullisd.log").read_text(errors="replace")
        return [line for line in log.splitlines() if ": opening #" in line]

    checks.equal(scene.json("baseline", "list", *scene.online), {"baseline": []}, "an empty baseline")
    for port in ("23", "79"):
        scene.nft("add", "rule", "inet", "filter", "to_servers", "iifname", "lan0", "ip", "saddr", "10.10.0.5", "ip", "daddr",
                  "10.20.1.100", "tcp", "dport", port, "accept")
    settled(scene, until=lambda summary: summary["openings"] == 2)
    # What is acknowledged within the hold-down is not told.
    wait_until(lambda: len(told()) == 2, 10, "the notification of both openings")
    openings = {opening["box"]["ports"]: opening["id"] for opening in scene.json("conformance", *scene.online)["openings"]}
    one, other = str(openings["23"]), str(openings["79"])
    done = scene.json("baseline", "acknowledge", one, "--reason", "a <test> & more", *scene.online)
    checks.equal(done, {"acknowledged": [int(one)]}, "one acknowledged")
    settled(scene, until=lambda summary: (summary["openings"], summary["openings_unacknowledged"]) == (2, 1))
    (entry,) = scene.json("baseline", "list", *scene.online)["baseline"]
    checks.equal((entry["id"], entry["reason"], entry["owner"], entry["expires"], entry["open"]),
                 (int(one), "a <test> & more", "root", None, True), "the baseline")
    code, out, err = scene.text("baseline", "acknowledge", "--all", "--expires", "2100-01-01T00:00:00Z", *scene.online)
    checks.equal((code, out, err), (0, "1 opening acknowledged\n", ""), "the rest acknowledged")
    settled(scene, until=lambda summary: summary["openings_unacknowledged"] == 0)
    checks.equal(aligned(checks, scene.text("baseline", "list", *scene.online)[1], "baseline list"), 2, "rows of baseline list")
    scene.reset()
    settled(scene, until=lambda summary: summary["openings"] == 0)
    checks.that(not any(entry["open"] for entry in scene.json("baseline", "list", *scene.online)["baseline"]), "closed by now")
    before = told()
    checks.equal(len(before), 2, f"openings outside the baseline are notified: {before}")
    for port in ("23", "25"):
        scene.nft("add", "rule", "inet", "filter", "to_servers", "iifname", "lan0", "ip", "saddr", "10.10.0.5", "ip", "daddr",
                  "10.20.1.100", "tcp", "dport", port, "accept")
    settled(scene, until=lambda summary: (summary["openings"], summary["openings_unacknowledged"]) == (2, 1))
    wait_until(lambda: len(told()) > len(before), 10, "the notification of the other opening")
    checks.that(len(told()) == 3 and ">10.20.1.100:25" in told()[-1], f"an opening of the baseline is not notified: {told()}")
    scene.reset()
    settled(scene, until=lambda summary: summary["openings"] == 0)
    scene.json("baseline", "forget", one, other, *scene.online)
    checks.equal(scene.json("baseline", "list", *scene.online), {"baseline": []}, "forgotten")
    scene.fails("baseline", "forget", one, *scene.online, words=[one, "baseline list"])
    scene.fails("baseline", "acknowledge", "5", *scene.online, words=["no opening 5"])
    for line in ((), ("buy",), ("acknowledge",), ("acknowledge", "x"), ("acknowledge", "0"), ("acknowledge", "5", "--all"),
                 ("forget", "--all"), ("list", "5"), ("list", "--reason", "x"), ("acknowledge", "5", "--expires", "soon")):
        scene.fails("baseline", *line, *scene.online)
    checks.equal(scene.json("status", *scene.online)["summary"]["forward_default"], "deny", "default deny")
    scene.nft("insert", "rule", "inet", "filter", "forward", "accept")
    summary = settled(scene, until=lambda summary: summary["forward_default"] != "deny")
    checks.equal(summary["forward_default"], "deny-in-name-only", "a default deny that is one in name only")
    checks.that("in name only" in scene.text("conformance", *scene.online)[1], "the caveat for people")
    scene.nft("flush", "ruleset")
    summary = settled(scene, until=lambda summary: summary["forward_default"] == "allow-all")
    checks.that(any("every forwarded IPv4 packet passes" in caveat
                    for caveat in json.loads(scene.text("status", *scene.online, "--json")[1])["caveats"]), "allow-all")
    scene.reset()
    settled(scene, until=lambda summary: summary["overall"] == "ok" and summary["openings"] == 0)


def whatif_form(checks, result, what):
    """The keys of what-if."""
    checks.equal(set(result) - {"connections"}, {"reason", "summary", "regressions", "repairs", "changes", "openings_new",
                                                 "openings_closed", "caveats", "management"}, f"{what}: keys")
    checks.equal(set(result["summary"]), {"overall_now", "overall_then", "flows_now", "flows_then", "regressions",
                                          "regressions_advisory", "repairs", "changes", "flows_new", "flows_gone", "openings_new", "openings_closed"},
                 f"{what}: keys of the summary")
    checks.that({result["summary"]["overall_now"], result["summary"]["overall_then"]} <= set(OVERALL), f"{what}: overall")
    changed = {"label", "transport", "ports", "before", "after", "severity", "rule", "witness", "atoms", "reason"}
    keys = changed | {"deployment", "requirement", "variant", "source", "destination", "family"}
    more = {"regressions": {"advisory", "cure", "cure_more", "no_cure"}}
    checks.equal(set(result["management"]), {"lost", "losses"}, f"{what}: management")
    checks.equal(len(result["management"]["losses"]), result["management"]["lost"], f"{what}: who is cut off")
    checks.that(all(set(loss) == changed for loss in result["management"]["losses"]), f"{what}: keys of those who are cut off")
    advisory = [flow["advisory"] for flow in result["regressions"]]
    checks.equal((advisory.count(False), advisory.count(True)),
                 (result["summary"]["regressions"], result["summary"]["regressions_advisory"]), f"{what}: advisory")
    for kind in ("regressions", "repairs", "changes"):
        checks.equal(len(result[kind]), result["summary"][kind] + (advisory.count(True) if kind == "regressions" else 0),
                     f"{what}: {kind}")
        for flow in result[kind]:
            checks.equal(set(flow), keys | more.get(kind, set()), what)
            checks.that({flow["before"], flow["after"]} <= {*VERDICTS, None}, f"{what}: verdicts of {flow['label']}")
            rule_form(checks, flow["rule"], flow["label"])
            checks.that(flow["witness"] is None or set(flow["witness"]) == WITNESS_KEYS, f"{what}: witness of {flow['label']}")
    for kind in ("openings_new", "openings_closed"):
        checks.equal(len(result[kind]), result["summary"][kind], f"{what}: {kind}")
        for opening in result[kind]:
            checks.equal(set(opening), {"id", "label", "listener", "packets", "acknowledged", "rule", "witness"}, what)


def whatif_says(scene):
    """what-if: a ruleset without a rule, from files and from the daemon; the way back; tables."""
    checks = scene.checks
    chain, handle = scene.rule("demonstration")
    scene.nft("delete", "rule", "inet", "filter", chain, "handle", str(handle))
    scene.nft("add", "rule", "inet", "filter", "forward", "ip", "daddr", "10.20.5.10", "tcp", "dport", "9", "accept")
    after = scene.dumped("after")
    scene.reset()
    settled(scene, until=lambda summary: summary["overall"] == "ok" and summary["openings"] == 0)
    files = ("what-if", *scene.catalog, "--deployment", scene.lab.deployment, "--network", scene.network)
    there = (*files, "--ruleset", after, "--now-ruleset", scene.dump)
    result = scene.json(*there, code=1)
    whatif_form(checks, result, "what-if")
    lost = result["regressions"]
    checks.that(lost and all((flow["ports"], flow["after"]) == ("5061", "blocked") and "policy" in flow["rule"] for flow in lost),
                f"what the rule let pass: {lost}")
    checks.that(all(flow["cure"] and all(line.startswith("add rule inet filter forward ") and line.endswith(" accept")
                                         for line in flow["cure"]) for flow in lost), f"cures: {[flow['cure'] for flow in lost]}")
    checks.that(len(result["openings_new"]) > 0 and all(":9" in one["label"] for one in result["openings_new"]),
                f"openings: {result['openings_new']}")
    checks.equal((result["repairs"], result["changes"], result["openings_closed"]), ([], [], []), "nothing else")
    back = scene.json(*files, "--ruleset", scene.dump, "--now-ruleset", after)
    checks.equal([flow["label"] for flow in back["repairs"]], [flow["label"] for flow in lost], "the way back")
    checks.equal([one["label"] for one in back["openings_closed"]], [one["label"] for one in result["openings_new"]], "closed")
    said = scene.json("what-if", *scene.online, "--ruleset", after, code=1)
    checks.equal(set(said.pop("connections")), {"total", "lost", "cannot_tell", "destinations"}, "connections, from the daemon alone")
    checks.equal(said, result, "the daemon says the same")
    whatif_form(checks, scene.json("what-if", *scene.online), "nothing is pending")
    for arguments in (there, ("what-if", *scene.online, "--ruleset", after)):
        code, out, err = scene.text(*arguments)
        checks.equal((code, err), (1, ""), "what-if for people")
        checks.that(f"{len(lost)} flows break" in out, f"what-if: {out}")
        checks.that(lost[0]["label"] in out and lost[0]["cure"][0] in out, f"what-if: flow and cure: {out}")
    absent = json.loads(pathlib.Path(scene.lab.deployment).read_text(encoding="utf-8"))
    absent["portcullis:deployment"][0]["role-absent"].remove("dhcp-server")
    less = scene.lab.directory / "less.json"
    less.write_text(json.dumps(absent))
    result = scene.json("what-if", *scene.catalog, "--network", scene.network, "--ruleset", scene.dump, "--deployment", less,
                        "--now-deployment", scene.lab.deployment)
    checks.that(result["changes"] and all((flow["before"], flow["after"]) == (None, "unbound") for flow in result["changes"]),
                f"new flows: {result['changes']}")
    checks.equal(result["summary"]["flows_new"], len(result["changes"]), "new flows are counted")
    scene.fails("what-if", *scene.online, "--ruleset", scene.document, words=["ruleset"])
    scene.fails("what-if", *scene.online, "--ruleset", "/no/such.json", words=["/no/such.json"])
    scene.fails(*files, "--ruleset", after, "--now-ruleset", scene.document, words=["ports.md"])


def whatif_of_management(scene):
    """what-if from files: a ruleset, or a configuration, that cuts off a peer of management-access."""
    checks = scene.checks
    site = json.loads(scene.lab.deployment.read_text(encoding="utf-8"))
    site["portcullis:firewall"] = {"management-access": [{"name": "nms", "source": ["10.20.0.2"], "port": {"lower": 22}}]}
    now, then, closed = (scene.lab.directory / name for name in ("managed.json", "unmanaged.json", "closed.json"))
    now.write_text(json.dumps(site), encoding="utf-8")
    site["portcullis:firewall"] = {"mode": "enforce", "default-action": {"input": "drop"}}
    then.write_text(json.dumps(site), encoding="utf-8")
    objects = json.loads(scene.dump.read_text(encoding="utf-8"))["nftables"]
    closed.write_text(json.dumps({"nftables": [one for one in objects if "SSH" not in one.get("rule", {}).get("comment", "")]}))
    files = ("what-if", *scene.catalog, "--network", scene.network)
    for arguments, rule in ((("--ruleset", closed, "--now-ruleset", scene.dump, "--deployment", now), "inet filter input policy drop"),
                            (("--ruleset", scene.dump, "--deployment", then, "--now-deployment", now), "inet portcullis input handle")):
        result = scene.json(*files, *arguments, code=1)
        whatif_form(checks, result, f"management {rule}")
        lost = result["management"]["losses"]
        checks.that("management nms>10.20.0.1 ipv4" in [one["label"] for one in lost] and
                    all((one["before"], one["after"], one["ports"]) == ("conformant", "blocked", "22") for one in lost),
                    f"who is cut off: {result['management']}")
        checks.equal(result["summary"]["regressions"], 0, "no flow breaks")
        code, out, err = scene.text(*files, *arguments)
        checks.that((code, err) == (1, "") and f"{len(lost)} connections of management would be cut off" in out and
                    re.search(f"^cuts off +management nms>10.20.0.1 ipv4 +22/tcp +conformant +blocked +{rule}", out, re.M) is not None,
                    f"for people: {out}")
    unknown = scene.json("what-if", *scene.catalog, "--ruleset", closed, "--now-ruleset", scene.dump, "--deployment", now)
    checks.that("addresses and routes" in unknown["management"]["reason"], f"without a network: {unknown['management']}")


def test(lab, checks):
    """Every verb, without a daemon and with one."""
    scene = Scene(lab, checks)
    helps(scene)
    usage(scene)
    import_says(scene)
    catalog_says(scene)
    own_packs(scene)
    verify_says(scene)
    compile_says(scene)
    whatif_of_management(scene)
    for verb in (("status",), ("conformance",), ("what-if",), ("explain", "--packet", "tcp 10.0.0.1:1 > 10.0.0.2:2")):
        scene.fails(*verb, *scene.online, words=["netconf.sock"])
    lab.start_daemon()
    outputs(scene)
    online_says(scene)
    explains(scene)
    whatif_says(scene)
    baseline_says(scene)
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
