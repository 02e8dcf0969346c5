#!/usr/bin/python3
"""Zabbix: the template is imported through the API of a real server, which polls a device, discovers its deployment, problems
and flows, and raises and clears problems.

PostgreSQL, server and PHP front end run from a directory of the test inside the device's namespace.
"""

import json
import pathlib
import shutil
import subprocess

from station import (PASSPHRASE, SNMP_PORT, USER, Lab, LabError, artefacts, break_rule, deviating, fetch, main, mend, need, skip,
                     start_device, summary, text_of, wait_for_subagent, wait_until)

FRONT_END = pathlib.Path("/usr/share/zabbix")
SCHEMA = pathlib.Path("/usr/share/zabbix-server-pgsql")
URL = "http://127.0.0.1:8080/api_jsonrpc.php"
INITDB = ["--no-locale", "-E", "UTF8", "-A", "trust", "-N"]


def postgres():
    """Directory of PostgreSQL's programs."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found or not FRONT_END.exists() or not SCHEMA.exists():
        skip("PostgreSQL, zabbix-server-pgsql or zabbix-frontend-php not installed: ./quickstart test --nms installs them")
    return found[-1].parent


def as_user(user, *command):
    """A command line as another user."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *map(str, command)]


def start_database(lab, programs):
    """A database with what Zabbix's package has for it."""
    home = lab.directory / "postgres"
    home.mkdir()
    shutil.chown(home, "postgres")
    lab.run(None, *as_user("postgres", programs / "initdb", "-D", home / "data", *INITDB))
    lab.start("device", "postgres.log", *as_user("postgres", programs / "postgres", "-D", home / "data", "-k", home, "-c",
                                                 "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off"))
    psql = [programs / "psql", "-q", "-h", "127.0.0.1", "-v", "ON_ERROR_STOP=1"]
    wait_until(lambda: lab.run("device", *psql, "-U", "postgres", "-c", "select 1", check=False).returncode == 0, 20, "PostgreSQL")
    lab.run("device", *psql, "-U", "postgres", "-c", "create user zabbix", "-c", "create database zabbix owner zabbix")
    for name in ("schema", "images", "data"):
        text = subprocess.run(["zcat", SCHEMA / f"{name}.sql.gz"], capture_output=True, check=True).stdout.decode()
        lab.run("device", *psql, "-U", "zabbix", "zabbix", input=text, timeout=180)


def start_zabbix(lab):
    """Server and front end."""
    home = lab.directory / "zabbix"
    home.mkdir()
    shutil.chown(home, "zabbix")
    settings = {"DBHost": "127.0.0.1", "DBName": "zabbix", "DBUser": "zabbix", "ListenIP": "127.0.0.1", "LogType": "console",
                "PidFile": home / "pid", "SocketDir": home, "StartPollers": 2, "StartPollersUnreachable": 1, "StartTrappers": 1,
                "StartPingers": 0, "StartDiscoverers": 0, "StartHTTPPollers": 0, "StartPreprocessors": 1, "StartLLDProcessors": 1,
                "StartAlerters": 1, "StartEscalators": 1, "CacheUpdateFrequency": 1, "Timeout": 4}
    (home / "server.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    lab.start("device", "zabbix-server.log", "zabbix_server", "-f", "-c", home / "server.conf",
              env={"SNMP_PERSISTENT_DIR": str(home), "SNMPCONFPATH": str(home), "MIBS": ""})
    (home / "etc").mkdir()
    (home / "etc/zabbix.conf.php").write_text(
        "<?php\n$DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '127.0.0.1', 'PORT' => '0', 'DATABASE' => 'zabbix',"
        " 'USER' => 'zabbix', 'PASSWORD' => '', 'SCHEMA' => '', 'ENCRYPTION' => false, 'KEY_FILE' => '', 'CERT_FILE' => '',"
        " 'CA_FILE' => '', 'VERIFY_HOST' => false, 'CIPHER_LIST' => '', 'VAULT_URL' => '', 'VAULT_DB_PATH' => '',"
        " 'VAULT_TOKEN' => '', 'DOUBLE_IEEE754' => true];\n"
        "$ZBX_SERVER = '127.0.0.1';\n$ZBX_SERVER_PORT = '10051';\n$ZBX_SERVER_NAME = '';\n"
        "$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;\n", encoding="utf-8")
    # The front end looks for its configuration in /etc/zabbix; `ip netns exec` gives it mounts of its own.
    lab.start("device", "front-end.log", "sh", "-ec", 'mount -n --bind "$1" /etc/zabbix; shift; exec "$@"', "sh", home / "etc", "php",
              "-d", f"session.save_path={home}", "-d", "memory_limit=512M", "-S", "127.0.0.1:8080", "-t", FRONT_END)
    wait_until(lambda: fetch("http://127.0.0.1:8080/robots.txt"), 20, "the front end")


class Api:
    """The API of the front end."""

    def __init__(self):
        self.token = None
        self.token = self("user.login", username="Admin", password="zabbix")

    def __call__(self, method, params=None, **options):
        question = {"jsonrpc": "2.0", "method": method, "params": options if params is None else params, "id": 1}
        if self.token and method != "user.login":
            question["auth"] = self.token
        text = fetch(URL, json.dumps(question).encode(), {"Content-Type": "application/json-rpc"}, timeout=120)
        answer = json.loads(text) if text else {"error": "no answer"}
        if "error" in answer:
            raise LabError(f"{method}: {answer['error']}")
        return answer["result"]


def import_template(lab, api):
    """The shipped template, polled each second."""
    text = text_of(artefacts(lab) / "zabbix/portcullis.yaml")
    for delay in ("1m", "5m", "1h"):
        text = text.replace(f"delay: {delay}\n", "delay: 1s\n")
    kinds = ("templates", "items", "discoveryRules", "triggers", "valueMaps", "groups")
    rules = {kind: {"createMissing": True, **({} if kind == "groups" else {"updateExisting": True})} for kind in kinds}
    api("configuration.import", format="yaml", source=text, rules=rules)
    api("configuration.import", format="yaml", source=text, rules=rules)  # an upgrade of the template
    return api("template.get", filter={"host": "Portcullis"}, selectItems="count", selectDiscoveries="count")[0]


def add_host(api, template):
    """This device, with SNMPv3 as the drop-in has it; short times."""
    group = api("hostgroup.get", filter={"name": "Linux servers"})[0]["groupid"]
    interface = {"type": 2, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": str(SNMP_PORT), "details": {
        "version": 3, "bulk": 1, "securityname": USER, "securitylevel": 2, "authprotocol": 3, "authpassphrase": PASSPHRASE,
        "privprotocol": 1, "privpassphrase": PASSPHRASE}}
    return api("host.create", host="fw1", groups=[{"groupid": group}], interfaces=[interface],
               templates=[{"templateid": template["templateid"]}],
               macros=[{"macro": "{$PORTCULLIS.NODATA}", "value": "10s"}])["hostids"][0]


def items(api, host):
    """Key to item, of those that have a value."""
    return {item["key_"]: item for item in api("item.get", hostids=host, output=["key_", "name", "lastvalue", "lastclock",
                                                                                "state", "error"]) if item["lastclock"] != "0"}


def value(api, host, key):
    """The last value of an item, or None."""
    return items(api, host).get(key, {"lastvalue": None})["lastvalue"]


def problems(api, host):
    """Name to severity of the problems that last."""
    return {problem["name"]: int(problem["severity"]) for problem in api("problem.get", hostids=host, output=["name", "severity"])}


def numbers_agree(lab, checks, api, host):
    """Values of all items; what the daemon says; the deployment that was discovered."""
    have = wait_until(lambda: (now := items(api, host)).get("portcullis.deployment.flows[1]") and "portcullis.notify.sent" in now
                      and now, 60, "the first values")
    said = summary(lab)
    for name in ("conformant", "partial", "blocked", "indeterminate", "unknown", "misdirected"):
        checks.equal(have[f"portcullis.flows.{name}"]["lastvalue"], str(said[name]), f"flows that are {name}")
    checks.equal([have[f"portcullis.{name}"]["lastvalue"] for name in ("overall", "problems", "ruleset.readable",
                                                                       "journal.writable")], ["1", "0", "1", "1"], "state")
    checks.equal(have["portcullis.deployment.conformant[1]"]["lastvalue"], str(said["conformant"]), "of the deployment")
    checks.that(0 < float(have["portcullis.verify"]["lastvalue"]) < 60, f"duration in seconds: {have['portcullis.verify']}")
    enabled = api("item.get", hostids=host, output=["key_", "state", "error"])
    checks.equal([item for item in enabled if item["state"] != "0"], [], "items that are not supported")
    checks.equal(problems(api, host), {}, "problems of a device that is well")


def discovery_of_flows(api, host):
    """Enable the rule that is shipped disabled."""
    rule = api("discoveryrule.get", hostids=host, filter={"key_": "portcullis.flows.discovery"}, output=["itemid", "status"])[0]
    api("discoveryrule.update", itemid=rule["itemid"], status=0)
    return rule["status"]


def raised_and_cleared(lab, checks, api, host):
    """A rule is broken: problems with the rule to blame, flows that do not pass; mended: all are over."""
    checks.equal(discovery_of_flows(api, host), "1", "the discovery of flows is shipped disabled")
    break_rule(lab)
    seen = wait_until(lambda: len(now := problems(api, host)) == 2 and now, 60, "two problems")
    label = "site-a/sfb/front-end-server/front-end-service/5061-tcp#1 clients>fe-pool/balancer ipv4"
    checks.equal(seen, {"A required flow does not pass": 4, f"{label}: decided by inet filter forward policy drop": 4},
                 "problems and severities")
    checks.equal(value(api, host, "portcullis.problem.affected[1]"), "1", "flows of the problem")
    flow = wait_until(lambda: [item for key, item in items(api, host).items() if key.startswith("portcullis.flow.verdict")], 60,
                      "the flow that was discovered")
    checks.equal([(item["name"], item["lastvalue"]) for item in flow], [(f"Flow {label}", "3")], "flows that do not pass")
    mend(lab)
    wait_until(lambda: not problems(api, host), 60, "the end of the problems")
    checks.equal(value(api, host, "portcullis.problem.affected[1]"), "0", "flows of a problem that is over")


def deviation(lab, api, host):
    """Somebody else has a table of the agent's name."""
    name = "The agent's table is not what was installed"
    with deviating(lab):
        wait_until(lambda: name in problems(api, host), 60, "the problem of the deviation")
    wait_until(lambda: not problems(api, host), 60, "the end of the deviation")


def absence(lab, checks, api, host):
    """The daemon goes while a problem lasts: it stays, and the absence is told; both end when all is well again."""
    break_rule(lab)
    wait_until(lambda: len(problems(api, host)) == 2, 60, "two problems again")
    lab.stop(lab.daemon)
    seen = wait_until(lambda: "Portcullis does not answer" in (now := problems(api, host)) and now, 90, "the absence")
    checks.equal(len(seen), 3, f"problems of a device without its daemon: {seen}")
    lab.run("device", "nft", "flush", "ruleset")
    lab.run("device", "nft", "-f", lab.ruleset)
    lab.start_daemon(log="portcullisd-2.log")
    wait_for_subagent(lab)
    checks.that(wait_until(lambda: not problems(api, host), 90, "the end of all problems"), "no problem is left")


def test(lab: Lab, checks):
    """All of it."""
    programs = postgres()
    start_device(lab)
    start_database(lab, programs)
    start_zabbix(lab)
    api = wait_until(Api, 60, "the API")
    template = import_template(lab, api)
    checks.equal(template["discoveries"], "3", "discovery rules of the template")
    host = add_host(api, template)
    numbers_agree(lab, checks, api, host)
    raised_and_cleared(lab, checks, api, host)
    deviation(lab, api, host)
    absence(lab, checks, api, host)


if __name__ == "__main__":
    need("zabbix_server", "php")
    postgres()
    main(test)
