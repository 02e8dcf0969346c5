"""What every column of PORTCULLIS-MIB is in the YANG models: one table per table, each column with its leaf.

What text(), number() and the like give takes a row (an element of NETCONF's answer) and the facts, and returns what SNMP
should say.
"""

import calendar
import re
import time

from harness import ROOT

TEXT_MAX = 1024
BALANCER = 1 << 31  # the group's number is added
PARTIES = {"external": 4294967294, "any": 4294967295}
FAMILIES = {"none": 0, "ipv4": 4, "ipv6": 6}
CHANGES = ("violated", "cleared", "overall", "unreadable", "readable", "opening", "opening-closed", "test",
           "journal-unwritable", "journal-writable", "firewall-deviation", "firewall-restored", "firewall-commit",
           "rollback", "rollback-failed", "flow-violated", "flow-cleared")
CAMEL = {"ruleset-unreadable": "unreadable", "ruleset-readable": "readable"}  # the names of notifications that differ


def enumeration(module, node):
    """The names of an enumeration in the order of a module: their numbers in the MIB are their places, from 1."""
    source = (ROOT / "yang" / f"{module}.yang").read_text()
    text = source[source.index("type enumeration {", source.index(f"{node} {{")):]
    depth = 0
    for at, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "}" and depth == 0:
            return re.findall(r"enum ([\w+-]+)", text[:at])
    raise ValueError(f"{module}: {node}")


OVERALL, SEVERITY, VERDICT, PATH, CAUSE = (enumeration("portcullis", f"typedef {name}") for name in (
    "overall", "severity", "verdict", "path", "cause-kind"))
CATALOG = "portcullis-catalog"


class Near:
    """A number that is as large, or nearly: times that both sides round, and that go on meanwhile."""

    def __init__(self, number, slack):
        self.number, self.slack = number, slack

    def __eq__(self, other):
        return isinstance(other, int) and abs(other - self.number) <= self.slack

    def __repr__(self):
        return f"{self.number:.0f} or nearly"


class UpTo:
    """A number that is not larger."""

    def __init__(self, most):
        self.most = most

    def __eq__(self, other):
        return isinstance(other, int) and 0 <= other <= self.most

    def __repr__(self):
        return f"up to {self.most:.0f}"


class Facts:
    """What NETCONF says at one moment, and when sysUpTime was 0."""

    def __init__(self, conformance, catalog, running, told, boot):
        self.conformance, self.catalog, self.running, self.told, self.boot = conformance, catalog, running, told, boot
        self.group = {group.findtext("name"): int(group.findtext("id")) for group in running.findall("group")}
        self.deployment = {d.findtext("name"): d for d in running.findall("deployment")}
        self.requirement = {r.findtext("label-name"): int(r.findtext("id")) for r in catalog.iterfind("pack/requirement")}
        self.role = {(p.findtext("name"), r.findtext("name")): int(r.findtext("id"))
                     for p in catalog.findall("pack") for r in p.findall("role")}
        self.bound = {self.variant(r) for r in conformance.findall("result") if r.findtext("verdict") != "unbound"}

    def variant(self, row):
        """What of a result's index is not its parties."""
        return (int(self.deployment[row.findtext("deployment")].findtext("id")), self.requirement[row.findtext("requirement")],
                int(row.findtext("variant")))

    def parties(self, row):
        """The numbers of both parties. A role that nobody has is 0; beside initiators that are bound, it is told by its number."""
        if row.findtext("verdict") == "needs-range":
            return 0, 0
        if row.findtext("verdict") == "unbound":
            product = self.deployment[row.findtext("deployment")].findtext("product")
            return 0, self.role[product, row.findtext("initiator")] if self.variant(row) in self.bound else 0
        return self.party(row.findtext("initiator")), self.party(row.findtext("listener"))

    def party(self, name):
        """The number of a party of a flow."""
        if name in PARTIES:
            return PARTIES[name]
        base, _, balancer = name.partition("/")
        return self.group.get(base, 0) + (BALANCER if balancer == "balancer" else 0)

    def results(self, deployment):
        """The results of a deployment."""
        name = deployment.findtext("name")
        return [r for r in self.conformance.findall("result") if r.findtext("deployment") == name]


def octets(words):
    """A text as it is cut."""
    whole = words.encode()
    return whole if len(whole) <= TEXT_MAX else whole[:TEXT_MAX - 3].decode(errors="ignore").encode() + b"..."


def text(path):
    """A leaf that is a text."""
    return lambda row, facts: octets(row.findtext(path) or "")


def texts(path, form=str):
    """A list in one text; form() makes a word of an element's text, or of an element."""
    def join(row, _):
        return octets(", ".join(form(item.text if form is str else item) for item in row.findall(path)))
    return join


def number(path, default=0):
    """A leaf that is a number."""
    return lambda row, facts: int(row.findtext(path) or default) % (1 << 32)


def count(path):
    """How many there are."""
    return lambda row, facts: len(row.findall(path))


def enum(path, names, default=None):
    """A leaf of an enumeration."""
    return lambda row, facts: names.index(row.findtext(path) or default or names[0]) + 1


def truth(path):
    """A boolean."""
    return lambda row, facts: 1 if row.findtext(path) == "true" else 2


def absent(path):
    """Whether there is no such leaf."""
    return lambda row, facts: 1 if row.find(path) is None else 2


def seconds(row, path):
    """A date and time as seconds since 1970, or None."""
    when = row.findtext(path)
    return calendar.timegm(time.strptime(when[:19], "%Y-%m-%dT%H:%M:%S")) if when else None


def date(path):
    """DateAndTime, in UTC."""
    def octets_of(row, _):
        at = seconds(row, path)
        if at is None:
            return bytes(8)
        t = time.gmtime(at)
        return bytes((t.tm_year >> 8, t.tm_year & 255, t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, 0, 0x2b, 0, 0))
    return octets_of


def stamp(path):
    """TimeStamp: the same moment in hundredths of a second since sysUpTime was 0."""
    def ticks(row, facts):
        at = seconds(row, path)
        return 0 if at is None else Near(max(0, at + 0.5 - facts.boot) * 100, 150)
    return ticks


def age(path):
    """Seconds since then, or less: the agent makes sure every 30 seconds."""
    return lambda row, facts: UpTo(min(time.time() - seconds(row, path), 30) + 5)


def rule(path):
    """The deciding rule or policy in one line."""
    def line(row, _):
        r = row.find(path)
        if r is None or r.find("chain") is None:
            return b""
        where = " ".join(r.findtext(name) for name in ("family", "table", "chain"))
        if r.find("policy") is not None:
            return octets(f"{where} policy {r.findtext('policy')}")
        return octets(f"{where} handle {r.findtext('handle')}: {r.findtext('text')}")
    return line


def witness(path):
    """A packet in one line."""
    def line(row, _):
        w = row.find(path)
        if w is None or w.find("source") is None:
            return b""
        def end(name):
            address, port = w.findtext(name), w.findtext(f"{name}-port")
            return address if port is None else f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        return octets(f"{w.findtext('transport')} {end('source')} > {end('destination')}")
    return line


def ports(flow):
    """One transport and range of a requirement."""
    lower, upper = (flow.findtext(f"port/{name}") for name in ("lower", "upper"))
    words = [flow.findtext("transport"), lower if upper in (None, lower) else f"{lower}-{upper}"]
    security = flow.findtext("security")
    return " ".join(words + [word for word in (security if security != "none" else None, flow.findtext("application")) if word])


def erratum(e):
    """One correction of a requirement."""
    return (f"{e.findtext('field')}: printed '{e.findtext('as-printed') or ''}', effective '{e.findtext('effective') or ''}' "
            f"({e.findtext('confidence')}): {e.findtext('why')}")


def place(p):
    """Where a requirement is printed."""
    return f"{p.findtext('document')} {p.findtext('table')} row {p.findtext('row')} line {p.findtext('line') or 0}"


def basis(row, _):
    """Inferred where one of the initiators is."""
    return 2 if any(b.text == "inferred" for b in row.findall("initiator/basis")) else 1


def english(row, _):
    """A role's name in English, else the first."""
    labels = {label.findtext("language"): label.findtext("text") for label in reversed(row.findall("label"))}
    return octets(next((words for language, words in labels.items() if language.startswith("en")),
                       row.findtext("label/text") or ""))


def bound(row, facts):
    """The groups that have a role."""
    have = (row.get("pack"), row.findtext("name"))
    return octets(", ".join(group.findtext("name") for group in facts.running.findall("group")
                            if have in [(m.findtext("product"), m.findtext("role")) for m in group.findall("member-of")]))


def version(row, facts):
    """The version of the pack that a deployment's flows come from."""
    return next(octets(state.findtext("pack-version")) for state in facts.conformance.findall("deployment-state")
                if state.findtext("name") == row.findtext("name"))


def tally(*verdicts):
    """How many results of a deployment have one of these verdicts; none: all of them."""
    return lambda row, facts: sum(not verdicts or r.findtext("verdict") in verdicts for r in facts.results(row))


def worst(row, facts):
    """The worst severity of a deployment's results."""
    return 1 + max((SEVERITY.index(r.findtext("severity")) for r in facts.results(row)), default=0)


def kind(event):
    """What a notification tells, by the names of the MIB."""
    name = event.findtext("kind") or event.tag
    return CAMEL.get(name, name)


def told_label(row, _):
    """What a row of the history says first."""
    return octets(" ".join(word for word in (row.findtext("sequence"), kind(row), row.findtext("label")) if word))


def packs(row, facts):
    """Every pack with its version."""
    return octets(", ".join(f"{p.findtext('name')} {p.findtext('version')}" for p in facts.catalog.findall("pack")))


def flow_index(row, facts):
    """The index of a flow."""
    return (*facts.variant(row), *facts.parties(row), FAMILIES[row.findtext("family")])


def of_packs(tag):
    """Rows of every pack, each with the name of its pack, and their index."""
    def rows(facts):
        for pack in facts.catalog.findall("pack"):
            for row in pack.findall(tag):
                row.set("pack", pack.findtext("name"))
                yield (int(pack.findtext("id")), int(row.findtext("id"))), row
    return rows


def of(source, path, *index):
    """Rows below one of the facts, with the leafs of their index."""
    return lambda facts: (((*(int(row.findtext(leaf)) for leaf in index),), row) for row in getattr(facts, source).findall(path))


def rule_id(name):
    """The number of a rule: FNV-1a of its name, in 31 bits."""
    hashed = 2166136261
    for byte in name.encode():
        hashed = (hashed ^ byte) * 16777619 % (1 << 32)
    return hashed & 0x7fffffff or 1


def rules(facts):
    """The explicit rules in their order, each with its place."""
    for place_of, row in enumerate(facts.running.findall("firewall/rule"), 1):
        row.set("position", str(place_of))
        yield (rule_id(row.findtext("name")),), row


def exemptions(facts):
    """Exemptions from IPsec, each with its number in its pack."""
    for row in facts.conformance.findall("ipsec"):
        deployment = facts.deployment[row.findtext("deployment")]
        pack = next(p for p in facts.catalog.findall("pack") if p.findtext("name") == deployment.findtext("product"))
        number_of = next(e.findtext("id") for e in pack.findall("ipsec-exemption") if e.findtext("name") == row.findtext("exemption"))
        yield (int(deployment.findtext("id")), int(number_of)), row


SUMMARY = {
    "portcullisOverall": enum("summary/overall", OVERALL),
    "portcullisGeneration": number("generation"),
    "portcullisLastChange": stamp("last-change"),
    "portcullisLastChangeTime": date("last-change"),
    "portcullisActiveProblems": number("summary/active-problems"),
    "portcullisFlows": number("summary/flows"),
    "portcullisFlowsConformant": number("summary/conformant"),
    "portcullisFlowsPartial": number("summary/partial"),
    "portcullisFlowsBlocked": number("summary/blocked"),
    "portcullisFlowsIndeterminate": number("summary/indeterminate"),
    "portcullisFlowsUnknown": number("summary/unknown"),
    "portcullisFlowsMisdirected": number("summary/misdirected"),
    "portcullisFlowsWaived": number("summary/waived"),
    "portcullisFlowsUnbound": number("summary/unbound"),
    "portcullisFlowsNotTransit": number("summary/not-transit"),
    "portcullisFlowsNeedsRange": number("summary/needs-range"),
    "portcullisFlowsNoCommonFamily": number("summary/no-common-family"),
    "portcullisOpenings": number("summary/openings"),
    "portcullisOpeningsUnacknowledged": number("summary/openings-unacknowledged"),
    "portcullisRulesetReadable": absent("unreadable"),
    "portcullisRulesetReason": text("unreadable"),
    "portcullisRulesetDigest": text("ruleset-digest"),
    "portcullisRulesetGeneration": number("ruleset-generation"),
    "portcullisRules": number("summary/rules"),
    "portcullisRulesUndecoded": number("summary/undecoded-rules"),
    "portcullisLastVerify": stamp("last-verify"),
    "portcullisLastVerifyTime": date("last-verify"),
    "portcullisDataAge": age("last-verify"),
    "portcullisVerifyDuration": number("verify-time"),
    "portcullisCatalogVersion": packs,
    "portcullisAgentVersion": text("agent-version"),
    "portcullisOldestSequence": number("oldest-sequence"),
    "portcullisNewestSequence": number("newest-sequence"),
    "portcullisJournalWritable": absent("journal-unwritable"),
    "portcullisJournalReason": text("journal-unwritable"),
    "portcullisJournalUnkept": number("events-unkept"),
    "portcullisFirewallMode": lambda row, facts: 1 + ("observe", "enforce").index(facts.running.findtext("firewall/mode") or "observe"),
    "portcullisFirewallDeviates": lambda row, facts: 2 if row.find("own-table/deviation") is None else 1,
    "portcullisFirewallReason": text("own-table/deviation"),
    "portcullisFirewallAvailable": truth("own-table/available-change"),
    "portcullisFirewallPausedUntil": date("own-table/paused-until"),
    "portcullisFirewallPauseReason": text("own-table/pause-reason"),
}
PRODUCT = {
    "portcullisProductName": text("name"),
    "portcullisProductTitle": text("title"),
    "portcullisProductVersion": text("version"),
    "portcullisProductDigest": text("digest"),
    "portcullisProductRoles": count("role"),
    "portcullisProductRequirements": count("requirement"),
    "portcullisProductErrata": count("requirement/erratum"),
    "portcullisProductDocuments": texts("document", lambda d: d.findtext("title") or d.findtext("file")),
}
ROLE = {
    "portcullisRoleLabel": lambda row, facts: octets(f"{row.get('pack')}/{row.findtext('name')}"),
    "portcullisRoleName": text("name"),
    "portcullisRoleTitle": english,
    "portcullisRoleKind": enum("kind", enumeration(CATALOG, "leaf kind")),
    "portcullisRoleIncludes": texts("include"),
    "portcullisRoleGroups": bound,
}
REQUIREMENT = {
    "portcullisReqLabel": text("label-name"),
    "portcullisReqListener": text("listener"),
    "portcullisReqInitiators": texts("initiator/role"),
    "portcullisReqBasis": basis,
    "portcullisReqService": text("service"),
    "portcullisReqReach": enum("reach", enumeration(CATALOG, "leaf reach")),
    "portcullisReqClass": enum("class", enumeration(CATALOG, "leaf class")),
    "portcullisReqInterface": enum("interface", enumeration(CATALOG, "leaf interface")),
    "portcullisReqCondition": text("condition"),
    "portcullisReqOptional": truth("optional"),
    "portcullisReqPorts": texts("flow", ports),
    "portcullisReqMinimumPorts": number("configurable-minimum"),
    "portcullisReqLoadBalancer": enum("load-balancer", enumeration(CATALOG, "leaf load-balancer")),
    "portcullisReqPurpose": text("purpose"),
    "portcullisReqSource": texts("provenance", place),
    "portcullisReqErrata": texts("erratum", erratum),
}
DEPLOYMENT = {
    "portcullisDeploymentName": text("name"),
    "portcullisDeploymentProduct": text("product"),
    "portcullisDeploymentVersion": version,
    "portcullisDeploymentGroups": texts("group"),
    "portcullisDeploymentFlows": tally(),
    "portcullisDeploymentConformant": tally("conformant"),
    "portcullisDeploymentViolated": tally("partial", "blocked", "misdirected"),
    "portcullisDeploymentUndecided": tally("indeterminate", "unknown"),
    "portcullisDeploymentSeverity": worst,
}
GROUP = {
    "portcullisGroupName": text("name"),
    "portcullisGroupZone": text("zone"),
    "portcullisGroupAddresses": texts("address"),
    "portcullisGroupRoles": texts("member-of", lambda m: f"{m.findtext('product')}/{m.findtext('role')}"),
    "portcullisGroupLoadBalancing": enum("load-balancing/kind", ("none", "dns-with-web-vip", "hardware")),
    "portcullisGroupVirtualAddresses": texts("load-balancing/virtual-address"),
}
FLOW = {
    "portcullisFlowLabel": text("label"),
    "portcullisFlowVerdict": enum("verdict", VERDICT),
    "portcullisFlowSeverity": enum("severity", SEVERITY),
    "portcullisFlowDeployment": text("deployment"),
    "portcullisFlowRequirement": text("requirement"),
    "portcullisFlowInitiator": text("initiator"),
    "portcullisFlowListener": text("listener"),
    "portcullisFlowTransport": text("transport"),
    "portcullisFlowPorts": text("ports"),
    "portcullisFlowSourcePorts": text("source-ports"),
    "portcullisFlowPath": enum("path", PATH),
    "portcullisFlowLastChange": stamp("changed"),
    "portcullisFlowRule": rule("rule"),
    "portcullisFlowWitness": witness("witness"),
    "portcullisFlowConditions": texts("condition"),
    "portcullisFlowAssumed": texts("assumed"),
    "portcullisFlowReason": text("reason"),
}
PROBLEM = {
    "portcullisProblemLabel": text("label"),
    "portcullisProblemSeverity": enum("severity", SEVERITY),
    "portcullisProblemVerdict": enum("verdict", VERDICT),
    "portcullisProblemAffected": number("affected"),
    "portcullisProblemRule": text("rule"),
    "portcullisProblemWitness": text("witness"),
    "portcullisProblemCause": enum("cause", CAUSE),
    "portcullisProblemAuthor": text("author"),
    "portcullisProblemAuthorPid": number("author-pid"),
    "portcullisProblemSince": stamp("since"),
    "portcullisProblemSinceTime": date("since"),
}
OPENING = {
    "portcullisOpeningLabel": text("label"),
    "portcullisOpeningFamily": text("family"),
    "portcullisOpeningTransport": text("transport"),
    "portcullisOpeningListener": text("listener"),
    "portcullisOpeningSource": text("source"),
    "portcullisOpeningDestination": text("destination"),
    "portcullisOpeningSourcePorts": text("source-ports"),
    "portcullisOpeningPorts": text("ports"),
    "portcullisOpeningPackets": text("packets"),
    "portcullisOpeningAcknowledged": truth("acknowledged"),
    "portcullisOpeningRule": rule("rule"),
    "portcullisOpeningWitness": witness("witness"),
}
HISTORY = {
    "portcullisHistoryLabel": told_label,
    "portcullisHistoryKind": lambda row, facts: CHANGES.index(kind(row)) + 1,
    "portcullisHistoryTime": date("event-time"),
    "portcullisHistoryFlow": text("label"),
    "portcullisHistoryProblem": number("problem"),
    "portcullisHistoryAffected": number("affected"),
    "portcullisHistorySeverity": enum("severity", SEVERITY),
    "portcullisHistoryVerdict": enum("verdict", VERDICT),
    "portcullisHistoryRule": text("rule"),
    "portcullisHistoryWitness": text("witness"),
    "portcullisHistoryCause": enum("cause", CAUSE),
    "portcullisHistoryAuthor": text("author"),
    "portcullisHistoryAuthorPid": number("author-pid"),
    "portcullisHistoryOldOverall": enum("old-overall", OVERALL),
    "portcullisHistoryNewOverall": enum("new-overall", OVERALL),
    "portcullisHistoryReason": text("reason"),
}
IPSEC = {
    "portcullisIpsecLabel": lambda row, facts: octets(f"{row.findtext('deployment')}/{row.findtext('exemption')}"),
    "portcullisIpsecDirection": text("direction"),
    "portcullisIpsecSource": text("source"),
    "portcullisIpsecDestination": text("destination"),
    "portcullisIpsecTransports": text("transports"),
    "portcullisIpsecSourcePorts": text("source-ports"),
    "portcullisIpsecPorts": text("ports"),
    "portcullisIpsecState": enum("state", enumeration("portcullis", "leaf state")),
    "portcullisIpsecAdvisory": truth("advisory"),
    "portcullisIpsecPolicy": text("policy"),
    "portcullisIpsecWitness": witness("witness"),
    "portcullisIpsecReason": text("reason"),
}
RULE = {
    "portcullisRuleName": text("name"),
    "portcullisRulePosition": lambda row, facts: int(row.get("position")),
    "portcullisRulePath": enum("matches/path", PATH, "forward"),
    "portcullisRuleAction": enum("actions/forwarding", ("accept", "drop", "reject")),
    "portcullisRuleComment": text("comment"),
}
# Node in the MIB, rows with their indexes, columns.
TABLES = (
    ("portcullisSummary", lambda facts: [((0,), facts.conformance)], SUMMARY),
    ("portcullisProductEntry", of("catalog", "pack", "id"), PRODUCT),
    ("portcullisRoleEntry", of_packs("role"), ROLE),
    ("portcullisReqEntry", of_packs("requirement"), REQUIREMENT),
    ("portcullisDeploymentEntry", of("running", "deployment", "id"), DEPLOYMENT),
    ("portcullisGroupEntry", of("running", "group", "id"), GROUP),
    ("portcullisFlowEntry", lambda facts: ((flow_index(row, facts), row) for row in facts.conformance.findall("result")), FLOW),
    ("portcullisProblemEntry", of("conformance", "problem", "id"), PROBLEM),
    ("portcullisOpeningEntry", of("conformance", "opening", "id"), OPENING),
    ("portcullisHistoryEntry", lambda facts: (((int(row.findtext("sequence")),), row) for row in facts.told), HISTORY),
    ("portcullisIpsecEntry", exemptions, IPSEC),
    ("portcullisRuleEntry", rules, RULE),
)
# What NETCONF has no leaf for: of the SNMP agent itself, or of the moment when a problem was raised; or what test_snmp_set and
# check_snmp look at: what can be set, and counters.
ONLY_SNMP = {"portcullisDiscontinuityTime", "portcullisTablesLastChange", "portcullisProblemRaised",
             "portcullisOpeningInputInterface", "portcullisOpeningOutputInterface", "portcullisControlLock",
             "portcullisControlVerify", "portcullisControlTest", "portcullisRulePackets", "portcullisRuleOctets",
             "portcullisRuleSince", "portcullisRuleCounted"}
