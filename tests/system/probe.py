#!/usr/bin/python3
"""Send packets and tell which got through: one JSON list on standard input, one on standard output.

Each item is {"transport","source","source_port","destination","destination_port"}. A TCP connection that is refused, or a
datagram that is answered with port unreachable, reached its host and came back; silence means that it was dropped.
"""

import errno
import json
import selectors
import socket
import sys
import time

SILENCE = 0.35
BATCH = 200


def begin(item):
    """A non-blocking socket with the packet sent, or None and the answer when it is known at once."""
    family = socket.AF_INET6 if ":" in item["destination"] else socket.AF_INET
    kind = socket.SOCK_STREAM if item["transport"] == "tcp" else socket.SOCK_DGRAM
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setblocking(False)
    s.bind((item["source"], item["source_port"]))
    code = s.connect_ex((item["destination"], item["destination_port"]))
    if kind == socket.SOCK_DGRAM:
        s.send(b"portcullis")
    elif code == errno.ECONNREFUSED:
        s.close()
        return None
    elif code not in (0, errno.EINPROGRESS):
        raise OSError(code, f"{item}: {errno.errorcode[code]}")
    return s


def batch(items):
    """The answers of some items, sent at once."""
    passed = [False] * len(items)
    selector = selectors.DefaultSelector()
    for i, item in enumerate(items):
        s = begin(item)
        if s is None:
            passed[i] = True
        else:
            events = selectors.EVENT_WRITE if item["transport"] == "tcp" else selectors.EVENT_READ
            selector.register(s, events, i)
    end = time.monotonic() + SILENCE
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            code = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            passed[key.data] = code in (0, errno.ECONNREFUSED)
            selector.unregister(key.fileobj)
            key.fileobj.close()
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    return passed


def main():
    """Read, send in batches, print."""
    items = json.load(sys.stdin)
    passed = []
    for start in range(0, len(items), BATCH):
        passed += batch(items[start:start + BATCH])
    json.dump(passed, sys.stdout)


if __name__ == "__main__":
    main()
