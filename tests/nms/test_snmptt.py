#!/usr/bin/python3
"""snmptt: its file is what the converter makes of the MIB, and traps become events with the right severity and words.

Real traps of a device, and one of each notification with the objects that the MIB says, go through snmptrapd with the
shipped configuration, snmptthandler and snmptt.
"""

import re

import generated
from station import TRAP_PORT, Lab, artefacts, break_rule, main, mend, need, start_device, text_of, wait_until

# Notification and severity of those that depend on the trap: object and value to what the event has.
GRADED = [("portcullisViolated", "portcullisNotifySeverity", 5, "CRITICAL", "of severity critical"),
          ("portcullisViolated", "portcullisNotifySeverity", 4, "MAJOR", "of severity major"),
          ("portcullisViolated", "portcullisNotifySeverity", 3, "WARNING", "of severity warning"),
          ("portcullisFlowViolated", "portcullisNotifySeverity", 5, "CRITICAL", "of severity critical"),
          ("portcullisFlowViolated", "portcullisNotifySeverity", 3, "WARNING", "of severity warning"),
          ("portcullisOverallChange", "portcullisNotifyOverall", 1, "NORMAL", "State of the device: ok"),
          ("portcullisOverallChange", "portcullisNotifyOverall", 2, "WARNING", "State of the device: degraded"),
          ("portcullisOverallChange", "portcullisNotifyOverall", 3, "CRITICAL", "State of the device: violated"),
          ("portcullisOverallChange", "portcullisNotifyOverall", 5, "WARNING", "State of the device: cannotTell")]


def start_receiver(lab):
    """snmptrapd with the shipped configuration, and the daemon of snmptt with Debian's but for its paths."""
    spool, log = lab.directory / "spool", lab.directory / "events.log"
    spool.mkdir()
    ini = text_of("/etc/snmp/snmptt.ini")
    for name, value in {"mode": "daemon", "daemon_fork": 0, "daemon_uid": "", "pid_file": lab.directory / "snmptt.pid",
                        "spool_directory": f"{spool}/", "sleep": 1, "log_file": log, "syslog_enable": 0,
                        "syslog_system_enable": 0, "unknown_trap_log_enable": 1,
                        "unknown_trap_log_file": lab.directory / "unknown.log"}.items():
        ini, n = re.subn(rf"^{name} =.*$", f"{name} = {value}", ini, flags=re.MULTILINE)
        assert n == 1, name
    ini = re.sub(r"^(snmptt_conf_files = <<END\n).*?(?=^END)",
                 rf"\g<1>{artefacts(lab)}/snmptt/snmptt.conf.portcullis\n", ini, flags=re.MULTILINE | re.DOTALL)
    (lab.directory / "snmptt.ini").write_text(ini, encoding="utf-8")
    (lab.directory / "snmptrapd.conf").write_text(
        f"includeFile {artefacts(lab)}/snmptrapd/portcullis.conf\nauthCommunity log,execute portcullis\n"
        f"traphandle default /usr/sbin/snmptthandler --ini={lab.directory}/snmptt.ini\n", encoding="ascii")
    (lab.directory / "traps").mkdir()
    lab.start("device", "snmptt.log", "/usr/sbin/snmptt", "--daemon", f"--ini={lab.directory}/snmptt.ini")
    trapd = lab.start("device", "snmptrapd.log", "/usr/sbin/snmptrapd", "-f", "-Lo", "-On", "-C", "-c",
                      lab.directory / "snmptrapd.conf", f"udp:127.0.0.1:{TRAP_PORT}",
                      env={"SNMP_PERSISTENT_DIR": str(lab.directory / "traps"), "MIBS": ""})
    wait_until(lambda: lab.alive(trapd) and f":{TRAP_PORT} " in lab.run("device", "ss", "-Hlnu").stdout, 10, "snmptrapd")


def events(lab):
    """(notification's number, severity, text) of the events so far."""
    path = lab.directory / "events.log"
    lines = text_of(path).splitlines() if path.exists() else []
    found = [re.search(r" \.1\.3\.6\.1\.4\.1\S*\.0\.(\d+) (\w+) \"Status Events\" \S+ - (.*)", line) for line in lines]
    return [(int(match.group(1)), match.group(2), match.group(3)) for match in found if match]


def event(lab, known, number, what):
    """The first event of a notification after those known."""
    return wait_until(lambda: next((found for found in events(lab)[known:] if found[0] == number), None), 20, what)


def real_traps(lab, checks):
    """A rule is broken and mended."""
    break_rule(lab)
    raised = event(lab, 0, 1, "the event of the violation")
    checks.equal(raised[1], "CRITICAL", f"severity of {raised}")
    checks.that("Problem 1: site-a/sfb/front-end-server/front-end-service/5061-tcp#1" in raised[2], f"label in {raised}")
    checks.that("of severity critical, 1 flows, by inet filter forward policy drop, packet tcp " in raised[2],
                f"severity, flows, rule and packet in {raised}")
    overall = event(lab, 0, 3, "the event of the state")
    checks.equal(overall[1:], ("CRITICAL", "Overall state changed: State of the device: violated, before ok"), "state")
    known = len(events(lab))
    mend(lab)
    cleared = event(lab, known, 2, "the event of the clear")
    checks.equal(cleared[1], "NORMAL", f"severity of {cleared}")
    checks.that("Problem 1 is over" in cleared[2] and "of severity critical" in cleared[2], f"text of {cleared}")
    checks.equal(event(lab, known, 3, "the event of the state")[1], "NORMAL", "severity of the state that is ok again")
    line = next(line for line in text_of(lab.directory / "snmptrapd.log").splitlines() if ".0.1\t" in line)
    checks.that(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+", line) and "policy drop" in line,
                f"snmptrapd's own line of the trap: {line}")


def notifications(lab):
    """Name to (number, objects, severity) as the MIB says."""
    mib = text_of(lab.root / "share/portcullis/mibs/PORTCULLIS-MIB.txt")
    found = re.findall(r"^(\w+) NOTIFICATION-TYPE\s+OBJECTS \{([^}]*)\}.*?--#SEVERITY (\w+)\s+::= \{ portcullisNotifications "
                       r"(\d+) \}", mib, re.MULTILINE | re.DOTALL)
    return {name: (int(number), re.findall(r"\w+", objects), severity) for name, objects, severity, number in found}


def send(lab, name, objects, **values):
    """A trap as the MIB says, with numbers and texts of ours."""
    arguments = []
    for known in objects:
        value = values.get(known, "2026-11-29,12:0:0.0,+0:0" if known.endswith("Time") else
                           f"text of {known}" if re.search("Label|Rule|Witness|Author$|Reason", known) else 3)
        arguments += [f"PORTCULLIS-MIB::{known}.0", "=", value]
    lab.snmp("snmptrap", "-v2c", "-c", "portcullis", f"127.0.0.1:{TRAP_PORT}", "", f"PORTCULLIS-MIB::{name}", *arguments)


def every_notification(lab, checks):
    """Each of the MIB is an event, of the MIB's severity or of the trap's."""
    known_ones = notifications(lab)
    mib = text_of(lab.root / "share/portcullis/mibs/PORTCULLIS-MIB.txt")
    checks.equal(len(known_ones), mib.count(" NOTIFICATION-TYPE\n"), "notifications with objects and severity in the MIB")
    for name, (number, objects, severity) in known_ones.items():
        if name not in {row[0] for row in GRADED}:
            known = len(events(lab))
            send(lab, name, objects)
            found = event(lab, known, number, f"an event for {name}")
            checks.equal(found[1], severity, f"severity of {name}")
            checks.that("$" not in found[2], f"every argument of {name} has its value: {found[2]}")
    for name, part, value, severity, words in GRADED:
        known = len(events(lab))
        send(lab, name, known_ones[name][1], **{part: value})
        found = event(lab, known, known_ones[name][0], f"an event for {name} with {value}")
        checks.equal(found[1], severity, f"severity of {name} with {part} {value}")
        checks.that(words in found[2], f"'{words}' in {found[2]}")
        checks.equal(len(events(lab)), known + 1, f"events of one {name}")
    unknown = lab.directory / "unknown.log"
    checks.that(not unknown.exists() or not text_of(unknown), "no trap of ours is unknown to snmptt")


def test(lab: Lab, checks):
    """All of it."""
    generated.same(lab, checks, "snmptt")
    start_device(lab)
    start_receiver(lab)
    real_traps(lab, checks)
    every_notification(lab, checks)


if __name__ == "__main__":
    need("snmptt", "snmpttconvertmib", "snmptrapd", "prometheus-snmp-generator")
    main(test)
