#!/usr/bin/python3
"""Notifications as SNMPv3 informs, which a receiver acknowledges: one that is away has them when it comes back, each once.

The lines of the shipped configurations of snmpd and snmptrapd are used, with a user and a place filled in.
"""

import re

from harness import Lab, main, wait_until

PORT = 1163
SECRET = "a passphrase of a test"


def receiver(lab):
    """A receiver that takes encrypted informs alone."""
    shipped = (lab.root / "share/doc/portcullis/snmptrapd/portcullis.conf").read_text(encoding="utf-8")
    shipped = re.sub(r"^#createUser .*$", f'createUser traps SHA-256 "{SECRET}" AES "{SECRET}"', shipped, flags=re.MULTILINE)
    shipped = re.sub(r"^#authUser", "authUser", shipped, flags=re.MULTILINE)
    config, persistent = lab.directory / "informs.conf", lab.directory / "informs"
    # Who receives informs has to be the same one after a restart (RFC 3414 section 1.5.1).
    config.write_text(f"{shipped}\nexactEngineID 0x80001f880470632d74657374\nformat2 %V|%v\\n\n", encoding="utf-8")
    persistent.mkdir(exist_ok=True)
    process = lab.start("device", "informs.log", "/usr/sbin/snmptrapd", "-f", "-Lo", "-C", "-c", config, "-M", lab.mib_dirs(),
                        "-m", "SNMPv2-MIB:PORTCULLIS-MIB", "-Os", f"udp:127.0.0.1:{PORT}",
                        env={"SNMP_PERSISTENT_DIR": str(persistent)})
    wait_until(lambda: f":{PORT} " in lab.run("device", "ss", "-Hlnu").stdout, 10, "the receiver's port")
    return process


def informs(lab):
    """What was received."""
    text = (lab.directory / "informs.log").read_text(errors="replace")
    return re.findall(r"snmpTrapOID.0 = OID: (portcullis\w+)\|portcullisNotifySequence.0 = Gauge32: (\d+)", text)


def ask(lab):
    """A test notification."""
    lab.run("device", "snmpset", "-u", "manager", lab.agent(), "PORTCULLIS-MIB::portcullisControlTest.0", "i", "2",
            env=lab.snmp_environment())


def test(lab: Lab, checks):
    """A receiver that is there, away, and there again."""
    process = receiver(lab)
    lab.start_snmpd(f'trapsess -Ci -r 20 -t 1 -v 3 -u traps -l authPriv -a SHA-256 -A "{SECRET}" -x AES -X "{SECRET}" '
                    f"127.0.0.1:{PORT}")
    lab.start_daemon()
    wait_until(lambda: "INTEGER" in lab.snmp("snmpget", lab.agent(), "PORTCULLIS-MIB::portcullisOverall.0", check=False), 15,
               "the subagent")
    ask(lab)
    first = wait_until(lambda: informs(lab), 15, "an inform")
    checks.equal([name for name, _ in first], ["portcullisTest"], "what was received")
    lab.stop(process)
    wait_until(lambda: "Error" not in lab.run("device", "snmpset", "-u", "manager", lab.agent(),
                                              "PORTCULLIS-MIB::portcullisControlTest.0", "i", "2", check=False,
                                              env=lab.snmp_environment()).stderr, 10, "another test")
    wait_until(lambda: "Counter32: 2" in lab.snmp("snmpget", lab.agent(), "PORTCULLIS-MIB::portcullisNotifySent.0"), 15,
               "snmpd has it")
    checks.equal(len(informs(lab)), 1, "nobody is there")
    receiver(lab)
    wait_until(lambda: len(informs(lab)) >= 2, 25, "the inform that was not acknowledged")
    ask(lab)
    numbers = [int(number) for _, number in wait_until(lambda: len(informs(lab)) >= 3 and informs(lab), 25, "the next one")]
    checks.equal(sorted(set(numbers)), [numbers[0], numbers[0] + 1, numbers[0] + 2], "every number")
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    main(test)
