#!/usr/bin/python3
"""A fleet: a thousand simulated devices, polled by a real exporter, Prometheus and Alertmanager with the shipped configuration.

An unchanged device costs one PDU for each scrape, only changed ones are walked, and a change that hits a whole site becomes one
message. Times are a third of what is shipped. The figures are printed.
"""

import http.server
import importlib.machinery
import importlib.util
import ipaddress
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import fleet_agents
import yaml
from station import (SNMP_PORT, Lab, artefacts, break_rule, fetch, fetch_json, main, need, start_device, text_of, wait_until)

DEVICES = int(os.environ.get("FLEET", "1000"))
SITES = 4
PROMETHEUS = "http://127.0.0.1:9090/api/v1/query"
CACHE = "http://127.0.0.1:9117"
FASTER = 3
SERIES = 'count({__name__=~".+"})'


def address(index):
    """Of an agent."""
    return str(fleet_agents.FIRST + index)


def record(lab):
    """What the real device answers when it is well, and when a rule is broken; then it ends."""
    view = re.search(r"^view portcullis included \.(1\.3\.6\.1\.4\.1\.[\d.]+)$", text_of(artefacts(lab) / "snmpd/portcullis.conf"),
                     re.MULTILINE).group(1)
    root = tuple(map(int, view.split(".")))
    kept = {"root": root}
    for state in ("well", "broken"):
        found = fleet_agents.record("127.0.0.1", SNMP_PORT, "portcullis", root)
        kept[state] = {".".join(map(str, name)): value.hex() for name, value in found.items()}
        if state == "well":
            break_rule(lab)
    (lab.directory / "recording.json").write_text(json.dumps(kept), encoding="ascii")
    lab.stop(lab.daemon)
    lab.stop(lab.snmpd)


class Agents:
    """The process that is the fleet."""

    def __init__(self, lab):
        self.process = subprocess.Popen(lab.command("device", "/usr/bin/python3", fleet_agents.__file__, DEVICES,
                                                    lab.directory / "recording.json"), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        lab.processes.append(self.process)
        assert json.loads(self.process.stdout.readline()) == "ready"

    def __call__(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def counts(self):
        """Requests so far: (GET, GETBULK)."""
        have = self("counts")
        return sum(have["get"]), sum(have["bulk"])


def quicker(text):
    """A configuration with a third of its times."""
    seconds = {"s": 1, "m": 60, "h": 3600}
    return re.sub(r"(interval|wait|timeout): (\d+)([smh])\b",
                  lambda m: f"{m.group(1)}: {int(m.group(2)) * seconds[m.group(3)] // FASTER}s", text)


class Messages:
    """What Alertmanager sends: lists of names of alerts with their site."""

    def __init__(self):
        self.got = []
        outer = self

        class Receiver(http.server.BaseHTTPRequestHandler):
            """The webhook."""

            def do_POST(self):
                """One message."""
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.got.append([(alert["labels"]["alertname"], alert["labels"].get("site")) for alert in body["alerts"]
                                  if alert["status"] == "firing"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Nothing."""
        threading.Thread(target=http.server.HTTPServer(("127.0.0.1", 9095), Receiver).serve_forever, daemon=True).start()

    def of(self, site):
        """Messages about a site."""
        return [message for message in self.got if any(where == site for _, where in message)]


def start_programs(lab):
    """Exporter, cache, Alertmanager and Prometheus; name to process."""
    home = lab.directory / "fleet"
    shutil.copytree(artefacts(lab) / "prometheus/fleet", home)
    shutil.copy(artefacts(lab) / "prometheus/portcullis.rules.yml", home)
    modules = yaml.safe_load(text_of(artefacts(lab) / "prometheus/snmp.yml"))
    for module in modules.values():
        module.update(version=2, auth={"community": "portcullis"})
    (home / "snmp.yml").write_text(yaml.safe_dump(modules), encoding="utf-8")
    for name in ("prometheus.yml", "alertmanager.yml"):
        (home / name).write_text(quicker(text_of(home / name)), encoding="utf-8")
    (home / "devices").mkdir()
    each = DEVICES // SITES
    (home / "devices/all.yml").write_text(yaml.safe_dump([
        {"labels": {"site": f"site-{site}"}, "targets": [address(index) for index in range(site * each, (site + 1) * each)]}
        for site in range(SITES)]), encoding="utf-8")
    commands = {"exporter": ["prometheus-snmp-exporter", f"--config.file={home}/snmp.yml", "--web.listen-address=127.0.0.1:9116"],
                "cache": [home / "portcullis_flows_cache"],
                "alertmanager": ["prometheus-alertmanager", f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/am",
                                 "--web.listen-address=127.0.0.1:9093", "--cluster.listen-address="],
                "prometheus": ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data",
                               "--web.listen-address=127.0.0.1:9090"]}
    return {name: lab.start("device", f"{name}.log", *command) for name, command in commands.items()}


def configuration(lab, checks):
    """promtool and amtool on what is shipped; each alert of a site fires in a test."""
    folder = lab.directory / "rules"
    shutil.copytree(artefacts(lab) / "prometheus/fleet", folder)
    for path in (artefacts(lab) / "prometheus/portcullis.rules.yml", pathlib.Path(__file__).parent / "fleet_rules_test.yml"):
        shutil.copy(path, folder)
    for command in (("promtool", "check", "config", "prometheus.yml"), ("promtool", "test", "rules", "fleet_rules_test.yml"),
                    ("amtool", "check-config", "alertmanager.yml")):
        done = lab.run(None, *command, cwd=folder, check=False)
        checks.equal(done.returncode, 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")


def query(expression):
    """Number of an instant query with one result, 0 where there is none."""
    answer = fetch_json(PROMETHEUS, query=expression)
    result = answer["data"]["result"] if answer else []
    return float(result[0]["value"][1]) if result else 0


def cpu(process):
    """Seconds of processor time so far."""
    fields = text_of(f"/proc/{process.pid}/stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process):
    """Resident memory in MB."""
    return int(re.search(r"VmRSS:\s+(\d+)", text_of(f"/proc/{process.pid}/status")).group(1)) / 1024


def healthy(checks, agents, programs):
    """All are polled and were walked once; then a time in which nothing changes."""
    wait_until(lambda: query('count(portcullisOverall{portcullisOverall="ok"} == 1)') == DEVICES, 60, "the summary of all")
    wait_until(lambda: query("portcullis_flows_cache_walks_total") == DEVICES, 120, "the first walk of all")
    wait_until(lambda: query('count(up{job="portcullis-flows"} == 1)') == DEVICES, 60, "the flows of all")
    gets, bulks = agents.counts()
    scrapes = int(query("portcullis_flows_cache_scrapes_total"))
    before, start = {name: cpu(process) for name, process in programs.items()}, time.monotonic()
    wait_until(lambda: query("portcullis_flows_cache_scrapes_total") >= scrapes + DEVICES, 90, "a round of scrapes")
    took = time.monotonic() - start
    more, walked = (now - then for now, then in zip(agents.counts(), (gets, bulks)))
    used = {name: (cpu(process) - before[name]) / took for name, process in programs.items()}
    checks.equal(walked, 0, "GETBULK requests to devices that have not changed")
    print(f"{DEVICES} devices, nothing changes, {took:.0f} s at {FASTER} times the shipped rate: {more / took:.0f} GET/s, 0 GETBULK; "
          + ", ".join(f"{name} {100 * used[name]:.1f}% of a core, {memory(process):.0f} MB" for name, process in programs.items())
          + f"; {query(SERIES):.0f} series")


def few_change(checks, agents):
    """Three devices of one site."""
    walks, start = query("portcullis_flows_cache_walks_total"), time.monotonic()
    for index in (0, 1, 2):
        agents("break", index)
    wait_until(lambda: query('count(ALERTS{alertname="PortcullisViolated", alertstate="firing"})') == 3, 60, "three alerts")
    alerted = time.monotonic() - start
    wait_until(lambda: query("count(portcullisProblemAffected == 1)") == 3, 120, "three problems")
    wait_until(lambda: query("portcullis_flows_cache_walks_total") == walks + 3, 60, "the walks in Prometheus")
    checks.equal(query("count(portcullisFlowVerdict == 3)"), 3, "flows that are blocked, by name")
    checks.equal(query("count(portcullisFlowVerdict == 1)"), 0, "flows that pass, by name")
    checks.equal(sum(count > 0 for count in agents("counts")["bulk"]), DEVICES, "devices that were ever walked")
    print(f"three devices change: alerts after {alerted:.1f} s, walks: 3")


def site_changes(checks, agents, messages):
    """Most devices of one site at once: one message."""
    start, each = time.monotonic(), DEVICES // SITES
    for index in range(each, each + each * 4 // 5):
        agents("break", index)
    wait_until(lambda: messages.of("site-1"), 90, "a message about the site")
    told = time.monotonic() - start
    wait_until(lambda: query('site:portcullis_devices_violated:count{site="site-1"}') == each * 4 // 5, 60, "all of them")
    wait_until(lambda: messages.of("site-0"), 60, "the message about the three")
    checks.equal(messages.of("site-0")[0], [("PortcullisViolated", "site-0")] * 3, "the message about three devices")
    checks.equal(messages.of("site-1"), [[("PortcullisSiteViolated", "site-1")]], "messages about a site of many")
    print(f"{each * 4 // 5} devices of a site change: one message after {told:.1f} s")


def edges(checks, agents):
    """The cache by itself: modules that it refuses, a restart of snmpd, Portcullis gone and back."""
    target, walks = address(DEVICES - 1), f"{CACHE}/metrics"

    def walked():
        return int(re.search(r"walks_total (\d+)", fetch(walks)).group(1))

    def flows(**more):
        return fetch(f"{CACHE}/snmp?module=portcullis_flows&target={target}&" + "&".join(f"{k}={v}" for k, v in more.items()))
    checks.equal(fetch(f"{CACHE}/snmp?module=portcullis_summary&target={target}"), None, "another module")
    checks.equal(fetch(f"{CACHE}/snmp?module=portcullis_flows"), None, "no target")
    first = flows(auth="test")
    checks.that("portcullisDeploymentFlows" in first and "} 9\n" not in first, "tables, without flows that do not cross the device")
    before = walked()
    checks.equal((flows(auth="test"), walked()), (first, before), "the answer of a device that has not changed, and walks")
    agents("restart", DEVICES - 1)
    wait_until(lambda: (flows(auth="test"), walked())[1] > before, 30, "a walk after the restart of snmpd")
    agents("silence", DEVICES - 1)
    checks.equal(flows(auth="test"), None, "a device without Portcullis")
    agents("mend", DEVICES - 1)
    checks.that("portcullisDeploymentFlows" in flows(auth="test"), "and with it again")


def unseen_restarts(lab, checks):
    """snmpd started twice between two scrapes: stamps are 0 as before, and sysUpTime is larger."""
    path = str(artefacts(lab) / "prometheus/fleet/portcullis_flows_cache")
    spec = importlib.util.spec_from_loader("cache", importlib.machinery.SourceFileLoader("cache", path))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    cache, now, ticks = script.Cache("", 1, False), 0.0, 0
    cache.ask = lambda module, _: (b"\nportcullisDeploymentFlows 1\n" if module == script.FLOWS else
                                   b"sysUpTime %d\nportcullisTablesLastChange 0\nportcullisDiscontinuityTime 0\n" % ticks)
    script.time = type("Clock", (), {"monotonic": staticmethod(lambda: now)})
    walks = []
    for now, ticks in ((1000.0, 1000), (1030.0, 4000), (1061.0, 7000), (1360.0, 12000)):
        cache.flows({"target": "device"})
        walks.append(cache.walked)
    checks.equal(walks, [1, 1, 1, 2], "walks: the first, none while snmpd runs on, one after restarts that nobody saw")


def test(lab: Lab, checks):
    """All of it."""
    assert ipaddress.ip_address(address(DEVICES)) < ipaddress.ip_address("127.2.0.0")
    configuration(lab, checks)
    start_device(lab)
    record(lab)
    agents = Agents(lab)
    messages = Messages()
    programs = start_programs(lab)
    healthy(checks, agents, programs)
    few_change(checks, agents)
    site_changes(checks, agents, messages)
    edges(checks, agents)
    unseen_restarts(lab, checks)


if __name__ == "__main__":
    need("prometheus", "promtool", "prometheus-snmp-exporter", "prometheus-alertmanager", "amtool")
    main(test)
