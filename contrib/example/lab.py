"""A laboratory in network namespaces: the topology of topology.json, and private daemons inside it.

Everything lives in namespaces and in one temporary directory; down() ends what was started, by pid, and removes both.
"""

import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SNMP_PORT, TRAP_PORT, SSH_PORT = 1161, 1162, 1830
NETNS_DIR = pathlib.Path("/run/netns")
# sshd as if on a host of its own: it insists on /run/sshd, and refuses root where root's password is locked. Both are
# mounted in the mount namespace that `ip netns exec` makes, so the host does not see them.
SSHD = """set -e
mount -n -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
mount -n --bind "$1" /etc/shadow
exec /usr/sbin/sshd -D -e -f "$2"
"""


class LabError(Exception):
    """A step of the laboratory failed; the text says which command and what it printed."""


def wait_until(condition, seconds, what):
    """Poll a condition until it is true; its value, or a LabError after that many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Lab:
    """Namespaces, links, addresses and routes, and the daemons of one device."""

    def __init__(self, build, deployment=HERE / "deployment.json", ruleset=HERE / "ruleset.nft",
                 topology=HERE / "topology.json"):
        self.build = pathlib.Path(build).resolve()
        self.ruleset = ruleset
        self.topology = json.loads(pathlib.Path(topology).read_text(encoding="utf-8"))
        self.prefix = f"pc{os.getpid()}"
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-"))
        self.directory.chmod(0o755)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        os.umask(0o022)
        # The checkout may be in a home directory that the daemon's user cannot enter.
        self.deployment = self.directory / "deployment.json"
        shutil.copyfile(deployment, self.deployment)
        self.processes = []
        self.namespaces = []
        self.root = self.directory / "root"
        self.run_dir = self.directory / "run"
        self.state = self.directory / "state"
        self.user = self._existing_user("portcullis", "nobody")
        self.made_netns_dir = not NETNS_DIR.exists()
        self.snmp_secret = secrets.token_hex(12)

    @staticmethod
    def _existing_user(*names):
        for name in names:
            try:
                pwd.getpwnam(name)
                return name
            except KeyError:
                continue
        return "root"

    # Commands

    def namespace(self, name):
        """The full name of one of our namespaces."""
        return f"{self.prefix}-{name}"

    def command(self, name, *arguments):
        """A command line that runs inside a namespace."""
        return ["ip", "netns", "exec", self.namespace(name), *map(str, arguments)]

    def run(self, name, *arguments, check=True, **options):
        """Run a command inside a namespace (None: outside) and return its CompletedProcess with text output."""
        line = self.command(name, *arguments) if name else list(map(str, arguments))
        options.setdefault("timeout", 60)
        done = subprocess.run(line, capture_output=True, text=True, check=False, **options)
        if check and done.returncode != 0:
            raise LabError(f"`{' '.join(map(str, arguments))}` ended with {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()}")
        return done

    def start(self, name, log, *arguments, env=None):
        """Start a daemon inside a namespace; its output goes to a file of the laboratory's."""
        with open(self.directory / log, "ab") as out:
            process = subprocess.Popen(self.command(name, *arguments), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                       env={**os.environ, **(env or {})})
        process.portcullis_name = pathlib.Path(log).stem
        process.portcullis_log = self.directory / log
        self.processes.append(process)
        return process

    def stop(self, process, number=signal.SIGTERM, seconds=10):
        """End a daemon that start() started; its exit code."""
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        if process in self.processes:
            self.processes.remove(process)
        return process.returncode

    @staticmethod
    def alive(process):
        """True, or a LabError with the end of its log."""
        if process.poll() is not None:
            text = process.portcullis_log.read_text(errors="replace")[-2000:]
            raise LabError(f"{process.portcullis_name} ended with {process.returncode}: {text}")
        return True

    # The network

    def up(self):
        """Make namespaces, links, addresses and routes, and install the programs into the temporary directory."""
        self._install()
        self.run_dir.mkdir()
        for space in self.topology["namespaces"]:
            name = self.namespace(space["name"])
            self.namespaces.append(name)
            self.run(None, "ip", "netns", "add", name)
            self.run(space["name"], "ip", "link", "set", "lo", "up")
            for key in ("all", "default"):
                self.run(space["name"], "sysctl", "-qw", f"net.ipv6.conf.{key}.accept_dad=0")
        for space in self.topology["namespaces"]:
            for interface in space.get("interfaces", []):
                if "peer" in interface:
                    self._link(space["name"], interface)
        for space in self.topology["namespaces"]:
            self._address(space)
        self.run("device", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for space in self.topology["namespaces"]:
            for route in space.get("routes", []):
                family = "-6" if ":" in route["to"] or ":" in route.get("via", "") else "-4"
                self.run(space["name"], "ip", family, "route", "add", route["to"], "via", route["via"])
        self.run("device", "nft", "-f", self.ruleset)

    def _install(self):
        self.run(None, "cmake", "--install", self.build, "--prefix", self.root)
        owner = self.build.stat()
        os.chown(self.build / "install_manifest.txt", owner.st_uid, owner.st_gid)

    def _link(self, name, interface):
        peer_space, peer_name = interface["peer"].split(":")
        self.run(None, "ip", "link", "add", interface["name"], "netns", self.namespace(name), "type", "veth",
                 "peer", "name", peer_name, "netns", self.namespace(peer_space))
        self.run(name, "ip", "link", "set", interface["name"], "up")
        self.run(peer_space, "ip", "link", "set", peer_name, "up")

    def _address(self, space):
        for interface in space.get("interfaces", []):
            for address in interface.get("addresses", []):
                extra = ["nodad"] if ":" in address else []
                self.run(space["name"], "ip", "addr", "add", address, "dev", interface["name"], *extra)

    def down(self):
        """End every process, remove the namespaces and the directory; a second Ctrl-C waits until that is done."""
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        for process in reversed(list(self.processes)):
            self.stop(process)
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        self.namespaces = []
        if self.made_netns_dir and NETNS_DIR.exists() and not any(NETNS_DIR.iterdir()):
            subprocess.run(["umount", "-n", NETNS_DIR], check=False, capture_output=True)
            try:
                NETNS_DIR.rmdir()
            except OSError:
                pass  # somebody else uses it by now
        shutil.rmtree(self.directory, ignore_errors=True)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    # Daemons of the device

    @property
    def agentx(self):
        """The AgentX socket of the private snmpd."""
        return self.run_dir / "agentx.sock"

    @property
    def socket(self):
        """The NETCONF socket of the daemon."""
        return self.run_dir / "netconf" / "netconf.sock"

    def start_snmpd(self, *lines, env=None):
        """A private snmpd with SNMPv3 (authPriv) on loopback and the trap receiver as its only destination.

        What it shows is what the drop-in for devices says. lines: more of its configuration.
        """
        persistent = self.directory / "snmpd"
        persistent.mkdir(exist_ok=True)
        gid = pwd.getpwnam(self.user).pw_gid
        drop_in = (self.root / "share/doc/portcullis/snmpd/portcullis.conf").read_text(encoding="ascii")
        views = [line for line in drop_in.splitlines() if line.startswith("view portcullis ")]
        (self.directory / "snmpd.conf").write_text(
            f"agentaddress udp:127.0.0.1:{SNMP_PORT}\n"
            f"master agentx\nagentXSocket unix:{self.agentx}\nagentXPerms 0660 0755 root {gid}\nagentXTimeout 2\n"
            f"createUser operator SHA {self.snmp_secret} AES {self.snmp_secret}\n"
            "rouser operator authPriv -V portcullis\n"
            f"createUser manager SHA {self.snmp_secret} AES {self.snmp_secret}\n"
            "rwuser manager authPriv -V portcullis\n"
            f"trap2sink 127.0.0.1:{TRAP_PORT} portcullis\n"
            "maxGetbulkResponses 1000\ndontLogTCPWrappersConnects yes\n" + "".join(f"{line}\n" for line in (*views, *lines)), encoding="ascii")
        client = self.directory / "client"
        client.mkdir(exist_ok=True)
        (client / "snmp.conf").write_text(
            "defVersion 3\ndefSecurityName operator\ndefSecurityLevel authPriv\ndefAuthType SHA\ndefPrivType AES\n"
            f"defPassphrase {self.snmp_secret}\nmibdirs {self.mib_dirs()}\nmibs SNMPv2-MIB:PORTCULLIS-MIB\n", encoding="ascii")
        self.snmpd = self.start("device", "snmpd.log", "/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c",
                                self.directory / "snmpd.conf",
                                env={"SNMP_PERSISTENT_DIR": str(persistent), "MIBS": "", **(env or {})})
        wait_until(lambda: self.alive(self.snmpd) and self.agentx.exists(), 10, "snmpd's AgentX socket")

    def mib_dirs(self):
        """Where the base MIBs and ours are."""
        erlang = sorted(pathlib.Path("/usr/lib/erlang/lib").glob("snmp-*/mibs"))
        return ":".join(map(str, [self.root / "share/portcullis/mibs", *erlang]))

    def start_snmptrapd(self):
        """A private trap receiver that writes one line per trap."""
        (self.directory / "snmptrapd.conf").write_text(
            "disableAuthorization yes\nformat2 %V|%v\\n\n", encoding="ascii")
        persistent = self.directory / "snmptrapd"
        persistent.mkdir(exist_ok=True)
        (self.directory / "snmptrapd.log").touch()
        self.snmptrapd = self.start(
            "device", "snmptrapd.log", "/usr/sbin/snmptrapd", "-f", "-Lo", "-C", "-c", self.directory / "snmptrapd.conf",
            "-M", self.mib_dirs(), "-m", "SNMPv2-MIB:PORTCULLIS-MIB", "-Os", f"udp:127.0.0.1:{TRAP_PORT}",
            env={"SNMP_PERSISTENT_DIR": str(persistent)})
        wait_until(lambda: self.alive(self.snmptrapd) and self._listens(TRAP_PORT, "udp"), 10, "snmptrapd's port")

    def _listens(self, port, transport):
        option = "-Hlnu" if transport == "udp" else "-Hlnt"
        return f":{port} " in self.run("device", "ss", option).stdout

    def traps(self):
        """The traps so far, oldest first, each as one line of text."""
        text = (self.directory / "snmptrapd.log").read_text(errors="replace")
        return [line.strip("|") for line in text.splitlines() if " = OID: portcullis" in line]

    def daemon_command(self, *extra):
        """The command line of portcullisd in this laboratory."""
        return [self.root / "sbin/portcullisd", "--foreground", "--socket", self.socket, "--state-dir", self.state,
                "--yang-dir", self.root / "share/portcullis/yang", "--catalog-dir",
                self.root / "share/portcullis/catalog", "--user", self.user, "--group", "portcullis", *extra]

    def start_daemon(self, *extra, load=True, log="portcullisd.log"):
        """The daemon, until it says that it is ready."""
        arguments = list(extra)
        if load:
            arguments += ["--load", self.deployment]
        if self.agentx.exists():
            arguments += ["--agentx", self.agentx]
        path = self.directory / log
        before = path.stat().st_size if path.exists() else 0
        self.daemon = self.start("device", log, *self.daemon_command(*arguments),
                                 env={"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0"})
        wait_until(lambda: self.alive(self.daemon) and b": ready" in path.read_bytes()[before:], 30, "portcullisd")
        return self.daemon

    def start_sshd(self, *addresses):
        """A private sshd with its own host key and one authorised key, and our subsystem; on loopback and these addresses."""
        listen = "".join(f"ListenAddress {address}\n" for address in ("127.0.0.1", *addresses))
        key, host_key = self.directory / "id", self.directory / "host_key"
        for path in (key, host_key):
            if not path.exists():
                self.run(None, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
        (self.directory / "authorized_keys").write_bytes((self.directory / "id.pub").read_bytes())
        relay = self.root / "libexec/portcullis/portcullis-netconf-subsystem"
        (self.directory / "sshd_config").write_text(
            f"Port {SSH_PORT}\n{listen}HostKey {host_key}\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nAuthorizedKeysFile {self.directory}/authorized_keys\n"
            f"Subsystem netconf {relay} --socket {self.socket}\n", encoding="ascii")
        shadow = self.directory / "shadow"
        shadow.touch(0o600)
        shadow.write_text("root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n", encoding="ascii")
        self.sshd = self.start("device", "sshd.log", "sh", "-c", SSHD, "sshd", shadow, self.directory / "sshd_config")
        wait_until(lambda: self.alive(self.sshd) and self._listens(SSH_PORT, "tcp"), 10, "sshd's port")

    # Clients

    def snmp_environment(self):
        """Where net-snmp's commands find whom they are: `operator`, who may read; `manager` may write, too."""
        return {**os.environ, "SNMPCONFPATH": str(self.directory / "client"),
                "SNMP_PERSISTENT_DIR": str(self.directory / "client")}

    def snmp(self, program, *arguments, check=True):
        """One of net-snmp's commands against the device; its output."""
        return self.run("device", program, *arguments, check=check, env=self.snmp_environment()).stdout

    def agent(self):
        """The device's SNMP address."""
        return f"udp:127.0.0.1:{SNMP_PORT}"

    def portcullis(self, *arguments, check=False):
        """The command, against this device's daemon where the verb needs one."""
        return self.run("device", self.root / "bin/portcullis", *arguments, check=check)

    def online(self, verb, *arguments, check=False):
        """An online verb of the command."""
        return self.portcullis(verb, "--socket", self.socket, "--yang-dir", self.root / "share/portcullis/yang",
                               *arguments, check=check)

    def conformance(self):
        """What the daemon says, as Python values."""
        done = self.online("conformance", "--json", "--all")
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise LabError(f"portcullis conformance: {done.stderr or done.stdout}") from error
