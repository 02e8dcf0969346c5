"""What the tests of contrib/ share: a device that a management system polls, from inside the device's namespace."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from harness import Lab, LabError, main, skip, wait_until  # noqa: E402,F401
from lab import SNMP_PORT, TRAP_PORT  # noqa: E402,F401

CLONE_NEWNET = 0x40000000
PASSPHRASE = "a passphrase of the test"
USER = "portcullis"  # that of the drop-in


def need(*programs):
    """Skip the test where one of these is not installed."""
    missing = [program for program in programs if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if missing:
        skip(f"{', '.join(missing)} not installed: ./quickstart test --nms installs it")


def artefacts(lab):
    """Where the installation has what is for management systems."""
    return lab.root / "share/doc/portcullis"


def text_of(path):
    """A text file."""
    return pathlib.Path(path).read_text(encoding="utf-8")


def enter(lab, name="device"):
    """This process is in the namespace from now on: what it asks on loopback, programs of the laboratory answer."""
    with open(f"/run/netns/{lab.namespace(name)}", "rb") as space:
        if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET) != 0:
            raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")


def start_device(lab, *extra):
    """snmpd with the drop-in's user and a community, the daemon behind it, and this process beside them. extra: more
    lines of snmpd's configuration."""
    lab.start_snmpd(f'createUser {USER} SHA-256 "{PASSPHRASE}" AES "{PASSPHRASE}"',
                    f"rouser {USER} authpriv -V portcullis", "rocommunity portcullis 127.0.0.1 -V portcullis", *extra)
    lab.start_daemon()
    wait_for_subagent(lab)
    enter(lab)


def wait_for_subagent(lab):
    """Until snmpd has the daemon's objects."""
    wait_until(lambda: "INTEGER" in lab.snmp("snmpget", lab.agent(), "PORTCULLIS-MIB::portcullisOverall.0", check=False), 20,
               "the subagent's registration")


def summary(lab):
    """What the daemon says of itself."""
    return json.loads(lab.online("status", "--json").stdout)["summary"]


def problems(lab):
    """How many there are over SNMP."""
    return lab.snmp("snmpget", "-OqvU", lab.agent(), "PORTCULLIS-MIB::portcullisActiveProblems.0").strip()


def break_rule(lab):
    """Delete the example's rule that is there for it; one problem is then raised."""
    listing = lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "to_servers").stdout
    handle = re.search(r"demonstration.*# handle (\d+)", listing).group(1)
    lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)
    wait_until(lambda: problems(lab) == "1", 10, "the problem")


def mend(lab):
    """The example's ruleset again."""
    lab.run("device", "nft", "flush", "ruleset")
    lab.run("device", "nft", "-f", lab.ruleset)
    wait_until(lambda: problems(lab) == "0", 10, "the end of the problem")


@contextlib.contextmanager
def deviating(lab):
    """While somebody else has a table of the agent's name."""
    def deviates():
        return lab.snmp("snmpget", "-Oqve", lab.agent(), "PORTCULLIS-MIB::portcullisFirewallDeviates.0").strip()
    lab.run("device", "nft", "add table inet portcullis; add chain inet portcullis forward { type filter hook forward priority 0; }")
    wait_until(lambda: deviates() == "1", 10, "the deviation")
    yield
    lab.run("device", "nft", "delete", "table", "inet", "portcullis")
    wait_until(lambda: deviates() == "2", 10, "the end of the deviation")


def fetch(url, data=None, headers=None, timeout=30):
    """The body that a server answers with, or None where it does not answer (yet)."""
    request = urllib.request.Request(url, data=data, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        with opener.open(request, timeout=timeout) as answer:
            return answer.read().decode()
    return None


def fetch_json(url, **parameters):
    """A JSON document."""
    text = fetch(f"{url}?{urllib.parse.urlencode(parameters)}" if parameters else url)
    return json.loads(text) if text is not None else None
