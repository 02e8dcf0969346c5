#!/usr/bin/python3
"""Prometheus: snmp.yml is what the generator makes of the MIB, its numbers are the daemon's, alerts come and go, and the
dashboard's queries find something. Real generator, exporter, promtool and Prometheus against a real device.
"""

import json
import re
import shutil

import generated
import yaml
from station import (PASSPHRASE, SNMP_PORT, Lab, artefacts, break_rule, deviating, fetch, fetch_json, main, mend, need,
                     start_device, summary, text_of, wait_for_subagent, wait_until)

EXPORTER = "http://127.0.0.1:9116/snmp"
PROMETHEUS = "http://127.0.0.1:9090/api/v1"
TARGET = f"127.0.0.1:{SNMP_PORT}"


def generated_again(lab, checks):
    """The installed files are what the generator makes of the installed MIB."""
    made = generated.same(lab, checks, "prometheus")
    old, new = (yaml.safe_load(made[f"prometheus/{name}.yml"]) for name in ("snmp", "snmp-auths"))
    for name, module in old.items():
        auth, version = module.pop("auth"), module.pop("version")
        checks.equal(new["auths"]["portcullis"], {**auth, "version": version}, f"credentials of {name} in auths")
    checks.equal(new["modules"], old, "modules beside auths")


def rules(lab, checks):
    """promtool on the rules, their tests and the example of a configuration; every alert has a test in which it fires."""
    folder = lab.directory / "rules"
    shutil.copytree(artefacts(lab) / "prometheus", folder)
    shutil.copy(generated.ROOT / "tests/nms/rules_test.yml", folder)
    for arguments in (("check", "rules", "portcullis.rules.yml"), ("test", "rules", "rules_test.yml"),
                      ("check", "config", "prometheus.yml")):
        done = lab.run(None, "promtool", *arguments, cwd=folder, check=False)
        checks.equal(done.returncode, 0, f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}")
    alerts = {rule["alert"] for group in yaml.safe_load(text_of(folder / "portcullis.rules.yml"))["groups"]
              for rule in group["rules"]}
    tested = {case["alertname"] for test in yaml.safe_load(text_of(folder / "rules_test.yml"))["tests"]
              for case in test.get("alert_rule_test", []) if case["exp_alerts"]}
    checks.equal(tested, alerts, "alerts that fire in rules_test.yml")


def start_exporter(lab):
    """The exporter with the installed snmp.yml and the passphrase of this device."""
    path = lab.directory / "snmp.yml"
    path.write_text(text_of(artefacts(lab) / "prometheus/snmp.yml").replace("PASSPHRASE", PASSPHRASE), encoding="utf-8")
    lab.start("device", "exporter.log", "prometheus-snmp-exporter", f"--config.file={path}",
              "--web.listen-address=127.0.0.1:9116")
    wait_until(lambda: fetch("http://127.0.0.1:9116/"), 20, "the exporter")


def metrics(module):
    """(name, labels) to value of one scrape."""
    text = fetch(f"{EXPORTER}?module={module}&target={TARGET}") or ""
    found = re.findall(r'^(\w+)(?:\{(.*)\})? (\S+)$', text, re.MULTILINE)
    return {(name, tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))): float(value) for name, labels, value in found}


def value(have, name, **labels):
    """The one value of a metric with these labels among others."""
    found = [number for (metric, pairs), number in have.items() if metric == name and labels.items() <= dict(pairs).items()]
    return found[0] if len(found) == 1 else found


def numbers_agree(lab, checks):
    """What a scrape gives against what the daemon says."""
    have, said = metrics("portcullis_summary"), summary(lab)
    names = {"Conformant": "conformant", "Partial": "partial", "Blocked": "blocked", "NotTransit": "not_transit",
             "Unbound": "unbound", "NeedsRange": "needs_range", "NoCommonFamily": "no_common_family"}
    for name, key in names.items():
        checks.equal(value(have, f"portcullisFlows{name}"), float(said[key]), f"portcullisFlows{name}")
    checks.equal(value(have, "portcullisRules"), float(said["rules"]), "portcullisRules")
    checks.equal(value(have, "portcullisOverall", portcullisOverall="ok"), float(said["overall"] == "ok"), "overall ok")
    checks.equal(value(have, "portcullisRulesetReadable"), 1.0, "portcullisRulesetReadable")
    wanted = {metric["name"] for metric in
              yaml.safe_load(text_of(lab.directory / "snmp.yml"))["portcullis_summary"]["metrics"]}
    checks.equal(wanted - {name for name, _ in have}, set(), "metrics of the summary that a scrape does not give")


def one_request(lab, checks):
    """A poll of the summary is one GET."""
    def requests():
        return int(lab.snmp("snmpget", "-Oqv", lab.agent(), ".1.3.6.1.2.1.11.15.0"))
    before = requests()
    checks.that(metrics("portcullis_summary"), "a scrape gives something")
    checks.equal(requests() - before - 1, 1, "GET requests of a scrape of the summary")


def tables_agree(lab, checks):
    """Verdicts by label; the problem has rule, witness and author."""
    have, camel = metrics("portcullis_flows"), ["", "conformant", "partial", "blocked", "indeterminate", "unknown",
                                                "misdirected", "waived", "unbound", "not-transit", "needs-range",
                                                "no-common-family"]
    verdicts = {dict(labels)["portcullisFlowLabel"]: camel[int(number)] for (name, labels), number in have.items()
                if name == "portcullisFlowVerdict"}
    checks.equal(verdicts, {flow["label"]: flow["verdict"] for flow in lab.conformance()["flows"]}, "verdicts")
    problems = [dict(labels) for (name, labels), _ in have.items() if name == "portcullisProblemAffected"]
    checks.equal(len(problems), 1, "problems")
    checks.that("policy drop" in problems[0]["portcullisProblemRule"], f"the problem has its rule: {problems}")
    checks.that(" &gt; " in problems[0]["portcullisProblemWitness"] or " > " in problems[0]["portcullisProblemWitness"],
                f"the problem has its witness: {problems}")
    checks.equal(problems[0]["portcullisProblemAuthor"], "nft", "who changed the ruleset")
    checks.equal(value(have, "portcullisDeploymentViolated"), 1.0, "violated flows of the deployment")


def start_prometheus(lab):
    """Prometheus with the example's configuration, but this device and short intervals."""
    folder = lab.directory / "prometheus"
    shutil.copytree(artefacts(lab) / "prometheus", folder)
    path = folder / "prometheus.yml"
    text = re.sub(r"scrape_interval: \w+", "scrape_interval: 1s", text_of(path).replace("192.0.2.1", TARGET))
    path.write_text("global: {evaluation_interval: 1s}\n" + text.replace("scrape_timeout: 30s", "scrape_timeout: 1s"),
                    encoding="utf-8")
    lab.start("device", "prometheus.log", "prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder}/data",
              "--web.listen-address=127.0.0.1:9090")
    wait_until(lambda: query('portcullisFlowVerdict{job="portcullis-flows"}'), 30, "the first scrapes")


def query(expression):
    """The result of an instant query."""
    answer = fetch_json(f"{PROMETHEUS}/query", query=expression)
    return answer["data"]["result"] if answer else None


def alerts():
    """Names of the alerts whose condition holds, whatever time they wait."""
    return {alert["labels"]["alertname"] for alert in fetch_json(f"{PROMETHEUS}/alerts")["data"]["alerts"]}


def dashboard(lab, checks):
    """Every query of the dashboard finds something while a rule is broken; panels are complete and do not overlap."""
    board = json.loads(text_of(artefacts(lab) / "grafana/portcullis.json"))
    cells = []
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells += [(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
        checks.that(panel["title"] and panel["description"] and place["x"] + place["w"] <= 24, f"panel {panel['id']}")
        for target in panel["targets"]:
            checks.equal(target["datasource"]["uid"], "${datasource}", f"data source of '{panel['title']}'")
            expression = target["expr"].replace("$instance", ".*").replace("$__rate_interval", "10s")
            checks.that("$" not in expression, f"a variable that is none: {expression}")
            checks.that(query(expression), f"'{panel['title']}' finds nothing: {expression}")
    checks.equal(len(cells), len(set(cells)), "cells of the dashboard, each once")
    checks.equal(len({panel["id"] for panel in board["panels"]}), len(board["panels"]), "numbers of the panels, each once")
    variable = next(entry for entry in board["templating"]["list"] if entry["name"] == "instance")
    series = re.match(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
    checks.equal({row["metric"][series.group(2)] for row in query(series.group(1))}, {TARGET}, "devices to choose from")


def alerts_come_and_go(lab, checks):
    """Healthy, a rule broken, mended, the daemon gone and back, snmpd gone."""
    wait_until(lambda: alerts() == set(), 20, "the end of the alert that nobody is polled")
    break_rule(lab)
    wait_until(lambda: alerts() == {"PortcullisViolated"}, 20, "the alert")
    tables_agree(lab, checks)
    wait_until(lambda: query("portcullisProblemAffected"), 20, "the problem in Prometheus")
    dashboard(lab, checks)
    mend(lab)
    wait_until(lambda: alerts() == set(), 20, "the end of the alert")
    with deviating(lab):
        wait_until(lambda: alerts() == {"PortcullisFirewallDeviation"}, 20, "the alert of a deviation")
    wait_until(lambda: alerts() == set(), 20, "the end of the deviation")
    lab.stop(lab.daemon)
    wait_until(lambda: alerts() == {"PortcullisAbsent"}, 30, "the alert of absence")
    checks.that(query('up{job="portcullis"} == 1'), "a device without its subagent looks healthy to Prometheus")
    lab.start_daemon(log="portcullisd-2.log")
    wait_for_subagent(lab)
    wait_until(lambda: alerts() == set(), 30, "the end of the absence")
    lab.stop(lab.snmpd)
    wait_until(lambda: "PortcullisUnreachable" in alerts(), 30, "the alert of a device that does not answer")


def test(lab: Lab, checks):
    """All of it."""
    generated_again(lab, checks)
    rules(lab, checks)
    start_device(lab)
    start_exporter(lab)
    numbers_agree(lab, checks)
    one_request(lab, checks)
    start_prometheus(lab)
    alerts_come_and_go(lab, checks)


if __name__ == "__main__":
    need("prometheus", "promtool", "prometheus-snmp-exporter", "prometheus-snmp-generator")
    main(test)
