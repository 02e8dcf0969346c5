#!/usr/bin/python3
"""What contrib/ has for management systems that is made from the MIB, made again with those systems' own converters.

With --write the files in contrib/ are replaced: after a change of the MIB or of generator.yml. The tests compare.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CONTRIB = ROOT / "contrib"


def base_mibs():
    """Directory of the base MIBs."""
    return sorted(pathlib.Path("/usr/lib/erlang/lib").glob("snmp-*/mibs"))[-1]


def convert(directory, mibs, *command):
    """Run a converter with our MIB and the base MIBs; its output."""
    done = subprocess.run(list(map(str, command)), cwd=directory, capture_output=True, text=True, check=False, env={
        **os.environ, "MIBDIRS": f"{mibs}:{base_mibs()}", "MIBS": "ALL", "SNMP_PERSISTENT_DIR": str(directory),
        "SNMPCONFPATH": str(directory)})
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr}{done.stdout}")
    return done.stdout


def snmp_yml(directory, mibs):
    """Configuration of prometheus-snmp-exporter up to 0.22: credentials in each module."""
    source = (CONTRIB / "prometheus/generator.yml").read_text(encoding="utf-8")
    (directory / "generator.yml").write_text(source, encoding="utf-8")
    convert(directory, mibs, "prometheus-snmp-generator", "generate", "--fail-on-parse-errors", "-o", directory / "snmp.yml")
    text = (directory / "snmp.yml").read_text(encoding="utf-8")
    return ("# Made by prometheus-snmp-generator from generator.yml. Put your passphrases in place of PASSPHRASE.\n"
            + text.split("\n", 1)[1])


def snmp_auths_yml(text):
    """The same for exporters from 0.23 on: credentials and version apart from the modules."""
    heading, modules = text.split("\n", 1)
    credentials = re.search(r"^  auth:\n((?:    .*\n)+)", modules, re.MULTILINE).group(1)
    modules = re.sub(r"^  auth:\n(?:    .*\n)+|^  version: 3\n", "", modules, flags=re.MULTILINE)
    indented = re.sub(r"^(?=.)", "  ", modules, flags=re.MULTILINE)
    return f"{heading}\nauths:\n  portcullis:\n    version: 3\n{credentials}modules:\n{indented}"


# Events whose severity is one of the trap's own objects: severity to a value of the object.
OF_SEVERITY = {"CRITICAL": "^5$|^critical", "MAJOR": "^4$|^major", "WARNING": None}
OF_STATE = {"NORMAL": "^1$|^ok", "CRITICAL": "^3$|^violated", "WARNING": None}
GRADED = {"portcullisViolated": ("$5", OF_SEVERITY), "portcullisFlowViolated": ("$5", OF_SEVERITY),
          "portcullisOverallChange": ("$3", OF_STATE)}
SEVERITIES = ("none", "info", "warning", "major", "critical")
STATES = ("ok", "degraded", "violated", "incomplete", "cannotTell")


def graded(name, event, more):
    """An event once for each severity that it may have."""
    variable, grades = GRADED[name]
    known = "|".join(pattern for pattern in grades.values() if pattern)
    for severity, pattern in grades.items():
        match = f"({pattern})" if pattern else f"!({known})"
        yield re.sub(r"\S+$", severity, event) + f"\nMATCH {variable}: {match}\n{more}"


def worded(more):
    """What follows an event, with words for the numbers of enumerations where the text is built from them."""
    lines = []
    for front, back, words in (("of severity ", "", SEVERITIES), ("State of the device: ", "", STATES),
                               ("before ", "$", STATES)):
        if front in more.split("\nSDESC")[0]:
            lines += [f"REGEX ({front}{number}{back})({front}{word})" for number, word in enumerate(words, 1)]
    form, rest = more.split("\n", 1)
    return "\n".join([form, *lines, rest])


def snmptt_conf(directory, mibs):
    """Events of snmptt: what snmpttconvertmib makes of the MIB, with severities and words that depend on the trap."""
    path = directory / "snmptt.conf"
    convert(directory, mibs, "snmpttconvertmib", f"--in={mibs}/PORTCULLIS-MIB.txt", f"--out={path}", "--no_variables")
    events = re.findall(r"^(EVENT (\S+) .*)\n((?:.*\n)*?EDESC)\n", path.read_text(encoding="utf-8"), re.MULTILINE)
    text = ["# Made by snmpttconvertmib from PORTCULLIS-MIB; a severity or state in a trap decides the event's.\n"]
    for event, name, more in events:
        text += graded(name, event, worded(more)) if name in GRADED else [f"{event}\n{worded(more)}"]
    return "\n\n".join(text) + "\n"


def default_root():
    """The root that the MIB in the checkout has."""
    return re.search(r'PORTCULLIS_OID_ROOT "([0-9.]+)"', (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)


def made(mibs):
    """Name below the documentation's directory to text."""
    with tempfile.TemporaryDirectory(prefix="portcullis-generated-") as name:
        directory = pathlib.Path(name)
        text = snmp_yml(directory, mibs)
        return {"prometheus/snmp.yml": text, "prometheus/snmp-auths.yml": snmp_auths_yml(text),
                "snmptt/snmptt.conf.portcullis": snmptt_conf(directory, mibs)}


def same(lab, checks, folder):
    """What is made of the installed MIB for a folder, and is what was installed in it."""
    made_now = {name: text for name, text in made(lab.root / "share/portcullis/mibs").items() if name.startswith(f"{folder}/")}
    for name, text in made_now.items():
        checks.that(text == (lab.root / "share/doc/portcullis" / name).read_text(encoding="utf-8"),
                    f"{name} is not what the MIB gives: tests/nms/generated.py --write")
    return made_now


def main():
    """Replace the files in contrib/."""
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: generated.py --write")
    for name, text in made(ROOT / "mibs").items():
        (CONTRIB / f"{name}.in").write_text(text.replace(default_root(), "@PORTCULLIS_OID_ROOT@"), encoding="utf-8")


if __name__ == "__main__":
    main()
