#!/usr/bin/python3
"""Include only leftward or upward in the map of the house, and each library in its one place."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The rooms in the order of the data's way: a room may include itself and what stands before it.
ORDER = ["base", "document", "catalog", "deployment", "flow", "ruleset", "verify", "compile", "conformance", "snapshot", "commit",
         "journal", "config", "nft", "usage", "push", "snmp", "netconf", "cli", "daemon"]
# Headers of the public folder by the room that they belong to.
HEADERS = {"error": "base", "alloc": "base", "text": "base", "log": "base", "clock": "base", "thread": "base", "range": "base",
           "utf8": "base", "ipsec": "verify", "review": "flow", "pins": "flow",
           "import": "catalog", "whatif": "conformance", "plane": "conformance", "firewall": "deployment", "connection": "ruleset", "mirror": "ruleset", "policies": "ruleset", "network": "deployment", "flat": "snapshot"}
# Where a library may be included.
LIBRARIES = {
    r"^(cmark-gfm|libxml/)": {"document", "cli"},
    r"^libyang/": {"catalog", "config", "netconf"},
    r"^(nc_server|nc_client|libnetconf2)": {"netconf"},
    r"^net-snmp/": {"snmp"},
    r"^(libnftnl|linux/netfilter)": {"ruleset", "nft"},
    r"^libmnl/": {"ruleset", "nft"},
    r"^sqlite3": {"journal"},
    r"^jansson": {"catalog", "deployment", "ruleset", "compile", "journal", "cli"},
    r"^(seccomp|cap-ng)": {"nft", "daemon"},
    r"^systemd/": {"daemon"},
}


def room_of(path):
    """The room of a source file: its folder, or its own name in agent/ itself."""
    parts = path.relative_to(ROOT / "agent").parts
    if len(parts) > 1:
        return parts[0]
    stem = path.stem.split("_")[0]
    return {"main": "daemon", "network": "deployment", "flat": "snapshot", "build": "base"}.get(stem, stem)


def main():
    """Print every include that goes the wrong way."""
    faults = []
    for path in sorted([*ROOT.glob("agent/**/*.c"), *ROOT.glob("agent/**/*.h")]):
        room = room_of(path)
        if room not in ORDER:
            faults.append(f"{path}: room '{room}' is not in the map")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if not found:
                continue
            name = found.group(1)
            public = re.match(r"portcullis/(\w+)\.h$", name)
            if public:
                target = HEADERS.get(public.group(1), public.group(1))
            elif "/" in name and name.split("/")[0] in ORDER:
                target = name.split("/")[0]
            else:
                target = None
            if target is not None and (target not in ORDER or ORDER.index(target) > ORDER.index(room)):
                faults.append(f"{path.relative_to(ROOT)}:{number}: '{room}' must not include '{name}' of '{target}'")
            for pattern, rooms in LIBRARIES.items():
                if re.match(pattern, name) and room not in rooms:
                    faults.append(f"{path.relative_to(ROOT)}:{number}: <{name}> belongs to {', '.join(sorted(rooms))}")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
