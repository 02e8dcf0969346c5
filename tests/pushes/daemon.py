#!/usr/bin/python3
"""Random pushes into a real daemon: a number comes in, so many changes go over NETCONF and SSH from another host.

Good ones, breaking ones and some that would cut off management, on every way to running; many meet a daemon that is killed,
the next start may be one of another boot. After each the kernel's own table is what `portcullis compile` makes of running, a
new session opens, running is one that it may be, and every other table is the same to the byte. Ends with 1 where that fails
once, with 77 where it may not make network namespaces.
"""

import argparse
import contextlib
import ctypes
import functools
import json
import logging
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import sys
import threading
import time
import traceback
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from harness import BUILD, Lab, LabError, skip, wait_until  # noqa: E402
from lab import SSH_PORT  # noqa: E402
from test_access import GROUP  # noqa: E402
from test_netconf import BASE, PC  # noqa: E402  skips without ncclient
from test_push import COMMIT, CONFIRMED, COPY, DEVICE, DISCARD, RUNNING, children, commit, edit  # noqa: E402
from variant import Variant  # noqa: E402

from ncclient import manager  # noqa: E402
from ncclient.operations import RPCError, TimeoutExpiredError  # noqa: E402
from ncclient.operations.errors import OperationError  # noqa: E402
from ncclient.transport.errors import TransportError  # noqa: E402
from ncclient.xml_ import to_ele  # noqa: E402

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what becomes of a session is said here
CLONE_NEWNET = 0x40000000
ANSWER_S = 30
SETTLE_S = 20
OTHERS = """
table inet other { chain c { type filter hook forward priority 7; tcp dport 7 drop; }
 set s { type ipv4_addr; flags interval; elements = { 192.0.2.0/25, 198.51.100.7 }; }
 chain d { type filter hook input priority -7; ip saddr @s counter drop; }; }
table ip nat { map m { type inet_service : ipv4_addr; elements = { 70 : 192.0.2.1 }; }
 chain p { type nat hook prerouting priority -100; udp dport 70 dnat to udp dport map @m; }; }
"""
# ncclient waits in vain for the answer to what is asked at the very moment at which a session ends.
GONE = (OperationError, TransportError, TimeoutExpiredError, OSError, EOFError)
DISTURBANCES = ("add rule inet portcullis forward ip saddr 10.10.0.7 drop", "flush chain inet portcullis forward",
                "delete table inet portcullis", "add set inet portcullis more { type ipv4_addr; }",
                "add chain inet portcullis more")
CANDIDATE = RUNNING.replace("<running/>", "<candidate/>")
HISTORY = f'<get xmlns="{BASE}"><filter><history xmlns="{PC}"/></filter></get>'
CANCEL = f'<cancel-commit xmlns="{BASE}">{{}}</cancel-commit>'


class Lost(Exception):
    """The session is gone, or answers no more."""


class Session:
    """NETCONF over SSH, from the host of the NMS."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, lab):
        self.socket = self._from(lab, "client", 5)
        try:
            self.manager = manager.connect(sock=self.socket, host=DEVICE, username="root", key_filename=str(lab.directory / "id"),
                                           hostkey_verify=False, allow_agent=False, look_for_keys=False, timeout=ANSWER_S)
        except Exception as error:  # ncclient lets through what paramiko and the socket have to say
            self.drop()
            raise Lost(str(error)) from error

    @classmethod
    def _enter(cls, descriptor):
        if cls.libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")

    @classmethod
    def _from(cls, lab, space, seconds):
        """A socket of that namespace: it stays in it when this thread has left it again."""
        with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{lab.namespace(space)}", "rb") as there:
            cls._enter(there.fileno())
            try:
                return socket.create_connection((DEVICE, SSH_PORT), seconds)
            except OSError as error:
                raise Lost(str(error)) from error
            finally:
                cls._enter(here.fileno())

    def ask(self, operation):
        """The answer as one line of XML; "ERROR TAG MESSAGE" where it is refused."""
        try:
            return " ".join(self.manager.dispatch(to_ele(operation)).xml.split())
        except RPCError as error:
            return f"ERROR {error.tag} {error.message}"
        except GONE as error:
            raise Lost(f"{type(error).__name__}: {error}") from error

    def read(self, what=RUNNING):
        """A datastore's content."""
        answer = self.ask(what)
        if not answer.startswith("<"):
            raise LabError(f"{what}: {answer}")
        return re.sub(r"^.*?<data[^>]*>|</data>.*$", "", answer).strip()

    def close(self):
        """It says so."""
        with contextlib.suppress(*GONE):
            self.manager.close_session()

    def drop(self):
        """The connection is gone without a word."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Device:
    """The laboratory, what is known of it, and the count."""

    def __init__(self, lab, seed):
        self.lab, self.draw = lab, random.Random(seed)
        self.deck = []
        self.round = ""
        self.known = {}  # running as text: its Variant
        self.by_comment = {}
        self.possible = {"running": set(), "startup": {None}}  # None: never written
        self.session = None
        self.kill = self.disturbance = None  # while a push is made
        self.calm = True  # nobody has changed the own table since the daemon started
        self.count = dict.fromkeys(("pushes", "killed", "disturbed", "refused", "taken back", "boots", "failures", "lockouts",
                                    "foreign changes"), 0)

    def fail(self, what):
        """One failure."""
        self.count["failures"] += 1
        print(f"FAILED: {self.round}: {what}", flush=True)

    def expect(self, truth, what):
        """A failure unless it is true."""
        if not truth:
            self.fail(what)

    # The kernel

    def listed(self, space="device"):
        """Objects of the own table and of all others, as nft reads them from the kernel."""
        objects = json.loads(self.lab.run(space, "nft", "-j", "-s", "list", "ruleset").stdout)["nftables"]
        own, others = [], []
        for one in objects:
            (kind, content), = one.items()
            place = (content.get("family"), content.get("name" if kind == "table" else "table"))
            (own if place == ("inet", "portcullis") else others).append((kind, content))
        return self._comparable(own), json.dumps(others)

    @staticmethod
    def _comparable(own):
        """Chains and sets by name, rules in their order, no handles."""
        named, rules = {}, []
        for kind, content in own:
            content = {key: value for key, value in content.items() if key != "handle"}
            if kind == "rule":
                rules.append(content)
            else:
                named[f"{kind} {content['name']}"] = content
        rules.sort(key=lambda rule: rule["chain"])
        return {"named": named, "rules": rules} if own else None

    @functools.lru_cache(maxsize=256)
    def table_of(self, text):
        """The own table that goes with a running configuration, by compile and nft alone."""
        if "<mode>enforce</mode>" not in text:
            return None
        yang = self.lab.root / "share/portcullis/yang"
        source, target = self.lab.directory / "running.xml", self.lab.directory / "running.json"
        own = [ElementTree.tostring(node, encoding="unicode") for node in ElementTree.fromstring(f"<data>{text}</data>")
               if node.tag.startswith("{" + PC + "}")]
        source.write_text("".join(own), encoding="utf-8")
        self.lab.run(None, "yanglint", "-p", yang, "-p", "/usr/share/yuma/modules/ietf", "-f", "json", "-t",
                     "config", "-o", target, yang / "portcullis.yang", source)
        done = self.lab.portcullis("compile", "--deployment", target, "--live-network", "--yang-dir", yang, "--catalog-dir",
                                   self.lab.root / "share/portcullis/catalog", check=True)
        self.lab.run("scratch", "nft", "flush", "ruleset")
        self.lab.run("scratch", "nft", "-f", "-", input=done.stdout)
        return self.listed("scratch")[0]

    # The daemon

    def victims(self):
        """The daemon and the privileged process."""
        daemon = self.lab.daemon.pid
        with contextlib.suppress(OSError):
            return [daemon, *children(daemon)]
        return [daemon]

    def relays(self):
        """Processes between sshd and the daemon."""
        pids = self.lab.run(None, "ip", "netns", "pids", self.lab.namespace("device")).stdout.split()
        found = []
        for pid in pids:
            with contextlib.suppress(OSError):
                if b"portcullis-netconf-subsystem" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]:
                    found.append(pid)
        return found

    def kill_now(self, which):
        """Both, or one of them."""
        pids = self.victims()
        for pid in {"daemon": pids[:1], "privileged": pids[1:], "both": self.draw.sample(pids, len(pids))}[which]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.lab.daemon.wait(20)
        for pid in pids[1:]:
            wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), 20, "the end of the privileged process")

    def kill_later(self, longest):
        """Somebody kills it while what comes now is done."""
        which, after = self.draw.choice(("both", "both", "privileged", "daemon")), self.draw.uniform(0, longest)
        self.round += f", kill {which} after {after:.3f} s"
        self.kill = threading.Timer(after, self.kill_now, (which,))
        self.kill.start()

    def was_killed(self):
        """Nobody will kill it any more."""
        if self.kill is None:
            return False
        self.kill.cancel()
        self.kill.join()
        self.kill = None
        return self.lab.daemon.poll() is not None

    def disturb_later(self):
        """Somebody else changes the own table while what comes now is done; once, for it is put back later each time."""
        what, after = self.draw.choice(DISTURBANCES), self.draw.uniform(0, 0.4)
        self.round += f", {what.partition(' inet')[0]} after {after:.3f} s"
        self.calm = False
        self.count["disturbed"] += 1
        self.disturbance = threading.Timer(after, self.lab.run, ("device", "nft", what), {"check": False})
        self.disturbance.start()

    def another_boot(self):
        """The kernel has nothing of ours, and the journal is of another boot."""
        self.count["boots"] += 1
        self.round += ", boot"
        self.lab.run("device", "nft", "delete", "table", "inet", "portcullis", check=False)
        with contextlib.closing(sqlite3.connect(self.lab.state / "journal.db")) as journal:
            journal.execute("UPDATE setting SET value = 'before' WHERE name = 'boot-id'")
            journal.commit()
        if self.draw.random() < 0.5:
            self.round += " with restore"
            self.lab.run("device", *self.lab.daemon_command("--restore"))
            own, _ = self.listed()
            self.expect(any(own == self.table_of(text) for text in self.possible["running"]),
                        "what was restored is none that it may be")
        startup = self.possible["startup"]
        if None not in startup:
            self.possible["running"] = set()
        self.possible["running"] |= startup - {None}

    def start(self):
        """It starts again, in this boot or another one, and perhaps it is killed while it starts."""
        if self.session is not None:
            self.session.drop()
            self.session = None
        with contextlib.suppress(LabError):
            wait_until(lambda: not self.relays(), 10, "the end of the relays")
        self.expect(not self.relays(), "the relay of a session goes on without the daemon")
        if self.draw.random() < 0.4:
            self.another_boot()
        if self.draw.random() < 0.2:
            self.round += ", killed in the start"
            self.lab.daemon = self.lab.start("device", "portcullisd.log", *self.lab.daemon_command("--group", GROUP))
            time.sleep(self.draw.uniform(0, 0.5))
            self.kill_now("both")
        self.lab.start_daemon("--group", GROUP, load=False)
        self.calm = True

    # After a push

    def agrees(self, running):
        """Why the kernel has not what that comes to, or None."""
        own, others = self.listed()
        if others != self.others:
            self.count["foreign changes"] += 1
            self.fail(f"other tables changed:\n{self.others}\n{others}")
            self.others = others
        want = self.table_of(running)
        if own == want:
            return None
        if own is None or want is None:
            return f"the kernel has {'no' if own is None else 'a'} table, running says {'none' if want is None else 'one'}"
        for part in ("named", "rules"):
            if own[part] != want[part]:
                has, says = json.dumps(own[part])[:1500], json.dumps(want[part])[:1500]
                return f"the kernel's table is not that of running: {has}\n{says}"
        return "they differ"

    def settled(self, session):
        """Why it is not as it may be, or None."""
        running = session.read()
        if running not in self.possible["running"]:
            kind = self.known.get(running)
            return f"running is none that it may be, but {'an unknown one' if kind is None else kind.config[:200]}"
        why = self.agrees(running)
        if why is None:
            self.possible["running"] = {running}
        return why

    def look(self, at_once):
        """A new session opens, and everything is as it may be; what takes its time has some of it."""
        try:
            new = Session(self.lab)
        except Lost as error:
            self.count["lockouts"] += 1
            self.fail(f"no session opens: {error}")
            raise
        if self.session is not None:
            self.session.close()
        self.session = new
        end = time.monotonic() + (0 if at_once else SETTLE_S)
        while (why := self.settled(new)) is not None:
            if time.monotonic() >= end:
                self.fail(why)
                self.possible["running"] = {new.read()}
                self.known.setdefault(new.read(), Variant())
                return
            time.sleep(0.05)

    # Pushes

    def do(self, operation, becomes=None, datastore="running"):
        """Ask; where it is done the datastore becomes that. @return the answer, or "" where it is done."""
        before = self.possible[datastore]
        if becomes is not None:
            self.possible[datastore] = before | {becomes}
        answer = self.session.ask(operation)
        if "<ok/>" in answer:
            answer = ""
        if becomes is not None:
            self.possible[datastore] = before if answer else {becomes}
        return answer

    def edited(self):
        """Candidate with something new. @return what running becomes with it."""
        then = Variant(self.draw)
        self.round += f", {'enforce' if then.enforces else 'observe'} {then.gate} {then.kind}"
        answer = self.do(edit("candidate", then.config))
        self.expect(not answer, f"the edit of candidate: {answer}")
        text = self.session.read(CANDIDATE)
        self.known[text] = then
        return text

    def now(self):
        """The variant that runs."""
        running, = self.possible["running"]
        return self.known[running]

    def judged(self, answer, text, now, **how):
        """Was it refused or done as it had to be?"""
        if answer and not answer.startswith("ERROR access-denied"):
            raise Lost(answer)
        self.count["refused"] += bool(answer)
        refused = self.known[text].is_refused(now, **how)
        unsure = self.disturbance is not None and not self.known[text].cuts  # what passes now is another thing
        self.expect(bool(answer) == refused or unsure, f"has to be {'refused' if refused else 'done'}: {answer}")
        if answer:
            self.do(DISCARD)
        return not answer

    def comment(self, text):
        """A comment by which the history has it."""
        number = self.count["pushes"]
        self.by_comment[number] = text
        return f'<comment xmlns="{COMMIT}">push {number}.</comment>'

    def way_commit(self):
        """Edit and commit."""
        text, now = self.edited(), self.now()
        self.judged(self.do(commit(self.comment(text)), text), text, now)

    def way_override(self):
        """What breaks flows may be done, what cuts management not."""
        text, now = self.edited(), self.now()
        answer = self.do(f'<override-commit xmlns="{COMMIT}"><reason>so it is</reason></override-commit>', text)
        self.judged(answer, text, now, override=True)

    def way_edit(self):
        """Running itself is edited."""
        text, now = self.edited(), self.now()
        self.do(DISCARD)
        self.judged(self.do(edit("running", self.known[text].config), text), text, now)

    def way_copy(self):
        """Candidate is copied to running."""
        text, now = self.edited(), self.now()
        if self.judged(self.do(COPY, text), text, now):
            self.do(DISCARD)

    def unconfirmed(self, timeout, more=""):
        """A confirmed commit that waits. @return what running is until it is taken back, or None: refused."""
        text = self.edited()
        if self.known[text].cuts:
            timeout = 1  # nobody can confirm what cut him off
        answer = self.do(commit(CONFIRMED.format(timeout) + more + self.comment(text)))
        if not self.judged(answer, text, self.now(), confirmed=True):
            return None
        self.count["taken back"] += 1
        if not self.known[text].cuts and timeout > 1:
            self.expect(self.session.read() == text, "running is not what waits")
            self.expect((why := self.agrees(text)) is None or self.disturbance is not None, f"while it waits: {why}")
        return text

    def confirm(self, text, token=""):
        """What waits stays."""
        answer = self.do(commit(token), text)
        self.count["taken back"] -= 1
        self.expect(not answer, f"the confirmation: {answer}")

    def way_confirmed(self):
        """A confirmed commit, and its confirmation."""
        if (text := self.unconfirmed(600)) is not None and not self.known[text].cuts:
            self.confirm(text)

    def way_cancelled(self):
        """A confirmed commit that is cancelled."""
        if (text := self.unconfirmed(600)) is not None and not self.known[text].cuts:
            answer = self.do(CANCEL.format(""))
            self.expect(not answer, f"cancel-commit: {answer}")

    def way_timed_out(self):
        """A confirmed commit that nobody confirms."""
        self.unconfirmed(1)

    def way_session_lost(self):
        """The session of a confirmed commit ends."""
        if self.unconfirmed(600) is not None:
            self.draw.choice((self.session.close, self.session.drop))()

    def way_persistent(self):
        """A confirmed commit that outlives its session, and another one that knows the token or does not."""
        text = self.unconfirmed(600, "<persist>token</persist>")
        if text is None or self.known[text].cuts:
            return
        self.session.close()
        self.session = Session(self.lab)
        answer = self.do(edit("running", Variant(self.draw).config))
        self.expect(answer.startswith("ERROR in-use"), f"another change of running while one waits: {answer}")
        token = "<persist-id>token</persist-id>"
        if self.draw.random() < 0.5:
            self.confirm(text, token)
        else:
            answer = self.do(CANCEL.format(token))
            self.expect(not answer, f"cancel-commit: {answer}")

    def way_rollback(self):
        """Back to one of the last commits; not to one that cut management off until it was taken back."""
        more = r"(?:(?!<number>).)*?"
        entry = rf"<number>(\d+)</number>{more}<datastore>running</datastore>{more}push (\d+)\."
        history = re.findall(entry, self.session.ask(HISTORY))
        if not history:
            return
        number, pushed = self.draw.choice(history[-20:])
        text, now = self.by_comment[int(pushed)], self.now()
        self.round += f" to {number} (push {pushed})"
        answer = self.do(f'<rollback-to xmlns="{PC}"><number>{number}</number></rollback-to>', text)
        self.judged(answer, text, now)

    def way_startup(self):
        """Startup is written, or there is none any more."""
        running, = self.possible["running"]
        if None not in self.possible["startup"] and self.draw.random() < 0.3:
            before = self.possible["startup"]
            self.possible["startup"] = before | {None}
            answer = self.session.ask(f'<delete-config xmlns="{BASE}"><target><startup/></target></delete-config>')
            self.expect("<ok/>" in answer, f"delete-config: {answer}")
            self.possible["startup"] = {None}
        else:
            answer = self.do(f'<copy-config xmlns="{BASE}"><target><startup/></target><source><running/></source></copy-config>',
                             running, "startup")
            self.expect(not answer, f"copy-config to startup: {answer}")

    def way_restart(self):
        """It ends as it should, perhaps while a commit waits."""
        if self.draw.random() < 0.5:
            self.unconfirmed(600)
        self.expect(self.lab.stop(self.lab.daemon) == 0 or self.kill is not None, "exit code after SIGTERM")

    def push(self):
        """One round."""
        if not self.deck:
            self.deck = list(WAYS)
            self.draw.shuffle(self.deck)
        way = self.deck.pop()
        self.count["pushes"] += 1
        self.round = f"push {self.count['pushes']}: {way[4:]}"
        if self.draw.random() < 0.4:
            self.kill_later(self.draw.choice((0.2, 0.5, 1.5)))
        if self.calm and self.draw.random() < 0.25:
            self.disturb_later()
        if self.draw.random() < 0.1:
            self.round += ", reload"
            self.lab.daemon.send_signal(signal.SIGHUP)
        try:
            getattr(self, way)()
        except (Lost, LabError) as error:
            if self.lab.daemon.poll() is None and not self.was_killed() and self.disturbance is None:
                raise
            self.round += f" ({str(error)[:100]})"
        if self.was_killed():
            self.count["killed"] += 1
        dead, disturbed = self.lab.daemon.poll() is not None, self.disturbance is not None
        if disturbed:
            self.disturbance.join()
            self.disturbance = None
        if dead:
            self.start()
        self.look(at_once=way in AT_ONCE and not dead and not disturbed)

    def up(self):
        """From nothing to the first session."""
        lab = self.lab
        lab.namespaces.append(lab.namespace("scratch"))
        lab.run(None, "ip", "netns", "add", lab.namespace("scratch"))
        lab.run("device", "nft", f"insert rule inet filter input ip saddr 10.10.0.0/16 tcp dport {SSH_PORT} accept")
        lab.run("device", "nft", "-f", "-", input=OTHERS)
        lab.start_daemon("--group", GROUP)
        lab.start_sshd(DEVICE)
        self.others = self.listed()[1]
        self.session = Session(lab)
        running = self.session.read()
        self.known[running] = Variant()
        self.possible["running"] = {running}


# What is answered is done; the rest goes back by itself, or is a start.
AT_ONCE = ("way_commit", "way_override", "way_edit", "way_copy", "way_rollback", "way_startup")
WAYS = [name for name in dir(Device) if name.startswith("way_")]


def run(count, seconds, seed, verbose=False):
    """So many pushes, or as many as there is time for; the count."""
    lab = Lab(BUILD)
    device = Device(lab, seed)
    end = time.monotonic() + seconds
    try:
        lab.up()
        device.up()
        while device.count["pushes"] < count and (seconds == 0 or time.monotonic() < end):
            device.push()
            if verbose:
                print(device.round, flush=True)
    except Exception:  # pylint: disable=broad-except
        device.fail(traceback.format_exc())
    finally:
        if device.count["failures"]:
            print("\n".join((lab.directory / "portcullisd.log").read_text(errors="replace").splitlines()[-40:]))
        lab.down()
    told = ", ".join(f"{number} {what}" for what, number in device.count.items())
    print(f"{told}; seed {seed}", flush=True)
    return device.count


def main():
    """Arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="pushes (default 1000)")
    parser.add_argument("--seconds", type=int, default=0, help="no push is begun after that time (default: as long as it takes)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000000, help="of the random numbers, to repeat a run")
    parser.add_argument("--verbose", action="store_true", help="tell every push")
    options = parser.parse_args()
    if os.geteuid() != 0:
        skip("needs root for network namespaces")
    sys.exit(1 if run(options.count, options.seconds, options.seed, options.verbose)["failures"] else 0)


if __name__ == "__main__":
    main()
