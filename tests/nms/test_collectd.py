#!/usr/bin/python3
"""collectd polls a device with the shipped configuration: its values are the daemon's, and its thresholds tell when a rule is
broken and when the daemon is gone.
"""

from station import (PASSPHRASE, SNMP_PORT, Lab, artefacts, break_rule, deviating, main, mend, need, start_device, summary, text_of,
                     wait_until)

SUMMARY, DEPLOYMENT = "portcullis", "portcullis_deployment-site-a"
KEYS = ("conformant", "partial", "blocked", "indeterminate", "unknown", "misdirected")


def start_collectd(lab):
    """collectd in its own directory, polling each second."""
    home = lab.directory / "collectd"
    home.mkdir()
    text = text_of(artefacts(lab) / "collectd/portcullis.conf").replace("PASSPHRASE", PASSPHRASE).replace("Interval 60", "Interval 1")
    (home / "portcullis.conf").write_text(text.replace("192.0.2.1", f"127.0.0.1:{SNMP_PORT}"), encoding="utf-8")
    (home / "collectd.conf").write_text(
        f'Hostname "station"\nFQDNLookup false\nBaseDir "{home}"\nPIDFile "{home}/pid"\nInterval 1\nTimeout 3\n'
        f'TypesDB "/usr/share/collectd/types.db" "{artefacts(lab)}/collectd/portcullis.types.db"\n'
        'LoadPlugin logfile\n<Plugin logfile>\n  LogLevel info\n  File stdout\n</Plugin>\n'
        f'LoadPlugin csv\n<Plugin csv>\n  DataDir "{home}/csv"\n  StoreRates false\n</Plugin>\n'
        f'Include "{home}/portcullis.conf"\n', encoding="utf-8")
    (lab.directory / "poller").mkdir()
    lab.start("device", "collectd.log", "collectd", "-f", "-C", home / "collectd.conf",
              env={"SNMP_PERSISTENT_DIR": str(lab.directory / "poller"), "SNMPCONFPATH": str(lab.directory / "poller"),
                   "MIBS": ""})


def values(lab, kind):
    """Name to number of the newest line of the csv file of a type."""
    files = sorted((lab.directory / "collectd/csv/fw1/portcullis").glob(f"{kind}-2*"))
    lines = text_of(files[-1]).splitlines() if files else []
    return dict(zip(lines[0].split(","), (float(value) for value in lines[-1].split(",")))) if len(lines) > 1 else {}


def told(lab, *words):
    """A line of collectd's log, whole, that has all of the words."""
    text = text_of(lab.directory / "collectd.log")
    return [line for line in text[:text.rfind("\n") + 1].splitlines() if all(word in line for word in words)]


def numbers_agree(lab, checks):
    """The csv files against what the daemon says."""
    have, said = wait_until(lambda: values(lab, SUMMARY), 20, "the first values"), summary(lab)
    for key in KEYS:
        checks.equal(have[key], said[key], f"{key} of the summary")
    checks.equal((have["overall"], have["readable"], have["journal"], have["deviates"], have["problems"]), (1, 1, 1, 2, 0), "state")
    checks.that(0 <= have["age"] < 60 and have["verify"] > 0, f"age and duration of the verification: {have}")
    have = wait_until(lambda: values(lab, DEPLOYMENT), 20, "values of the deployment")
    flows = [flow["verdict"] for flow in lab.conformance()["flows"]]
    checks.equal((have["flows"], have["conformant"], have["violated"], have["undecided"]),
                 (len(flows), flows.count("conformant"), 0, 0), "values of the deployment")
    checks.that(not told(lab, "[error]"), f"errors in the log: {told(lab, '[error]')}")


def thresholds(lab, checks):
    """Broken, mended, gone."""
    checks.equal([line for line in told(lab, "Notification:") if "severity = OKAY" not in line], [], "a device that is well")
    break_rule(lab)
    wait_until(lambda: told(lab, "severity = FAILURE", '"blocked"'), 20, "the notification of the blocked flow")
    wait_until(lambda: told(lab, "severity = FAILURE", '"violated"'), 20, "the notification of the deployment")
    known = len(told(lab, "severity = OKAY"))
    have = wait_until(lambda: (now := values(lab, DEPLOYMENT))["violated"] and now, 20, "the violation of the deployment")
    checks.equal(have["violated"], 1, "violated flows of the deployment")
    mend(lab)
    wait_until(lambda: len(told(lab, "severity = OKAY")) == known + 2, 20, "the notification that all is well")
    with deviating(lab):
        wait_until(lambda: told(lab, "severity = FAILURE", '"deviates"'), 20, "the notification of a deviation")
    lab.stop(lab.daemon)
    gone = ("severity = FAILURE", "portcullis_deployment", "has not been updated")
    checks.that(wait_until(lambda: told(lab, *gone), 30, "the notification of missing values"), "a device without its daemon is told")


def test(lab: Lab, checks):
    """All of it."""
    start_device(lab, f'createUser collectd SHA "{PASSPHRASE}" AES "{PASSPHRASE}"', "rouser collectd authpriv -V portcullis")
    start_collectd(lab)
    numbers_agree(lab, checks)
    thresholds(lab, checks)


if __name__ == "__main__":
    need("collectd")
    main(test)
