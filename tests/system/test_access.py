#!/usr/bin/python3
"""Access rules in a running daemon: two users of one UNIX group beside root, before the configuration has rules and after.

Each user's session is a process of that user on the UNIX socket: the kernel tells the daemon who it is.
"""

import grp
import pwd
import re
import subprocess
import sys

from harness import Lab, main, skip, wait_until

USERS, GROUP = ("sync", "nobody"), "nogroup"
PC = "urn:portcullis:yang:portcullis"
ACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"

# A session: the first argument is the socket; each line of the input is an operation, each line of the output a message. An
# empty line waits for a message without asking for one.
SESSION = r'''
import socket, sys
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
END = b"]]>]]>"
session = socket.socket(socket.AF_UNIX)
session.connect(sys.argv[1])
session.settimeout(60)
received = b""
def message():
    global received
    while END not in received:
        data = session.recv(65536)
        if not data:
            sys.exit("the daemon closed the session")
        received += data
    one, received = received.split(END, 1)
    print(" ".join(one.decode().split()), flush=True)
session.sendall(f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
                '</capabilities></hello>'.encode() + END)
message()
for line in sys.stdin:
    if line.strip():
        session.sendall(f'<rpc xmlns="{BASE}" message-id="1">{line.strip()}</rpc>'.encode() + END)
    message()
'''


class Session:
    """One user's session."""

    def __init__(self, lab, user):
        as_user = ["setpriv", f"--reuid={user}", f"--regid={GROUP}", "--clear-groups"] if user != "root" else []
        self.process = subprocess.Popen(lab.command("device", *as_user, sys.executable, "-c", SESSION, lab.socket), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.hello = self.process.stdout.readline()

    def ask(self, operation=""):
        """The answer to an operation; the next message when none is given."""
        self.process.stdin.write(operation + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def get(path):
    """A get of what a subtree filter selects."""
    return f"<get><filter>{path}</filter></get>"


def edit(config):
    """An edit of running."""
    return f"<edit-config><target><running/></target><config>{config}</config></edit-config>"


def zone(name, interface=0):
    """A zone of one interface."""
    return f'<zone xmlns="{PC}"><name>{name}</name><interface>{name}{interface}</interface></zone>'


def denied(reply, path=""):
    """Is it access-denied, at this path?"""
    found = re.search(r"<error-path[^>]*>([^<]*)</error-path>", reply)
    return "<error-tag>access-denied</error-tag>" in reply and (found.group(1) if found else "") == path


SUMMARY = get(f'<conformance xmlns="{PC}"><summary/></conformance>')
COUNTERS = get(f'<nacm xmlns="{ACM}"/>')
RULES = f"""<nacm xmlns="{ACM}" xmlns:p="{PC}"><groups><group><name>zones</name><user-name>{USERS[0]}</user-name></group></groups>
<rule-list><name>zones</name><group>zones</group>
<rule><name>zones</name><path>/p:zone[p:name='mine']</path><action>permit</action></rule>
<rule><name>state</name><path>/p:conformance</path><access-operations>read</access-operations><action>permit</action></rule>
</rule-list><rule-list><name>others</name><group>{GROUP}</group>
<rule><name>zones</name><path>/p:zone[p:name='mine']</path><action>deny</action></rule>
<rule><name>changes</name><notification-name>conformance-change</notification-name><action>deny</action></rule>
</rule-list></nacm>""".replace("\n", "")


def shipped(lab, checks):
    """Without rules of its own a device lets others read what the models do not protect."""
    with Session(lab, USERS[0]) as one, Session(lab, "root") as root:
        checks.that("<group " in one.ask("<get-config><source><running/></source></get-config>"), "a user reads groups")
        checks.that("<overall>" not in one.ask(SUMMARY), "a user does not read conformance")
        checks.that("<overall>" in root.ask(SUMMARY), "root does")
        for operation in (edit(zone("mine")), "<lock><target><running/></target></lock>", f'<verify xmlns="{PC}"/>'):
            checks.that(denied(one.ask(operation)), f"denied: {operation}")
        checks.that("<denied-operations>3</denied-operations>" in root.ask(COUNTERS), "denials are counted")


def configured(lab, checks):
    """Rules that tell two users apart, while their sessions are open."""
    with Session(lab, USERS[0]) as one, Session(lab, USERS[1]) as two, Session(lab, "root") as root:
        for user in (one, two):
            checks.that("<ok/>" in user.ask(f'<create-subscription xmlns="{NOTIFICATION}"><filter><conformance-change xmlns="{PC}"/>'
                                            "</filter></create-subscription>"), "a subscription")
        reply = root.ask(edit(RULES))
        checks.that("<ok/>" in reply, f"rules: {reply}")
        checks.that("<ok/>" in one.ask(edit(zone("mine"))), "a user writes what a rule permits")
        checks.that(denied(one.ask(edit(zone("mine") + zone("other"))), "/portcullis:zone[name='other']"), "but no more")
        checks.that(denied(two.ask(edit(zone("mine", 1)))), "another does not, and is not told of what is hidden from it")
        zones = get(f'<zone xmlns="{PC}"/>')
        checks.that("mine0" in one.ask(zones) and "mine0" not in two.ask(zones), "a read is filtered")
        checks.that("<overall>" in one.ask(SUMMARY) and "<overall>" not in two.ask(SUMMARY), "state, too")
        checks.that("<ok/>" in root.ask(f'<test-notification xmlns="{PC}"/>'), "a test notification")

        def dropped():
            found = re.search(r"<denied-notifications>(\d+)<", root.ask(COUNTERS))
            return int(found.group(1)) >= 2

        wait_until(dropped, 10, "notifications that are dropped for both")
        checks.that("<kind>test</kind>" not in two.ask(SUMMARY), "a notification that is dropped")
        counters = root.ask(COUNTERS)
        checks.that("<denied-data-writes>2</denied-data-writes>" in counters, f"denied writes are counted: {counters}")


def by_name(lab, checks):
    """One rule for all of a group: each user has the entry of his own name."""
    own = (f'<nacm xmlns="{ACM}" xmlns:x="{PC}"><rule-list xmlns:yang="urn:ietf:params:xml:ns:yang:1" yang:insert="first">'
           f"<name>own</name><group>{GROUP}</group><rule><name>own</name><path>/x:zone[x:name=$USER]</path>"
           "<action>permit</action></rule></rule-list></nacm>")
    with Session(lab, USERS[0]) as one, Session(lab, USERS[1]) as two, Session(lab, "root") as root:
        reply = root.ask(edit(own))
        checks.that("<ok/>" in reply, f"a rule of the user: {reply}")
        for number, (user, name) in enumerate(((one, USERS[0]), (two, USERS[1]))):
            checks.that("<ok/>" in user.ask(edit(zone(name))), "a user writes the entry of his name")
            other = USERS[1 - number]
            checks.that(denied(user.ask(edit(zone(other, 7))), f"/portcullis:zone[name='{other}']" + (
                "" if number == 0 else f"/interface[.='{other}7']")), "and not that of another")
        checks.that("=$USER]" in root.ask("<get-config><source><running/></source></get-config>"), "the rule is read as it was")
        reply = root.ask(edit(own.replace("$USER", "$WHO")))
        checks.that("<error-tag>invalid-value<" in reply and "$WHO" in reply and "/rule[name='own']/path<" in reply.replace(
            "&apos;", "'"), f"a variable that nobody knows: {reply}")


def changes(lab, checks):
    """A change of two entries: each user is told of the one that he may read, and root of both."""
    rule = (f'<nacm xmlns="{ACM}" xmlns:x="{PC}"><rule-list><name>own</name><rule><name>others</name><path>/x:zone</path>'
            "<action>deny</action></rule></rule-list></nacm>")
    subscribe = (f'<create-subscription xmlns="{NOTIFICATION}"><filter><netconf-config-change '
                 'xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"/></filter></create-subscription>')
    with Session(lab, USERS[0]) as one, Session(lab, USERS[1]) as two, Session(lab, "root") as root, Session(lab, "root") as admin:
        checks.that("<ok/>" in admin.ask(edit(rule)), "entries of others are hidden")
        for session in (one, two, root):
            checks.that("<ok/>" in session.ask(subscribe), "a subscription")
        checks.that("<ok/>" in admin.ask(edit(zone("hidden"))), "a change that no user may read")
        checks.that("<ok/>" in admin.ask(edit(zone(USERS[0], 8) + zone(USERS[1], 8))), "a change of two entries")
        targets = re.compile(r"<target[^>]*>([^<]*)<")
        both = [f"/pc:zone[pc:name='{user}']/pc:interface[.='{user}8']" for user in USERS]
        checks.equal(targets.findall(one.ask()), both[:1], "what the first is told")
        checks.equal(targets.findall(two.ask()), both[1:], "what the second is told")
        checks.equal(targets.findall(root.ask()), ["/pc:zone[pc:name='hidden']"], "what root is told first")
        checks.equal(targets.findall(root.ask()), both, "what root is told then")


def existence(lab, checks):
    """The answer to what a user may not do is the same whether the node, which he cannot read, is there or not."""
    with Session(lab, USERS[0]) as one:
        for operation in ("create", "delete", "remove", "merge", "replace"):
            attribute = f'xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:operation="{operation}"'
            there, gone = (one.ask(edit(f'<zone xmlns="{PC}" {attribute}><name>{name}</name></zone>')) for name in ("hidden", "none"))
            checks.that(denied(there) and there == gone, f"{operation} of what is there: {there}; and is not: {gone}")


def command(lab, checks):
    """The command of a user says what is missing, until a rule lets it read."""
    status = ["setpriv", f"--reuid={USERS[1]}", f"--regid={GROUP}", "--clear-groups", lab.root / "bin/portcullis", "status",
              "--socket", lab.socket, "--yang-dir", lab.root / "share/portcullis/yang"]
    done = lab.run("device", *status, check=False)
    checks.that(done.returncode == 3 and "portcullis-read" in done.stderr, f"status: {done.returncode} {done.stderr}")
    with Session(lab, "root") as root:
        rule = (f'<nacm xmlns="{ACM}" xmlns:p="{PC}"><rule-list><name>more</name><group>*</group><rule><name>state</name>'
                "<path>/p:conformance</path><access-operations>read</access-operations><action>permit</action></rule>"
                "</rule-list></nacm>")
        checks.that("<ok/>" in root.ask(edit(rule)), "a rule more")
    done = lab.run("device", *status, check=False)
    checks.that(done.returncode < 3 and "overall" in done.stdout, f"status: {done.returncode} {done.stderr}")


def test(lab: Lab, checks):
    """Every part on one daemon."""
    lab.start_daemon("--group", GROUP)
    shipped(lab, checks)
    configured(lab, checks)
    by_name(lab, checks)
    changes(lab, checks)
    existence(lab, checks)
    command(lab, checks)
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    try:
        if any(pwd.getpwnam(user).pw_gid != grp.getgrnam(GROUP).gr_gid for user in USERS):
            skip(f"{' and '.join(USERS)} are not in group {GROUP}")
    except KeyError as error:
        skip(str(error))
    main(test)
