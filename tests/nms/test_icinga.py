#!/usr/bin/python3
"""check_portcullis in every state of a device and with wrong use, and Icinga 2 and Nagios with the shipped definitions.

Icinga and Nagios validate them, then run and see a rule broken and mended.
"""

import contextlib
import importlib.machinery
import importlib.util
import re
import shutil
import subprocess

from station import (PASSPHRASE, SNMP_PORT, Lab, artefacts, break_rule, deviating, main, mend, need, start_device, summary, text_of,
                     wait_for_subagent, wait_until)

DIRECTORIES = ("plugins", "icinga", "nagios")


def prepare(lab):
    """The plugin and its credentials; what Icinga and Nagios run as their own user is theirs."""
    for name in DIRECTORIES:
        (lab.directory / name).mkdir()
        shutil.chown(lab.directory / name, "nagios", "nagios")
    shutil.copy(artefacts(lab) / "icinga/check_portcullis", lab.directory / "plugins")
    path = lab.directory / "portcullis-snmp.conf"
    path.write_text(text_of(artefacts(lab) / "icinga/portcullis-snmp.conf").replace("PASSPHRASE", PASSPHRASE), encoding="utf-8")
    path.chmod(0o400)
    shutil.chown(path, "nagios", "nagios")
    (lab.directory / "v2c.conf").write_text("defVersion 2c\ndefCommunity portcullis\n", encoding="utf-8")


def plugin(lab, *arguments, credentials="portcullis-snmp.conf", host="127.0.0.1", port=SNMP_PORT):
    """Exit code and output of the plugin, as the user of Nagios."""
    done = lab.run("device", "setpriv", "--reuid=nagios", "--regid=nagios", "--clear-groups",
                   lab.directory / "plugins/check_portcullis", "-H", host, "-p", port,
                   *(("-C", lab.directory / credentials) if credentials else ()), *arguments, check=False)
    return done.returncode, done.stdout


def performance(output):
    """Name to value of performance data."""
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", output.split(" | ", 1)[1].split("\n", 1)[0])}


def all_is_well(lab, checks):
    """OK over SNMPv3 and v2c; numbers are the daemon's; limits work."""
    said = summary(lab)
    for credentials in ("portcullis-snmp.conf", "v2c.conf"):
        code, output = plugin(lab, credentials=credentials)
        checks.equal(code, 0, f"exit code with {credentials}: {output}")
        checks.that(output.startswith(f"PORTCULLIS OK - ok: {sum_of(said)} flows | "), f"output: {output}")
        have = performance(output)
        for name in ("conformant", "partial", "blocked", "misdirected", "indeterminate", "unknown", "openings"):
            checks.equal(have[name], said[name], f"performance data of {name}")
        checks.equal(have["flows"], sum_of(said), "performance data of flows")
    for limits, code in ((("-w", "@0:60"), 1), (("-c", "@0:60"), 2), (("-w", "@0:60", "-c", "@0:60"), 2),
                         (("-w", "~:3600"), 0), (("-w", "3600:"), 1), (("-w", "0:3600", "-c", "3600"), 0)):
        checks.equal(plugin(lab, *limits)[0], code, f"exit code with {limits}")
    checks.that("age=" in plugin(lab, "-w", "70", "-c", "80")[1] and ";70;80;0 " in plugin(lab, "-w", "70", "-c", "80")[1],
                "limits are in the performance data")


def sum_of(said):
    """Number of flows."""
    return sum(said[name] for name in ("conformant", "partial", "blocked", "indeterminate", "unknown", "misdirected", "waived",
                                       "unbound", "not_transit", "needs_range", "no_common_family"))


def wrong_use(lab, checks):
    """UNKNOWN, and a reason: credentials, address, options."""
    checks.equal(plugin(lab, "-w", "ninety")[0], 3, "exit code with a range that is none")
    checks.equal(plugin(lab, "--nonsense")[0], 3, "exit code with an option that is none")
    checks.equal(plugin(lab, credentials="nothing.conf")[0], 3, "exit code with credentials that are not there")
    code, output = plugin(lab, "-t", "1", host="127.0.0.9", port=9)
    checks.that(code == 3 and output.startswith("PORTCULLIS UNKNOWN - ") and "127.0.0.9" in output, f"nobody there: {output}")
    wrong = lab.directory / "wrong.conf"
    wrong.write_text(text_of(lab.directory / "portcullis-snmp.conf").replace(PASSPHRASE, "another passphrase"), encoding="utf-8")
    code, output = plugin(lab, credentials="wrong.conf")
    checks.that(code == 3 and "uthentication failure" in output, f"wrong passphrase: {code} {output}")
    wrong.write_text("defVersion 2c\ndefCommunity wrong\n", encoding="utf-8")
    checks.equal(plugin(lab, "-t", "1", credentials="wrong.conf")[0], 3, "exit code with a wrong community")
    code, output = plugin(lab, host="-V")
    checks.equal(code, 3, f"exit code with a host that looks like an option: {output}")


def secrets_stay_secret(lab, checks):
    """No command line has the passphrase: the plugin's children are looked at while they wait for an answer."""
    waiting = subprocess.Popen(lab.command("device", lab.directory / "plugins/check_portcullis", "-H", "127.0.0.9", "-C",
                                           lab.directory / "portcullis-snmp.conf", "-t", "6"), stdout=subprocess.DEVNULL)
    black_hole = lab.start("device", "black-hole.log", "/usr/bin/python3", "-c",
                           "import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                           "s.bind(('127.0.0.9', 161))\nwhile True:\n    s.recv(9000)")
    lines = wait_until(lambda: [line for line in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True,
                                                                check=True).stdout.splitlines()
                                if "127.0.0.9:161" in line], 10, "snmpget at work")
    checks.that(all(PASSPHRASE not in line for line in lines), f"no passphrase in {lines}")
    waiting.kill()
    waiting.wait()
    lab.stop(black_hole)


def broken(lab, checks):
    """CRITICAL, and with -v the problem and its rule; openings as they were asked for."""
    code, output = plugin(lab, "-v")
    checks.equal(code, 2, f"exit code: {output}")
    lines = output.splitlines()
    checks.that(lines[0].startswith("PORTCULLIS CRITICAL - violated: ") and "1 blocked" in lines[0], f"first line: {lines[0]}")
    checks.equal(len(lines), 2, f"lines: {output}")
    checks.that(lines[1].startswith("site-a/sfb/front-end-server") and lines[1].endswith("decided by inet filter forward policy drop"),
                f"line of the problem: {lines[1]}")


def openings(lab, checks):
    """A rule that accepts more than needed."""
    lab.run("device", "nft", "insert", "rule", "inet", "filter", "forward", "ip", "daddr", "10.20.1.0/24", "accept")
    wait_until(lambda: summary(lab)["openings"], 10, "the opening")
    for choice, state in (("ok", 0), ("warning", 1), ("critical", 2)):
        code, output = plugin(lab, "-o", choice)
        checks.that(code == state and "outside the baseline" in output, f"openings as {choice}: {code} {output}")
    mend(lab)


def deviation(lab, checks):
    """A table of the agent's name where it only observes."""
    with deviating(lab):
        code, output = plugin(lab)
        checks.that(code == 2 and "the agent's table is not what was installed: " in output, f"deviation: {code} {output}")


def every_state(lab, checks):
    """The worst of what a summary says is the state, also in states that this device is not in."""
    loader = importlib.machinery.SourceFileLoader("check_portcullis", str(lab.directory / "plugins/check_portcullis"))
    check = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(check)
    options = check.arguments(["-H", "fw1"])
    well = {**{name: 0 for name in check.SCALARS}, "overall": 1, "readable": 1, "journal": 1, "deviates": 2,
            "reason": "why | not", "firewall_reason": "a rule is gone",
            "journal_reason": "disk full"}
    for change, state, words in (({}, 0, "ok: 0 flows"), ({"overall": 2}, 1, "degraded"), ({"overall": 3}, 2, "violated"),
                                 ({"overall": 4}, 1, "incomplete"), ({"overall": 5}, 1, "cannot tell"),
                                 ({"overall": 5, "readable": 2}, 2, "the ruleset cannot be read: why / not"),
                                 ({"journal": 2}, 2, "the journal cannot be written: disk full"), ({"overall": 9}, 3, "state 9"),
                                 ({"deviates": 1}, 2, "not what was installed: a rule is gone"),
                                 ({"age": 91}, 1, "91 s old"), ({"age": 301}, 2, "301 s old"), ({"overall": 9, "openings": 1}, 3, ""),
                                 ({"openings": 4}, 1, "4 openings"), ({"overall": 3, "openings": 4}, 2, "4 openings")):
        check.summary = lambda options, change=change: {**well, **change}
        code, output = check.check(options)
        checks.equal(code, state, f"state of {change}: {output}")
        checks.that(words in output and output.count("|") == 1, f"'{words}' in {output}")


def no_subagent(lab, checks):
    """snmpd alone is CRITICAL."""
    lab.stop(lab.daemon)
    wait_until(lambda: "No Such" in lab.snmp("snmpget", lab.agent(), "PORTCULLIS-MIB::portcullisOverall.0", check=False), 10,
               "the end of the registration")
    code, output = plugin(lab)
    checks.that(code == 2 and "snmpd answers, but not Portcullis" in output, f"without the daemon: {code} {output}")
    lab.start_daemon(log="portcullisd-2.log")
    wait_for_subagent(lab)


def icinga_command(lab):
    """icinga2 with a configuration of one host, every path below the test's directory, and short intervals."""
    home = lab.directory / "icinga"
    shipped = text_of(artefacts(lab) / "icinga/icinga2-portcullis.conf")
    shipped = re.sub(r"(check_interval|retry_interval) = \w+", r"\1 = 1s", shipped)
    (home / "portcullis.conf").write_text(shipped, encoding="utf-8")
    (home / "icinga2.conf").write_text(
        f'const PluginDir = "{lab.directory}/plugins"\nconst NodeName = "test"\nconst ZoneName = NodeName\ninclude <itl>\n'
        'object Endpoint NodeName {}\nobject Zone ZoneName { endpoints = [ NodeName ] }\n'
        'object CheckerComponent "checker" {}\n'
        f'object PerfdataWriter "perf" {{\n  service_perfdata_path = "{home}/perf"\n  service_temp_path = "{home}/perf.tmp"\n'
        f'  host_temp_path = "{home}/host.tmp"\n  rotation_interval = 1s\n'
        '  service_format_template = "$host.name$ $service.state$ $service.output$"\n}\n'
        f'include "{home}/portcullis.conf"\n'
        'object Host "fw1" {\n  check_command = "dummy"\n  address = "127.0.0.1"\n  vars.portcullis = true\n'
        f'  vars.portcullis_port = {SNMP_PORT}\n  vars.portcullis_credentials = "{lab.directory}/portcullis-snmp.conf"\n}}\n',
        encoding="utf-8")
    places = {**{name: home for name in ("ConfigDir", "DataDir", "LogDir", "CacheDir", "SpoolDir", "InitRunDir")},
              **{name: home / name for name in ("PidPath", "VarsPath", "StatePath", "ModAttrPath", "ObjectsPath")}}
    return ["icinga2", "daemon", "-c", home / "icinga2.conf", *(text for name, value in places.items() for text in
                                                              ("-D", f"{name}={value}"))]


def icinga(lab, checks):
    """Icinga 2 validates the definitions, and sees the device."""
    command = icinga_command(lab)
    done = lab.run("device", *command, "-C", check=False)
    checks.equal(done.returncode, 0, f"icinga2 daemon -C: {done.stdout[-1500:]}{done.stderr[-500:]}")
    checks.that("Instantiated 1 Service." in done.stdout, f"the service of the host: {done.stdout[-1500:]}")
    daemon = lab.start("device", "icinga2.log", *command)

    def states():
        lines = []
        for path in sorted((lab.directory / "icinga").glob("perf*")):
            with contextlib.suppress(FileNotFoundError):  # it is given its last name
                lines += text_of(path).splitlines()
        return lines
    seen_by(lab, checks, states, "fw1 OK PORTCULLIS OK - ok: ", "fw1 CRITICAL PORTCULLIS CRITICAL - violated: ")
    lab.stop(daemon)


def seen_by(lab, checks, states, well, wrong):
    """What a monitoring system writes of a device that is well, broken and well again."""
    wait_until(lambda: [line for line in states() if line.startswith(well)], 30, "a check that is OK")
    break_rule(lab)
    wait_until(lambda: [line for line in states() if line.startswith(wrong)], 30, "a check that is CRITICAL")
    mend(lab)
    checks.that(wait_until(lambda: any(line.startswith(well) for line in states()[-1:]), 30, "a check that is OK again"), "the last check")


def nagios(lab, checks):
    """Nagios validates the definitions, and sees the device."""
    home = lab.directory / "nagios"
    shipped = text_of(artefacts(lab) / "icinga/nagios-portcullis.cfg").replace(
        "/etc/nagios4/portcullis-snmp.conf", str(lab.directory / "portcullis-snmp.conf"))
    (home / "portcullis.cfg").write_text(shipped.replace("check_portcullis!", f"check_portcullis!-p {SNMP_PORT}"), encoding="utf-8")
    (home / "host.cfg").write_text(
        "define host {\n host_name fw1\n address 127.0.0.1\n use generic-host\n hostgroups portcullis\n"
        " max_check_attempts 2\n check_command ok\n contact_groups admins\n}\n"
        "define command {\n command_name ok\n command_line /bin/true\n}\n"
        f"define command {{\n command_name perf\n command_line /bin/echo '$HOSTNAME$ $SERVICESTATE$ $SERVICEOUTPUT$' >>{home}/seen\n}}\n",
        encoding="utf-8")
    (home / "resource.cfg").write_text(f"$USER1$={lab.directory}/plugins\n", encoding="utf-8")
    objects = [f"/etc/nagios4/objects/{name}.cfg" for name in ("commands", "contacts", "timeperiods", "templates")]
    (home / "nagios.cfg").write_text("".join(f"cfg_file={path}\n" for path in (*objects, home / "portcullis.cfg", home / "host.cfg"))
        + "".join(f"{name}={home}/{name}\n" for name in ("log_file", "object_cache_file", "precached_object_file", "status_file",
                                                         "lock_file", "temp_file", "command_file", "state_retention_file",
                                                         "query_socket"))
        + f"resource_file={home}/resource.cfg\ntemp_path={home}\ncheck_result_path={home}\nlog_archive_path={home}\n"
        "nagios_user=nagios\nnagios_group=nagios\ninterval_length=1\nuse_syslog=0\nenable_notifications=0\n"
        "check_for_updates=0\nprocess_performance_data=1\nservice_perfdata_command=perf\ncheck_result_reaper_frequency=1\n",
        encoding="utf-8")
    done = lab.run("device", "nagios4", "-v", home / "nagios.cfg", check=False)
    checks.that(done.returncode == 0 and "Total Errors:   0" in done.stdout, f"nagios4 -v: {done.stdout[-2500:]}")
    daemon = lab.start("device", "nagios.log", "nagios4", home / "nagios.cfg")

    def states():
        return text_of(home / "seen").splitlines() if (home / "seen").exists() else []
    seen_by(lab, checks, states, "fw1 OK PORTCULLIS OK - ok: ", "fw1 CRITICAL PORTCULLIS CRITICAL - violated: ")
    lab.stop(daemon)


def test(lab: Lab, checks):
    """All of it."""
    prepare(lab)
    start_device(lab)
    all_is_well(lab, checks)
    wrong_use(lab, checks)
    secrets_stay_secret(lab, checks)
    break_rule(lab)
    broken(lab, checks)
    mend(lab)
    openings(lab, checks)
    deviation(lab, checks)
    every_state(lab, checks)
    no_subagent(lab, checks)
    icinga(lab, checks)
    nagios(lab, checks)


if __name__ == "__main__":
    need("icinga2", "nagios4", "snmpget")
    main(test)
