#!/usr/bin/python3
"""Operations and options of NETCONF with ncclient, over SSH to a server on a snapshot made by hand.

What test_netconf.py leaves out: every option of edit-config, orders of the user, copies between datastores, filters, the four
modes of defaults, NMDA's operations, who may do what while a confirmed commit is pending, and what netconf-state counts.
With --sessions SOCKET KEY this program is the client, inside the namespace of the device.
"""

import os
import re
import subprocess
import sys
import traceback
import types

from harness import Checks, Lab, main, skip, snapshot_server, wait_until
from test_netconf import BASE, DATASTORES, MONITORING, NMDA, PC, connect, leaf, raw_session

from ncclient.operations import RPCError  # test_netconf has skipped without ncclient
from ncclient.transport import ssh
from ncclient.xml_ import to_ele

ACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
DEFAULT = "urn:ietf:params:xml:ns:netconf:default:1.0"
YANG = "urn:ietf:params:xml:ns:yang:1"
START = {"a": ["eth0"], "b": ["eth1"]}


def zone(name, *interfaces, operation=""):
    """A zone, perhaps with an operation of its own."""
    attribute = f' xmlns:nc="{BASE}" nc:operation="{operation}"' if operation else ""
    return (f'<zone xmlns="{PC}"{attribute}><name>{name}</name>' + "".join(f"<interface>{one}</interface>" for one in interfaces)
            + "</zone>")


def edit(content, target="candidate", default="", test="", error=""):
    """An edit-config with the options that are given."""
    options = (("default-operation", default), ("test-option", test), ("error-option", error))
    given = "".join(f"<{name}>{value}</{name}>" for name, value in options if value)
    return f'<edit-config xmlns="{BASE}"><target><{target}/></target>{given}<config>{content}</config></edit-config>'


def ask(device, body):
    """The errors of the answer: tag, path and message of each; none when it is ok."""
    try:
        device.dispatch(to_ele(body))
    except RPCError as error:
        return [(one.tag, one.path or "", one.message or "") for one in error.errlist or [error]]
    return []


def tags(device, body):
    """The error-tags of the answer."""
    return [tag for tag, _, _ in ask(device, body)]


def plain(operation, **places):
    """An rpc whose parameters are datastores or an inline configuration (which begins with <)."""
    inner = "".join(f"<{name}>" + (f"<config>{what}</config>" if what.startswith("<") else f"<{what}/>") + f"</{name}>"
                    for name, what in places.items())
    return f'<{operation} xmlns="{BASE}">{inner}</{operation}>'


def raw_rpc(path, xml):
    """The reply to an rpc as it is, in a session of its own on the UNIX socket."""
    with raw_session(types.SimpleNamespace(socket=path)) as session:
        session.sendall(xml.encode() + b"]]>]]>")
        received = b""
        while b"</rpc-reply>" not in received:
            received += session.recv(65536)
    return received[received.index(b"<rpc-reply"):].decode()


def zones(device, datastore="candidate"):
    """Name and interfaces of each zone."""
    data = device.get_config(datastore, filter=("subtree", f'<zone xmlns="{PC}"/>')).data_ele
    return {one.findtext(f"{{{PC}}}name"): [each.text for each in one.findall(f"{{{PC}}}interface")] for one in data}


def start(device):
    """Running and candidate with the zones of START alone."""
    device.discard_changes()
    content = "".join(zone(name, *interfaces) for name, interfaces in START.items())
    device.dispatch(to_ele(plain("copy-config", target="running", source=content)))
    device.discard_changes()


C, MISSING, BROKEN = zone("c", "eth2"), zone("x", operation="delete"), zone("c")
# What, options, content, error-tags, zones afterwards (None: as before).
EDITS = (
    ("without options an edit merges", {}, zone("a", "eth5") + C, [], {"a": ["eth0", "eth5"], "b": ["eth1"], "c": ["eth2"]}),
    ("default-operation merge", {"default": "merge"}, C, [], {**START, "c": ["eth2"]}),
    ("default-operation replace leaves nothing else", {"default": "replace"}, C, [], {"c": ["eth2"]}),
    ("default-operation none makes no entry", {"default": "none"}, C, ["data-missing"], None),
    ("default-operation none makes no leaf of an entry", {"default": "none"}, zone("a", "eth5"), ["data-missing"], None),
    ("default-operation none and an operation below", {"default": "none"}, zone("c", "eth2", operation="create"), [],
     {**START, "c": ["eth2"]}),
    ("test-option test-only changes nothing", {"test": "test-only"}, C, [], None),
    ("test-option test-only finds the fault", {"test": "test-only"}, MISSING, ["data-missing"], None),
    ("test-option test-only validates", {"test": "test-only"}, BROKEN, ["operation-failed"], None),
    ("test-option set", {"test": "set"}, C, [], {**START, "c": ["eth2"]}),
    ("test-option set takes what is not valid yet", {"test": "set"}, BROKEN, [], {**START, "c": []}),
    ("test-option test-then-set", {"test": "test-then-set"}, C, [], {**START, "c": ["eth2"]}),
    ("test-option test-then-set refuses what is not valid", {"test": "test-then-set"}, BROKEN, ["operation-failed"], None),
    ("error-option stop-on-error keeps nothing of the edit", {"error": "stop-on-error"}, C + MISSING, ["data-missing"], None),
    ("error-option rollback-on-error", {"error": "rollback-on-error"}, C + MISSING + zone("d", "eth3"), ["data-missing"], None),
    ("error-option continue-on-error does the rest", {"error": "continue-on-error"},
     C + MISSING + zone("d", "eth3") + zone("a", "eth9", operation="create"), ["data-missing", "data-exists"],
     {**START, "c": ["eth2"], "d": ["eth3"]}),
    ("operation merge", {"default": "none"}, zone("a", "eth5", operation="merge"), [], {"a": ["eth0", "eth5"], "b": ["eth1"]}),
    ("operation replace", {}, zone("a", "eth5", operation="replace"), [], {"a": ["eth5"], "b": ["eth1"]}),
    ("operation replace of what is not there", {}, zone("c", "eth2", operation="replace"), [], {**START, "c": ["eth2"]}),
    ("operation create", {}, zone("c", "eth2", operation="create"), [], {**START, "c": ["eth2"]}),
    ("operation create of what is there", {}, zone("a", "eth2", operation="create"), ["data-exists"], None),
    ("operation delete", {}, zone("a", operation="delete"), [], {"b": ["eth1"]}),
    ("operation delete of what is not there", {}, MISSING, ["data-missing"], None),
    ("operation remove", {}, zone("a", operation="remove"), [], {"b": ["eth1"]}),
    ("operation remove of what is not there", {}, zone("x", operation="remove"), [], None),
    ("an option that does not exist", {"default": "none of these"}, C, ["invalid-value"], None),
)


def edits(one, _, check):
    """edit-config on the candidate, from the same state each time."""
    start(one)
    for what, options, content, wanted, after in EDITS:
        one.discard_changes()
        have = ask(one, edit(content, **options))
        check([tag for tag, _, _ in have] == wanted, f"{what}: error-tags {wanted}, not {have}")
        left = zones(one)
        check(left == (START if after is None else after), f"{what}: zones afterwards: {left}")
    check(zones(one, "running") == START, "edits of the candidate leave running as it was")
    one.discard_changes()


# Attributes of the list entry, error-tags, order of the rule lists afterwards; from l1 l2 l3 each time.
ORDERS = (
    ("l4", 'y:insert="first"', [], "l4 l1 l2 l3"),
    ("l4", 'y:insert="last"', [], "l1 l2 l3 l4"),
    ("l4", "", [], "l1 l2 l3 l4"),
    ("l4", "y:insert=\"before\" y:key=\"[a:name='l2']\"", [], "l1 l4 l2 l3"),
    ("l4", "y:insert=\"after\" y:key=\"[a:name='l2']\"", [], "l1 l2 l4 l3"),
    ("l3", 'y:insert="first"', [], "l3 l1 l2"),
    ("l1", 'y:insert="last"', [], "l2 l3 l1"),
    ("l1", "y:insert=\"after\" y:key=\"[a:name='l2']\"", [], "l2 l1 l3"),
    ("l3", "y:insert=\"before\" y:key=\"[a:name='l1']\" nc:operation=\"replace\"", [], "l3 l1 l2"),
    ("l4", "y:insert=\"before\" y:key=\"[a:name='none']\"", ["bad-attribute"], "l1 l2 l3"),
    ("l4", 'y:insert="before"', ["missing-attribute"], "l1 l2 l3"),
)


def orders(one, _, check):
    """insert and key in a list that the user orders."""
    def lists(entries):
        inner = "".join(f"<rule-list {attributes}><name>{name}</name><group>*</group></rule-list>" for name, attributes in entries)
        return f'<nacm xmlns="{ACM}" xmlns:a="{ACM}" xmlns:y="{YANG}" xmlns:nc="{BASE}">{inner}</nacm>'
    for name, attributes, wanted, after in ORDERS:
        what = f"insert of {name} with {attributes or 'nothing'}"
        one.discard_changes()
        check(ask(one, edit(lists([("l1", ""), ("l2", ""), ("l3", "")]))) == [], f"{what}: three rule lists to begin with")
        have = ask(one, edit(lists([(name, attributes)])))
        check([tag for tag, _, _ in have] == wanted, f"{what}: error-tags {wanted}, not {have}")
        data = one.get_config("candidate", filter=("subtree", f'<nacm xmlns="{ACM}"><rule-list><name/></rule-list></nacm>'))
        order = " ".join(re.findall(r"<name>(l\d)</name>", data.data_xml))
        check(order == after, f"{what}: the order is {after}, not {order}")
    one.discard_changes()


def datastores(one, two, check):
    """Copies between datastores and from inline, delete-config, validate, locks, discard-changes."""
    def holds(datastore, want, what):
        have = zones(one, datastore)
        check(have == want, f"{what}: {datastore} holds {want}, not {have}")

    start(one)
    copies = (("candidate", C, {"c": ["eth2"]}), ("startup", "running", START), ("running", "candidate", {"c": ["eth2"]}),
              ("candidate", "startup", START), ("startup", C + zone("d", "eth3"), {"c": ["eth2"], "d": ["eth3"]}),
              ("running", "startup", {"c": ["eth2"], "d": ["eth3"]}), ("startup", "candidate", START),
              ("candidate", "running", {"c": ["eth2"], "d": ["eth3"]}))
    for target, source, want in copies:
        have = ask(one, plain("copy-config", target=target, source=source))
        check(have == [], f"copy-config of {source[:20]} to {target}: {have}")
        holds(target, want, f"copy-config of {source[:20]} to {target}")
    check(tags(one, plain("copy-config", target="running", source=BROKEN)) == ["operation-failed"],
          "copy-config of an inline configuration that is not valid to running is refused")
    holds("running", {"c": ["eth2"], "d": ["eth3"]}, "a copy-config that was refused")
    check(ask(one, plain("delete-config", target="startup")) == [], "delete-config of startup")
    holds("startup", {}, "delete-config")
    check(tags(one, plain("delete-config", target="running")) == ["operation-not-supported"], "delete-config of running")
    start(one)
    for source in ("running", "candidate", C):
        check(ask(one, plain("validate", source=source)) == [], f"validate of {source[:20]} finds nothing")
    for source, words in ((BROKEN, "zone[name='c']/interface"), (zone("c", "a" * 16), "zone[name='c']/interface"),
                          (zone("c", ""), "zone[name='c']/interface")):
        have = ask(one, plain("validate", source=source))
        check(len(have) == 1 and words in have[0][1], f"validate of {source} says where: {have}")
    check(ask(one, edit(BROKEN, test="set")) == [], "a fault for validate")
    for body in (plain("validate", source="candidate"), plain("commit")):
        have = ask(one, body)
        check(len(have) == 1 and have[0][1] == "/portcullis:zone[name='c']/interface" and "add one" in have[0][2],
              f"{body} says where the candidate is wrong: {have}")
    one.discard_changes()
    holds("candidate", START, "discard-changes")
    for target in ("running", "candidate", "startup"):
        check(ask(one, plain("lock", target=target)) == [], f"lock of {target}")
        have = ask(two, plain("lock", target=target))
        check([tag for tag, _, _ in have] == ["lock-denied"] and one.session_id in have[0][2], f"another lock of {target}: {have}")
        write = plain("copy-config", target=target, source=C)
        check(tags(two, write) == ["in-use"], f"a write to {target} that another has locked is refused: {ask(two, write)}")
        have = ask(two, plain("unlock", target=target))
        check([tag for tag, _, _ in have] == ["in-use"], f"{target} is not unlocked by another: {have}")
        check(ask(one, plain("unlock", target=target)) == [], f"unlock of {target}")
        check(ask(two, plain("lock", target=target)) == [], f"lock of {target} by the other afterwards")
        check(ask(two, plain("unlock", target=target)) == [], f"unlock of {target} by the other")
    check(ask(two, edit(C)) == [] and tags(one, plain("lock", target="candidate")) == ["lock-denied"],
          "a candidate that somebody has changed is not locked")
    check(ask(one, plain("discard-changes")) == [] and ask(one, plain("lock", target="candidate")) == [],
          "it is, once the changes are discarded")
    check(ask(one, plain("unlock", target="candidate")) == [], "unlock of the candidate")


FILTERED = f"{zone('a', 'eth0')}{zone('b', 'eth1', 'eth2')}<notification xmlns=\"{PC}\"><enable>true</enable></notification>"
# What, kind, filter, what the answer holds, what it does not hold.
FILTERS = (
    ("an entry by its key", "subtree", f'<zone xmlns="{PC}"><name>a</name></zone>', ["eth0"], ["eth1", "notification"]),
    ("a match of a leaf-list's value", "subtree", f'<zone xmlns="{PC}"><interface>eth2</interface></zone>',
     ["<name>b", "eth2"], ["<name>a"]),
    ("a match and a selection", "subtree", f'<zone xmlns="{PC}"><name>b</name><id/></zone>', ["<name>b"], ["eth1", "<name>a"]),
    ("a selection in all entries", "subtree", f'<zone xmlns="{PC}"><name/></zone>', ["<name>a", "<name>b"], ["eth0", "eth1"]),
    ("two subtrees", "subtree", f'<p:zone xmlns:p="{PC}"><p:name>a</p:name></p:zone><notification xmlns="{PC}"/>',
     ["eth0", "<enable>"], ["eth1"]),
    ("a match that nothing fits", "subtree", f'<zone xmlns="{PC}"><name>none</name></zone>', [], ["zone"]),
    ("an element of another namespace", "subtree", f'<zone xmlns="{ACM}"/>', [], ["zone"]),
    ("an XPath with a prefix of the client's", "xpath", "/x:zone[x:name='b']/x:interface", ["eth1", "eth2", "<name>b"], ["eth0"]),
    ("an XPath that looks into a leaf-list", "xpath", "/x:zone[x:interface='eth0']", ["<name>a"], ["<name>b"]),
    ("a union", "xpath", "/x:zone[x:name='a'] | /x:notification/x:enable", ["eth0", "<enable>"], ["eth1"]),
    ("a function", "xpath", "/x:zone[count(x:interface)=2]", ["<name>b"], ["<name>a"]),
    ("an XPath that selects nothing", "xpath", "/x:zone[x:name='none']", [], ["zone"]),
)
# with-defaults, and the values of enable (set to its default) and hold-down (not set): None when absent, else tagged or not.
MODES = (("report-all", False, False), ("trim", None, None), ("explicit", False, None), ("report-all-tagged", True, True))


def reading(one, _, check):
    """Filters of both kinds on get and get-config, the modes of defaults, get-schema."""
    check(ask(one, plain("copy-config", target="running", source=FILTERED)) == [], "a configuration to read")
    for what, kind, text, present, absent in FILTERS:
        wanted = ("xpath", ({"x": PC}, text)) if kind == "xpath" else to_ele(
            f'<filter xmlns="{BASE}" type="subtree">{text}</filter>')
        for name, reply in (("get-config", one.get_config("running", filter=wanted)), ("get", one.get(filter=wanted))):
            data = reply.data_xml
            check(all(word in data for word in present) and not any(word in data for word in absent), f"{name}: {what}: {data}")
    for text, words in (("/x:zone[", []), ("/unknown:zone", ["unknown"])):
        have = ask(one, f'<get xmlns="{BASE}"><filter type="xpath" select="{text}" xmlns:x="{PC}"/></get>')
        check(len(have) == 1 and have[0][0] != "operation-failed" and all(word in have[0][2] for word in words),
              f"the XPath {text} is refused: {have}")
    for mode, *wanted in MODES:
        data = one.get_config("running", filter=("subtree", f'<notification xmlns="{PC}"/>'), with_defaults=mode).data_ele
        for name, tagged in zip(("enable", "hold-down"), wanted):
            found = data.find(f".//{{{PC}}}{name}")
            have = None if found is None else found.get(f"{{{DEFAULT}}}default") == "true"
            check(have == tagged, f"with-defaults {mode}: {name} is absent (None) or tagged: {tagged}, not {have}")
    given = f'<notification xmlns="{PC}"><enable xmlns:wd="{DEFAULT}" wd:default="true">%s</enable></notification>'
    check(ask(one, edit(given % "true", "running")) == [] and "<enable" not in one.get_config("running").data_xml,
          "a leaf that is tagged as default is not set")
    have = ask(one, edit(given % "false", "running"))
    check(len(have) == 1 and have[0][:2] == ("invalid-value", "/portcullis:notification/enable") and "is true" in have[0][2],
          f"a leaf that is tagged as default and is not: {have}")
    check(any(each.endswith(":confirmed-commit:1.1") for each in one.server_capabilities), "confirmed-commit:1.1 in the hello")
    check(any("with-defaults:1.0" in each and "basic-mode=explicit" in each for each in one.server_capabilities),
          "the hello says which mode is the usual one")
    def get_schema(inner):
        return f'<get-schema xmlns="{MONITORING}">{inner}</get-schema>'

    for name, inner, words in (("ietf-netconf-acm", "", "module ietf-netconf-acm "),
                               ("portcullis", "<version>2026-11-21</version><format>yang</format>", "module portcullis "),
                               ("portcullis", "<format>yin</format>", 'module name="portcullis"')):
        schema = one.dispatch(to_ele(get_schema(f"<identifier>{name}</identifier>{inner}"))).xml
        check(words in schema, f"get-schema of {name} {inner}: {schema[:300]}")
    for inner in ("<version>1999-01-01</version>", "<format>xsd</format>"):
        have = ask(one, get_schema(f"<identifier>portcullis</identifier>{inner}"))
        check([tag for tag, _, _ in have] == ["invalid-value"], f"get-schema of portcullis {inner}: {have}")


def nmda(one, _, check):
    """get-data and edit-data."""
    def get_data(datastore, inner=""):
        return one.dispatch(to_ele(f'<get-data xmlns="{NMDA}" xmlns:ds="{DATASTORES}" xmlns:x="{PC}"><datastore>ds:{datastore}'
                                   f"</datastore>{inner}</get-data>")).xml

    def edit_data(datastore, content, default=""):
        option = f"<default-operation>{default}</default-operation>" if default else ""
        return (f'<edit-data xmlns="{NMDA}" xmlns:ds="{DATASTORES}"><datastore>ds:{datastore}</datastore>{option}'
                f"<config>{content}</config></edit-data>")

    start(one)
    tagged = get_data("operational", f'<subtree-filter><notification xmlns="{PC}"/></subtree-filter>'
                      "<with-defaults>report-all-tagged</with-defaults>")
    check(f'="{DEFAULT}"' in tagged and "with-defaults" not in tagged, f"get-data with tagged defaults: {tagged}")
    check(ask(one, edit_data("candidate", C)) == [], "edit-data of the candidate")
    check(zones(one) == {**START, "c": ["eth2"]} and zones(one, "running") == START, "edit-data changes what it names")
    check(ask(one, edit_data("candidate", C, "replace")) == [] and zones(one) == {"c": ["eth2"]}, "edit-data with replace")
    check(tags(one, edit_data("candidate", zone("d", "eth1"), "none")) == ["data-missing"], "edit-data with none")
    check(len(tags(one, edit_data("operational", C))) == 1, "edit-data of operational is refused")
    check(ask(one, edit_data("running", zone("a", "eth7", operation="replace"))) == []
          and zones(one, "running") == {"a": ["eth7"], "b": ["eth1"]}, "edit-data of running")
    some = get_data("candidate", "<xpath-filter>/x:zone</xpath-filter>")
    check("eth2" in some and "eth7" not in some, f"get-data of the candidate: {some}")
    some = get_data("operational", "<xpath-filter>/x:zone[x:name='a'] | /x:conformance/x:summary</xpath-filter>"
                    "<config-filter>false</config-filter>")
    check("<overall" in some and "eth7" not in some, f"get-data of state alone: {some}")
    some = get_data("operational", f'<subtree-filter><zone xmlns="{PC}"/><notification xmlns="{PC}"/></subtree-filter>'
                    '<origin-filter xmlns:or="urn:ietf:params:xml:ns:yang:ietf-origin">or:intended</origin-filter><with-origin/>')
    check("eth7" in some and "or:intended" in some and "hold-down" not in some, f"get-data of one origin: {some}")
    one.discard_changes()


def seconds_left(device):
    """What an edit of another session is told of the pending commit."""
    have = ask(device, edit(zone("d", "eth3"), "running"))
    found = re.search(r"(\d+) seconds", have[0][2]) if have else None
    return int(found.group(1)) if found else 0


def pending(one, two, check, key):
    """What others may do while a confirmed commit is pending, and its ways to end."""
    trial = {"c": ["eth2"]}

    def begin(device, **options):
        device.dispatch(to_ele(plain("copy-config", target="candidate", source=C)))
        device.commit(confirmed=True, **options)

    start(one)
    begin(one, timeout="100", persist="right")
    check(zones(one, "running") == trial, "a confirmed commit is in running")
    for operation, body in (("lock", plain("lock", target="running")), ("edit-config", edit(zone("d", "eth3"), "running")),
                            ("copy-config", plain("copy-config", target="running", source=C))):
        have = ask(two, body)
        check(len(have) == 1 and have[0][0] in ("in-use", "lock-denied"), f"{operation} by another while one is pending: {have}")
    check(0 < seconds_left(two) <= 100, f"the time that is left: {seconds_left(two)}")
    check(tags(two, plain("commit")) == ["invalid-value"], "a commit by another without the persist-id")
    wrong = "<persist-id>wrong</persist-id>"
    for operation in ("commit", "cancel-commit"):
        for device, who in ((one, "its own session"), (two, "another")):
            have = ask(device, f'<{operation} xmlns="{BASE}">{wrong}</{operation}>')
            check([tag for tag, _, _ in have] == ["invalid-value"], f"{operation} of {who} with a wrong persist-id: {have}")
    check(len(ask(two, plain("cancel-commit"))) == 1, "cancel-commit without persist-id of a commit that has one")
    check(zones(one, "running") == trial, "a wrong cancel-commit does not touch running")
    more = "<confirmed/><confirm-timeout>2000</confirm-timeout><persist>right</persist><persist-id>right</persist-id>"
    check(ask(two, f'<commit xmlns="{BASE}">{more}</commit>') == [], "a commit that extends the pending one")
    check(seconds_left(one) > 1000, f"the time after an extension: {seconds_left(one)}")
    check(zones(one, "running") == trial, "an extension leaves running as it is")
    check(ask(two, f'<cancel-commit xmlns="{BASE}"><persist-id>right</persist-id></cancel-commit>') == [],
          "cancel-commit of another session with the right persist-id")
    check(zones(one, "running") == START, "cancel-commit takes running back, over the extension to what was before")
    check(len(ask(one, plain("cancel-commit"))) == 1, "cancel-commit when nothing is pending")
    one.discard_changes()
    with connect(key) as third:
        begin(third, timeout="600")
        check(zones(one, "running") == trial, "a confirmed commit without persist")
        check(len(ask(one, plain("cancel-commit"))) == 1, "cancel-commit is not for another session")
        check(zones(one, "running") == trial, "nor does it change anything")
    wait_until(lambda: zones(one, "running") == START, 10, "running as before after the session of a pending commit has ended")
    one.discard_changes()
    begin(one, timeout="600")
    check(ask(one, plain("commit")) == [] and zones(two, "running") == trial, "a commit confirms")
    check(ask(two, edit(zone("d", "eth3"), "running")) == [], "others write again")
    start(one)


def sessions(one, two, check, path):
    """kill-session, and what netconf-state says of a session on the UNIX socket."""
    for number, what in (("4000000000", "an unknown session"), (one.session_id, "its own")):
        have = tags(one, f'<kill-session xmlns="{BASE}"><session-id>{number}</session-id></kill-session>')
        check(have == ["invalid-value"], f"kill-session of {what}: {have}")

    def state():
        return one.get(("subtree", f'<netconf-state xmlns="{MONITORING}"><sessions/><statistics/></netconf-state>')).data_ele

    def number(element, name):
        return int(element.findtext(f".//{{{MONITORING}}}{name}") or 0)

    before = state().find(f".//{{{MONITORING}}}statistics")
    rpcs = (f'<bogus xmlns="{BASE}"/>', plain("unlock", target="running"), plain("validate", source="running"))
    with raw_session(types.SimpleNamespace(socket=path), *rpcs):
        now = state()
        unix = [each for each in now.iterfind(f".//{{{MONITORING}}}session")
                if "unix" in (each.findtext(f"{{{MONITORING}}}transport") or "")]
        check(len(unix) == 1 and unix[0].findtext(f"{{{MONITORING}}}username") == "root", "the session on the UNIX socket")
        have = {name: number(unix[0], name) for name in ("in-rpcs", "in-bad-rpcs", "out-rpc-errors")}
        check(have == {"in-rpcs": 2, "in-bad-rpcs": 1, "out-rpc-errors": 2}, f"what it counts: {have}")
        after = now.find(f".//{{{MONITORING}}}statistics")
        have = {name: number(after, name) - number(before, name) for name in ("in-sessions", "in-bad-rpcs", "out-rpc-errors")}
        check(have == {"in-sessions": 1, "in-bad-rpcs": 1, "out-rpc-errors": 2}, f"the server counts the same: {have}")
        victim = unix[0].findtext(f"{{{MONITORING}}}session-id")
        check(ask(two, f'<kill-session xmlns="{BASE}"><session-id>{victim}</session-id></kill-session>') == [],
              "kill-session of the session on the UNIX socket")
    for xml, tag, words in ((f'<rpc xmlns="{BASE}"><get/></rpc>', "missing-attribute", ["<bad-attribute>message-id<", ">rpc</bad-"]),
                            (f'<rpc xmlns="{BASE}" message-id="7"/>', "missing-element", ['message-id="7"', "such as &lt;get/"]),
                            (f'<rpc xmlns="{BASE}" message-id="7" xmlns:e="urn:e" e:a="b"><get-config><source><running/></source>'
                             "</get-config></rpc>", "", ['xmlns:e="urn:e" e:a="b">', "<data"])):
        have = raw_rpc(path, xml)
        check(all(word in have for word in [f"<error-tag>{tag}<"] * bool(tag) + words), f"the reply to {xml}: {have}")
    have = ask(one, edit(zone("a", "a" * 16)))
    check(len(have) == 1 and have[0][0] == "invalid-value" and have[0][1].endswith("interface") and "zone[" in have[0][1],
          f"invalid-value with its path: {have}")
    hello = [each for each in one.server_capabilities if "yang-library:1.1" in each]
    known = leaf(one.get(("subtree", f'<yang-library xmlns="{LIBRARY}"><content-id/></yang-library>')).data_xml, "content-id")
    check(len(hello) == 1 and known and f"content-id={known}" in hello[0], f"content-id in the hello: {hello}, {known}")


def client(path, key):
    """Every part with two sessions; the exit code."""
    checks = Checks()
    ssh.TICK = 0.01  # ncclient sends when it next looks whether there is something to send
    try:
        with connect(key) as one, connect(key) as two:
            for part in (edits, orders, datastores, reading, nmda):
                part(one, two, checks.that)
            pending(one, two, checks.that, key)
            sessions(one, two, checks.that, path)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        checks.failed += 1
    print(f"operations: {checks.done - checks.failed} checks held, {checks.failed} did not", flush=True)
    return 1 if checks.failed or not checks.done else 0


def test(lab: Lab, checks):
    """The server, and the client inside the namespace of the device."""
    lab.start_sshd()
    with snapshot_server(lab, checks):
        line = lab.command("device", sys.executable, os.path.abspath(__file__), "--sessions", lab.socket, lab.directory / "id")
        checks.equal(subprocess.run(line, check=False, timeout=120).returncode, 0, "exit code of the client")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--sessions"]:
        sys.exit(client(sys.argv[2], sys.argv[3]))
    elif not os.path.exists("/usr/sbin/sshd"):
        skip("openssh-server is not installed")
    else:
        main(test)
