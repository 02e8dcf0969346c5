#!/usr/bin/python3
"""Attacks on a running daemon, on its socket and through sshd: what crashes or stalls libnetconf2, and what is like it.

While each is under way and after it, a session that was there before gets its answer at once, and so does a new one, from the
process that was started. A time that is too long counts when it comes again with the same attack: one may be the machine's.
"""

import os
import re
import socket
import struct
import subprocess
import threading
import time

from harness import SANITIZED, SSH_PORT, Lab, main, skip, wait_until

PC = "urn:portcullis:yang:portcullis"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
END = "]]>]]>"
LIMIT = 1.0 if SANITIZED else 0.1
VALUE = 1000000 if SANITIZED else 10000000  # libyang lets a value grow in small steps, and there each is a copy of the whole
NESTED = 5000 if SANITIZED else 50000  # the same, for what XPath is made of
PATIENCE = 8  # seconds for what is not measured
SMALL = f'<get-config><source><running/></source><filter><zone xmlns="{PC}"/></filter></get-config>'
SUBSCRIBE = f'<create-subscription xmlns="{NOTIFICATION}"/>'


def hello(version, inside=""):
    """The client's hello of base 1.0 or 1.1."""
    return (f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:{version}</capability>'
            f"</capabilities>{inside}</hello>{END}")


def rpc(body):
    """An rpc of base 1.0."""
    return f'<rpc xmlns="{BASE}" message-id="1">{body}</rpc>{END}'


def chunked(text):
    """A message of base 1.1."""
    return f"\n#{len(text)}\n{text}\n##\n"


def edit(config):
    """An edit of candidate."""
    return rpc(f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>")


def xpath(expression):
    """A get with an XPath filter."""
    return rpc(f'<get><filter type="xpath" select="{expression}"/></get>')


def schema(name):
    """A get-schema."""
    return rpc(f'<get-schema xmlns="{MONITORING}"><identifier>{name}</identifier></get-schema>')


NONE, OLD, NEW = "", hello("1.0"), hello("1.1")
ENDS = None  # the daemon ends the session; anything else is a pattern of the reply
# Name, the hello that is right and answered before, the rest, and what comes of it. First what crashes libnetconf2 2.0.24,
# then its like, then what costs the parser or the search much.
ATTACKS = (
    ("a chunk of no byte", NEW, "\n#0\n", ENDS),
    ("an end before a chunk", NEW, "\n##\n", ENDS),
    ("a length that is no number", NEW, "\n#abc\n", ENDS),
    ("a length of 2^64 - 1", NEW, "\n#18446744073709551615\n<rpc", ENDS),
    ("a length of 2^64 + 1", NEW, "\n#18446744073709551617\n<rpc", ENDS),
    ("a length of 2^32 - 1", NEW, "\n#4294967295\n<rpc", ENDS),
    ("a negative length", NEW, "\n#-1\n<rpc", ENDS),
    ("a length of many digits", NEW, "\n#" + "9" * 100000, ENDS),
    ("a blank message in a chunk", NEW, chunked(" "), "rpc-error"),
    ("a comment in a chunk", NEW, chunked("<!-- -->"), "rpc-error"),
    ("a blank message", OLD, " " + END, "rpc-error"),
    ("an empty message", OLD, END, "rpc-error"),
    ("a comment", OLD, "<!-- nothing -->" + END, "rpc-error"),
    ("a hello with a node of a module", NONE, hello("1.0", f'<conformance xmlns="{PC}"/>'), ENDS),
    ("a hello with an operation", NONE, hello("1.1", "<get/>"), ENDS),
    ("a hello without capabilities", NONE, f'<hello xmlns="{BASE}"/>{END}', ENDS),
    ("get-schema, again and again", OLD, schema("portcullis-commit") * 20, "module portcullis-commit"),
    ("get-schema of a path", OLD, schema("../../etc/passwd"), "invalid-value"),
    ("a second hello", OLD, OLD, "rpc-error"),
    ("no hello", NONE, rpc("<get/>"), ENDS),
    ("another protocol", NONE, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + END, ENDS),
    ("a byte zero", OLD, rpc("<get/>\0"), "rpc-error"),
    ("bytes that are no UTF-8", OLD, rpc("<get>\udcff\udcfe</get>"), "operation-failed.*UTF-8"),
    ("a document type", OLD, '<!DOCTYPE a [<!ENTITY b "c">]>' + rpc("<get/>"), "rpc-error"),
    ("an rpc that does not end", OLD, f'<rpc xmlns="{BASE}" message-id="1"><get>' + END, "rpc-error"),
    ("an rpc without message-id", OLD, f'<rpc xmlns="{BASE}">{SMALL}</rpc>{END}', "missing-attribute"),
    ("an rpc without operation", OLD, rpc(""), "missing-element"),
    ("elements in elements", OLD, rpc("<get><filter>" + "<a>" * 100000), "too-big"),
    ("400 KB of siblings", OLD, rpc("<get><filter>" + "<a/>" * 100000 + "</filter></get>"), "too-big"),
    ("many attributes", OLD, rpc("<get " + " ".join(f'a{i}="b"' for i in range(100000)) + "/>"), "too-big"),
    ("many namespaces", OLD, rpc("<get " + " ".join(f'xmlns:a{i}="urn:{i}"' for i in range(20000)) + "/>"), "too-big"),
    ("a name of 1 MB", OLD, rpc("<" + "a" * 1000000 + "/>"), "rpc-error"),
    ("a value of many MB", OLD, edit(f'<zone xmlns="{PC}"><name>z</name><interface>{"x" * VALUE}</interface></zone>'),
     "invalid-value"),
    ("more than a message may have", OLD, rpc("<get><filter>" + "x" * 34000000), "too-big|^$"),
    ("a delete without a value", OLD, edit(
        f'<notification xmlns="{PC}" xmlns:n="{BASE}"><hold-down n:operation="delete"/></notification>'), "<ok/>|data-missing"),
    ("XPath that is none", OLD, xpath("/pc:[["), "rpc-error"),
    ("XPath with parentheses in parentheses", OLD, xpath("(" * NESTED), "rpc-error"),
)
OVER_SSH = ("a chunk of no byte", "a blank message", "more than a message may have")


class Client:
    """Bytes to the daemon and from it, on its socket."""

    def __init__(self, lab):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(lab.socket))
        self.received = b""

    def server(self):
        """The process that listens."""
        return struct.unpack("3i", self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]

    def send(self, text):
        """All of it, or as much as the daemon takes before it ends the session."""
        try:
            self.socket.sendall(text.encode(errors="surrogateescape"))
        except (BrokenPipeError, ConnectionResetError):
            pass

    def read(self):
        """Some bytes; none when the session has ended. TimeoutError when neither comes."""
        try:
            return self.socket.recv(1 << 20)
        except ConnectionResetError:
            return b""

    def message(self):
        """The next message of base 1.0; EOFError when the session ends."""
        while END.encode() not in self.received:
            data = self.read()
            if not data:
                raise EOFError
            self.received += data
        one, _, self.received = self.received.partition(END.encode())
        return one.decode()

    def leave(self):
        """An end that the daemon has seen: soon after it, it counts the session no more."""
        self.send(rpc("<close-session/>"))
        while self.read():
            pass

    def close(self):
        """The end."""
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Pipe(Client):
    """The same through sshd and the relay."""

    def __init__(self, lab):  # pylint: disable=super-init-not-called
        line = lab.command("device", "ssh", "-F", "/dev/null", "-i", lab.directory / "id", "-p", SSH_PORT, "-o",
                           "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                           "LogLevel=ERROR", "root@127.0.0.1", "-s", "netconf")
        self.socket, far = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        with far:
            self.ssh = subprocess.Popen(line, stdin=far, stdout=far)
        self.received = b""

    def close(self):
        self.ssh.kill()
        self.ssh.wait()
        self.socket.close()


class Witness:
    """Somebody who has done nothing, and measures."""

    def __init__(self, lab, checks):
        self.lab, self.checks, self.worst = lab, checks, {}
        self.client = self.open()

    def open(self):
        """A session of its own, once the hellos are exchanged."""
        client = Client(self.lab)
        client.send(OLD)
        client.message()
        return client

    def ask(self, client):
        """One rpc; the seconds that it took."""
        start = time.monotonic()
        client.send(rpc(SMALL))
        reply = client.message()
        self.checks.that("<data" in reply, f"another's rpc was answered with {reply[:200]}")
        return time.monotonic() - start

    def known(self):
        """The seconds that the session that was there before waits."""
        return self.ask(self.client)

    def new(self):
        """The seconds that a new session waits for its hello or its answer."""
        start = time.monotonic()
        with self.open() as client:
            took = time.monotonic() - start
            self.checks.equal(client.server(), self.lab.daemon.pid, "the process that listens")
            took = max(took, self.ask(client))
            client.leave()
            return took

    def during(self, what, attack):
        """Let an attack go on in a thread, and ask until it is over; then ask anew."""
        for _ in range(3):
            thread = threading.Thread(target=attack, daemon=True)
            thread.start()
            took = self.known()
            while thread.is_alive():
                thread.join(0.02)
                took = max(took, self.known())
            took = max(took, self.new())
            if took < LIMIT:
                break
            print(f"{what}: another waited {took:.3f} s; again", flush=True)
        self.checks.that(took < LIMIT, f"{what}: another waited {took:.3f} s, three times")
        self.worst[what] = took


def listen(client, want):
    """What an attacker hears: as long as the session lasts, or until it is what is wanted. Whether it has ended, too."""
    heard, said = client.received, ""
    client.received = b""
    while True:
        said = heard.decode(errors="replace")
        if want is not ENDS and said and re.search(want, said) and said.rstrip().endswith((END, "##")):
            return said, False
        try:
            data = client.read()
        except TimeoutError:
            return said, False
        if not data:
            return said, True
        heard += data


def converse(lab, checks, kind, attack):
    """One attack, from the first byte to what comes of it."""
    what, greeting, text, want = attack
    with kind(lab) as attacker:
        try:
            if greeting:
                attacker.send(greeting)
                attacker.message()
            attacker.send(text)
            said, ended = listen(attacker, want)
        except (EOFError, TimeoutError) as problem:
            checks.that(False, f"{what}: {problem!r}")
            return
        if want is ENDS:
            checks.that(ended, f"{what}: does not end the session: {said[:300]!r}")
        else:
            checks.that(re.search(want, said.replace(END, "").strip()), f"{what}: answered with {said[:300]!r}")
        checks.that(len(said) < 100000 or "module " in said, f"{what}: answered with {len(said)} bytes")


def over_ssh(lab, checks, witness):
    """What passes sshd and the relay, the end of ssh within a message, and who does not read what it asked for."""
    for attack in ATTACKS:
        if attack[0] in OVER_SSH:
            witness.during(f"{attack[0]} over SSH", lambda one=attack: converse(lab, checks, Pipe, one))
    with Pipe(lab) as client:
        client.send(OLD)
        client.message()
        client.send('<rpc xmlns="')
    witness.during("ssh ends within a message", lambda: None)
    with Pipe(lab) as client:
        client.send(OLD)
        client.message()
        witness.during("a deaf client over SSH", lambda: flood(client))


def flood(client):
    """Ask for much and read nothing, until no more is taken for a while."""
    client.socket.settimeout(0.3)
    try:
        for _ in range(500):
            client.socket.sendall(rpc("<get/>").encode() * 20)
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        pass


def stalls(lab, checks, witness):
    """Who says nothing, too little, too slowly, or does not listen keeps nobody waiting."""
    clients = {what: Client(lab) for what in ("silent", "dripping", "half a hello", "half a message", "half a chunk", "deaf")}
    clients["half a hello"].send("<hello xmlns=")
    clients["half a message"].send(OLD + '<rpc xmlns="')
    clients["half a chunk"].send(NEW + "\n#1000\n<rpc")
    clients["deaf"].send(OLD)
    witness.during("a deaf client and stalled ones", lambda: flood(clients["deaf"]))

    def drip():
        for byte in OLD[:20]:
            clients["dripping"].send(byte)
            time.sleep(0.01)  # the attack is to be slow

    witness.during("a client that drips", drip)
    for client in clients.values():
        client.close()
    for turn in range(3):
        with Client(lab) as dead:
            dead.send(OLD + rpc("<get/>") * 20)
        witness.during(f"a client that is gone, {turn}", lambda: None)


def slow_subscriber(checks, witness):
    """Notifications while a reply waits for its reader: they keep nobody waiting, and neither gets lost."""
    with witness.open() as subscriber:
        subscriber.send(rpc(SUBSCRIBE))
        checks.that("<ok/>" in subscriber.message(), "create-subscription")
        subscriber.send(rpc("<get/>"))

        def notify():
            for _ in range(20):
                with witness.open() as client:
                    client.leave()

        witness.during("a subscriber that does not read", notify)
        subscriber.send(rpc(SMALL))
        replies = starts = 0
        try:
            while replies < 2 or starts < 20:
                message = subscriber.message()
                replies += "<rpc-reply" in message
                starts += "<netconf-session-start" in message
        except (EOFError, TimeoutError) as problem:
            checks.that(False, f"who reads late gets {replies} replies of 2 and {starts} notifications of 20: {problem!r}")


def processor_time(pid):
    """Seconds that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crowd(lab, checks, witness):
    """More sessions than one poll of the library holds; they cost nothing while nothing happens."""
    clients = [witness.open() for _ in range(14)]
    witness.during("14 sessions", lambda: [witness.ask(client) for client in clients])
    before, start = processor_time(lab.daemon.pid), time.monotonic()
    time.sleep(2)  # this is what is measured
    share = (processor_time(lab.daemon.pid) - before) / (time.monotonic() - start)
    checks.that(share < (0.2 if SANITIZED else 0.05), f"15 idle sessions take {share:.1%} of a processor")
    for client in clients:
        client.close()
    return share


def sessions(witness):
    """The number of sessions that the daemon knows."""
    with witness.open() as client:
        client.send(rpc(f'<get><filter><netconf-state xmlns="{MONITORING}"><sessions/></netconf-state></filter></get>'))
        count = client.message().count("<session-id>")
        client.leave()
        return count


def test(lab: Lab, checks):
    """All on one daemon."""
    lab.start_sshd()
    lab.start_daemon()
    witness = Witness(lab, checks)
    for attack in ATTACKS:
        witness.during(attack[0], lambda one=attack: converse(lab, checks, Client, one))
    over_ssh(lab, checks, witness)
    stalls(lab, checks, witness)
    wait_until(lambda: sessions(witness) == 2, 15, "the end of sessions of those who are gone")
    slow_subscriber(checks, witness)
    share = crowd(lab, checks, witness)
    lab.alive(lab.daemon)
    slowest = sorted(((took, what) for what, took in witness.worst.items()), reverse=True)[:5]
    print("somebody else waited at most " + ", ".join(f"{took * 1000:.1f} ms ({what})" for took, what in slowest))
    print(f"15 idle sessions take {share:.1%} of a processor")
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    if not os.path.exists("/usr/sbin/sshd"):
        skip("openssh-server is not installed")
    main(test)
