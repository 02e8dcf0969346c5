#!/usr/bin/python3
"""The rpc what-if in a running daemon, with ncclient over SSH and for users of the UNIX socket.

Candidate, running, and rulesets sent with the question; what is no ruleset, and what is too large; cures that nft puts into
the device, after which nothing breaks any more; connections that would be lost; and users who may not read what the answer tells. With --ask KEY this program
is the client, inside the namespace of the device: it reads operations, one a line, and prints the answers.
"""

import grp
import json
import pwd
import re
import subprocess
import sys

from harness import Lab, main, skip, wait_until
from test_access import ACM, GROUP, USERS, Session, denied
from test_netconf import PC, connect

from ncclient.operations import RPCError  # test_netconf has skipped without ncclient
from ncclient.xml_ import to_ele

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
LARGE = 16 << 20  # bytes of a ruleset (portcullis.yang)


def what_if(*what, ruleset=None):
    """The operation."""
    inner = "".join(f"<{name}/>" for name in what)
    if ruleset is not None:
        inner += "<ruleset>" + ruleset.replace("&", "&amp;").replace("<", "&lt;") + "</ruleset>"
    return f'<what-if xmlns="{PC}">{inner}</what-if>'


def edit(config):
    """An edit of candidate."""
    return f'<edit-config xmlns="{BASE}"><target><candidate/></target><config>{config}</config></edit-config>'


DISCARD = f'<discard-changes xmlns="{BASE}"/>'


def answer(device, operation):
    """The answer as one line of XML, or the error."""
    try:
        return " ".join(device.dispatch(to_ele(operation)).xml.split())
    except RPCError as error:
        return json.dumps({"tag": error.tag, "path": error.path, "message": error.message})


def client(key):
    """Operations in, answers out."""
    with connect(key) as device:
        for line in sys.stdin:
            operation = json.loads(line)
            if isinstance(operation, int):  # a ruleset of that many bytes
                operation = what_if(ruleset=" " * operation)
            print(answer(device, operation), flush=True)


class Client:
    """The ncclient inside the device."""

    def __init__(self, lab):
        self.process = subprocess.Popen(lab.command("device", sys.executable, __file__, "--ask", lab.directory / "id"), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, operation):
        """The answer."""
        self.process.stdin.write(json.dumps(operation) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def close(self):
        """It has nothing more to ask."""
        self.process.stdin.close()
        return self.process.wait(60)


def count(reply, name):
    """A number of the summary."""
    found = re.search(rf"<{name}>(\d+)</{name}>", reply)
    return int(found.group(1)) if found else None


def dump(lab):
    """The device's ruleset as nft prints it."""
    return lab.run("device", "nft", "-j", "list", "ruleset").stdout


def without(ruleset, words):
    """The ruleset without the rules whose comment has these words."""
    objects = json.loads(ruleset)["nftables"]
    kept = [one for one in objects if words not in one.get("rule", {}).get("comment", "")]
    assert len(kept) < len(objects), words
    return json.dumps({"nftables": kept})


NOTHING = dict.fromkeys(("regressions", "repairs", "changes", "flows-new", "flows-gone", "openings-new", "openings-closed"), 0)


def counts(reply):
    """What changes, in numbers."""
    return {name: count(reply, name) for name in NOTHING}


def rulesets(lab, checks, device):
    """Rulesets that are sent with the question."""
    now = dump(lab)
    for operation in (what_if(), what_if("candidate"), what_if("running"), what_if(ruleset=now), what_if("running", ruleset=now)):
        reply = device.ask(operation)
        checks.equal(counts(reply), NOTHING, f"nothing changes: {operation[:100]}: {reply[:500]}")
    reply = device.ask(what_if(ruleset=without(now, "demonstration")))
    checks.that(count(reply, "regressions") > 0, f"a rule: {reply}")
    checks.equal((count(reply, "repairs"), count(reply, "changes")), (0, 0), f"nothing but regressions: {reply}")
    checks.that("<overall-now>ok<" in reply and "<overall-then>violated<" in reply, f"overall: {reply}")
    checks.that("<before>conformant</before><after>blocked</after>" in reply.replace("> <", "><") and "<policy>drop<" in reply and
                "<cure>add rule inet filter forward " in reply and "<destination-port>5061<" in reply, f"the regression: {reply}")
    reply = device.ask(what_if(ruleset='{"nftables":[]}'))
    checks.that(count(reply, "regressions") == 0 and count(reply, "openings-new") > 0, f"no rules: {reply[:500]}")
    for what in ("", "x", "[]", "{}", '{"nftables":{}}', '{"nftables":[', "[" * 5000,
                 '{"nftables":[{"rule":{"family":"inet"}}]}'):
        reply = device.ask(what_if(ruleset=what))
        checks.that('"tag": "invalid-value"' in reply, f"no ruleset: {what[:40]!r}: {reply[:300]}")
    checks.that("nft -j list ruleset" in device.ask(what_if(ruleset="x")), "what is wanted is said")
    checks.that('"tag": "invalid-value"' in device.ask(LARGE + 1), "a ruleset that is too long")
    checks.that("the ruleset cannot be used" in device.ask(LARGE), "the longest that is looked at")
    checks.that('"tag"' in device.ask(what_if("candidate", "running")), "two configurations")


def candidates(lab, checks, device):
    """Candidate: a host more that the rules do not know, cured with nft; what could not be committed."""
    before = dump(lab)
    more = f'<group xmlns="{PC}"><name>mediation-pool</name><address>10.20.3.13</address></group>'
    checks.that("<ok/>" in device.ask(edit(more)), "an edit of candidate")
    reply = device.ask(what_if())
    checks.that(count(reply, "regressions") > 0 and "<after>partial</after>" in reply, f"a host more: {reply}")
    checks.equal(counts(device.ask(what_if("running"))), NOTHING, "running is as it was")
    checks.that(count(device.ask(what_if("candidate", ruleset=without(before, "demonstration"))), "regressions") >
                count(reply, "regressions"), "candidate and a ruleset")
    cures = [line.replace("&quot;", '"').replace("&gt;", ">") for line in re.findall("<cure>([^<]*)</cure>", reply)]
    checks.that(cures and "<no-cure>" not in reply and "<cure-more>" not in reply, f"cures: {reply}")
    checks.equal(dump(lab), before, "nothing is applied")
    path = lab.directory / "cures.nft"
    path.write_text("\n".join(cures) + "\n")
    lab.run("device", "nft", "-f", path)
    wait_until(lambda: count(device.ask(what_if()), "openings-closed") is not None and "10.20.3.13" in dump(lab) and
               count(device.ask(what_if()), "regressions") == 0, 20, "what-if without regressions")
    reply = device.ask(what_if())
    checks.equal((count(reply, "regressions"), count(reply, "openings-new")), (0, 0), f"cured: {reply}")
    checks.that("<ok/>" in device.ask(f'<commit xmlns="{BASE}"/>'), "the commit")
    wait_until(lambda: lab.conformance()["summary"]["overall"] == "ok", 20, "the device after the commit")
    flows = [flow for flow in lab.conformance()["flows"] if flow["verdict"] in ("partial", "blocked")]
    checks.equal(flows, [], "what the commit broke")
    bad = f'<deployment xmlns="{PC}"><name>site-a</name><group>nobody</group></deployment>'
    checks.that("<ok/>" in device.ask(edit(bad).replace("<config>", "<test-option>set</test-option><config>")), "a bad edit")
    reply = device.ask(what_if())
    checks.that('"tag": "invalid-value"' in reply and "nobody" in reply, f"what cannot be committed: {reply}")
    checks.that("<ok/>" in device.ask(DISCARD), "discard")


SERVER = """import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
print('ready', flush=True)
c = s.accept()[0]
while data := c.recv(64):
    c.sendall(data)
"""
CLIENT = """import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10, (sys.argv[3], 0))
c.sendall(b'x')
print('connected' if c.recv(1) == b'x' else 'closed', flush=True)
sys.stdin.read()
"""
DROP = ("<firewall xmlns=\"{pc}\"><mode>enforce</mode><rule><name>no-clients</name><matches><source><address>10.10.0.2/32</address>"
        "</source></matches><actions><forwarding>drop</forwarding></actions></rule></firewall>")


def talk(lab, address, port):
    """A connection from the client through the device to a server, which stays until its client's input ends."""
    ends = []
    for space, program, arguments in (("server", SERVER, ()), ("client", CLIENT, ("10.10.0.2",))):
        process = subprocess.Popen(lab.command(space, sys.executable, "-c", program, address, port, *arguments),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ends.append(process)
        assert process.stdout.readline() in ("ready\n", "connected\n"), f"{space} {address} {port}"
    return ends


def connections(lab, checks, device):
    """Connections that a ruleset or the own table would no longer admit: two through the device; a third is this session's."""
    ends = talk(lab, "10.20.1.100", 5061) + talk(lab, "10.20.1.100", 443)
    now = dump(lab)
    reply = device.ask(what_if("running"))
    checks.that("<total>3</total>" in reply and "<lost>0</lost>" in reply and "<cannot-tell>0</cannot-tell>" in reply,
                f"two connections: {reply}")
    reply = device.ask(what_if(ruleset=without(now, "demonstration"))).replace("> <", "><")
    checks.that("<total>3</total><lost>1</lost><cannot-tell>0</cannot-tell><destination><transport>tcp</transport>"
                "<address>10.20.1.100</address><port>5061</port><lost>1</lost><example>tcp 10.10.0.2:" in reply and
                "<rule>inet filter forward policy drop</rule></destination></connections>" in reply, f"one of them: {reply}")
    path = lab.directory / "then.json"
    path.write_text(without(now, "demonstration"))
    said = json.loads(lab.online("what-if", "--ruleset", path, "--json").stdout)["connections"]
    checks.equal((said["total"], said["lost"], said["cannot_tell"]), (3, 1, 0), "the command's numbers")
    checks.equal({key: value for key, value in said["destinations"][0].items() if key != "example"},
                 {"transport": "tcp", "destination": "10.20.1.100", "port": "5061", "lost": 1,
                  "rule": "inet filter forward policy drop"}, "the command's destination")
    text = lab.online("what-if", "--ruleset", path).stdout
    checks.that("3 established connections: 1 would no longer be admitted, 0 cannot be told\n" in text and
                re.search(r"^1 +tcp 10.20.1.100 port 5061 +tcp 10.10.0.2:\d+ > 10.20.1.100:5061 +inet filter forward policy drop$",
                          text, re.M) is not None, f"for people: {text}")
    checks.that("<ok/>" in device.ask(edit(DROP.format(pc=PC))), "an own table in candidate")
    reply = device.ask(what_if()).replace("> <", "><")
    checks.that("<total>3</total><lost>2</lost>" in reply and "<rule>inet portcullis forward" in reply and
                count(reply, "regressions") > 0, f"the own table: {reply[-3000:]}")
    checks.that("own table stops it" in reply and "<cure>" not in reply, "what cures that is the configuration")
    checks.equal(dump(lab), now, "nothing is applied")
    checks.that("<ok/>" in device.ask(DISCARD), "discard")
    for process in reversed(ends):
        process.communicate(timeout=20)
    path.unlink()


RULES = """<nacm xmlns="{acm}" xmlns:p="{pc}"><rule-list><name>ask</name><group>*</group>
<rule><name>what-if</name><module-name>portcullis</module-name><rpc-name>what-if</rpc-name><action>permit</action></rule>
{more}</rule-list></nacm>"""
RULE = ("<rule><name>{name}</name><path>{path}</path><access-operations>read</access-operations><action>{action}</action></rule>")


def rules(*more):
    """An edit of running that makes these the access rules: name, path, action."""
    text = RULES.format(acm=ACM, pc=PC, more="".join(RULE.format(name=f"r{number}", path=path, action=action)
                                                     for number, (path, action) in enumerate(more))).replace("\n", "")
    return (f'<edit-config><target><running/></target><config>{text.replace("<rule-list>", REPLACE)}</config></edit-config>')


REPLACE = f'<rule-list xmlns:nc="{BASE}" nc:operation="replace">'


def access(lab, checks):
    """Who may ask, and what he has to be able to read."""
    conformance, groups = "/p:conformance", "/p:group"
    with Session(lab, USERS[0]) as user, Session(lab, "root") as root:
        checks.that(denied(user.ask(what_if())), "the shipped rules")
        checks.that("<ok/>" in root.ask(rules()), "a right to ask, and none to read")
        checks.that(denied(user.ask(what_if()), "/portcullis:conformance"), "no right to read conformance")
        checks.that("<ok/>" in root.ask(rules((conformance, "permit"))), "a right to read conformance")
        reply = user.ask(what_if())
        checks.that("<overall-now>" in reply, f"configuration is readable: {reply[:500]}")
        checks.that(re.search("<management[^>]*> ?<reason>/portcullis:firewall: [^<]*may not read[^<]*</reason> ?</management>", reply)
                    is not None, f"whom it would cut off is told to those who may read the firewall: {reply[-1500:]}")
        checks.that("<ok/>" in root.ask(rules((conformance, "permit"), (groups, "deny"))), "groups are hidden")
        checks.that(denied(user.ask(what_if()), "/portcullis:group"), "no right to read groups")
        checks.that("<overall-now>" in user.ask(what_if("running")), "what conformance tells is told")
        checks.that("<ok/>" in root.ask(rules((conformance + "/p:result[p:family='ipv6']", "deny"), (conformance, "permit"))),
                    "some flows are hidden")
        checks.that(denied(user.ask(what_if("running")), "/portcullis:conformance"), "some flows cannot be read")
        reply = root.ask(what_if())
        checks.that("<overall-now>" in reply and re.search("<management[^>]*> ?<lost>0<", reply) is not None, f"root may ask: {reply[-1500:]}")


def test(lab: Lab, checks):
    """Every part on one daemon."""
    lab.start_daemon("--group", GROUP)
    lab.start_sshd()
    wait_until(lambda: lab.conformance()["summary"]["overall"] == "ok", 20, "the first verification")
    device = Client(lab)
    rulesets(lab, checks, device)
    connections(lab, checks, device)
    candidates(lab, checks, device)
    checks.equal(device.close(), 0, "exit code of the client")
    access(lab, checks)
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        client(sys.argv[2])
        sys.exit(0)
    try:
        if any(pwd.getpwnam(user).pw_gid != grp.getgrnam(GROUP).gr_gid for user in USERS):
            skip(f"{' and '.join(USERS)} are not in group {GROUP}")
    except KeyError as error:
        skip(str(error))
    main(test)
