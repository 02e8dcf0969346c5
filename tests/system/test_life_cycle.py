#!/usr/bin/python3
"""The daemon's life: readiness, background, reload, restarts, deaths of either process, and valgrind over all of it."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from harness import BUILD, ROOT, Lab, main, wait_until


def children(pid):
    """Process ids of the direct children."""
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def running(pid):
    """Whether a process exists and is no zombie."""
    try:
        return "\nState:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def status(lab):
    """Summary of the running daemon."""
    return json.loads(lab.online("status", "--json").stdout)


def notifies(lab, checks):
    """READY=1 when it is ready, RELOADING and READY on SIGHUP, STOPPING=1 at the end."""
    path = lab.directory / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.settimeout(20)
        daemon = lab.start("device", "notify.log", *lab.daemon_command("--load", lab.deployment),
                           env={"NOTIFY_SOCKET": str(path), "ASAN_OPTIONS": "detect_leaks=0"})
        checks.that(b"READY=1" in listener.recv(1000), "says READY=1")
        daemon.send_signal(signal.SIGHUP)
        checks.that(b"RELOADING=1" in listener.recv(1000), "says RELOADING=1 on SIGHUP")
        checks.that(b"READY=1" in listener.recv(1000), "says READY=1 after the reload")
        daemon.send_signal(signal.SIGTERM)
        checks.that(b"STOPPING=1" in listener.recv(1000), "says STOPPING=1")
        checks.equal(lab.stop(daemon), 0, "exit code")


def privileges(lab, checks):
    """The daemon holds nothing, its child CAP_NET_ADMIN alone; neither gains more; both are filtered or drained."""
    lab.start_daemon(load=False)
    def fields(pid):
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        return {line.split(":")[0]: line.split(":")[1].split() for line in lines}
    (child,) = children(lab.daemon.pid)
    for pid, capabilities, name in ((lab.daemon.pid, 0, "unprivileged process"), (child, 1 << 12, "privileged process")):
        for key in ("CapEff", "CapPrm", "CapInh"):
            checks.equal(int(fields(pid)[key][0], 16) & ~(0 if key != "CapInh" else 1 << 12), capabilities
                         if key != "CapInh" else 0, f"{key} of the {name}")
        checks.equal(fields(pid)["NoNewPrivs"], ["1"], f"NoNewPrivs of the {name}")
    checks.that("0" not in fields(lab.daemon.pid)["Uid"], "the unprivileged process is not root")
    checks.equal(fields(child)["Seccomp"], ["2"], "seccomp filter of the privileged process")
    return child


def deaths(lab, checks, child):
    """Either process ends when the other one dies, and the next start finds the configuration."""
    os.kill(child, signal.SIGKILL)
    code = lab.daemon.wait(10)
    checks.equal(code, 1, "exit code when the privileged process dies")
    lab.processes.remove(lab.daemon)
    lab.start_daemon(load=False)
    checks.equal(status(lab)["summary"]["flows"] > 0, True, "the configuration survived")
    (child,) = children(lab.daemon.pid)
    lab.stop(lab.daemon, signal.SIGKILL)
    wait_until(lambda: not running(child), 5, "the end of the privileged process after the daemon's death")
    lab.start_daemon(load=False)
    checks.equal(status(lab)["summary"]["overall"], "ok", "state after a restart that followed a kill")


def reloads(lab, checks):
    """SIGHUP reads both catalog directories again; a broken file changes nothing."""
    lab.stop(lab.daemon)
    packs = lab.directory / "reload"
    shutil.copytree(lab.root / "share/portcullis/catalog", packs)
    command = lab.daemon_command()
    command[command.index("--catalog-dir") + 1] = packs
    own = lab.directory / "own"
    own.mkdir()
    command += ["--own-catalog-dir", own]
    log = lab.directory / "reload.log"
    daemon = lab.start("device", "reload.log", *command, env={"ASAN_OPTIONS": "detect_leaks=0"})
    wait_until(lambda: lab.alive(daemon) and ": ready" in log.read_text(), 30, "portcullisd")
    before = status(lab)["summary"]["flows"]
    sfb = packs / "skype-for-business-server.json"
    whole = sfb.read_text()
    sfb.write_text(whole[:1000])
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: "the catalog in use stays" in log.read_text(), 10, "refusal of a broken pack")
    checks.that("skype-for-business-server.json" in log.read_text(), "the refusal names the pack")
    checks.equal(status(lab)["summary"]["flows"], before, "flows after a refused reload")
    pack = json.loads(whole)
    requirements = pack["portcullis-catalog:catalog"]["pack"][0]["requirement"]
    kept = [r for r in requirements if "web-conferencing" not in r["label-name"]]
    checks.that(len(kept) < len(requirements), "the test takes requirements away")
    pack["portcullis-catalog:catalog"]["pack"][0]["requirement"] = kept
    del pack["portcullis-catalog:catalog"]["pack"][0]["digest"]
    sfb.write_text(json.dumps(pack))
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: status(lab)["summary"]["flows"] < before, 10, "fewer flows after the reload")
    fewer = status(lab)["summary"]["flows"]
    added = dict(kept[-1], id=1000000, **{"label-name": "site/added"})
    override = {"portcullis-catalog:catalog": {"override": [{"pack": sfb.stem, "requirement": [added]}]}}
    (own / "site.json").write_text(json.dumps(override)[:100])
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: "site.json" in log.read_text(), 10, "refusal of a broken file of one's own")
    checks.equal(status(lab)["summary"]["flows"], fewer, "flows after a refused file of one's own")
    (own / "site.json").write_text(json.dumps(override))
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: status(lab)["summary"]["flows"] > fewer, 10, "more flows after an override")
    checks.equal(lab.stop(daemon), 0, "exit code")
    (own / "other.json").write_text(json.dumps(override))
    daemon = lab.start("device", "refused.log", *command, env={"ASAN_OPTIONS": "detect_leaks=0"})
    checks.equal(daemon.wait(30), 1, "exit code of a start with files of one's own that contradict each other")
    said = (lab.directory / "refused.log").read_text()
    checks.that("site.json" in said and "other.json" in said, f"the refusal names both files: {said}")
    lab.processes.remove(daemon)


def background(lab, checks):
    """Without --foreground the command returns when the daemon is ready; a start that fails returns 1."""
    command = [str(word) for word in lab.daemon_command() if word != "--foreground"]
    done = subprocess.run(lab.command("device", *command), timeout=60, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    checks.equal(done.returncode, 0, "exit code of a background start")
    checks.equal(status(lab)["summary"]["overall"], "ok", "the background daemon answers")
    again = subprocess.run(lab.command("device", *command), timeout=60, check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    checks.equal(again.returncode, 1, "exit code of a background start that fails")
    pid = int((lab.state / "lock").read_text().split()[0])
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not running(pid), 10, "the end of the background daemon")


def idle(lab, checks):
    """An idle daemon takes next to no processor time."""
    lab.start_daemon(load=False)
    def ticks():
        fields = pathlib.Path(f"/proc/{lab.daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    time.sleep(0.5)
    before = ticks()
    time.sleep(3)
    share = (ticks() - before) / os.sysconf("SC_CLK_TCK") / 3
    print(f"idle: {share:.2%} of a core")
    checks.that(share < 0.05, f"idle daemon uses {share:.1%} of a core")
    checks.equal(lab.stop(lab.daemon), 0, "exit code")


def valgrind(lab, checks):
    """No error and no leak over a whole life: start, rule changes, polls, NETCONF, notifications, an snmpd that dies, end."""
    release = ROOT / "build"
    if not (release / "portcullisd").exists():
        release = BUILD
    log = lab.directory / "valgrind.log"
    lab.start_snmpd()
    lab.start_snmptrapd()
    arguments = [str(word) for word in lab.daemon_command("--load", lab.deployment, "--agentx", lab.agentx)]
    arguments[0] = str(release / "portcullisd")
    daemon = lab.start("device", "valgrind-daemon.log", "valgrind", "--vgdb=no", "--leak-check=full",
                       "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
                       f"--suppressions={ROOT}/tests/valgrind.supp", f"--log-file={log}.%p", *arguments)
    lab.daemon = daemon
    wait_until(lambda: lab.alive(daemon) and ": ready" in (lab.directory / "valgrind-daemon.log").read_text(), 90,
               "portcullisd under valgrind")
    handle = next(line.split()[-1] for line in lab.run("device", "nft", "-a", "list", "ruleset").stdout.splitlines()
                  if "demonstration" in line)
    known = len(lab.traps())
    lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)
    wait_until(lambda: len(lab.traps()) > known, 30, "a trap under valgrind")
    lab.snmp("snmpbulkwalk", "-t", "10", lab.agent(), "PORTCULLIS-MIB::portcullisObjects")
    lab.stop(lab.snmpd, signal.SIGKILL)
    lab.agentx.unlink()
    known = len(lab.traps())
    lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", "tcp", "dport", "443", "drop")
    lab.start_snmpd()
    wait_until(lambda: len(lab.traps()) > known, 60, "a trap after a restart of snmpd, under valgrind")
    lab.snmp("snmpbulkwalk", "-t", "10", lab.agent(), "PORTCULLIS-MIB::portcullisObjects")
    lab.online("conformance", "--all", "--json")
    lab.online("explain", "--packet", "tcp 10.10.0.7:40000 > 10.20.1.100:5061")
    daemon.send_signal(signal.SIGHUP)
    lab.online("status")
    checks.equal(lab.stop(daemon, seconds=60), 0, "exit code under valgrind")
    text = pathlib.Path(f"{log}.{daemon.pid}").read_text()
    checks.that("ERROR SUMMARY: 0 errors" in text, f"valgrind: {text[-4000:]}")


def test(lab: Lab, checks):
    """Everything of a life."""
    notifies(lab, checks)
    deaths(lab, checks, privileges(lab, checks))
    reloads(lab, checks)
    background(lab, checks)
    idle(lab, checks)
    if "asan" not in str(BUILD) or (ROOT / "build/portcullisd").exists():
        valgrind(lab, checks)


if __name__ == "__main__":
    main(test)
