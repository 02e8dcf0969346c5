#!/usr/bin/python3
"""NETCONF with ncclient: over SSH through the laboratory's sshd and the relay, to a server on a snapshot made by hand.

Then to a daemon, for notifications from the packet filter to the subscriber. ncclient runs inside the namespace of the
device, where sshd is: with --sessions SOCKET KEY this program is the client of the server, with --listen KEY the subscriber
that prints each notification as one line.
"""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import traceback

from harness import BUILD, Checks, Lab, main, skip, snapshot_server, wait_until
from lab import SSH_PORT
from test_end_to_end import reset, rules

PC = "urn:portcullis:yang:portcullis"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"
DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"

try:
    from ncclient import manager
    from ncclient.operations import RPCError
    from ncclient.xml_ import to_ele
except ImportError:
    skip("python3-ncclient is not installed")


def check_error(check, what, tag, words, call, *args, **options):
    """The call must fail with this error-tag and these words in its message."""
    try:
        call(*args, **options)
    except RPCError as error:
        check(error.tag == tag and all(word in (error.message or "") for word in words),
              f"{what}: {error.tag}: {error.message}")
        return
    check(False, f"{what}: no error")


def connect(key):
    """An ncclient session."""
    return manager.connect(host="127.0.0.1", port=SSH_PORT, username="root", key_filename=key, hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=30)


def zone(name, interface, operation=""):
    """A configuration with one zone."""
    return (f'<nc:config xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0"><zone xmlns="{PC}" {operation}><name>{name}</name>'
            f"<interface>{interface}</interface></zone></nc:config>")


def reading(key, check):
    """Filters, state, schemas, and what the server says of the session."""
    with connect(key) as device:
        wanted = [":candidate", ":writable-running", ":xpath", ":validate", ":rollback-on-error", ":notification"]
        check(all(name in device.server_capabilities for name in wanted), "capabilities")
        reply = device.get(("subtree", f'<conformance xmlns="{PC}"><result><verdict>blocked</verdict></result></conformance>'))
        check("tcp dport 5061 drop" in reply.data_xml and "conformant" not in reply.data_xml, "a subtree filter")
        reply = device.get(("xpath", ({"pc": PC}, "/pc:conformance/pc:result[pc:family='ipv6']/pc:label")))
        check("ipv6" in reply.data_xml and "<verdict" not in reply.data_xml, "an XPath filter")
        state = device.get(("subtree", f'<netconf-state xmlns="{MONITORING}"><sessions/></netconf-state>')).data_xml
        check("netconf-ssh" in state and "127.0.0.1" in state and ">root<" in state, f"the session in netconf-state: {state}")
        check("module portcullis " in device.get_schema("portcullis").data, "get-schema")
        check("hold-down" in device.get_config("running", with_defaults="report-all").data_xml, "with-defaults")
        everything = device.get().data_xml
        check(all(word in everything for word in ("<conformance", "<catalog", "<netconf-state", "<yang-library")), "a get of all")
        whole = device.get(("subtree", f'<conformance xmlns="{PC}"/>')).data_ele[0]
        check({f"{{{PC}}}{name}" for name in ("summary", "generation", "result", "opening", "problem")} <=
              {child.tag for child in whole}, "a get of all the conformance")
        used = device.dispatch(to_ele(
            f'<get-data xmlns="{NMDA}" xmlns:ds="{DATASTORES}"><datastore>ds:operational</datastore><subtree-filter>'
            f'<notification xmlns="{PC}"/><conformance xmlns="{PC}"><result/></conformance></subtree-filter>'
            "<max-depth>2</max-depth><with-origin/></get-data>")).xml
        check("or:default" in used and "<verdict>blocked" in used and "<handle>" not in used, f"get-data: {used}")
        check_error(check, "an unknown schema", "invalid-value", ["nothing"], device.get_schema, "nothing")


def writing(key, check):
    """Candidate, locks between two sessions, errors."""
    two = connect(key)  # not a context: it is killed in the end
    with connect(key) as one:
        with one.locked("candidate"):
            check_error(check, "a second lock", "lock-denied", [f"session {one.session_id}"], two.lock, "candidate")
            one.edit_config(zone("inside", "eth1"), target="candidate")
            one.validate("candidate")
            one.commit()
        check("eth1" in two.get_config("running").data_xml, "the commit is seen by others")
        check_error(check, "create of what exists", "data-exists", ["exists"], two.edit_config,
                    zone("inside", "eth2", 'nc:operation="create"'), target="candidate")
        check_error(check, "an unknown element", "unknown-element", ["bogus"], two.edit_config,
                    zone("inside", "eth1").replace("<interface>", "<bogus/><interface>"), target="candidate")
        check_error(check, "delete-config", "operation-not-supported", ["copy an empty"], two.delete_config, "candidate")
        check_error(check, "an interface name that is too long", "invalid-value", [], two.edit_config,
                    zone("inside", "a" * 16), target="candidate")
        two.edit_config(zone("outside", "eth0"), target="candidate")
        two.discard_changes()
        check("eth0" not in two.get_config("candidate").data_xml, "discard-changes")
        two.edit_config(zone("inside", "eth1", 'nc:operation="delete"'), target="running")
        check("eth1" not in one.get_config("running").data_xml, "an edit of running")
        one.kill_session(two.session_id)
        try:
            two.get_config("running")
            check(False, "a killed session answers")
        except Exception:  # pylint: disable=broad-except
            pass


def committing(key, check):
    """Confirmed commits of all kinds, startup, and what a session leaves behind."""
    with connect(key) as one:
        one.edit_config(zone("tried", "eth7"), target="candidate")
        one.commit(confirmed=True, timeout="600")
        with connect(key) as two:
            check_error(check, "another's commit", "in-use", [f"session {one.session_id}", "seconds"], two.commit)
            check_error(check, "another's lock", "lock-denied", ["pending"], two.lock, "running")
            check_error(check, "a wrong token", "invalid-value", ["no persist token"], two.commit, persist_id="wrong")
        check("eth7" in one.get_config("running").data_xml, "an unconfirmed commit is in running")
        one.cancel_commit()
        check("eth7" not in one.get_config("running").data_xml, "cancel-commit")
        one.edit_config(zone("tried", "eth7"), target="candidate")
        one.commit(confirmed=True, timeout="600", persist="token")
    with connect(key) as other:
        check("eth7" in other.get_config("running").data_xml, "a persistent commit outlives its session")
        other.commit(persist_id="token")
        other.copy_config(source="running", target="startup")
        check("eth7" in other.get_config("startup").data_xml, "startup")
        other.delete_config("startup")
        other.edit_config(zone("tried", "eth7", 'nc:operation="delete"'), target="candidate")
        other.commit(confirmed=True, timeout="1")
        limit = time.monotonic() + 10
        while "eth7" not in other.get_config("running").data_xml and time.monotonic() < limit:
            time.sleep(0.1)
        check("eth7" in other.get_config("running").data_xml, "a commit that nobody confirms is taken back")
        other.edit_config(zone("tried", "eth7", 'nc:operation="delete"'), target="running")


def notifications(key, check):
    """A subscription, a notification, and rpcs on the same session."""
    with connect(key) as listener, connect(key) as other:
        listener.create_subscription()
        other.dispatch(to_ele(f'<test-notification xmlns="{PC}"/>'))
        notification = listener.take_notification(timeout=10)
        check(notification is not None and "<kind>test</kind>" in notification.notification_xml, "a notification")
        check("overall" in listener.get(("subtree", f'<conformance xmlns="{PC}"><summary/></conformance>')).data_xml,
              "an rpc after a notification")
        check(other.take_notification(block=False) is None, "nothing for a session that did not subscribe")
        check_error(check, "a replay of what is to come", "bad-element", ["startTime"], other.create_subscription,
                    start_time="2126-01-01T00:00:00Z")


def command(path, check):
    """The verbs of `portcullis` that ask a daemon."""
    def portcullis(*arguments):
        return subprocess.run([BUILD / "portcullis", *arguments, "--socket", path], capture_output=True, text=True,
                              check=False, timeout=60)
    status = portcullis("status")
    check(status.returncode == 1 and "violated" in status.stdout, f"status: {status.returncode} {status.stdout}{status.stderr}")
    flows = portcullis("conformance", "--all", "--openings")
    check(flows.returncode == 1 and "handle 12" in flows.stdout and "2147483647" in flows.stdout, f"conformance: {flows.stdout}")
    explained = portcullis("explain", "--packet", "tcp 10.0.0.5:40000 > 10.1.0.10:5061", "--json")
    check(explained.returncode == 0 and '"conformant"' in explained.stdout, f"explain: {explained.stdout}{explained.stderr}")
    past = portcullis("history")
    check(past.returncode == 0 and "confirmed commit not confirmed in time" in past.stdout, f"history: {past.stdout}{past.stderr}")
    commits = json.loads(portcullis("history", "--json").stdout)["commits"]
    newest = json.loads(portcullis("history", "--json", "--limit", "1").stdout)["commits"]
    check(newest == commits[:1] and commits[0]["user"] == "root" and commits[0]["kept"], f"the newest commit: {newest}")
    number = str(commits[0]["number"])
    changed = portcullis("diff", number)
    check(changed.returncode == 0 and changed.stdout == "- /portcullis:zone[name='tried']\n", f"diff: {changed}")
    whole = json.loads(portcullis("diff", number, "--json").stdout)
    check(whole["changes"][0]["operation"] == "delete" and str(whole["number"]) == number, f"diff --json: {whole}")
    back = portcullis("rollback", str(commits[1]["number"]), "--comment", "a <test>")
    check(back.returncode == 0, f"rollback: {back.stdout}{back.stderr}")
    check(portcullis("diff", str(commits[0]["number"] + 1)).stdout == "+ /portcullis:zone[name='tried']\n", "what it brought back")
    check("a <test>" in portcullis("history", "--limit", "1").stdout, "its comment")
    for line in (["diff", "0"], ["diff"], ["diff", "x"], ["rollback", "999999"], ["diff", "1", "2"], ["history", "--limit", "0"]):
        wrong = portcullis(*line)
        check(wrong.returncode == 3 and wrong.stderr.startswith(f"portcullis {line[0]}:"), f"{line}: {wrong}")
    none = portcullis("explain", "no such flow")
    check(none.returncode == 3 and "no such flow" in none.stderr, f"an unknown flow: {none.stderr}")


def listen(key):
    """A subscriber: "ready", then every notification as one line, until nobody reads any more."""
    with connect(key) as device:
        device.create_subscription()
        print("ready", flush=True)
        while True:
            xml = device.take_notification(timeout=60).notification_xml
            print(" ".join(xml.split()), flush=True)


def sessions(path, key):
    """Every part on one server; the exit code."""
    checks = Checks()
    try:
        for part in (reading, writing, committing, notifications):
            part(key, checks.that)
        command(path, checks.that)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        checks.failed += 1
    print(f"sessions: {checks.done - checks.failed} checks held, {checks.failed} did not", flush=True)
    return 1 if checks.failed or not checks.done else 0


def raw_session(lab, *bodies):
    """A session on the UNIX socket that sends some rpcs and reads until all are answered."""
    session = socket.socket(socket.AF_UNIX)
    session.connect(str(lab.socket))
    session.settimeout(30)
    hello = (f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities>'
             "</hello>]]>]]>")
    session.sendall((hello + "".join(f'<rpc xmlns="{BASE}" message-id="{index}">{body}</rpc>]]>]]>'
                                     for index, body in enumerate(bodies))).encode())
    received = b""
    while received.count(b"</rpc-reply>") < len(bodies):
        received += session.recv(65536)
    return session


def leaf(xml, name):
    """Text of the first such leaf, or None."""
    found = re.search(rf"<{name}[^>]*>([^<]*)</", xml)
    return found.group(1) if found else None


def change(lab, lines, kind, seconds):
    """The next line with a conformance-change of that kind."""
    def arrived():
        while lines:
            line = lines.pop(0)
            if "<conformance-change" in line and leaf(line, "kind") == kind:
                return line
        return None
    lab.alive(lab.daemon)
    return wait_until(arrived, seconds, f"a notification of kind {kind}")


def deaf_subscriber(lab):
    """A subscriber that reads nothing more, and so many notifications that its session is full of them."""
    deaf = raw_session(lab, f'<create-subscription xmlns="{NOTIFICATION}"/>')
    raw_session(lab, *[f'<test-notification xmlns="{PC}"/>'] * 2000).close()
    return deaf


def itself(lab, *arguments):
    """The command line of this program inside the device."""
    return lab.command("device", sys.executable, os.path.abspath(__file__), *arguments)


def from_snapshot(lab, checks):
    """The server on a snapshot made by hand, and its client."""
    with snapshot_server(lab, checks):
        done = subprocess.run(itself(lab, "--sessions", lab.socket, lab.directory / "id"), check=False, timeout=120)
        checks.equal(done.returncode, 0, "exit code of the sessions")


def from_packet_filter(lab, check):
    """A rule goes and comes back: the subscriber is told of both, beside one that reads nothing."""
    lab.start_daemon()
    wait_until(lambda: lab.conformance()["flows"], 20, "flows")
    program = subprocess.Popen(itself(lab, "--listen", lab.directory / "id"), stdout=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: [lines.append(line) for line in program.stdout], daemon=True).start()
    try:
        wait_until(lambda: "ready\n" in lines, 20, "the subscription")
        with deaf_subscriber(lab):
            marked = next(rule for rule in rules(lab) if "demonstration" in rule[2])
            lab.run("device", "nft", "delete", "rule", "inet", "filter", marked[0], "handle", marked[1])
            violated = change(lab, lines, "violated", 15)
            blocked = {flow["label"] for flow in lab.conformance()["flows"] if flow["verdict"] == "blocked"}
            check(leaf(violated, "label") in {label.replace(">", "&gt;") for label in blocked},
                  f"the label is of a flow that is blocked: {violated}")
            check("policy drop" in (leaf(violated, "rule") or ""), f"the rule that decides: {violated}")
            check(re.fullmatch(r"(tcp|udp) \S+ (>|&gt;) \S+", leaf(violated, "witness") or ""), f"the witness: {violated}")
            reset(lab)
            cleared = change(lab, lines, "cleared", 15)
            check(leaf(cleared, "problem") == leaf(violated, "problem"), f"the problem that is over: {cleared}")
            start = time.monotonic()
            status = json.loads(lab.online("status", "--json").stdout)
            check(status["summary"]["overall"] == "ok" and time.monotonic() - start < 5, "status beside a deaf subscriber")
    finally:
        program.kill()
        program.wait()


def test(lab: Lab, checks):
    """Both servers behind one sshd."""
    lab.start_sshd()
    from_snapshot(lab, checks)
    from_packet_filter(lab, checks.that)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--listen"]:
        listen(sys.argv[2])
    elif sys.argv[1:2] == ["--sessions"]:
        sys.exit(sessions(sys.argv[2], sys.argv[3]))
    elif not os.path.exists("/usr/sbin/sshd"):
        skip("openssh-server is not installed")
    else:
        main(test)
