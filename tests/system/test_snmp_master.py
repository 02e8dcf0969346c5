#!/usr/bin/python3
"""snmpd goes, hangs, is flooded; the daemon is killed: how long until all is there again, and what goes on meanwhile.

Meanwhile NETCONF answers and the ruleset is verified as if nothing were; afterwards everything is registered, and every trap
has arrived.
"""

import signal
import threading
import time

from harness import BUILD, Lab, main, wait_until
from polling import ADMIT, PC, V2C, Netconf, Polling, Watched, agree, lasting, told, trapped

HANG_S = 7  # longer than snmpd's two seconds for AgentX and than our ping
SANITIZED = "-fsanitize" in (BUILD / "CMakeCache.txt").read_text(errors="replace")
LIMIT = 1.0 if SANITIZED else 0.2  # seconds for an answer, whatever the master does


class Device(Watched):
    """The daemon as NETCONF and the trap receiver see it."""

    def __init__(self, lab, polling, checks):
        super().__init__(lab)
        self.polling, self.checks, self.unsent = polling, checks, set()

    def meanwhile(self, what, seconds=0):
        """Changes while something is wrong, for so long."""
        self.slowest, longest, count, until = 0, 0, 0, time.monotonic() + seconds
        while not count or time.monotonic() < until:
            longest, count = max(longest, self.change()), count + 1
        print(f"{what}: {count} changes, slowest answer {self.slowest * 1000:.0f} ms, "
              f"longest way to a verdict {longest * 1000:.0f} ms", flush=True)
        self.checks.that(self.slowest < LIMIT and longest < LIMIT,
                         f"{what}: an answer of NETCONF took {self.slowest:.2f} s, a verdict {longest:.2f} s")

    def back(self, what):
        """Wait for the objects; told is how long that took."""
        print(f"{what}: all there again after {self.polling.joined():.2f} s", flush=True)
        agree(self.polling, self.checks, f"after {what}", unsent=self.unsent)


def opens(lab, whether):
    """A rule lets something in that nobody needs, or goes."""
    if whether:
        lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", "ip", "daddr", "10.20.1.100",
                "tcp", "dport", "23", "accept", "comment", '"opens"')
        return
    listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "to_servers").stdout
    handle = next(line.split()[-1] for line in listing.splitlines() if '"opens"' in line)
    lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)


def leaves(device, number, name):
    """snmpd ends and is started again."""
    lab = device.lab
    lab.stop(lab.snmpd, number)
    device.meanwhile(f"without snmpd, {name}")
    lab.agentx.unlink(missing_ok=True)
    lab.start_snmpd(*ADMIT)
    device.back(f"{name} of snmpd")


def hangs(device):
    """snmpd is stopped for longer than anybody waits, and goes on."""
    device.lab.snmpd.send_signal(signal.SIGSTOP)
    try:
        device.meanwhile(f"while snmpd hangs for {HANG_S} s", HANG_S)
    finally:
        device.lab.snmpd.send_signal(signal.SIGCONT)
    device.back(f"{HANG_S} s in which snmpd hung")


def flooded(device):
    """Many walks at once while verdicts flip."""
    lab, stop, walks = device.lab, threading.Event(), []
    def walk():
        while not stop.is_set():
            done = lab.run("device", "snmpbulkwalk", *V2C, "-m", "", "-On", "-t", "20", "-Cr100", lab.agent(),
                           device.polling.numeric("portcullisObjects"), check=False)
            walks.append((done.returncode, done.stdout.count("\n")))
    threads = [threading.Thread(target=walk) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        device.meanwhile("while snmpd is flooded", 2)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    device.checks.that(len(walks) >= 6 and all(code == 0 and lines > 5000 for code, lines in walks),
                       f"{len(walks)} walks: {sorted(set(walks))[:5]}")
    device.back(f"{len(walks)} walks")


def killed(device):
    """The daemon is killed with a problem that lasts, and starts again: it is told once."""
    lab, polling = device.lab, device.polling
    lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", "tcp", "dport", "443", "drop")
    wait_until(lambda: polling.scalar("portcullisActiveProblems") == 1, 10, "a problem")
    wait_until(lambda: set(trapped(lab)) >= set(told(lab)) - device.unsent, 10, "its trap")
    raised, known = polling.walk(below="portcullisProblemLabel"), trapped(lab)
    lab.stop(lab.daemon, signal.SIGKILL)
    started = time.monotonic()
    gone = polling.ask("snmpget", "-t", "10", lab.agent(), polling.numeric("portcullisOverall", 0))
    device.checks.that("No Such Object" in gone, f"what snmpd says without the daemon: {gone}")
    device.checks.that(time.monotonic() - started < 5, "snmpd answers without the daemon")
    lab.start_daemon(load=False)
    polling.joined()
    print(f"a kill of the daemon: all there again after {time.monotonic() - started:.2f} s, its start included", flush=True)
    device.session = Netconf(lab.socket)
    agree(polling, device.checks, "after a kill of the daemon", unsent=device.unsent)
    device.checks.equal(polling.walk(below="portcullisProblemLabel"), raised, "the problem keeps its number")
    device.checks.equal(trapped(lab), known, "nothing is told twice")


def enable(lab, value):
    """Whether notifications are sent."""
    with Netconf(lab.socket) as session:
        session.rpc(f'<edit-config><target><running/></target><config><notification xmlns="{PC}"><enable>{value}</enable>'
                    "</notification></config></edit-config>")


def waits(device, number):
    """Notifications wait for snmpd when the daemon ends; the next one sends them, and nothing a second time.

    Not sent are those of a time in which none were to be sent, between them; an opening that closes meanwhile is cleared.
    """
    lab = device.lab
    known = trapped(lab)
    opens(lab, True)
    wait_until(lambda: lasting(lab, "portcullisOpeningAppeared", "portcullisOpeningClosed"), 10, "an opening that is told")
    lab.stop(lab.snmpd, signal.SIGKILL)
    device.change()
    enable(lab, "false")
    before = device.summary()[1]
    device.change()
    newest = device.summary()[1]
    enable(lab, "true")
    unsent = range(before + 1, newest + 1)
    device.change()
    lab.stop(lab.daemon, number)
    opens(lab, False)
    lab.start_daemon(load=False)
    device.session = Netconf(lab.socket)
    device.change()
    lab.agentx.unlink(missing_ok=True)
    lab.start_snmpd(*ADMIT)
    what = f"an end of the daemon by {number.name} with notifications that waited"
    print(f"{what}: all there again after {device.polling.joined():.2f} s", flush=True)
    agree(device.polling, device.checks, f"after {what}", unsent=device.unsent | set(unsent))
    device.unsent |= set(unsent)
    closed = lasting(lab, "portcullisOpeningAppeared", "portcullisOpeningClosed")
    device.checks.equal(closed, set(), "openings that were told and not cleared")
    came = trapped(lab)[len(known):]
    device.checks.equal(came, sorted(set(came)), "they come in order, each once")
    device.checks.that(came[0] <= newest < came[-1], f"{came} are from both sides of the end, {newest}")


def test(lab: Lab, checks):
    """One after the other, on one daemon."""
    polling = Polling(lab)
    lab.start_snmpd(*ADMIT)
    lab.start_snmptrapd()
    lab.start_daemon()
    polling.joined()
    device = Device(lab, polling, checks)
    device.meanwhile("with snmpd")
    leaves(device, signal.SIGTERM, "a restart")
    leaves(device, signal.SIGKILL, "a kill")
    hangs(device)
    flooded(device)
    waits(device, signal.SIGKILL)
    waits(device, signal.SIGTERM)
    killed(device)
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
