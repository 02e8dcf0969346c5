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


def default_root():
    """The root that the MIB in the checkout has."""
    return re.search(r'PORTCULLIS_OID_ROOT "([0-9.]+)"', (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)


def made(mibs):
    """Name below the documentation's directory to text."""
    with tempfile.TemporaryDirectory(prefix="portcullis-generated-") as name:
        directory = pathlib.Path(name)
        text = snmp_yml(directory, mibs)
        return {"prometheus/snmp.yml": text, "prometheus/snmp-auths.yml": snmp_auths_yml(text)}


def main():
    """Replace the files in contrib/."""
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: generated.py --write")
    for name, text in made(ROOT / "mibs").items():
        (CONTRIB / f"{name}.in").write_text(text.replace(default_root(), "@PORTCULLIS_OID_ROOT@"), encoding="utf-8")


if __name__ == "__main__":
    main()
