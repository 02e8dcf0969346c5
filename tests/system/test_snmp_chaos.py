#!/usr/bin/python3
"""snmpd and the daemon come, go, hang and are killed in any order, while rules change, managers write and walk.

After each few steps everything runs again, and then: what is registered, the tables, the settings, and every notification are
the same over SNMP and over NETCONF; nothing that was told before is missing among the traps, whoever died meanwhile.
SNMP_SECONDS in the environment: so long, with a seed of the clock.
"""

import collections
import os
import random
import signal
import subprocess
import time

from harness import Lab, main, wait_until
from polling import ADMIT, V2C, Polling, agree, trapped

STEPS, ROUND = 24, 6
SEED = 741
LIMIT = 30


class Scene:
    """The device, and what was done to it."""

    def __init__(self, lab, checks, dice):
        self.lab, self.checks, self.dice = lab, checks, dice
        self.polling = Polling(lab)
        self.done, self.walks = collections.Counter(), []
        self.hangs = False

    def snmpd_lives(self):
        """Whether it was started and has not ended."""
        return self.lab.snmpd.poll() is None

    # What happens

    def rule(self):
        """A rule of the device comes, or one that came goes."""
        listing = self.lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "to_servers").stdout
        came = [line.split()[-1] for line in listing.splitlines() if "chaos" in line]
        if came and self.dice.random() < 0.6:
            self.lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", self.dice.choice(came))
        else:
            what = self.dice.choice(("tcp dport 443 drop", "tcp dport 5061 drop", "tcp dport 5062 drop", "tcp dport 8057 drop",
                                     "ip daddr 10.20.1.100 tcp dport 23 accept", "udp dport 4444 accept"))
            self.lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", *what.split(), "comment", '"chaos"')

    def snmpd_restart(self):
        """snmpd ends, and is started again, sometimes later."""
        self.wake()
        if self.snmpd_lives():
            self.lab.stop(self.lab.snmpd, self.dice.choice((signal.SIGTERM, signal.SIGKILL)))
        self.lab.agentx.unlink(missing_ok=True)
        if self.dice.random() < 0.6:
            self.lab.start_snmpd(*ADMIT)

    def snmpd_hang(self):
        """snmpd hangs until something wakes it."""
        if self.snmpd_lives():
            self.lab.snmpd.send_signal(signal.SIGSTOP)
            self.hangs = True

    def wake(self):
        """snmpd goes on."""
        if self.hangs and self.snmpd_lives():
            self.lab.snmpd.send_signal(signal.SIGCONT)
        self.hangs = False

    def daemon_restart(self):
        """The daemon ends or is killed, whatever waits, and starts again."""
        self.lab.stop(self.lab.daemon, self.dice.choice((signal.SIGTERM, signal.SIGKILL, signal.SIGKILL)))
        self.start_daemon()

    def start_daemon(self):
        """With the socket of snmpd, also while that is away."""
        self.lab.start_daemon(*(() if self.lab.agentx.exists() else ("--agentx", self.lab.agentx)), load=False)

    def write(self):
        """A manager writes some settings; nobody may be there to take them."""
        name, kind, values = self.dice.choice((("HoldDown", "u", ("0", "100", "250", "700000")),
                                               ("MinimumInterval", "u", ("0", "300")), ("PerFlow", "i", ("1", "2")),
                                               ("HoldDown", "i", ("5",))))
        self.set(name, kind, self.dice.choice(values), "-t", "1", "-r", "0")

    def set(self, name, kind, value, *options):
        """What snmpset says."""
        return self.lab.run("device", "snmpset", "-u", "manager", *options, "-m", "", self.lab.agent(),
                            self.polling.numeric(f"portcullisNotify{name}", 0), kind, value, check=False,
                            env=self.lab.snmp_environment()).stdout

    def walk(self):
        """A walk that nobody waits for."""
        line = self.lab.command("device", "snmpbulkwalk", *V2C, "-m", "", "-On", "-t", "1", "-r", "1", "-Cr50", self.lab.agent(),
                                self.polling.numeric("portcullisObjects"))
        self.walks.append(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def step(self):
        """One of these."""
        what = self.dice.choices((self.rule, self.snmpd_restart, self.snmpd_hang, self.wake, self.daemon_restart, self.write,
                                  self.walk), (6, 2, 2, 1, 2, 2, 2))[0]
        self.done[what.__name__] += 1
        what()
        time.sleep(self.dice.choice((0, 0, 0.05, 0.4, 0.8)))

    # How it has to be then

    def calm(self):
        """Everybody is there again."""
        self.wake()
        if not self.snmpd_lives():
            self.lab.agentx.unlink(missing_ok=True)
            self.lab.start_snmpd(*ADMIT)
        self.polling.joined(LIMIT)
        for walk in self.walks:
            walk.wait(LIMIT)
        self.walks.clear()

    def settled(self):
        """The verification has seen all, and nothing waits."""
        def quiet():
            newest = self.polling.scalar("portcullisNewestSequence")
            time.sleep(0.7)  # longer than a hold-down and a minimum interval
            return newest == self.polling.scalar("portcullisNewestSequence") and self.polling.scalar("portcullisNotifyWaiting") == 0
        self.lab.online("verify")
        wait_until(quiet, LIMIT, "an empty queue")


def test(lab: Lab, checks):
    """Steps, and a look after each few of them."""
    seconds = int(os.environ.get("SNMP_SECONDS", "0"))  # of tests/long.py
    seed = int(time.time()) % 1000000 if seconds else SEED
    print(f"seed {seed}", flush=True)
    until = time.monotonic() + seconds
    scene = Scene(lab, checks, random.Random(seed))
    lab.start_snmptrapd()
    lab.start_snmpd(*ADMIT)
    lab.start_daemon()
    scene.polling.joined()
    rounds = 0
    while rounds * ROUND < STEPS or time.monotonic() < until:
        for _ in range(ROUND):
            scene.step()
        rounds += 1
        scene.calm()
        scene.settled()
        agree(scene.polling, checks, f"after round {rounds} of seed {seed}", LIMIT)
        if checks.failed:
            return
    twice = len(trapped(lab)) - len(set(trapped(lab)))
    print(f"by chance, seed {seed}: {rounds} rounds, " + ", ".join(f"{count} {name}" for name, count in sorted(scene.done.items())) +
          f"; {len(set(trapped(lab)))} notifications, {twice} of them twice", flush=True)
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
