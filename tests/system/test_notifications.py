#!/usr/bin/python3
"""Notifications with ncclient over SSH, from a daemon: filters, replay, times, sessions and what is edited.

ncclient runs inside the namespace of the device, where sshd is: with --sessions KEY this program is the client.
"""

import datetime
import os
import re
import subprocess
import sys
import threading
import traceback

from harness import Checks, Lab, main, skip, wait_until

PC = "urn:portcullis:yang:portcullis"
NCN = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"
STREAM = "urn:ietf:params:xml:ns:netmod:notification"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
LONG_AGO = "2000-01-01T00:00:00Z"
SESSIONS = [f'<netconf-session-start xmlns="{NCN}"/>', f'<netconf-session-end xmlns="{NCN}"/>']

try:
    from ncclient.xml_ import to_ele
    from test_netconf import check_error, connect, leaf, zone
except ImportError:
    skip("python3-ncclient is not installed")


def moment(seconds=0):
    """A time from now, with the offset of a zone."""
    zone_of_test = datetime.timezone(datetime.timedelta(hours=2))
    return (datetime.datetime.now(zone_of_test) + datetime.timedelta(seconds=seconds)).isoformat(timespec="seconds")


def take(device):
    """The next notification as XML."""
    notification = device.take_notification(timeout=20)
    return notification.notification_xml if notification is not None else ""


def take_until(device, word):
    """All notifications up to one with a word."""
    taken = []
    while not taken or word not in taken[-1]:
        taken.append(take(device))
        if not taken[-1]:
            raise TimeoutError(f"no {word} came; the last ones: {taken[-3:]}")
    return taken


def sequences(notifications):
    """Numbers of the changes among them."""
    return [int(leaf(xml, "sequence")) for xml in notifications if leaf(xml, "sequence")]


def wrong(key, check):
    """What RFC 5277 refuses."""
    with connect(key) as device:
        subscribe = device.create_subscription
        check_error(check, "a stream that is none", "invalid-value", ["other", "NETCONF"], subscribe, stream_name="other")
        check_error(check, "a start time in the future", "bad-element", ["future"], subscribe, start_time=moment(1000))
        check_error(check, "a stop time before the start time", "bad-element", ["stopTime"], subscribe,
                    start_time=moment(-10), stop_time=moment(-20))
        check_error(check, "a stop time alone", "missing-element", ["startTime"], device.dispatch, to_ele(
            f'<create-subscription xmlns="{NOTIFICATION}"><stopTime>{moment(10)}</stopTime></create-subscription>'))
        check_error(check, "an XPath that is none", "invalid-value", [], subscribe, filter=("xpath", "/pc:nothing["))
        state = device.get(("subtree", f'<netconf xmlns="{STREAM}"/>')).data_xml
        check(leaf(state, "replaySupport") == "true" and leaf(state, "replayLogCreationTime"), f"the stream: {state}")


def burst(key, check):
    """Requests close together: each has a notification of its own, with a time in milliseconds."""
    with connect(key) as listener, connect(key) as other:
        listener.create_subscription(filter=("subtree", f'<conformance-change xmlns="{PC}"><kind>test</kind></conformance-change>'))
        other.async_mode = True
        asked = [other.dispatch(to_ele(f'<test-notification xmlns="{PC}"/>')) for _ in range(30)]
        taken = [take(listener) for _ in asked]
        numbers = sequences(taken)
        check(numbers == list(range(numbers[0], numbers[0] + 30)), f"one notification for each request: {numbers}")
        times = [leaf(xml, "eventTime") or "" for xml in taken]
        check(all(re.fullmatch(r"[-\d]{10}T[:\d]{8}\.\d{3}Z", each) for each in times) and times == sorted(times), f"times: {times}")
        other.async_mode = False
    with connect(key) as device:
        device.create_subscription(filter=("subtree", f'<conformance-change xmlns="{PC}"><kind>test</kind></conformance-change>'),
                                   start_time=times[0], stop_time=moment(2))
        past_times = [leaf(xml, "eventTime") for xml in take_until(device, "replayComplete")[:-1]]
        check(past_times == times, f"a replay has the same times: {past_times}, {times}")


def others(key, check):
    """Sessions of others that begin and end."""
    with connect(key) as listener:
        listener.create_subscription(filter=SESSIONS)
        with connect(key) as other:
            begun = take(listener)
            check("netconf-session-start" in begun and leaf(begun, "session-id") == other.session_id and
                  leaf(begun, "username") == "root" and leaf(begun, "source-host") == "127.0.0.1", f"a session begins: {begun}")
        ended = take(listener)
        check("netconf-session-end" in ended and leaf(ended, "session-id") == other.session_id and
              leaf(ended, "termination-reason") == "closed", f"a session ends: {ended}")
        victim = connect(key)
        take(listener)
        with connect(key) as killer:
            take(listener)
            killer.kill_session(victim.session_id)
            ended = take(listener)
            check(leaf(ended, "termination-reason") == "killed" and leaf(ended, "killed-by") == killer.session_id and
                  leaf(ended, "session-id") == victim.session_id, f"a session is killed: {ended}")


def edits(key, check):
    """What another session edits."""
    with connect(key) as listener, connect(key) as other:
        listener.create_subscription(filter=("xpath", ({"n": NCN}, "/n:netconf-config-change[n:datastore='running']")))
        other.edit_config(zone("outside", "eth9"), target="candidate")
        other.commit()
        told = take(listener)
        target = leaf(told, "target")
        check(target and re.fullmatch(r"/(\w+):zone\[\1:name='outside'\]", target) and leaf(told, "operation") == "create" and
              leaf(told, "session-id") == other.session_id and leaf(told, "source-host") == "127.0.0.1", f"a commit: {told}")
        other.edit_config(zone("outside", "eth9", 'nc:operation="delete"'), target="running")
        told = take(listener)
        check(leaf(told, "operation") == "delete", f"a deletion: {told}")


def confirmed(key, check):
    """What becomes of a confirmed commit."""
    with connect(key) as listener, connect(key) as other:
        listener.create_subscription(filter=("subtree", f'<netconf-confirmed-commit xmlns="{NCN}"/>'))
        for last in ("complete", "cancel"):
            other.edit_config(zone(last, f"if-{last}"), target="candidate")
            other.commit(confirmed=True, timeout="300")
            told = take(listener)
            check(leaf(told, "confirm-event") == "start" and leaf(told, "timeout") == "300" and
                  leaf(told, "session-id") == other.session_id, f"a confirmed commit: {told}")
            if last == "complete":
                other.commit()
            else:
                other.cancel_commit()
            told = take(listener)
            check(leaf(told, "confirm-event") == last, f"what became of it: {told}")


def produce(device, stop):
    """Test notifications until told to stop."""
    while not stop.is_set():
        device.dispatch(to_ele(f'<test-notification xmlns="{PC}"/>'))


def past(key, check):
    """Replay of what the parts before have done, and its seam to what happens."""
    with connect(key) as device:
        device.create_subscription(start_time=LONG_AGO, stop_time=moment(-1))
        taken = take_until(device, "notificationComplete")
        text = "".join(taken)
        check("replayComplete" in taken[-2] and "killed" in text and "/" in leaf(text, "target"), f"a replay: {text[:2000]}")
        check(leaf(device.get_config("running").data_xml, "name") is not None, "an rpc after the end of the subscription")
        device.create_subscription(filter=SESSIONS, start_time=LONG_AGO, stop_time=moment(2))
        taken = take_until(device, "notificationComplete")
        check(all("netconf-session" in xml for xml in taken[:-2]) and len(taken) > 5, f"a filtered replay: {taken}")
    stop = threading.Event()
    with connect(key) as busy:
        thread = threading.Thread(target=produce, args=(busy, stop))
        thread.start()
        try:
            for _ in range(3):
                with connect(key) as device:
                    device.create_subscription(start_time=LONG_AGO)
                    taken = take_until(device, "replayComplete")
                    while len(taken) < 50 or "<kind>test" not in taken[-1]:
                        taken.append(take(device))
                    numbers = sequences(taken)
                    check(numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"the seam: {numbers}")
        finally:
            stop.set()
            thread.join()


def sessions(key):
    """Every part on one daemon; the exit code."""
    checks = Checks()
    try:
        for part in (wrong, burst, others, edits, confirmed, past):
            part(key, checks.that)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        checks.failed += 1
    print(f"sessions: {checks.done - checks.failed} checks held, {checks.failed} did not", flush=True)
    return 1 if checks.failed or not checks.done else 0


def test(lab: Lab, checks):
    """The client against a daemon, then against the same one after a restart."""
    def client(*arguments):
        return subprocess.run(lab.command("device", sys.executable, os.path.abspath(__file__), *arguments,
                                          lab.directory / "id"), check=False, timeout=240).returncode
    lab.start_sshd()
    lab.start_daemon()
    wait_until(lambda: lab.conformance()["flows"], 20, "flows")
    checks.equal(client("--sessions"), 0, "exit code of the sessions")
    lab.stop(lab.daemon)
    lab.start_daemon(load=False)
    wait_until(lambda: lab.conformance()["flows"], 20, "flows after the restart")
    checks.equal(client("--again"), 0, "exit code of the replay after a restart")


def again(key):
    """What happened before the restart is replayed."""
    checks = Checks()
    with connect(key) as device:
        device.create_subscription(filter=("subtree", f'<netconf-config-change xmlns="{NCN}"/>'), start_time=LONG_AGO,
                                   stop_time=moment(-1))
        taken = take_until(device, "notificationComplete")
    # Two edits, two confirmed commits of which one is taken back; then that the replay and the subscription are over.
    checks.that(len(taken) == 7, f"the changes of running: {taken}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--sessions"]:
        sys.exit(sessions(sys.argv[2]))
    elif sys.argv[1:2] == ["--again"]:
        sys.exit(again(sys.argv[2]))
    elif not os.path.exists("/usr/sbin/sshd"):
        skip("openssh-server is not installed")
    else:
        main(test)
