#!/usr/bin/python3
"""The show of `./quickstart run`: one simulated device, asked and alarmed with ordinary clients.

Every step checks that what it shows is what it should be; with --once the exit code says so.
"""

import argparse
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lab import SNMP_PORT, SSH_PORT, Lab, LabError, wait_until  # noqa: E402

FLOW_COLUMNS = ["portcullisFlowVerdict", "portcullisFlowTransport", "portcullisFlowPorts", "portcullisFlowInitiator",
                "portcullisFlowListener"]
MARK = "demonstration"  # the comment of the rule that is deleted and put back


class Show:
    """The steps, and how many of them failed."""

    def __init__(self, lab):
        self.lab, self.failed = lab, 0

    def step(self, title, action):
        """One step: a heading, what it prints, and its fault if there is one."""
        print(f"\n== {title}", flush=True)
        try:
            action()
        except LabError as error:
            self.failed += 1
            print(f"FAILED: {error}", flush=True)

    @staticmethod
    def echo(line, output, most=30):
        """A command and its output as a person would see it."""
        lines = output.rstrip().splitlines()
        print(f"$ {line}")
        print("\n".join(lines[:most]))
        if len(lines) > most:
            print(f"  ... {len(lines) - most} more lines")

    def summary(self):
        """The summary over SNMP; all must be well."""
        names = ["Overall", "Flows", "FlowsConformant", "FlowsBlocked", "ActiveProblems", "Openings", "Rules",
                 "RulesUndecoded", "VerifyDuration"]
        objects = [f"PORTCULLIS-MIB::portcullis{name}.0" for name in names]
        output = self.lab.snmp("snmpget", "-Os", self.lab.agent(), *objects)
        self.echo("snmpget -Os device " + " ".join(f"portcullis{name}.0" for name in names), output)
        if "portcullisOverall.0 = INTEGER: ok" not in output:
            raise LabError("the device should be ok at this point")
        if "portcullisOpenings.0 = Gauge32: 0 openings" not in output:
            raise LabError("the example's ruleset should leave no opening")

    def flow_table(self):
        """The flow table over SNMP, as a table."""
        columns = []
        for column in ["portcullisFlowLabel", *FLOW_COLUMNS]:
            output = self.lab.snmp("snmpbulkwalk", "-Oqv", "-Cr50", self.lab.agent(), f"PORTCULLIS-MIB::{column}")
            columns.append([line.strip('"') for line in output.splitlines()])
        rows = [row for row in zip(*columns) if row[1] == "conformant"]
        width = [max(len(cell) for cell in column) for column in zip(*rows)] if rows else []
        text = "\n".join("  ".join(cell.ljust(size) for cell, size in zip(row[1:], width[1:])) for row in rows)
        self.echo("snmpbulkwalk device " + " ".join(FLOW_COLUMNS) + "   # conformant rows, side by side", text, 16)
        if not rows:
            raise LabError("no conformant row in the flow table")

    def netconf(self):
        """Conformance over NETCONF through SSH, with ncclient."""
        program = pathlib.Path(__file__).resolve().parent / "netconf_get.py"
        output = self.lab.run("device", "/usr/bin/python3", program, SSH_PORT, self.lab.directory / "id").stdout
        self.echo(f"netconf_get.py {SSH_PORT}   # ncclient: <get> with a subtree filter", output, 40)
        if "<overall>ok</overall>" not in output:
            raise LabError("NETCONF should say that the device is ok")

    def marked_rule(self):
        """Family, table, chain, handle, text and position of the rule to delete."""
        listing = self.lab.run("device", "nft", "-a", "list", "ruleset").stdout
        table = chain = None
        index = 0
        for line in listing.splitlines():
            if found := re.match(r"table (\w+) (\S+) \{", line):
                table = found.groups()
            elif found := re.match(r"\tchain (\S+) \{", line):
                chain, index = found.group(1), 0
            elif found := re.match(r"\t\t(.*) # handle (\d+)$", line):
                if chain and MARK in line:
                    return (*table, chain), found.group(2), found.group(1), index
                index += 1
        raise LabError(f"no rule with '{MARK}' in its comment")

    def wait_trap(self, known, word):
        """The first trap after the known ones that contains a word."""
        def look():
            return next((trap for trap in self.lab.traps()[known:] if word in trap), None)
        return wait_until(look, 10, f"a trap {word}")

    def connect(self, address, port):
        """Whether a TCP connection from the client namespace gets an answer (a refusal is one)."""
        code = ("import socket,sys\ntry:\n socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)\n"
                "except ConnectionRefusedError:\n pass\nexcept OSError as e:\n print(e); sys.exit(1)\nprint('answered')")
        done = self.lab.run("client", "/usr/bin/python3", "-c", code, address, port, check=False)
        print(f"client: tcp to {address} port {port}: {done.stdout.strip()}")
        return done.returncode == 0

    def print_trap(self, trap):
        """A trap, one varbind a line."""
        for part in trap.split("|"):
            for varbind in part.split("\t"):
                if varbind.strip():
                    print(f"  {varbind.strip()}")

    def break_and_mend(self):
        """Delete a rule, see the trap; put it back, see the clearing trap."""
        place, handle, text, index = self.marked_rule()
        known = len(self.lab.traps())
        start = time.monotonic()
        line = ["nft", "delete", "rule", *place, "handle", handle]
        self.lab.run("device", *line)
        trap = self.wait_trap(known, "portcullisViolated")
        took = time.monotonic() - start
        self.echo(" ".join(line), f"(that was: {text})")
        print(f"trap after {took * 1000:.0f} ms, hold-down included:")
        self.print_trap(trap)
        witness = re.search(r"tcp (\S+?):(\d+) > (\S+?):(\d+)", trap)
        if not witness:
            raise LabError("the trap names no witness packet")
        address, port = witness.group(3).strip("[]"), witness.group(4)
        if self.connect(address, port):
            raise LabError("the witness passes although the agent says that it does not")
        known = len(self.lab.traps())
        line = ["nft", "insert", "rule", *place, "index", index, *text.split()]
        self.lab.run("device", "nft", f"insert rule {' '.join(place)} index {index} {text}")
        self.echo(" ".join(map(str, line)), "")
        self.print_trap(self.wait_trap(known, "portcullisCleared"))
        if not self.connect(address, port):
            raise LabError("the witness does not pass although the agent says that it does")

    def after(self):
        """The overall state is ok again, as the command says it."""
        done = self.lab.online("status")
        self.echo("portcullis status", done.stdout + done.stderr)
        if done.returncode != 0:
            raise LabError(f"the device should be ok again; exit code {done.returncode}")


def main():
    """Build the laboratory, give the show, and stay until Ctrl-C unless --once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="build directory")
    parser.add_argument("--once", action="store_true", help="end after the show")
    arguments = parser.parse_args()
    lab = Lab(arguments.build)
    show = Show(lab)
    shown = False
    try:
        lab.up()
        lab.start_snmpd()
        lab.start_snmptrapd()
        lab.start_daemon()
        lab.start_sshd()
        wait_until(lambda: "INTEGER" in lab.snmp("snmpget", lab.agent(), "PORTCULLIS-MIB::portcullisOverall.0", check=False),
                   15, "the subagent's registration")
        show.step("the device's summary, polled over SNMPv3", show.summary)
        show.step("the flow table over SNMP", show.flow_table)
        show.step("the conformance over NETCONF (SSH)", show.netconf)
        show.step("a rule is deleted, and put back", show.break_and_mend)
        show.step("all is well again", show.after)
        shown = True
        print(f"\n{'every step showed what it should' if show.failed == 0 else f'{show.failed} steps FAILED'}", flush=True)
        if not arguments.once:
            print(f"\nThe device runs until Ctrl-C. Poll it, for example, with:\n"
                  f"  sudo SNMPCONFPATH={lab.directory}/client ip netns exec {lab.namespace('device')} "
                  f"snmpwalk udp:127.0.0.1:{SNMP_PORT} PORTCULLIS-MIB::portcullisSummary\n"
                  f"  sudo {lab.root}/bin/portcullis conformance --socket {lab.socket} "
                  f"--yang-dir {lab.root}/share/portcullis/yang\n"
                  f"and change its ruleset with: sudo ip netns exec {lab.namespace('device')} nft ...", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print()
    except LabError as error:
        show.failed += 1
        print(f"FAILED: {error}", flush=True)
    finally:
        lab.down()
    if show.failed:
        return 1
    return 0 if shown else 130


if __name__ == "__main__":
    sys.exit(main())
