#!/usr/bin/python3
"""A master agent that talks nonsense: torn and foreign AgentX (RFC 2741) on the socket that the daemon joins.

After each attempt the same process answers NETCONF and sees the ruleset change; at the end it joins a real snmpd.
AGENTX_SECONDS in the environment: so long requests are changed by chance.
"""

import itertools
import os
import pathlib
import random
import select
import socket
import struct
import time

from harness import Lab, main, wait_until
from polling import ADMIT, Polling, Watched

OPEN, CLOSE, REGISTER, GET, GETNEXT, GETBULK, PING, ADD_CAPS, RESPONSE = 1, 2, 3, 5, 6, 7, 13, 16, 18
TESTSET, COMMITSET, UNDOSET, CLEANUPSET = 8, 9, 10, 11
BIG_ENDIAN, CONTEXT, SESSION = 0x10, 8, 7
HEADER = 20
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 128, 129, 130
NOT_OPEN, UNSUPPORTED_CONTEXT, DUPLICATE_REGISTRATION = 257, 262, 263
LARGEST = 4294967295
ANSWER_S = 10
LIMIT = 1.0  # seconds for an answer of NETCONF, whatever the master says
MUTATIONS = 3000


def oid(*numbers, include=0):
    """An OID as it goes over the wire, without the prefix that saves octets."""
    return struct.pack(">BBBB", len(numbers), 0, include, 0) + b"".join(struct.pack(">I", n) for n in numbers)


def ranges(*pairs):
    """Search ranges."""
    return b"".join(start + end for start, end in pairs)


def octets(text):
    """A text with its length and padding."""
    return struct.pack(">I", len(text)) + text + bytes(-len(text) % 4)


def pdu(kind, payload=b"", session=SESSION, packet=1, transaction=1, version=1, flags=BIG_ENDIAN, length=None):
    """A PDU; length is what its header says, when that is a lie."""
    numbers = (session, transaction, packet, len(payload) if length is None else length)
    return struct.pack(">BBBBIIII", version, kind, flags, 0, *numbers) + payload


def answer(packet, error=0, session=SESSION, transaction=1, payload=b"", **lies):
    """A response of a master to an administrative PDU."""
    return pdu(RESPONSE, struct.pack(">IHH", 100, error, 0) + payload, session, packet, transaction, **lies)


class Closed(Exception):
    """The daemon has closed the connection."""


class Master:
    """Whoever listens where the daemon expects snmpd."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o666)
        self.listener.listen(8)
        self.path = path
        self.connection = None
        self.accepted = []

    def opened(self):
        """The packet number of an Open on a new connection; those that the daemon has given up by now are passed over."""
        while True:
            self.drop()
            self.listener.settimeout(20)
            self.connection, _ = self.listener.accept()
            self.accepted.append(time.monotonic())
            self.received = b""
            try:
                kind, _, packet, _, _ = self.take()
            except Closed:
                continue
            if kind != OPEN:
                raise ValueError(f"the first PDU is of type {kind}")
            return packet

    def drop(self):
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def close(self):
        """Go away."""
        self.drop()
        self.listener.close()
        self.path.unlink()

    def take(self, seconds=ANSWER_S):
        """The next PDU: (type, transaction, packet, payload, order of octets); None when there is none in that time."""
        until = time.monotonic() + seconds
        while True:
            if len(self.received) >= HEADER:
                kind, flags = self.received[1:3]
                order = ">" if flags & BIG_ENDIAN else "<"
                transaction, packet, length = struct.unpack_from(f"{order}III", self.received, 8)
                if len(self.received) >= HEADER + length:
                    payload, self.received = self.received[HEADER:HEADER + length], self.received[HEADER + length:]
                    return kind, transaction, packet, payload, order
            if not select.select([self.connection], [], [], max(0, until - time.monotonic()))[0]:
                return None
            try:
                more = self.connection.recv(1 << 16)
            except ConnectionError as error:
                raise Closed from error
            if not more:
                raise Closed
            self.received += more

    def send(self, data):
        """Octets for the daemon, which may have closed, and which may want to be read meanwhile."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.connection], [self.connection], [], ANSWER_S)
            try:
                if readable:
                    more = self.connection.recv(1 << 16)
                    if not more:
                        raise Closed
                    self.received += more
                if writable:
                    view = view[self.connection.send(view[:4096], socket.MSG_DONTWAIT):]
            except BlockingIOError:
                continue
            except ConnectionError as error:
                raise Closed from error

    def admit(self, refused=()):
        """Behave: admit a new session and answer what it registers; the kinds of its PDUs. Some of them, by number, are refused."""
        kinds = []
        self.send(answer(self.opened()))
        while True:
            got = self.take(0.3)
            if got is None:
                return kinds
            kind, transaction, packet, _, _ = got
            error = DUPLICATE_REGISTRATION if len(kinds) in refused else 0
            kinds.append(kind)
            self.send(answer(packet, error=error, transaction=transaction))

    def ask(self, kind, payload, packet):
        """A request's response."""
        self.send(pdu(kind, payload, packet=packet, transaction=packet))
        return self.response(packet)

    def response(self, number):
        """The response to a packet: error, and variable bindings as (OID, type)."""
        while True:
            got = self.take()
            if got is None:
                return None
            kind, _, packet, payload, order = got
            if kind == RESPONSE and packet == number:
                return struct.unpack_from(f"{order}H", payload, 4)[0], bindings(payload[8:], order)


def name(data, at, order):
    """An OID in a PDU and where it ends."""
    count, prefix = data[at], data[at + 1]
    numbers = struct.unpack_from(f"{order}{count}I", data, at + 4)
    return ((1, 3, 6, 1, prefix) if prefix else ()) + numbers, at + 4 + 4 * count


def bindings(data, order):
    """Variable bindings: (OID, type)."""
    found, at = [], 0
    while at < len(data):
        kind, = struct.unpack_from(f"{order}H", data, at)
        what, at = name(data, at + 4, order)
        if kind in (2, 65, 66, 67):
            at += 4
        elif kind == 4:
            at += 4 + (struct.unpack_from(f"{order}I", data, at)[0] + 3) // 4 * 4
        elif kind not in (NO_OBJECT, NO_INSTANCE, END_OF_VIEW):
            raise ValueError(f"a binding of type {kind}")
        found.append((what, kind))
    return found


# What follows the daemon's Open, each on a connection of its own: octets, and what the connection does then.
def torn(open_packet):
    """Answers to Open that are none."""
    whole = answer(open_packet)
    return (
        ("half a header", whole[:9]),
        ("a header without its payload", whole[:20]),
        ("another version", answer(open_packet, version=9)),
        ("a length of 2^32 - 1", answer(open_packet, length=LARGEST)),
        ("a length of 2^31", answer(open_packet, length=1 << 31)),
        ("a length of 0", answer(open_packet, length=0)),
        ("text", b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("an error", answer(open_packet, error=266)),
    )


def odd_pdus():
    """Requests that no master sends, in a session that is open."""
    here = oid(1, 3, 6, 1, 4, 1, 8072)
    long = oid(*([LARGEST] * 128))
    too_long = struct.pack(">BBBB", 255, 0, 0, 0) + struct.pack(">I", 1) * 255
    variable = struct.pack(">HH", 2, 0) + here + struct.pack(">I", 1)
    yield from (pdu(kind, session=9999) for kind in range(1, 19))
    yield from (pdu(kind) for kind in (0, 4, 12, 13, 14, 15, 16, 17, 19, 100, 255))
    yield from (answer(packet) for packet in (0, 999999, LARGEST))
    yield answer(5, session=9999)
    yield from (pdu(kind, ranges((long, long), (here, long), (long, here), (oid(), oid()))) for kind in (GET, GETNEXT))
    yield from (pdu(kind, too_long + too_long) for kind in (GET, GETNEXT, GETBULK))
    yield from (pdu(kind, here) for kind in (GET, GETNEXT, GETBULK, TESTSET))  # a range without end
    yield from (pdu(GETBULK, struct.pack(">HH", non, repetitions) + ranges((here, oid())))
                for non, repetitions in ((0, 65535), (65535, 0), (65535, 65535), (0, 0)))
    yield pdu(GET, octets(b"a context") + ranges((here, oid())), flags=BIG_ENDIAN | CONTEXT)
    yield pdu(GET, struct.pack(">I", LARGEST) + ranges((here, oid())), flags=BIG_ENDIAN | CONTEXT)  # a context of 4 GB
    yield from (pdu(kind, variable * 3) for kind in (TESTSET, COMMITSET, UNDOSET, CLEANUPSET))
    # Phases of a set without a value, out of turn, and again: in every order.
    yield from (pdu(kind, payload, transaction=77) for order in itertools.permutations((TESTSET, COMMITSET, UNDOSET, CLEANUPSET))
                for kind in order for payload in (b"", variable))
    yield pdu(TESTSET, struct.pack(">HH", 4, 0) + here + struct.pack(">I", LARGEST))  # a value of 4 GB
    yield pdu(TESTSET, struct.pack(">HH", 77, 0) + here)  # a type that there is not
    yield pdu(GET, ranges((here, oid())), flags=0)  # the other order of octets
    yield pdu(GETNEXT, ranges((here, oid())) * 1000)


def mutated(seed, seconds):
    """Requests with octets changed by chance, whose header at least says what follows: some, or for so many seconds."""
    dice, until = random.Random(seed), time.monotonic() + seconds
    bases = [data for data in odd_pdus() if len(data) < 1000]
    for number in itertools.count():
        if number >= MUTATIONS and time.monotonic() > until:
            return
        data = bytearray(dice.choice(bases))
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 4, 127, 128, 255, dice.randrange(256)))
        data[0], data[2] = 1, data[2] | BIG_ENDIAN
        struct.pack_into(">I", data, 16, len(data) - HEADER)
        if data[1] != CLOSE:
            yield bytes(data)


class Device(Watched):
    """The daemon as NETCONF sees it."""

    def __init__(self, lab, checks):
        super().__init__(lab)
        self.checks, self.pid = checks, lab.daemon.pid

    def thread(self):
        """The SNMP thread in /proc."""
        tasks = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
        return next(task for task in tasks if (task / "comm").read_text() == "snmp\n")

    def spent(self):
        """Processor time of the SNMP thread so far, in seconds."""
        return sum(map(int, (self.thread() / "stat").read_text().split()[13:15])) / os.sysconf("SC_CLK_TCK")

    def goes_on(self, what):
        """The same process answers, at once."""
        self.slowest = 0
        self.checks.that(self.lab.daemon.poll() is None and self.summary()[0] == 0, f"NETCONF after {what}")
        self.checks.that(self.slowest < LIMIT, f"an answer of NETCONF took {self.slowest:.2f} s after {what}")

    def verifies(self, what):
        """A rule that comes and goes is seen and told."""
        self.slowest = 0
        longest = self.change()
        self.checks.that(max(self.slowest, longest) < LIMIT,
                         f"an answer of NETCONF took {self.slowest:.2f} s, a verdict {longest:.2f} s, after {what}")


def nonsense_at_first(master, device):
    """Answers to Open that are none, then the end of the connection."""
    for number, (what, _) in enumerate(torn(0)):
        master.send(torn(master.opened())[number][1])
        master.drop()
        device.goes_on(what)
    device.verifies("answers that are none")
    pauses = [later - sooner for sooner, later in zip(master.accepted, master.accepted[1:])]
    print("pauses between connections that came to nothing: " + ", ".join(f"{pause:.2f}" for pause in pauses) + " s", flush=True)
    device.checks.that(pauses[0] < 2 and pauses[-1] > 4 and max(pauses) < 8, f"pauses that grow up to 5 s: {pauses}")


def refused(master, device):
    """What the master does not register is asked for again, in the same session, and nothing else is."""
    kinds = master.admit(refused=(2, 5))
    device.checks.equal(set(kinds), {REGISTER, ADD_CAPS}, "what the daemon asks for")
    again, until = [], time.monotonic() + 15
    while len(again) < 2 and time.monotonic() < until:
        got = master.take(1)
        if got is None:
            continue
        kind, transaction, packet, _, _ = got
        again += [kind] if kind != PING else []
        master.send(answer(packet, transaction=transaction))
    device.checks.equal(again, [REGISTER, REGISTER], "what is asked for again")
    said = (device.lab.directory / "portcullisd.log").read_text(errors="replace")
    device.checks.equal(said.count("refuses to register"), 1, "refusals that the log tells of")
    master.send(pdu(CLOSE, b"\1\0\0\0", session=9999))
    overall = device.overall
    device.checks.that(master.ask(GET, ranges((overall, oid())), 10) is not None, "a Close of another session is none of ours")
    master.send(pdu(CLOSE, b"\1\0\0\0"))
    device.checks.that(len(master.admit()) == len(kinds), "everything is registered again after a Close")


def cut_in_the_middle(master, device):
    """The connection ends after so many answers, or in the middle of one: the next session registers everything again."""
    tables = master.admit().count(REGISTER)
    device.checks.that(tables >= 11, f"{tables} registrations")
    for whole, part in ((0, 0), (1, 10), (7, 0)):
        master.send(answer(master.opened()))
        for _ in range(whole):
            kind, transaction, packet, _, _ = master.take()
            device.checks.equal(kind, REGISTER, "what follows Open")
            master.send(answer(packet, transaction=transaction))
        master.send(answer(1)[:part])
        master.drop()
        what = f"an end after {whole} registrations and {part} octets"
        device.checks.equal(master.admit().count(REGISTER), tables, f"registrations after {what}")
        device.goes_on(what)


def beside(master, device):
    """Where the master may run on one processor alone, it is answered from that one, and only as long."""
    all_there_are = os.sched_getaffinity(0)
    for allowed in ({max(all_there_are)}, all_there_are):
        os.sched_setaffinity(0, allowed)
        try:
            master.admit()
            have = os.sched_getaffinity(int(device.thread().name))
        finally:
            os.sched_setaffinity(0, all_there_are)
        device.checks.equal(have, allowed, "processors of the SNMP thread")


def silence(master, device):
    """Nobody answers, for longer than a ping takes, and then there is nobody."""
    master.opened()
    device.verifies("silence")
    master.drop()
    spent, since = device.spent(), time.monotonic()
    device.verifies("the end of a connection")
    time.sleep(1)
    spent = (device.spent() - spent) / (time.monotonic() - since)
    device.checks.that(spent < 0.1, f"the SNMP thread takes {spent:.0%} of a processor while nobody is there")


def odd_requests(master, device, polling):
    """What there is to be said to requests for odd OIDs, and that all others are survived."""
    master.admit()
    root, none = polling.root, oid()
    overall = polling.oid["portcullisOverall"] + (0,)
    questions = (
        ("the largest numbers", GET, ranges((oid(*root, 1, 6, 1, 5, *([LARGEST] * 6)), none)), [NO_INSTANCE]),
        ("128 numbers", GET, ranges((oid(*root, 1, 6, 1, 5, *([1] * (124 - len(root)))), none)),
         [NO_INSTANCE]),
        ("a column that is none", GET, ranges((oid(*root, 1, 6, 1, LARGEST, 1), none)), [NO_OBJECT]),
        ("another's object", GET, ranges((oid(1, 3, 6, 1, 2, 1, 1, 1, 0), none)), [NO_OBJECT]),
        ("many at once", GET, ranges(*([(oid(*overall), none)] * 100)), [2] * 100),
        ("a scalar, included", GETNEXT, ranges((oid(*overall, include=1), oid(*root, 1, 2))), [2]),
        ("what follows a scalar", GETNEXT, ranges((oid(*overall), oid(*root, 1, 2))), [65]),
        ("an end before the start", GETNEXT, ranges((oid(*root, 1, 6, 1), oid(*root, 1, 1))), [END_OF_VIEW]),
        ("an end at the start", GETNEXT, ranges((oid(*overall), oid(*overall))), [END_OF_VIEW]),
        ("an end before the first instance", GETNEXT, ranges((oid(*root, 1, 6, 1), oid(*root, 1, 6, 1, 5))),
         [END_OF_VIEW]),
        ("what follows the largest numbers", GETNEXT,
         ranges((oid(*root, 1, 6, 1, *([LARGEST] * 100)), oid(*root, 1, 6, 2))), [END_OF_VIEW]),
        ("three in bulk", GETBULK, struct.pack(">HH", 0, 3) + ranges((oid(*root, 1, 1), oid(*root, 1, 2))), [2, 65, 67]),
        ("one, and two times two in bulk", GETBULK, struct.pack(">HH", 1, 2) + ranges(
            (oid(*overall), none), (oid(*root, 1, 1), oid(*root, 1, 2)), (oid(*overall), oid(*overall))),
         [65, 2, END_OF_VIEW, 65, END_OF_VIEW]),
        ("more in bulk than there is", GETBULK, struct.pack(">HH", 0, 65535) + ranges((oid(*overall), oid(*overall))),
         [END_OF_VIEW]),
    )
    for packet, (what, kind, payload, want) in enumerate(questions, 1000):
        got = master.ask(kind, payload, packet)
        device.checks.that(got is not None and got[0] == 0 and [each for _, each in got[1]] == want,
                           f"{what}: {got}, types should be {want}")
    for packet, kind in enumerate((GET, GETNEXT, GETBULK, TESTSET), 1900):
        master.send(pdu(kind, bytes(4) if kind == GETBULK else b"", session=9999, packet=packet))
        got = master.response(packet)
        device.checks.that(got is not None and got[0] == NOT_OPEN, f"a request of kind {kind} in another session: {got}")
    for packet, context in enumerate((b"other", b"ot\0her", b"\0" + b"x" * 4000), 2000):
        master.send(pdu(GET, octets(context) + ranges((oid(*overall), none)), packet=packet, flags=BIG_ENDIAN | CONTEXT))
        got = master.response(packet)
        device.checks.that(got is not None and got[0] == UNSUPPORTED_CONTEXT, f"the context {context[:10]}: {got}")
    survives(master, device, odd_pdus(), "odd requests")
    seconds = int(os.environ.get("AGENTX_SECONDS", "0"))  # of tests/long.py
    seed = int(time.time()) % 1000000 if seconds else 2741
    survives(master, device, mutated(seed, seconds), f"requests changed by chance, seed {seed}")


def survives(master, device, requests, what):
    """Send each; a connection that the daemon closes is replaced. At the end it answers on the connection that is left."""
    closed = sent = 0
    for data in requests:
        try:
            master.send(data)
            sent += 1
        except Closed:
            closed += 1
            master.admit()
    print(f"{what}: {sent} sent, {closed} connections closed by the daemon", flush=True)
    device.goes_on(what)
    device.verifies(what)


def test(lab: Lab, checks):
    """One daemon for all of it."""
    polling = Polling(lab)
    master = Master(lab.agentx)
    lab.start_snmptrapd()
    lab.start_daemon()
    device = Device(lab, checks)
    device.overall = oid(*polling.oid["portcullisOverall"], 0)
    nonsense_at_first(master, device)
    cut_in_the_middle(master, device)
    refused(master, device)
    beside(master, device)
    silence(master, device)
    odd_requests(master, device, polling)
    master.close()
    lab.start_snmpd(*ADMIT)
    print(f"a real snmpd: joined after {polling.joined():.2f} s", flush=True)
    checks.that(len(polling.walk("-Cr50")) > 5000, "a walk of all there is")
    newest = polling.scalar("portcullisNewestSequence")
    wait_until(lambda: any(f"portcullisNotifySequence.0 = Gauge32: {newest}|" in trap for trap in lab.traps()), 15,
               "the traps of all that happened meanwhile")
    said = (lab.directory / "portcullisd.log").read_text(errors="replace")
    checks.that("re-opened" not in said, "the log does not tell of timers that find nothing to do")
    checks.equal(lab.daemon.pid, device.pid, "the process that was started")
    checks.equal(lab.stop(lab.daemon), 0, "exit code of the daemon")


if __name__ == "__main__":
    main(test)
