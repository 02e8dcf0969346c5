#!/usr/bin/python3
"""Run every test: checks of the sources, unit and fuzz tests, system tests. The last line counts them.

A test is a command. Exit 0: passed; 77: skipped, and its output says why in a line "skipped: REASON"; else failed, and
its output is shown.
"""

import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
results = {"passed": [], "failed": [], "skipped": []}


def record(name, status, detail=""):
    """Count one test and tell it."""
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


def run(name, *command, quiet_output=False, timeout=600, env=None):
    """One command as one test; with quiet_output any output is a failure."""
    start = time.monotonic()
    try:
        done = subprocess.run(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=timeout, check=False, env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
        record(name, "failed", f"not done within {timeout} s\n{output[-3000:]}")
        return
    took = f" ({time.monotonic() - start:.1f} s)"
    if done.returncode == 77:
        record(name, "skipped", skip_reason(done.stdout))
    elif done.returncode != 0 or (quiet_output and done.stdout.strip()):
        record(name, "failed", f"`{' '.join(map(str, command))}` ended with {done.returncode}:\n{done.stdout[-6000:]}")
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
    run("format", "clang-format", "--dry-run", "--Werror", *code)
    run("include-direction", PYTHON, "tests/include_direction.py")
    run("shell", "shellcheck", "quickstart", ".ci/run", *tracked("tests/**/*.sh", "contrib/**/*.sh"))
    run("cppcheck", "cppcheck", "--std=c11", "--language=c", "--enable=warning,portability,performance", "--inline-suppr",
        "--error-exitcode=1", "--quiet", "-j2", "--suppress=missingIncludeSystem", "-D_GNU_SOURCE", "-Djson_object_foreach(o,k,v)=for(;;)", "-I", "include", "-I",
        "agent", *tracked("agent/**/*.c"))
    yang = ["-p", "yang", "-p", "/usr/share/yuma/modules/ietf"]
    for module in tracked("yang/*.yang"):
        run(f"yanglint {module}", "yanglint", *yang, module)
    erlang = sorted(pathlib.Path("/usr/lib/erlang/lib").glob("snmp-*/mibs"))
    run("smilint", "smilint", "-l", "6", "mibs/PORTCULLIS-MIB.txt", quiet_output=True,
        env={"SMIPATH": str(erlang[-1]) if erlang else ""})
    for page in tracked("contrib/man/*.[18]"):
        run(f"manual {page}", "sh", "-c", f"man --warnings -E UTF-8 -l -Tutf8 {page} 2>&1 >/dev/null", quiet_output=True)
    run("clang", "sh", "-c", "cmake --preset clang >/dev/null && cmake --build build-clang -- -k 0", timeout=900)


def ctest(build):
    """Unit and fuzz tests of a build, each counted as one."""
    report = ROOT / build / "report.xml"
    report.unlink(missing_ok=True)
    done = subprocess.run(["ctest", "--test-dir", build, "-j2", "--output-junit", str(report), "--timeout", "600"], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if not report.exists():
        record(f"{build} ctest", "failed", done.stdout[-4000:])
        return
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name, output = f"{build} {case.get('name')}", case.findtext("system-out") or ""
        if case.get("status") == "run":
            record(name, "passed", f" ({float(case.get('time')):.1f} s)")
        elif case.find("skipped") is not None and "SKIP_RETURN_CODE" in (case.find("skipped").get("message") or ""):
            record(name, "skipped", skip_reason(output))
        else:
            record(name, "failed", output[-6000:])


def system():
    """Real programs in network namespaces."""
    for test in tracked("tests/system/test_*.py"):
        run(f"system {pathlib.Path(test).stem[5:]}", PYTHON, test, timeout=900)


def main():
    """Everything, or only the parts named on the command line."""
    parts = {"sources": sources, "unit": lambda: ctest("build-asan"), "system": system}
    for name in sys.argv[1:] or parts:
        parts[name]()
    print()
    for name in results["failed"]:
        print(f"failed: {name}")
    print(f"{len(results['passed'])} passed, {len(results['failed'])} failed, {len(results['skipped'])} skipped")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
