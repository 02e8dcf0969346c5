#!/usr/bin/python3
"""Run every test: checks of the sources, unit and fuzz tests, system tests. The last line counts them.

A test is a command. Exit 0: passed; 77: skipped, and its output says why in a line "skipped: REASON"; else failed, and
its output is shown.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
NETNS_DIR = pathlib.Path("/run/netns")
results = {"passed": [], "failed": [], "skipped": []}
telling = threading.Lock()
running = set()  # processes of commands, each the first of its group


def record(name, status, detail=""):
    """Count one test and tell it."""
    with telling:
        results[status].append(name)
        if status == "passed":
            print(f"passed: {name}{detail}")
        elif status == "skipped":
            print(f"skipped: {name}: {detail}")
        else:
            print(f"failed: {name}\n{detail}")
        sys.stdout.flush()


def skip_reason(text):
    """The reason in a test's output."""
    found = re.search(r"^.*skipped: *(.*)$", text, re.MULTILINE)
    return found.group(1) if found else text.strip().splitlines()[-1] if text.strip() else "no reason given"


def end_group(group, number):
    """A signal for a process group that may be gone already."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


def execute(*command, timeout=None, env=None):
    """Exit code and output of a command in a process group of its own, which outlives neither its time nor us."""
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                               env={**os.environ, **(env or {})})
    running.add(process)
    try:
        output, _ = process.communicate(timeout=timeout)
    except BaseException as error:
        end_group(process.pid, signal.SIGTERM)  # a test of the laboratory takes its namespaces down
        try:
            output, _ = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            end_group(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            error.output = output
        raise
    finally:
        running.discard(process)
    return process.returncode, output


def what_failed(output):
    """The end of a test's output, and before it the checks that did not hold, which may be long past."""
    end = output[-6000:]
    return "".join(f"{line[:1000]}\n" for line in output[:-6000].splitlines() if line.startswith("FAILED: ")) + end


def run(name, *command, quiet_output=False, timeout=600, env=None):
    """One command as one test; with quiet_output any output is a failure."""
    start = time.monotonic()
    try:
        code, output = execute(*command, timeout=timeout, env=env)
    except subprocess.TimeoutExpired as error:
        record(name, "failed", f"not done within {timeout} s\n{error.output[-3000:]}")
        return
    took = f" ({time.monotonic() - start:.1f} s)"
    if code == 77:
        record(name, "skipped", skip_reason(output))
    elif code != 0 or (quiet_output and output.strip()):
        record(name, "failed", f"`{' '.join(map(str, command))}` ended with {code}:\n{what_failed(output)}")
    else:
        record(name, "passed", took)


def tracked(*patterns):
    """Files of the project that match, sorted (no build directories)."""
    found = []
    for pattern in patterns:
        found += [path for path in ROOT.glob(pattern) if not path.relative_to(ROOT).parts[0].startswith("build")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def sources():
    """What can be said of the sources without running them."""
    code = tracked("agent/**/*.[ch]", "include/**/*.h", "tests/**/*.[ch]")
    jobs = [test("cppcheck", "cppcheck", "--std=c11", "--language=c", "--enable=warning,portability,performance",
                 "--inline-suppr", "--error-exitcode=1", "--quiet", "-j2", "--suppress=missingIncludeSystem", "-D_GNU_SOURCE",
                 "-Djson_object_foreach(o,k,v)=while((k=key_of(o))&&(v=value_of(o)))",
                 "-Djson_array_foreach(a,i,v)=while((i=index_of(a))&&(v=value_of(a)))", "-I", "include", "-I", "agent",
                 *tracked("agent/**/*.c")),
            test("format", "clang-format", "--dry-run", "--Werror", *code),
            test("include-direction", PYTHON, "tests/include_direction.py"),
            test("oid-root", PYTHON, "tests/oid_root.py"),
            test("shell", "shellcheck", "quickstart", ".ci/run", *tracked("tests/**/*.sh", "contrib/**/*.sh"))]
    yang = ["-p", "yang", "-p", "/usr/share/yuma/modules/ietf"]
    for module in tracked("yang/*.yang"):
        jobs.append(test(f"yanglint {module}", "yanglint", *yang, module))
    erlang = sorted(pathlib.Path("/usr/lib/erlang/lib").glob("snmp-*/mibs"))
    jobs.append(test("smilint", "smilint", "-l", "6", "mibs/PORTCULLIS-MIB.txt", quiet_output=True,
                     env={"SMIPATH": str(erlang[-1]) if erlang else ""}))
    for page in tracked("contrib/man/*.[18]"):
        jobs.append(test(f"manual {page}", "sh", "-c", f"man --warnings -E UTF-8 -l -Tutf8 {page} 2>&1 >/dev/null",
                         quiet_output=True))
    at_a_time(2, jobs)
    clang()


def clang():
    """What clang warns of; nothing is built."""
    code, output = execute("cmake", "--preset", "clang")
    if code != 0:
        record("clang", "failed", output[-6000:])
        return
    commands = json.loads((ROOT / "build-clang/compile_commands.json").read_text(encoding="utf-8"))

    def look(command):
        line = re.sub(r" -o \S+", "", command["command"]).replace(" -c ", " -fsyntax-only ")
        return execute("sh", "-c", line)

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        said = [output for code, output in pool.map(look, commands) if code != 0]
    if said:
        record("clang", "failed", "".join(said)[:6000])
    else:
        record("clang", "passed", f" ({time.monotonic() - start:.1f} s)")


def ctest(build):
    """Unit and fuzz tests of a build, each counted as one."""
    report = ROOT / build / "report.xml"
    report.unlink(missing_ok=True)
    _, output = execute("ctest", "--test-dir", build, "-j3", "--output-junit", report, "--timeout", "600")
    if not report.exists():
        record(f"{build} ctest", "failed", output[-4000:])
        return
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name, output = f"{build} {case.get('name')}", case.findtext("system-out") or ""
        if case.get("status") == "run":
            record(name, "passed", f" ({float(case.get('time')):.1f} s)")
        elif case.find("skipped") is not None and "SKIP_RETURN_CODE" in (case.find("skipped").get("message") or ""):
            record(name, "skipped", skip_reason(output))
        else:
            record(name, "failed", output[-6000:])


def test(name, *command, **options):
    """The arguments of a later run()."""
    return (name, *command), options


def at_a_time(n, jobs):
    """There are two cores at least, and most tests use one at most. jobs: of test()."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=n) as pool:
        try:
            for done in [pool.submit(run, *arguments, **options) for arguments, options in jobs]:
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                end_group(process.pid, signal.SIGTERM)  # a test takes its namespaces down
            raise


def built(build, configure, programs):
    """Build programs of tests; whether that succeeded."""
    code, output = execute("sh", "-c", f"{configure} && cmake --build {build} --target {' '.join(programs)}")
    if code != 0:
        record(build, "failed", output[-6000:])
    return code == 0


def bounds():
    """Sets of 100,000 elements, and as many random cases as it takes: without sanitizers, which make them last."""
    alone = "check_bounds"  # it compares times, and the caches are no larger for two
    others = ["check_bounds_kernel", "check_verify_bdd", "check_verify_many", "check_firewall_rules", "check_verify_property"]
    if not built("build", "cmake --preset release -DBUILD_TESTING=ON", [alone, *others]):
        return []
    run(f"build {alone}", f"build/tests/{alone}")
    return [test(f"build {program}", f"build/tests/{program}") for program in others]


def tsan():
    """The programs with threads under the thread sanitizer."""
    programs = ["check_subscribe", "check_snmp", "check_share", "check_push_drift", "check_netconf_stress", "check_netconf", "check_config",
                "check_netconf_attack", "check_events", "check_netconf_access", "check_usage", "check_config_commit",
                "check_guard", "check_conformance"]
    if not built("build-tsan", "cmake --preset tsan", programs):
        return []
    options = {"timeout": 300, "env": {"TSAN_OPTIONS": "suppressions=tests/tsan.supp"}}
    return [test(f"build-tsan {program}", f"build-tsan/tests/{program}", **options) for program in programs]


def system():
    """Real programs in network namespaces."""
    tests = tracked("tests/system/test_*.py")
    # The long ones first, so that none is left over alone.
    long = ("test_commands.py", "test_end_to_end.py", "test_life_cycle.py")
    tests.sort(key=lambda test: (not test.endswith(long), -(ROOT / test).stat().st_size))
    return [test(f"system {pathlib.Path(one).stem[5:]}", PYTHON, one, timeout=900) for one in tests]


def together(parts):
    """Several parts in one row: a daemon and its clients wait for each other half of the time, so three at once."""
    # Made here, it is not taken away by a test that ends while another begins.
    made = os.geteuid() == 0 and not NETNS_DIR.exists()
    if made:
        NETNS_DIR.mkdir(parents=True)
    at_a_time(3, [job for part in parts for job in part()])
    if made and not any(NETNS_DIR.iterdir()):
        subprocess.run(["umount", "-n", NETNS_DIR], check=False, capture_output=True)
        NETNS_DIR.rmdir()


def give_back():
    """What root made in the build directories belongs to the owner of the checkout."""
    owner = ROOT.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for top in ROOT.glob("build*/"):
        for path in (top, *top.rglob("*")):
            if path.lstat().st_uid == 0:
                os.lchown(path, owner.st_uid, owner.st_gid)


def counted(tests):
    """Run tests (a function) and tell their sum; the exit code."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        tests()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        give_back()
    print()
    for name in results["failed"]:
        print(f"failed: {name}")
    print(f"{len(results['passed'])} passed, {len(results['failed'])} failed, {len(results['skipped'])} skipped")
    return 1 if results["failed"] else 0


def main():
    """Everything, or only the parts named on the command line."""
    alone = {"sources": sources, "unit": lambda: ctest("build-asan")}
    rows = {"system": system, "bounds": bounds, "tsan": tsan}
    parts = [*alone, *rows]
    names = sys.argv[1:] or parts
    for name in names:
        if name not in parts:
            sys.exit(f"run.py: '{name}' is none of the parts {', '.join(parts)}")

    def chosen():
        for name in names:
            if name in alone:
                alone[name]()
        together([rows[name] for name in names if name in rows])
    return counted(chosen)


if __name__ == "__main__":
    sys.exit(main())
