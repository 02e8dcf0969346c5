#!/usr/bin/python3
"""10,000 verdicts that flip again and again within a second: traps per cause, exact counters, the right state at the end.

Every verification is told at once (no hold-down), while walks go on; snmpd and the daemon must not wait for each other.
"""

import collections
import json
import re
import threading
import time

from harness import Lab, main, wait_until
from polling import ADMIT, V2C, Netconf, Polling

GROUPS = 512
FLOWS = 10000
SECONDS, TURNS = 1.0, 5  # at least
OPENINGS = 20  # told one by one by a verification
BLOCKED, CONFORMANT, VIOLATED, OK = 3, 1, 3, 1
DROP = ("nft", "insert", "rule", "inet", "filter", "forward", "drop", "comment", "flip")


def compose(lab):
    """The example with its clients in many groups, whose flows to the servers are all that there is."""
    site = json.loads(lab.deployment.read_text())
    others = [group for group in site["portcullis:group"] if group["name"] != "clients"]
    clients = [{"name": f"clients-{i}", "id": 1000 + i, "zone": "clients", "address": [f"10.10.{i // 2}.{i % 2 * 128}/25"],
                "member-of": [{"product": "skype-for-business-server", "role": "uc-client"}]} for i in range(GROUPS)]
    site["portcullis:group"] = others + clients
    deployment = site["portcullis:deployment"][0]
    deployment["group"] = [group["name"] for group in others + clients]
    del deployment["port-override"], deployment["accept-default-range"]
    site["portcullis:notification"] = {"hold-down": 0}
    lab.deployment.write_text(json.dumps(site))


def drop(lab):
    """Every flow is blocked."""
    lab.run("device", *DROP)


def admit(lab):
    """Every flow passes."""
    listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "forward").stdout
    handle = next(line.split()[-1] for line in listing.splitlines() if '"flip"' in line or "comment flip" in line)
    lab.run("device", "nft", "delete", "rule", "inet", "filter", "forward", "handle", handle)


def traps(lab):
    """Sequence number of each trap, and how many it stands for."""
    found = []
    for trap in lab.traps():
        lost = re.search(r"portcullisNotifyLost\.0 = Gauge32: (\d+)", trap)
        found.append((int(re.search(r"portcullisNotifySequence\.0 = Gauge32: (\d+)", trap).group(1)),
                      int(lost.group(1)) if lost else 1))
    return found


def told(lab):
    """Every notification that NETCONF can replay."""
    with Netconf(lab.socket) as session:
        return [event for event in session.told() if event.find("sequence") is not None]


def flip(lab, polling, checks):
    """As many turns as a second has room for, five at least, while two clients walk; @return their number."""
    stop, walks, turns = threading.Event(), [], 0
    def walk():
        while not stop.is_set():
            done = lab.run("device", "snmpbulkwalk", *V2C, "-m", "", "-On", "-t", "10", "-r", "0", "-Cr100", lab.agent(),
                           polling.numeric("portcullisFlowVerdict"), check=False)
            walks.append((done.returncode, done.stdout.count("\n")))
    threads = [threading.Thread(target=walk) for _ in range(2)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    try:
        while time.monotonic() - started < SECONDS or turns < TURNS:
            drop(lab)
            admit(lab)
            turns += 1
        drop(lab)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    checks.that(walks and all(code == 0 and lines > FLOWS for code, lines in walks), f"walks meanwhile: {walks}")
    return turns


def settled(lab, polling, checks, overall, verdict, transit):
    """Everything is told: counters, traps and sequence agree; table and last trap say how it is."""
    wait_until(lambda: polling.scalar("portcullisOverall") == overall, 20, "the last verification")
    wait_until(lambda: polling.scalar("portcullisNotifyWaiting") == 0, 20, "an empty queue")
    newest, sent, suppressed = (polling.scalar(f"portcullis{name}") for name in ("NewestSequence", "NotifySent", "NotifySuppressed"))
    wait_until(lambda: len(traps(lab)) >= sent, 20, "the last trap")
    arrived = traps(lab)
    lost = sum(stands_for for _, stands_for in arrived) - len(arrived)
    checks.equal(len(arrived), sent, "traps that arrived, and that were sent")
    checks.equal(len(arrived) + lost, newest, "what the traps stand for, and the newest sequence")
    checks.equal([number for number, _ in arrived], sorted({number for number, _ in arrived}), "traps in order, none twice")
    checks.that(suppressed in (0, lost + sum(stands_for > 1 for _, stands_for in arrived)), f"{suppressed} suppressed, {lost} lost")
    checks.equal(arrived[-1][0], newest, "the last trap")
    checks.that(f"portcullisNotifyOverall.0 = INTEGER: {('ok', 'degraded', 'violated')[overall - 1]}({overall})" in lab.traps()[-1],
                f"the last trap: {lab.traps()[-1]}")
    found = [value for _, _, value in polling.walk("-Cr100", how=V2C, below="portcullisFlowVerdict")]
    checks.equal(found.count(verdict), transit, f"flows with verdict {verdict} in the table")
    checks.equal(polling.scalar("portcullisFlowsBlocked"), transit if verdict == BLOCKED else 0, "flows blocked")
    return newest


def test(lab: Lab, checks):
    """Flip, look, and back."""
    compose(lab)
    polling = Polling(lab)
    lab.start_snmpd(*ADMIT)
    lab.start_snmptrapd()
    lab.start_daemon()
    polling.joined()
    transit = polling.scalar("portcullisFlowsConformant")
    checks.that(transit >= FLOWS, f"{transit} conformant flows of {polling.scalar('portcullisFlows')}")
    before, started = polling.scalar("portcullisNewestSequence"), time.monotonic()
    turns = flip(lab, polling, checks)
    newest = settled(lab, polling, checks, VIOLATED, BLOCKED, transit)
    print(f"{transit} flows, {turns} turns: {newest - before} notifications, all told after {time.monotonic() - started:.2f} s")
    kinds = collections.Counter(event.findtext("kind") for event in told(lab) if int(event.findtext("sequence")) > before)
    checks.that(kinds["violated"] <= turns + 1 and kinds["cleared"] <= turns and kinds["overall"] <= 2 * turns + 1 and
                max(kinds["opening"], kinds["opening-closed"]) <= OPENINGS * turns,
                f"{turns} turns of {transit} verdicts are told by {dict(kinds)}")
    admit(lab)
    settled(lab, polling, checks, OK, CONFORMANT, transit)
    checks.equal(len(told(lab)), polling.scalar("portcullisNewestSequence"), "notifications that NETCONF can replay")
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
