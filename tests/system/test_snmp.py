#!/usr/bin/python3
"""Polling with net-snmp's own commands: every table against NETCONF, walks of every kind, and what is to be refused.

What there is nothing of: an unknown object, an instance that does not exist, what a view hides, users and passphrases that are
wrong, and sets.
"""

import collections
import itertools
import json
import threading
import time

from harness import ROOT, Lab, main, wait_until
from polling import ADMIT, PC, V2C, Netconf, Polling, lines
from snmp_columns import ONLY_SNMP, TABLES, Facts

# What changes from one walk to the next while nothing happens.
RESTLESS = {"portcullisGeneration", "portcullisLastVerify", "portcullisLastVerifyTime", "portcullisDataAge",
            "portcullisVerifyDuration", "portcullisRulesetGeneration"}
REPETITIONS = (1, 2, 7, 50, 200)
SYS_UP_TIME, USM_STATS = ".1.3.6.1.2.1.1.3.0", ".1.3.6.1.6.3.15.1.1"
CATALOG = json.loads((ROOT / "yang/catalog/skype-for-business-server.json").read_text())
# Audio from the clients to the front-end pool: the index of the flow's row, from the numbers of pack and site. snmpd 5.9.3 cannot
# hide a row by a number from 2147483648 on, as load balancers have: it reads those of an AgentX answer as negative.
AUDIO = "sfb/all-internal-servers/audio/49152-57500-tcp+udp"
HIDDEN = (1, next(r["id"] for r in CATALOG["portcullis-catalog:catalog"]["pack"][0]["requirement"] if r["label-name"] == AUDIO),
          1, 1, 3, 4)
NO_OBJECT, NO_INSTANCE, END = "No Such Object", "No Such Instance", "No more variables"


def compose(lab):
    """A deployment and a ruleset that fill every table and most columns."""
    site = json.loads(lab.deployment.read_text())
    deployment = site["portcullis:deployment"][0]
    deployment["role-absent"].remove("edge-server")
    del deployment["accept-default-range"]
    reason = {"reason": "Größe & <Maß> \"in\" Wörtern", "owner": "Network operations"}
    deployment["waiver"] = [{"name": "chat", "requirement": "sfb/persistent-chat-server/*", **reason}]
    site["portcullis:assumption"] = [{"name": "quota", "pattern": "*quota*", "value": False, **reason}]
    site["portcullis:firewall"] = {"rule": [
        {"name": "no-telnet", "comment": "since the audit", "matches": {"transport": ["tcp"]}, "actions": {"forwarding": "drop"}},
        {"name": "answer", "matches": {"path": "input"}, "actions": {"forwarding": "accept"}}]}
    lab.deployment.write_text(json.dumps(site))
    for rule in ("tcp dport 9999 accept", "ip daddr 10.20.1.100 tcp dport 443 limit rate 5/second drop",
                 "ip daddr 10.20.3.0/24 quota over 10 mbytes drop", "ip daddr 10.20.1.12 udp dport 50000 drop"):
        lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", *rule.split())


def break_something(lab, polling):
    """One rule deleted, for a problem."""
    listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "to_servers").stdout
    handle = next(line.split()[-1] for line in listing.splitlines() if "demonstration" in line)
    known = polling.scalar("portcullisActiveProblems")
    lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)
    wait_until(lambda: polling.scalar("portcullisActiveProblems") > known, 10, "one more problem")


def columns_of(polling, walk):
    """Column to index to value, each column by its name; what has no name by its OID."""
    table = collections.defaultdict(dict)
    for oid, _, value in walk:
        length = next((n for n in range(len(oid), len(polling.root), -1) if oid[:n] in polling.name), 0)
        table[polling.name.get(oid[:length], oid)][oid[length:]] = value
    return table


def same_moment(lab, polling):
    """A walk and NETCONF's answers that come from one verification."""
    for _ in range(10):
        with Netconf(lab.socket) as session:
            before = polling.scalar("portcullisGeneration")
            boot = time.time() - polling.get(SYS_UP_TIME)[0][2] / 100
            walk = polling.walk("-Cr50")
            state = session.get(PC, "conformance")
            catalog = session.get("urn:portcullis:yang:portcullis-catalog", "catalog")
            told = [event for event in session.told() if event.find("sequence") is not None]
            facts = Facts(state, catalog, session.running(), told, boot)
        generations = {before, polling.scalar("portcullisGeneration"), int(state.findtext("generation"))}
        if len(generations) == 1:
            return columns_of(polling, walk), facts
    raise AssertionError("ten walks in a row met a verification")


def tables_equal(lab, polling, checks):
    """Every column of every row is what NETCONF has."""
    have, facts = same_moment(lab, polling)
    known = set(ONLY_SNMP)
    for entry, rows_of, columns in TABLES:
        rows = dict(rows_of(facts))
        checks.that(rows, f"there are rows of {entry}")
        for name, leaf in columns.items():
            known.add(name)
            want = {index: leaf(row, facts) for index, row in rows.items()}
            if not checks.equal(sorted(set(have[name]) ^ set(want))[:5], [], f"{name}: rows that only one side has"):
                continue
            wrong = {index: (have[name][index], want[index]) for index in want if not want[index] == have[name][index]}
            checks.that(not wrong, f"{name} over SNMP, over NETCONF: {dict(list(wrong.items())[:3])}")
    of_tables = {name for name in have if not str(name).startswith("portcullisNotify")}
    checks.equal(of_tables - known, set(), "columns without a leaf: name it in snmp_columns.py")
    verdicts = collections.Counter(row.findtext("verdict") for row in facts.conformance.findall("result"))
    checks.that({"conformant", "partial", "blocked", "indeterminate", "waived", "unbound", "not-transit",
                 "needs-range"} <= set(verdicts), f"verdicts of all kinds were compared: {dict(verdicts)}")
    return have


def still(polling, walk):
    """A walk without what changes by itself."""
    return [line for line in walk if polling.name.get(line[0][:-1]) not in RESTLESS]


def walks_agree(polling, checks):
    """GETNEXT and GETBULK of any size, encrypted or not, give the same."""
    started = time.monotonic()
    plain = still(polling, polling.walk())
    took = {"GETNEXT": time.monotonic() - started}
    oids = [oid for oid, _, _ in plain]
    checks.that(oids == sorted(set(oids)) and len(oids) > 5000, f"a walk of {len(oids)} objects is in order")
    for n in REPETITIONS:
        started = time.monotonic()
        bulk = still(polling, polling.walk(f"-Cr{n}", how=V2C if n % 2 else ()))
        took[f"-Cr{n}"] = time.monotonic() - started
        differ = [pair for pair in zip(plain, bulk) if pair[0] != pair[1]][:2]
        checks.that(len(plain) == len(bulk) and not differ, f"-Cr{n}: {len(bulk)} objects, not {len(plain)}: {differ}")
    print(f"walks of {len(oids)} objects: " + ", ".join(f"{how} {seconds:.2f} s" for how, seconds in took.items()))


def rows_at_once(polling, checks, have):
    """All columns of a row, and of three rows, in one GETBULK; scalars before them that are asked once."""
    names = list(TABLES[6][2])
    indexes = sorted(have[names[0]])
    for position, n in ((0, 1), (len(indexes) // 2, 3), (len(indexes) - 1, 1)):
        before = indexes[position - 1] if position else ()
        oids = [polling.numeric(name, *before) for name in names]
        got = lines(polling.ask("snmpbulkget", "-Cn1", f"-Cr{n}", polling.lab.agent(), polling.numeric("portcullisOverall"), *oids))
        want = [(polling.oid["portcullisOverall"] + (0,), have["portcullisOverall"][(0,)])]
        want += [(polling.oid[name] + index, have[name][index]) for index in indexes[position:position + n] for name in names]
        checks.equal([(oid, value) for oid, _, value in got], want, f"GETBULK of {n} rows from {indexes[position]}")
        got = polling.get(*(polling.numeric(name, *indexes[position]) for name in names))
        checks.equal([value for _, _, value in got], [have[name][indexes[position]] for name in names],
                     f"GET of the row {indexes[position]}")


def odd_questions(polling, checks, have):
    """What is not there is answered as RFC 3416, 4.2.1 to 4.2.3 say."""
    index = sorted(have["portcullisFlowLabel"])[0]
    label, entry = polling.oid["portcullisFlowLabel"], polling.oid["portcullisFlowEntry"]
    questions = (
        ("an unknown column", entry + (99,) + index, NO_OBJECT), ("column 0", entry + (0,) + index, NO_OBJECT),
        ("an index object", entry + (1,) + index, NO_OBJECT), ("the entry", entry, NO_OBJECT),
        ("the table", entry[:-1], NO_OBJECT), ("the root", polling.root, NO_OBJECT),
        ("what is not in the MIB", polling.root + (1, 77, 0), NO_OBJECT),
        ("a column without index", label, NO_INSTANCE), ("too short an index", label + index[:-1], NO_INSTANCE),
        ("too long an index", label + index + (0,), NO_INSTANCE), ("a very long index", label + (1,) * 100, NO_INSTANCE),
        ("another index", label + index[:-1] + (5,), NO_INSTANCE), ("the largest index", label + (4294967295,) * 6, NO_INSTANCE),
        ("a scalar without instance", polling.oid["portcullisOverall"], NO_INSTANCE),
        ("a scalar's instance 1", polling.oid["portcullisOverall"] + (1,), NO_INSTANCE),
        ("a scalar's instance 0.0", polling.oid["portcullisOverall"] + (0, 0), NO_INSTANCE),
        ("an object of notifications alone", polling.oid["portcullisNotifyData"] + (1, 0), NO_OBJECT),
    )
    texts = ["." + ".".join(map(str, oid)) for _, oid, _ in questions]
    alone = [polling.get(oid)[0] for oid in texts]
    for (what, oid, answer), one in zip(questions, alone):
        checks.that(one[0] == oid and str(one[2]).startswith(answer), f"GET of {what}: {one}, should be {answer}")
    checks.equal(polling.get(*texts, how=V2C), alone, "the same in one request")
    first = polling.ask("snmpget", polling.lab.agent(), texts[0], how=("-v1", "-c", "public"), check=False)
    checks.equal(first, "", "SNMPv1 knows errors only")
    following = (
        ("a column without index", label, (label + index, None)), ("too short an index", label + index[:-1], (label + index, None)),
        ("too long an index", label + index + (0,), (label + sorted(have["portcullisFlowLabel"])[1], None)),
        ("the largest index", label + (4294967295,) * 6, (polling.oid["portcullisFlowVerdict"] + index, None)),
        ("column 0", entry + (0, 4294967295), (label + index, None)),
        ("an unknown column before the first", entry + (4, 4294967295), (label + index, None)),
        ("the end", polling.root + (3,), (polling.root + (3,), END)),
        ("what is after it", polling.root + (4294967295,) * 100, (polling.root + (4294967295,) * 100, END)),
    )
    for what, oid, (want, answer) in following:
        got = lines(polling.ask("snmpgetnext", polling.lab.agent(), "." + ".".join(map(str, oid))))[0]
        checks.that(got[0] == want and (answer is None or str(got[2]).startswith(answer)), f"GETNEXT of {what}: {got}")
    end = polling.root + (3,)
    got = lines(polling.ask("snmpbulkget", "-Cr3", polling.lab.agent(), "." + ".".join(map(str, end))))
    checks.that({oid for oid, _, _ in got} == {end} and all(str(value).startswith(END) for _, _, value in got),
                f"GETBULK at the end: {got}")


def sets_refused(lab, polling, checks, have):
    """Nothing of a table can be written, whoever asks, whatever the type."""
    index = sorted(have["portcullisFlowLabel"])[0]
    objects = (("a scalar", polling.numeric("portcullisOverall", 0)), ("a column", polling.numeric("portcullisFlowVerdict", *index)),
               ("an instance that does not exist", polling.numeric("portcullisFlowVerdict", 1, 2, 3, 4, 5, 4)),
               ("an unknown column", polling.numeric("portcullisFlowEntry", 99, *index)))
    for who, how, error in (("who may not write", ("-v2c", "-c", "public"), "noAccess"),
                            ("who may write", ("-v2c", "-c", "writer"), "notWritable"),
                            ("a user who may write", ("-v3", "-u", "writer", "-l", "authPriv", "-a", "SHA", "-x", "AES", "-A",
                                                      lab.snmp_secret, "-X", lab.snmp_secret), "notWritable")):
        for what, oid in objects:
            for kind, value in (("i", "1"), ("s", "text"), ("o", ".1.3.6.1")):
                done = lab.run("device", "snmpset", *how, "-m", "", "-On", lab.agent(), oid, kind, value, check=False)
                checks.that(done.returncode == 2 and f"Reason: {error}" in done.stderr,
                            f"{who} sets {what} to {kind} {value}: {done.stderr}{done.stdout}, should be {error}")
    checks.equal(polling.scalar("portcullisOverall"), have["portcullisOverall"][(0,)], "the value that was set")


def strangers(lab, polling, checks):
    """Users and passphrases that are wrong are refused with a report, and counted; a lower level sees nothing."""
    good = lab.snmp_secret
    def user(name, level="authPriv", auth=good, priv=good):
        return ("-v3", "-u", name, "-l", level, "-a", "SHA", "-A", auth, "-x", "AES", "-X", priv)
    def counters():
        return {oid[-2]: value for oid, _, value in lines(polling.ask(
            "snmpwalk", lab.agent(), USM_STATS, how=("-v2c", "-c", "everything")))}
    attempts = (
        ("an unknown user", user("nobody"), 3, "Unknown user name"),
        ("a wrong passphrase", user("operator", auth="wrong passphrase"), 5, "Authentication failure"),
        ("a wrong privacy passphrase", user("operator", priv="wrong passphrase"), None, "Timeout"),
        ("privacy that the user has not", user("plain"), 1, "Unsupported security level"),
        ("no privacy", user("operator", "authNoPriv"), None, "authorizationError"),
        ("no authentication", user("operator", "noAuthNoPriv"), None, "authorizationError"),
        ("a community that is none", ("-v2c", "-c", "nothing"), None, "Timeout"),
    )
    for what, how, counter, error in attempts:
        before = counters()
        done = lab.run("device", "snmpget", *how, "-m", "", "-r", "0", "-t", "1", lab.agent(),
                       polling.numeric("portcullisOverall", 0), check=False)
        said = done.stderr + done.stdout
        checks.that(done.returncode != 0 and "INTEGER" not in said and any(word in said for word in error.split("|")),
                    f"{what}: {done.returncode} {said}")
        after = counters()
        if counter:
            checks.that(after[counter] > before[counter], f"usmStats.{counter} counts {what}: {before}, {after}")


def mask(polling):
    """The bits of a view that stand for one row: every number of the OID counts but the column's."""
    column = len(polling.oid["portcullisFlowEntry"])
    bits = "".join("0" if i == column else "1" for i in range(column + 1 + len(HIDDEN)))
    return ":".join(f"{int(bits[i:i + 8].ljust(8, '1'), 2):02x}" for i in range(0, len(bits), 8))


def views(polling, checks):
    """What a view hides leaks through no kind of walk, and a walk across hidden tables is no slower than one that sees them."""
    everything = still(polling, polling.walk("-Cr50", how=V2C))
    flows, verdict = polling.oid["portcullisFlowEntry"], polling.oid["portcullisFlowVerdict"]
    def of_table(oid):
        return oid[:len(flows)] == flows
    hidden = {"narrow": of_table, "column": lambda oid: oid[:len(verdict)] == verdict,
              "row": lambda oid: of_table(oid) and oid[len(verdict):] == HIDDEN, "flows": lambda oid: not of_table(oid)}
    for name, is_hidden in hidden.items():
        how = ("-v2c", "-c", name)
        want = [line for line in everything if not is_hidden(line[0])]
        got = still(polling, polling.walk("-Cr7", how=how))
        checks.that(got == want, f"view {name}: a walk of {len(got)} objects, should be {len(want)} of {len(everything)}; "
                    f"leaked: {[oid for oid, _, _ in got if is_hidden(oid)][:3]}")
        want = [line for line in want if of_table(line[0])]
        for options in ((), ("-Cr200",)):
            got = polling.walk(*options, how=how, below="portcullisFlowTable")
            checks.that(got == want, f"view {name}, {options}: {len(got)} objects of the flow table, should be {len(want)}; "
                        f"leaked: {[oid for oid, _, _ in got if is_hidden(oid)][:3]}")
        gone = next(oid for oid, _, _ in everything if is_hidden(oid))
        got = polling.get("." + ".".join(map(str, gone)), how=how)[0]
        checks.that(str(got[2]).startswith("No Such"), f"view {name}, GET of what it hides: {got}")
        row_wise = lines(polling.ask("snmpbulkget", "-Cr10", polling.lab.agent(),
                                     *(polling.numeric(column) for column in TABLES[6][2]), how=how))
        checks.that(not [oid for oid, _, _ in row_wise if is_hidden(oid)], f"view {name}: a GETBULK of rows leaks")
    def fastest(community):
        times = []
        for _ in range(2):
            started = time.monotonic()
            polling.walk("-Cr50", how=("-v2c", "-c", community))
            times.append(time.monotonic() - started)
        return min(times)
    base = fastest("public")
    ratios = {name: fastest(name) / base for name in hidden}
    print("time of a walk, over that of one that sees all: " + ", ".join(f"{n} {ratio:.2f}" for n, ratio in ratios.items()))
    checks.that(max(ratios["narrow"], ratios["flows"], ratios["column"]) < 2, f"a walk across what is hidden: {ratios}")


def rows_that_come_and_go(lab, polling, checks):
    """A walk while rules change: in order, no row twice, and every row that was there all the time."""
    stop, turns, base = threading.Event(), [], polling.scalar("portcullisOpenings")
    def toggle():
        while not stop.is_set():
            lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", "tcp", "dport", "8888", "accept")
            wait_until(lambda: polling.scalar("portcullisOpenings") > base, 10, "more openings")
            listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "to_servers").stdout
            handle = next(line.split()[-1] for line in listing.splitlines() if "dport 8888 accept" in line)
            lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)
            wait_until(lambda: polling.scalar("portcullisOpenings") == base, 10, "fewer openings")
            turns.append(handle)
    stable = {oid for oid, _, _ in polling.walk("-Cr50") if oid[:len(polling.root) + 2] not in (
        polling.oid["portcullisProblemTable"], polling.oid["portcullisHistoryTable"])}
    label = polling.oid["portcullisOpeningLabel"]
    thread, seen = threading.Thread(target=toggle), set()
    thread.start()
    try:
        kinds = itertools.cycle(((), ("-Cr1",), ("-Cr7",), ("-Cr50",), ("-Cr200",)))
        for number, options in zip(range(40), kinds):
            if number >= 5 and len(seen) > 1 and len(turns) > 3:
                break
            walk = polling.walk(*options)
            oids = [oid for oid, _, _ in walk]
            checks.that(all(a < b for a, b in zip(oids, oids[1:])), f"{options}: a walk meanwhile is in order, none twice")
            checks.equal(sorted(stable - set(oids))[:3], [], f"{options}: rows that are there all the time and that it has not")
            seen.add(frozenset(oid for oid in oids if oid[:len(label)] == label))
    finally:
        stop.set()
        thread.join()
    checks.that(len(seen) > 1 and len(turns) > 3, f"{len(turns)} changes; {len(seen)} different sets of openings were seen")


def test(lab: Lab, checks):
    """One daemon, one snmpd that admits several people."""
    compose(lab)
    polling = Polling(lab)
    root, flow = (".".join(map(str, polling.oid[name])) for name in ("portcullisMIB", "portcullisFlowEntry"))
    lab.start_snmpd(
        *ADMIT, "rocommunity everything 127.0.0.1", "rwcommunity writer 127.0.0.1",
        f"createUser writer SHA {lab.snmp_secret} AES {lab.snmp_secret}", "rwuser writer authPriv",
        f"createUser plain SHA {lab.snmp_secret}", "rouser plain authNoPriv",
        f"view narrow included .{root}", f"view narrow excluded .{flow[:-2]}", "rocommunity narrow 127.0.0.1 -V narrow",
        f"view flows included .{flow}", "rocommunity flows 127.0.0.1 -V flows",
        f"view column included .{root}", f"view column excluded .{flow}.6", "rocommunity column 127.0.0.1 -V column",
        f"view row included .{root}", "rocommunity row 127.0.0.1 -V row",
        f"view row excluded {polling.numeric('portcullisFlowLabel', *HIDDEN)} {mask(polling)}")
    lab.start_daemon()
    polling.joined()
    break_something(lab, polling)
    have = tables_equal(lab, polling, checks)
    walks_agree(polling, checks)
    rows_at_once(polling, checks, have)
    odd_questions(polling, checks, have)
    sets_refused(lab, polling, checks, have)
    strangers(lab, polling, checks)
    views(polling, checks)
    rows_that_come_and_go(lab, polling, checks)
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
