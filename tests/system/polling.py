"""What the SNMP tests share: walks as numbers and octets, and a NETCONF session on the daemon's socket."""

import re
import socket
import time
import xml.etree.ElementTree as ElementTree

from harness import wait_until

PC = "urn:portcullis:yang:portcullis"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
END = "]]>]]>"
STATE = f'<get><filter><conformance xmlns="{PC}"><summary/><newest-sequence/></conformance></filter></get>'
V2C = ("-v2c", "-c", "public")
ADMIT = ("dontLogTCPWrappersConnects yes", "rocommunity public 127.0.0.1 -V portcullis")  # for start_snmpd()
# Numbers and octets as they are, one line each, whatever MIB is there.
PLAIN = ("-m", "", "-On", "-Oe", "-Ox", "--hexOutputLength=0")
LINE = re.compile(r"\.([\d.]+) = (?:([A-Z][\w-]*(?: [A-Z]+)?): )?(.*)")
TIMES = re.compile(r"\((\d+)\)")


def value(kind, text):
    """What a line says, as a number, as octets, or as the text of what is not there."""
    if kind == "Hex-STRING":
        return bytes.fromhex(text)
    if kind == "Timeticks":
        return int(TIMES.match(text).group(1))
    if kind in ("INTEGER", "Gauge32", "Counter32", "Unsigned32"):
        return int(text)
    return b"" if text == '""' else text


def lines(output):
    """Lines of net-snmp's commands: (OID, type or None, value)."""
    found = []
    for line in output.splitlines():
        match = LINE.match(line)
        if not match:
            raise ValueError(f"a line that is none of a walk: {line[:200]}")
        oid, kind, text = match.groups()
        found.append((tuple(map(int, oid.split("."))), kind, value(kind, text)))
    return found


class Polling:
    """net-snmp's commands against the device of a laboratory."""

    def __init__(self, lab):
        self.lab = lab
        self.oid = {}
        for line in lab.snmp("snmptranslate", "-M", lab.mib_dirs(), "-m", "PORTCULLIS-MIB", "-Tz").splitlines():
            name, oid = (word.strip('"') for word in line.split())
            if name.startswith("portcullis"):
                self.oid[name] = tuple(map(int, oid.split(".")))
        self.name = {oid: name for name, oid in self.oid.items()}
        self.root = self.oid["portcullisMIB"]

    def numeric(self, name, *index):
        """The OID of an instance as text."""
        return "." + ".".join(map(str, (*self.oid[name], *index)))

    def ask(self, program, *arguments, how=(), check=True):
        """A command with the options that make its output plain; how: the version and who asks."""
        return self.lab.snmp(program, *how, *PLAIN, *arguments, check=check)

    def get(self, *oids, how=()):
        """The values of instances, each (OID, type, value)."""
        return lines(self.ask("snmpget", self.lab.agent(), *oids, how=how))

    def joined(self, seconds=20):
        """Wait until the daemon's objects are there; how long that took."""
        started = time.monotonic()
        wait_until(lambda: "INTEGER" in self.ask("snmpget", "-r", "0", "-t", "1", self.lab.agent(),
                                                 self.numeric("portcullisOverall", 0), how=V2C, check=False),
                   seconds, "an answer of the subagent")
        return time.monotonic() - started

    def scalar(self, name):
        """A scalar's value."""
        return self.get(self.numeric(name, 0))[0][2]

    def walk(self, *options, how=(), below="portcullisObjects"):
        """All that there is below a node, by bulk where options say how many at once, else by GETNEXT."""
        program = "snmpbulkwalk" if options else "snmpwalk"
        oid = "." + ".".join(map(str, self.oid[below])) if isinstance(below, str) else "." + ".".join(map(str, below))
        output = self.ask(program, "-t", "10", *options, self.lab.agent(), oid, how=how)
        # A walk that comes to the last object of the agent ends with that.
        return [line for line in lines(output) if not str(line[2]).startswith("No ")]


class Netconf:
    """A session on the daemon's socket; what it reads are elements without namespaces."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.received = b""
        self.message()
        self.send(f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
                  "</capabilities></hello>")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        """One message."""
        self.socket.sendall((text + END).encode())

    def message(self):
        """The next message."""
        while END.encode() not in self.received:
            more = self.socket.recv(1 << 20)
            if not more:
                raise EOFError("the daemon ended the session")
            self.received += more
        whole, _, self.received = self.received.partition(END.encode())
        root = ElementTree.fromstring(whole)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return root

    def rpc(self, body):
        """An rpc's reply."""
        self.send(f'<rpc xmlns="{BASE}" message-id="1">{body}</rpc>')
        reply = self.message()
        if reply.find("rpc-error") is not None:
            raise ValueError(ElementTree.tostring(reply, encoding="unicode")[:1000])
        return reply

    def get(self, namespace, name):
        """State and configuration below a node at the top."""
        return self.rpc(f'<get><filter><{name} xmlns="{namespace}"/></filter></get>').find(f"data/{name}")

    def running(self):
        """The running configuration."""
        return self.rpc("<get-config><source><running/></source></get-config>").find("data")

    def told(self):
        """Every notification that is kept, by a replay, oldest first: the element inside, with its time as event-time."""
        self.rpc(f'<create-subscription xmlns="{NOTIFICATION}"><startTime>2000-01-01T00:00:00Z</startTime>'
                 "</create-subscription>")
        found = []
        while not found or found[-1].tag != "replayComplete":
            when, what = self.message()
            ElementTree.SubElement(what, "event-time").text = when.text
            found.append(what)
        return found[:-1]


def told(lab):
    """Sequence numbers of all that NETCONF can replay."""
    with Netconf(lab.socket) as session:
        return [int(event.findtext("sequence")) for event in session.told() if event.find("sequence") is not None]


def trapped(lab):
    """Sequence numbers of all traps, as they arrived."""
    return [int(number) for trap in lab.traps() for number in re.findall(r"portcullisNotifySequence\.0 = Gauge32: (\d+)", trap)]


def lasting(lab, on, off):
    """Numbers of what the traps raised and did not clear, by the names of the notifications."""
    found = set()
    for trap in lab.traps():
        name, number = re.search(r"snmpTrapOID\.0 = OID: (\w+)", trap), re.search(r"portcullisNotifyProblem\.0 = Gauge32: (\d+)", trap)
        if name.group(1) == on:
            found.add(int(number.group(1)))
        elif name.group(1) == off:
            found.discard(int(number.group(1)))
    return found


def agree(polling, checks, what, seconds=15, unsent=()):
    """Everything is registered, SNMP and NETCONF say the same, no notification is missing among the traps, and what they raised
    and did not clear is there. unsent: numbers of notifications that are kept and were not to be sent."""
    lab = polling.lab
    def listed():
        return polling.ask("snmpwalk", lab.agent(), ".1.3.6.1.2.1.1.9.1.2").count("OID: ." + ".".join(map(str, polling.root)) + "\n")
    wait_until(lambda: listed() == 1, seconds, f"one entry in sysORTable {what}")
    tables = {oid[len(polling.root) + 1] for oid, _, _ in polling.walk("-Cr200")}
    checks.that(tables >= {1, 2, 3, 4, 5, 6, 10} | ({9} if told(lab) else set()), f"tables that answer {what}: {tables}")
    with Netconf(lab.socket) as session:
        state, settings = session.get(PC, "conformance"), session.get(PC, "notification")
    for table, path in (("Flow", "result"), ("Problem", "problem")):
        rows = [value.decode() for _, _, value in polling.walk("-Cr50", below=f"portcullis{table}Label")]
        checks.equal(sorted(rows), sorted(row.text for row in state.findall(f"{path}/label")), f"rows of the {table} table {what}")
    checks.equal(str(polling.scalar("portcullisNotifyHoldDown")), settings.findtext("hold-down"), f"the hold-down {what}")
    checks.equal(polling.scalar("portcullisNotifyPerFlow") == 1, settings.findtext("per-flow") == "true", f"per flow {what}")
    numbers = [number for number in told(lab) if number not in unsent]
    wait_until(lambda: set(trapped(lab)) >= set(numbers), seconds, f"every trap {what}, of {numbers[-20:]}")
    checks.equal(sorted(set(trapped(lab))), sorted(numbers), f"traps and NETCONF's notifications {what}")
    wait_until(lambda: polling.scalar("portcullisNotifyWaiting") == 0, seconds, f"an empty queue {what}")
    ids = {name: {oid[-1] for oid, _, _ in polling.walk("-Cr50", below=f"portcullis{name}Label")} for name in ("Problem", "Opening")}
    checks.equal(lasting(lab, "portcullisViolated", "portcullisCleared"), ids["Problem"], f"problems by traps and in the table {what}")
    stale = lasting(lab, "portcullisOpeningAppeared", "portcullisOpeningClosed") - ids["Opening"]
    checks.that(not stale, f"openings that traps raised and that are not there {what}: {stale}")


class Watched:
    """The daemon of a laboratory as NETCONF sees it, and a rule that comes and goes."""

    def __init__(self, lab):
        self.lab, self.session, self.slowest = lab, Netconf(lab.socket), 0

    def summary(self):
        """Flows that are blocked, and the number of the newest notification; how long the answer took is kept."""
        started = time.monotonic()
        state = self.session.rpc(STATE).find("data/conformance")
        self.slowest = max(self.slowest, time.monotonic() - started)
        return int(state.findtext("summary/blocked")), int(state.findtext("newest-sequence"))

    def await_change(self, blocked, newest):
        """Until the verification has seen a change, and until it is told; how long the first took."""
        started = time.monotonic()
        wait_until(lambda: (self.summary()[0] > 0) == blocked, 10,
                   f"a verification that finds {'some' if blocked else 'no'} flow blocked")
        seen = time.monotonic() - started
        wait_until(lambda: self.summary()[1] > newest, 10, "a notification of it")
        return seen

    def change(self):
        """A rule that blocks comes and goes, each told; how long the longer verification took to be seen."""
        newest = self.summary()[1]
        self.lab.run("device", "nft", "insert", "rule", "inet", "filter", "to_servers", "tcp", "dport", "5061", "drop")
        raised = self.await_change(True, newest)
        listing = self.lab.run("device", "nft", "-a", "list", "chain", "inet", "filter", "to_servers").stdout
        handle = next(line.split()[-1] for line in listing.splitlines() if "tcp dport 5061 drop" in line)
        newest = self.summary()[1]
        self.lab.run("device", "nft", "delete", "rule", "inet", "filter", "to_servers", "handle", handle)
        return max(raised, self.await_change(False, newest))
