#!/usr/bin/python3
"""What the own table counts, through the daemon: boxes and explicit rules over NETCONF, `portcullis conformance --unused`.

Real packets between client and server are counted where they belong, over replaces of the table, confirmed commits that are
taken back and starts of the daemon; and nothing is asked of the kernel, or claimed, where the agent only observes.
"""

import html
import json
import pathlib
import re
import socket
import sys

from harness import LabError, main, wait_until

PC = "urn:portcullis:yang:portcullis"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
PROBE = pathlib.Path(__file__).resolve().parent / "probe.py"
ENDS = ("10.10.0.2", "10.20.1.100")
USED, SILENT = ("tcp", "5061"), ("tcp", "443")


def rule(name, port, extra=""):
    """An explicit rule for clients to one server."""
    return (f"<rule><name>{name}</name><matches><source><address>10.10.0.0/16</address></source><destination>"
            f"<address>10.20.5.10</address><port><lower>{port}</lower></port></destination><transport>tcp</transport></matches>"
            f"<actions><forwarding>accept</forwarding></actions>{extra}</rule>")


class Scene:
    """The example's device."""

    def __init__(self, lab, checks):
        self.lab, self.checks, self.port = lab, checks, 41000

    def rpc(self, *bodies):
        """Replies to operations on a session of their own."""
        with socket.socket(socket.AF_UNIX) as session:
            session.settimeout(60)
            session.connect(str(self.lab.socket))
            hello = (f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
                     "</capabilities></hello>]]>]]>")
            session.sendall((hello + "".join(f'<rpc xmlns="{BASE}" message-id="{number}">{body}</rpc>]]>]]>'
                                             for number, body in enumerate(bodies))).encode())
            received = b""
            while received.count(b"]]>]]>") < 1 + len(bodies):
                part = session.recv(1 << 20)
                if not part:
                    raise LabError(f"the session ended after {received[-300:]}")
                received += part
        return received.decode().split("]]>]]>")[1:-1]

    def commit(self, firewall, what, confirmed=""):
        """Change the firewall part and commit it."""
        replies = self.rpc(f'<edit-config><target><candidate/></target><config><firewall xmlns="{PC}">{firewall}</firewall>'
                           "</config></edit-config>", f"<commit>{confirmed}</commit>")
        self.checks.that(all("<ok/>" in reply for reply in replies), f"{what}: {replies}")

    def get(self, inner, operation="get"):
        """What a subtree filter selects."""
        return self.rpc(f'<{operation}><filter type="subtree">{inner}</filter></{operation}>')[0]

    def fresh(self):
        """A reading that began after now: those of the last second are shared."""
        begun = self.read_time()
        return wait_until(lambda: self.read_time() > begun and self.table(), 10, "a reading of its own")

    def read_time(self):
        """When the counters were read."""
        return leaf(self.get(f'<firewall-use xmlns="{PC}"><read/></firewall-use>'), "read")

    def table(self):
        """The boxes by transport, destination and ports."""
        reply = self.get(f'<firewall-use xmlns="{PC}"/>')
        boxes = {}
        for box in re.findall(r"<box>(.*?)</box>", reply, re.S):
            key = tuple(leaf(box, name) for name in ("transport", "source", "destination", "ports"))
            boxes[key] = {"packets": int(leaf(box, "matched-packets")), "octets": int(leaf(box, "matched-octets")),
                          "since": leaf(box, "since"), "labels": [html.unescape(one) for one in re.findall(r"<label>(.*?)</label>", box)]}
        return boxes

    def statistics(self):
        """Statistics of the explicit rules by name."""
        reply = self.get(f'<firewall xmlns="{PC}"><rule/></firewall>')
        rules = {}
        for one in re.findall(r"<rule>(.*?)</rule>", reply, re.S):
            rules[leaf(one, "name")] = (leaf(one, "matched-packets"), leaf(one, "matched-octets"), leaf(one, "since"))
        return rules

    def send(self, destination, port, count=1):
        """TCP connections from the client, each from a port of its own."""
        items = []
        for _ in range(count):
            self.port += 1
            items.append({"transport": "tcp", "source": ENDS[0], "source_port": self.port, "destination": destination,
                          "destination_port": port})
        answer = json.loads(self.lab.run("client", sys.executable, PROBE, input=json.dumps(items)).stdout)
        self.checks.that(all(answer), f"{count} connections to {destination} port {port} pass: {answer}")

    def unused(self, *options):
        """What the command lists, and its exit code."""
        done = self.lab.online("conformance", "--json", *(options or ("--unused",)))
        return json.loads(done.stdout)["unused"], done.returncode


def leaf(xml, name):
    """Text of the first such leaf, or None."""
    found = re.search(rf"<{name}[^>]*>([^<]*)</", xml)
    return found.group(1) if found else None


def observing(scene):
    """Without a table of the agent's."""
    checks = scene.checks
    unused, code = scene.unused()
    checks.equal((unused["mode"], unused["status"], unused["boxes"], unused["rules"]), ("observe", "absent", [], []), "observe")
    checks.equal(code, 0, "exit code while observing")
    text = scene.lab.online("conformance", "--unused").stdout
    checks.that("the mode is observe" in text, f"observe in words: {text[-300:]}")
    checks.that("statistics" not in scene.get(f'<firewall xmlns="{PC}"/>'), "no statistics while observing")


def box_of(boxes, destination, ports):
    """The one box that a client's packets to a port fall into."""
    found = [key for key in boxes if key[0] == "tcp" and key[1].startswith("10.10.0.2-") and
             key[2].split("-")[0] <= destination and destination in (key[2], *key[2].split("-")) and key[3] == ports]
    if len(found) != 1:
        raise LabError(f"{destination} {ports}: {found} of {sorted(boxes)}")
    return found[0]


def counting(scene):
    """Packets where they belong."""
    checks, boxes = scene.checks, scene.table()
    checks.that(len(boxes) > 20 and all(box["packets"] == 0 and box["since"] for box in boxes.values()), f"at first: {boxes}")
    checks.that(all(box["labels"] for box in boxes.values()), "each box has its flows")
    scene.send(ENDS[1], 5061, 3)
    scene.send("10.20.5.10", 8443, 2)
    after = scene.fresh()
    box = box_of(after, ENDS[1], "5061")
    checks.equal(after[box]["packets"], 3, f"packets of {box}")
    checks.that(after[box]["octets"] >= 3 * 40, f"octets: {after[box]}")
    checks.that(any("5061-tcp" in label and "clients>fe-pool" in label for label in after[box]["labels"]), f"labels: {after[box]}")
    checks.equal({key for key, one in after.items() if one["packets"]}, {box}, "boxes that counted")
    rules = scene.statistics()
    checks.equal((rules["used"][0], rules["silent"][0]), ("2", "0"), f"statistics: {rules}")
    checks.that(int(rules["used"][1]) >= 2 * 40 and rules["used"][2], f"octets and since: {rules}")
    return box, after[box], rules["used"]


def reading(scene, label):
    """Ways to read: NMDA, parts, and what needs no kernel."""
    checks = scene.checks
    operational = ('<get-data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-nmda" '
                   'xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores"><datastore>ds:operational</datastore>'
                   '<subtree-filter>{}</subtree-filter>{}</get-data>')
    state = scene.rpc(operational.format(f'<firewall xmlns="{PC}"/>', "<config-filter>false</config-filter>"))[0]
    checks.that(state.count("<statistics") == 2 and "<name>silent</name>" in state and "<forwarding" not in state,
                f"state alone: {state[:600]}")
    both = scene.rpc(operational.format(f'<firewall xmlns="{PC}"><rule/></firewall>', ""))[0]
    checks.that(both.count("<statistics") == 2 and "<forwarding" in both, f"operational: {both[:600]}")
    config = scene.rpc(f'<get-config><source><running/></source><filter type="subtree"><firewall xmlns="{PC}"/></filter>'
                       "</get-config>")[0]
    checks.that("<statistics" not in config, "get-config has no state")
    part = scene.get(f'<firewall-use xmlns="{PC}"><box><label>{html.escape(label)}</label></box></firewall-use>')
    checks.that(part.count("<box>") >= 1 and "5061" in part and "<status" not in part, f"a part: {part[:600]}")
    everything = scene.rpc("<get/>")[0]
    checks.that("<firewall-use" in everything and "<conformance" in everything and everything.count("<statistics") >= 2, "everything")


def listing(scene, label):
    """The command."""
    checks = scene.checks
    unused, code = scene.unused()
    boxes = [box for box in unused["boxes"] if label in box["labels"]]
    checks.equal((unused["mode"], unused["status"], code), ("enforce", "present", 0), "mode, status, exit code")
    checks.that(len(unused["boxes"]) > 20 and not all(box["used_elsewhere"] for box in unused["boxes"]), "unused boxes")
    checks.that(all(box["used_elsewhere"] and "10.10.0.2" not in box["source"] for box in boxes), f"what was used: {boxes}")
    checks.equal([(one["name"], one["path"]) for one in unused["rules"]], [("silent", "forward")], "unused rules")
    checks.that(all(box["since"] and box["source"] and box["id"] for box in unused["boxes"]), "each with since")
    text = scene.lab.online("conformance", "--unused").stdout
    checks.that("UNUSED SINCE" in text and "rule silent" in text and "rule used" not in text and
                ", used elsewhere" in text, f"the table: {text[-800:]}")
    unused, code = scene.unused("--unused-for", "1d")
    checks.equal((unused["boxes"], unused["rules"], code), ([], [], 0), "unused for a day")
    checks.that(len(scene.unused("--unused-for", "0s")[0]["boxes"]) > 20, "unused for no time")
    done = scene.lab.online("conformance", "--unused-for", "soon")
    checks.that(done.returncode == 3 and "30d" in done.stderr, f"a time that is none: {done.stderr}")


def test(lab, checks):
    """All of it on one device."""
    scene = Scene(lab, checks)
    lab.run("device", "nft", "insert", "rule", "inet", "filter", "forward", "ip", "daddr", "10.20.5.10", "accept")
    lab.start_daemon()
    observing(scene)
    scene.commit(f"<mode>enforce</mode>{rule('used', 8443)}{rule('silent', 8444)}", "enforce")
    box, counted, of_rule = counting(scene)
    reading(scene, counted["labels"][0])
    listing(scene, counted["labels"][0])
    # Another rule before them: the table is another one.
    scene.commit(rule("later", 8445), "a rule more")
    after = scene.fresh()
    checks.equal(after[box], counted, "a box over a replace")
    checks.equal(scene.statistics()["used"], of_rule, "a rule over a replace")
    # Commits that are taken back, by their own and by a start: what was counted meanwhile stays.
    for turn in (1, 2):
        scene.commit(rule("tried", 8446), "a confirmed commit", "<confirmed/><confirm-timeout>60</confirm-timeout><persist>x</persist>")
        checks.that("tried" in scene.statistics(), "the rule of the confirmed commit")
        scene.send(ENDS[1], 5061, 2)
        if turn == 1:
            checks.that("<ok/>" in scene.rpc("<cancel-commit><persist-id>x</persist-id></cancel-commit>")[0], "cancel-commit")
        else:
            lab.stop(lab.daemon)
            lab.start_daemon(load=False)
        after = scene.fresh()
        checks.equal((after[box]["packets"], after[box]["since"]), (counted["packets"] + 2 * turn, counted["since"]),
                     f"a box over way back {turn}")
        rules = scene.statistics()
        checks.that("tried" not in rules and rules["used"] == of_rule, f"rules over way back {turn}: {rules}")
    # A start of the daemon changes nothing.
    before = scene.fresh()
    lab.stop(lab.daemon)
    lab.start_daemon(load=False)
    checks.equal(scene.table(), before, "boxes over a start of the daemon")
    # Back to observing.
    scene.commit("<mode>observe</mode>", "observe")
    observing(scene)


if __name__ == "__main__":
    main(test)
