#!/usr/bin/python3
"""Many SNMP agents in one process: what one real device answered when it was well and when a rule was broken, once for each
address from 127.1.0.1 on.

Commands come as lines on stdin, each is answered by one line of JSON: `break A`, `mend A`, `restart A`, `silence A` (snmpd without
Portcullis) for agent number A, `counts`. SNMPv2c, any community; it knows GET, GETNEXT and GETBULK.
"""

import bisect
import ipaddress
import json
import select
import socket
import struct
import sys
import time

IP_PKTINFO, SO_RCVBUFFORCE = 8, 33
GET, GETNEXT, RESPONSE, GETBULK = 0xA0, 0xA1, 0xA2, 0xA5
INTEGER, OCTETS, OID, SEQUENCE, TICKS, NO_SUCH, END = 0x02, 0x04, 0x06, 0x30, 0x43, 0x80, 0x82
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
FIRST = ipaddress.ip_address("127.1.0.1")
MOST = 40000  # octets of varbinds in an answer


def tlv(tag, body):
    """One value in BER."""
    n = len(body)
    return bytes([tag, n] if n < 128 else [tag, 0x81, n] if n < 256 else [tag, 0x82, n >> 8, n & 255]) + body


def read(data, at):
    """(tag, body, where the next value begins)."""
    n, start = data[at + 1], at + 2
    if n & 128:
        start += n & 127
        n = int.from_bytes(data[at + 2:start], "big")
    return data[at], data[start:start + n], start + n


def several(data):
    """The values of a sequence."""
    at = 0
    while at < len(data):
        tag, body, at = read(data, at)
        yield tag, body


def number(body):
    """An integer."""
    return int.from_bytes(body, "big", signed=True)


def whole(value, tag=INTEGER):
    """An integer in BER."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid_of(body):
    """Bytes to numbers."""
    numbers, value = [body[0] // 40, body[0] % 40], 0
    for octet in body[1:]:
        value = value << 7 | octet & 127
        if not octet & 128:
            numbers.append(value)
            value = 0
    return tuple(numbers)


def bytes_of(oid):
    """Numbers to bytes."""
    out = bytearray([oid[0] * 40 + oid[1]])
    for value in oid[2:]:
        part = [value & 127]
        while value := value >> 7:
            part.append(value & 127 | 128)
        out += bytes(reversed(part))
    return bytes(out)


def varbind(oid, value):
    """A name and its value, which is BER already."""
    return tlv(SEQUENCE, tlv(OID, bytes_of(oid)) + value)


def message(community, pdu, request, second, third, body):
    """A message of SNMPv2c."""
    return tlv(SEQUENCE, whole(1) + tlv(OCTETS, community) + tlv(pdu, whole(request) + whole(second) + whole(third) +
                                                                 tlv(SEQUENCE, body)))


def parse(data):
    """(community, kind of PDU, its numbers, names and BER values)."""
    (_, _), (_, community), (pdu, body) = several(read(data, 0)[1])
    (_, request), (_, second), (_, third), (_, binds) = several(body)
    names = []
    for _, bind in several(binds):
        _, name, at = read(bind, 0)
        names.append((oid_of(name), bind[at:]))
    return community, pdu, number(request), number(second), number(third), names


def record(host, port, community, root):
    """Everything below a root that a real agent has: name to BER value."""
    found, at = {}, root
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect((host, port))
        while True:
            sock.send(message(community.encode(), GETBULK, 1, 0, 50, varbind(at, tlv(5, b""))))
            for name, value in parse(sock.recv(65535))[5]:
                if name[:len(root)] != root or value[0] == END:
                    return found
                found[name], at = value, name


class Recording:
    """What a device answers in one state, ready to be sent."""

    def __init__(self, values):
        self.names = sorted(values)
        self.binds = [varbind(name, values[name]) for name in self.names]

    def after(self, name):
        """Index of the first name behind."""
        return bisect.bisect_right(self.names, name)


class Agent:
    """One device: which recording, since when, and what it was asked."""

    def __init__(self, fleet, started):
        self.fleet, self.started, self.changed = fleet, started, started
        self.recording, self.counts = fleet.well, {GET: 0, GETNEXT: 0, GETBULK: 0}

    def ticks(self, when):
        """sysUpTime at a moment."""
        return whole(max(0, int((when - self.started) * 100)), TICKS)

    def bind(self, index):
        """One answer of the recording; times are this agent's own."""
        name = self.recording.names[index]
        if name == UPTIME:
            return varbind(name, self.ticks(time.monotonic()))
        return varbind(name, self.ticks(self.changed)) if name == self.fleet.last_change else self.recording.binds[index]

    def get(self, name):
        """A value by name."""
        index = self.recording.after(name) - 1
        if index < 0 or self.recording.names[index] != name:
            return varbind(name, tlv(NO_SUCH, b""))
        return self.bind(index)

    def bulk(self, name, most):
        """Values behind a name."""
        start = self.recording.after(name)
        end = min(start + most, len(self.recording.names))
        binds = [self.bind(index) for index in range(start, end)]
        return binds + [varbind(name, tlv(END, b""))] * (end - start < most)

    def answer(self, data):
        """One message to another."""
        community, pdu, request, _, repetitions, names = parse(data)
        self.counts[pdu] += 1
        if pdu == GET:
            binds = [self.get(name) for name, _ in names]
        else:
            binds = [bind for name, _ in names for bind in self.bulk(name, repetitions if pdu == GETBULK else 1)]
        while sum(map(len, binds)) > MOST:
            binds.pop()
        return message(community, RESPONSE, request, 0, 0, b"".join(binds))


class Fleet:
    """All agents behind one socket."""

    def __init__(self, n, well, broken, root):
        silent = {UPTIME: whole(0, TICKS)}
        self.well, self.broken, self.silent = (Recording({**silent, **values}) for values in (well, broken, {}))
        self.last_change = (*root, 1, 1, 44, 0)
        self.agents = [Agent(self, time.monotonic() - 1000) for _ in range(n)]
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.sock.bind(("0.0.0.0", 161))

    def serve_one(self):
        """One request, answered from the address that it came to."""
        data, extra, _, sender = self.sock.recvmsg(65535, 64)
        address = next(value for level, kind, value in extra if level == socket.IPPROTO_IP and kind == IP_PKTINFO)[8:12]
        index = int.from_bytes(address, "big") - int(FIRST)
        if 0 <= index < len(self.agents):
            info = struct.pack("=I4s4s", 0, address, bytes(4))
            self.sock.sendmsg([self.agents[index].answer(data)], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, sender)

    def command(self, line):
        """One line of stdin."""
        word, *rest = line.split()
        if word == "counts":
            return {name: [agent.counts[kind] for agent in self.agents] for name, kind in (("get", GET), ("bulk", GETBULK))}
        agent, now = self.agents[int(rest[0])], time.monotonic()
        if word == "restart":
            agent.started = agent.changed = now
        else:
            agent.recording = {"break": self.broken, "mend": self.well, "silence": self.silent}[word]
            agent.changed = now
        return word

    def run(self):
        """Until stdin ends."""
        while True:
            for source in select.select([self.sock, sys.stdin], [], [])[0]:
                if source is self.sock:
                    self.serve_one()
                    continue
                line = sys.stdin.readline()
                if not line:
                    return
                print(json.dumps(self.command(line)), flush=True)


def main():
    """N agents; recordings (as JSON with hexadecimal values) and the root of the MIB from a file."""
    with open(sys.argv[2], encoding="ascii") as source:
        kept = json.load(source)
    states = [{tuple(map(int, name.split("."))): bytes.fromhex(value) for name, value in kept[state].items()}
              for state in ("well", "broken")]
    fleet = Fleet(int(sys.argv[1]), *states, tuple(kept["root"]))
    print(json.dumps("ready"), flush=True)
    fleet.run()


if __name__ == "__main__":
    main()
