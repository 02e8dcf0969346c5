#!/usr/bin/python3
"""The tests without an end, for so many seconds each: every fuzz target, the oracle, pushes, the same over NETCONF into
a daemon, the mirror under random changes, fifty NETCONF sessions, AgentX, SNMP.

Inputs that fuzzing finds stay in build-fuzz/corpus, those that break something in build-fuzz/found. The last lines are
the sum.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import run

ROOT = run.ROOT
FUZZ = ROOT / "build-fuzz"
GRACE = 300  # an input under way, a ruleset under way
TRIAL = 60  # random changes that tell how many there is time for
SEEDS = 3  # of check_mirror


def executed(output):
    """What a fuzz target did, in a few words."""
    runs = re.search(r"Done (\d+) runs", output)
    coverage = re.findall(r"cov: (\d+)", output)
    return f"{runs.group(1) if runs else 'unknown'} inputs, {coverage[-1] if coverage else 'unknown'} edges"


def attempt(name, seconds, told, *command, env=None):
    """One command as one test; told(output) says what it did."""
    start = time.monotonic()
    try:
        code, output = run.execute(*command, timeout=seconds + GRACE, env=env)
    except subprocess.TimeoutExpired as error:
        run.record(name, "failed", f"not done {GRACE} s after its time\n{error.output[-3000:]}")
        return
    if code == 77:
        run.record(name, "skipped", run.skip_reason(output))
    elif code != 0:
        run.record(name, "failed", f"`{' '.join(map(str, command))}` ended with {code}:\n{output[-6000:]}")
    else:
        run.record(name, "passed", f" ({time.monotonic() - start:.0f} s: {told(output)})")


def fuzz(source, seconds):
    """One target on the inputs that are kept and those that earlier runs found."""
    name = source.stem
    what = name.removeprefix("fuzz_")
    own, found = FUZZ / "corpus" / what, FUZZ / "found"
    own.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    dictionary = ROOT / "tests/fuzz/dict" / f"{what}.dict"
    options = [f"-dict={dictionary}"] if dictionary.exists() else []
    attempt(name, seconds, executed, FUZZ / "tests" / name, f"-max_total_time={seconds}", "-timeout=30",
            "-rss_limit_mb=4096", "-error_exitcode=1",
            f"-artifact_prefix={found}/{what}-", *options, own, ROOT / "tests/fuzz/corpus" / what)


def last_line(output):
    """The oracle's sum."""
    return output.strip().splitlines()[-1]


def oracle(seconds):
    """Random rulesets and packets, decided by the kernel and by us."""
    attempt("oracle", seconds, last_line, "build/tests/oracle", "--seconds", seconds, "--seed", int(time.time()) % 1000000)


def pushes(seconds):
    """Random pushes into the kernel, many killed half way."""
    attempt("pushes", seconds, last_line, "build/tests/pushes", "--seconds", seconds, "--count", 1000000, "--seed",
            int(time.time()) % 1000000)


def daemon_pushes(seconds):
    """Random pushes over NETCONF into a daemon, many of which meet its end."""
    attempt("pushes into a daemon", seconds, last_line, run.PYTHON, "tests/pushes/daemon.py", "--seconds", seconds, "--count",
            1000000, "--seed", int(time.time()) % 1000000, env={"PORTCULLIS_BUILD": "build"})


def mirror(seconds):
    """Random changes, as many as there is time for."""
    program = ROOT / "build-asan/tests/check_mirror"
    took = []
    for changes in (TRIAL, 2 * TRIAL):
        start = time.monotonic()
        code, output = run.execute(program, env={"MUTATIONS": str(changes)})
        took.append(time.monotonic() - start)
        if code == 77:
            run.record("mirror", "skipped", run.skip_reason(output))
            return
        if code != 0:
            run.record("mirror", "failed", output[-6000:])
            return
    # What the program's other tests take is in both.
    each = max(took[1] - took[0], 0.01) / TRIAL
    count = max(TRIAL, min(100000, TRIAL + int((seconds - took[0]) / each)))
    attempt("mirror", max(seconds, int(took[1])), lambda _: f"{SEEDS} x {count} random changes", program,
            env={"MUTATIONS": str(count)})


def sessions(seconds):
    """Fifty NETCONF sessions at once, under the thread sanitizer."""
    attempt("netconf sessions", seconds, lambda output: next(line for line in output.splitlines() if "rpcs answered" in line),
            "build-tsan/tests/check_netconf_stress",
            env={"STRESS_SECONDS": str(seconds), "TSAN_OPTIONS": "suppressions=tests/tsan.supp"})


def agentx(seconds):
    """Requests of a master agent changed by chance, and a daemon that goes on."""
    attempt("AgentX", seconds, lambda output: next(line for line in output.splitlines() if "by chance" in line),
            run.PYTHON, "tests/system/test_agentx.py", env={"AGENTX_SECONDS": str(seconds)})


def snmp(seconds):
    """snmpd and the daemon come, go, hang and are killed; nothing that is told is lost."""
    attempt("SNMP", seconds, lambda output: next(line for line in output.splitlines() if "by chance" in line),
            run.PYTHON, "tests/system/test_snmp_chaos.py", env={"SNMP_SECONDS": str(seconds)})


def main():
    """Everything, one after the other."""
    if len(sys.argv) != 2 or not sys.argv[1].isdigit() or int(sys.argv[1]) == 0:
        sys.exit("usage: long.py SECONDS")
    seconds = int(sys.argv[1])
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    start = time.monotonic()
    try:
        for source in sorted(pathlib.Path(ROOT / "tests/fuzz").glob("fuzz_*.c")):
            fuzz(source, seconds)
        oracle(seconds)
        pushes(seconds)
        daemon_pushes(seconds)
        mirror(seconds)
        sessions(seconds)
        agentx(seconds)
        snmp(seconds)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        run.give_back()
    results = run.results
    print()
    for name in results["failed"]:
        print(f"failed: {name}")
    print(f"{len(results['passed'])} passed, {len(results['failed'])} failed, {len(results['skipped'])} skipped in "
          f"{time.monotonic() - start:.0f} s, {seconds} s each")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
