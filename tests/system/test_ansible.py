#!/usr/bin/python3
"""Ansible's role portcullis_push, as installed, run by ansible-playbook from another host against the device.

A push and its repetition, a check with its diff, a push that would break flows, one that cuts off whoever pushes, and one after
which the verification fails.
"""

import importlib.util
import json
import os
import re
import shutil
import time

from harness import Lab, main, skip, wait_until
from lab import SSH_PORT
from test_access import Session
from test_push import DEVICE  # which has skipped without ncclient

PLAYBOOK = shutil.which("ansible-playbook")
MANAGEMENT = {"name": "nms", "source": ["10.10.0.0/16"], "transport": "tcp", "port": {"lower": SSH_PORT}}
NO_CLIENTS = {"source": {"group": ["clients"]}}
NO_SSH = {"path": "input", "destination": {"port": [{"lower": 1, "upper": 65535}]}, "transport": ["tcp"]}
HARMLESS = {"source": {"address": ["192.0.2.1"]}}
SECRET = "of-a-key-that-needs-none"
CUT_SECONDS = 6  # until a device that was cut off goes back
LABEL = re.compile(r"site-a/sfb/[^ ]+#\d+ clients>fe-pool\S* ipv4")
PARTS = """
- hosts: fw1
  gather_facts: false
  tasks:
    - name: Each part
      ansible.builtin.include_tasks: part.yml
      loop: "{{ parts }}"
      loop_control: {loop_var: part, label: "{{ part.name }}"}
"""
PART = """
- name: A push that goes wrong
  block:
    - ansible.builtin.include_role: {name: portcullis_push}
      vars:
        portcullis_push_config: "{{ part.config }}"
        portcullis_push_on_break: "{{ part.on_break }}"
        portcullis_push_confirm_timeout: "{{ part.confirm_timeout }}"
    - ansible.builtin.debug: {msg: "PART {{ part.name }} went well"}
  rescue:
    - ansible.builtin.debug: {msg: "PART {{ part.name }} {{ ansible_failed_result.msg }}"}
"""


def firewall(*rules, management=True):
    """The firewall part of a configuration, as JSON has it."""
    return {"portcullis:firewall": {
        "mode": "enforce", "commit-gate": "warn", "management-access": [MANAGEMENT] if management else [],
        "rule": [{"name": name, "matches": matches, "actions": {"forwarding": "drop"}} for name, matches in rules]}}


class Scene:
    """The device, and the host with Ansible."""

    def __init__(self, lab, checks):
        self.lab, self.checks = lab, checks
        self.ansible = lab.root / "share/doc/portcullis/ansible"
        one = {"ansible_host": DEVICE, "ansible_port": SSH_PORT, "ansible_user": "root",
               "ansible_ssh_private_key_file": str(lab.directory / "id"),
               "portcullis_push_host_key": (lab.directory / "host_key.pub").read_text(encoding="ascii").split()[1],
               "portcullis_push_files": [str(lab.deployment)]}
        # Two names of one device: the second push is a repetition.
        self.inventory = self.write("inventory.json", json.dumps({"all": {"hosts": {"fw1": one, "fw1-again": one}}}))

    def write(self, name, text):
        """A file of the laboratory's."""
        path = self.lab.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def play(self, playbook, variables, *options):
        """A run of ansible-playbook: its exit code and output."""
        begin = time.monotonic()
        done = self.lab.run("client", PLAYBOOK, "-i", self.inventory, playbook, "-e",
                            f"@{self.write('variables.json', json.dumps(variables))}", *options, check=False, timeout=300,
                            env={**os.environ, "ANSIBLE_HOME": str(self.lab.directory / "ansible"), "ANSIBLE_PIPELINING": "1",
                                 "ANSIBLE_ROLES_PATH": str(self.ansible / "roles"), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"})
        print(f"{time.monotonic() - begin:.1f} s: {playbook.name} {' '.join(options)}", flush=True)
        return done.returncode, done.stdout + done.stderr

    def state(self):
        """What nothing but a push that succeeds may change: the own table without counters, running, candidate."""
        with Session(self.lab, "root") as session:
            stores = [session.ask(f"<get-config><source><{name}/></source></get-config>").partition("<data")[2]
                      for name in ("running", "candidate")]
        return (self.lab.run("device", "nft", "-s", "list", "table", "inet", "portcullis", check=False).stdout, *stores)

    def log(self):
        """What the daemon told."""
        return (self.lab.directory / "portcullisd.log").read_text(encoding="utf-8", errors="replace")

    def recap(self, output, host, **want):
        """The line of the end."""
        found = re.search(rf"^{re.escape(host)} +: (.*)$", output, re.MULTILINE)
        have = dict(re.findall(r"(\w+)=(\d+)", found.group(1) if found else ""))
        for name, count in want.items():
            self.checks.equal(have.get(name), str(count), f"{host}: {name}")


def pushes(scene):
    """The first push changes, its repetition does not, and no log has what confirms."""
    variables = {"portcullis_push_config": firewall(("harmless", HARMLESS)), "ansible_password": SECRET}
    code, output = scene.play(scene.ansible / "push.yml", variables, "-vvv", "--diff")
    if not scene.checks.equal(code, 0, "exit code of the push"):
        print(output[-6000:])
    scene.recap(output, "fw1", changed=1, failed=0)
    scene.recap(output, "fw1-again", changed=0, failed=0)
    table = scene.lab.run("device", "nft", "list", "table", "inet", "portcullis", check=False).stdout
    scene.checks.that("rule harmless" in table and "required-forward4" in table, "the table is in the kernel")
    scene.checks.that("+firewall mode enforce\n" in output and "+firewall rule harmless matches source { address 192.0.2.1 }" in output,
                      "the diff of the push")
    scene.checks.that("overall ok > ok; " in output and " flows break," not in output, "the what-if of the push")
    scene.checks.that("pushed with Ansible" in scene.lab.online("history").stdout, "the history names it")
    scene.checks.that("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in output and '"portcullis_push_token"' not in output, "what confirms is not told")
    scene.checks.that(SECRET not in output, "the password is not told")


def check(scene):
    """A check tells and changes nothing."""
    before = scene.state()
    code, output = scene.play(scene.ansible / "push.yml", {
        "portcullis_push_config": {**firewall(("harmless", HARMLESS), ("no-clients", NO_CLIENTS)), "portcullis:tolerated-source": []},
        "portcullis_push_on_break": "allow"}, "--check", "--diff", "--limit", "fw1")
    scene.checks.equal(code, 0, "exit code of the check")
    scene.recap(output, "fw1", changed=1, failed=0)
    scene.checks.that("+firewall rule no-clients matches source { group clients }" in output, f"the diff of the check: {output[-3000:]}")
    scene.checks.that(re.search(r"breaks " + LABEL.pattern + r".*rule no-clients.*for example", output), f"its what-if: {output[-3000:]}")
    scene.checks.equal(scene.state(), before, "what the check changed")


def failures(scene):
    """What would break flows is refused, and what goes wrong behind the commit goes back."""
    scene.write("parts.yml", PARTS)
    scene.write("part.yml", PART)
    parts = [
        {"name": "breaks", "config": firewall(("no-clients", NO_CLIENTS)), "on_break": "fail", "confirm_timeout": 60},
        {"name": "cuts", "config": firewall(("no-ssh", NO_SSH), management=False), "on_break": "allow", "confirm_timeout": CUT_SECONDS},
        {"name": "unproved", "config": firewall(("no-clients", NO_CLIENTS)), "on_break": "allow", "confirm_timeout": 60}]
    before = scene.state()
    code, output = scene.play(scene.lab.directory / "parts.yml", {"parts": parts, "portcullis_push_timeout": 20}, "--limit", "fw1")
    said = dict(re.findall(r'"msg": "PART (\w+) (.*)"', output))
    if not scene.checks.equal((code, set(said)), (0, {"breaks", "cuts", "unproved"}), "the parts"):
        print(output[-8000:])
        return
    words = said["breaks"]
    scene.checks.that("nothing was changed" in words and LABEL.search(words) and "rule no-clients" in words, f"breaks: {words}")
    words = said["cuts"]
    scene.checks.that("took the change back by itself" in words, f"cuts: {words}")
    scene.checks.that("would cut off management nms" in output, "it was said before that it would be cut off")
    words = said["unproved"]
    scene.checks.that("the verification says" in words and "violated" in words and LABEL.search(words) and
                      "taken back (cancel-commit)" in words, f"unproved: {words}")
    log = scene.log()
    scene.checks.that(f"confirmed commit, {CUT_SECONDS} s" in log and "not confirmed in time" in log, "the cut was made, and went back")
    scene.checks.that("confirmed commit cancelled" in log, "the unproved one was made, and cancelled")
    scene.checks.equal(scene.state(), before, "what the failed pushes left behind")


def values(scene):
    """What is no configuration."""
    path = scene.ansible / "roles/portcullis_push/module_utils/portcullis_netconf.py"
    spec = importlib.util.spec_from_file_location("portcullis_netconf", path)
    netconf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(netconf)
    for parts, words in (([], "nothing is given"), ([{"group": []}], "portcullis:group"), ([{"other:x": {}}], "module 'other'"),
                         ([{"portcullis:zone": []}, {"portcullis:zone": []}], "given twice"), ([{"portcullis:zone": "x"}], "neither"),
                         ([{"portcullis:zone": [{"a b": 1}]}], "no name of a node"), ([{"portcullis:zone": [[]]}], "list inside a list"),
                         ([{"portcullis:zone": [{"name": "\0"}]}], "portcullis:zone/name")):
        try:
            netconf.edit(netconf.joined(parts), [], True)
            scene.checks.that(False, f"{parts} is refused")
        except netconf.PushError as error:
            scene.checks.that(words in str(error), f"{parts}: {error}")


def test(lab: Lab, checks):
    """Every part on one device."""
    lab.start_daemon()
    lab.start_sshd(DEVICE)
    lab.run("device", "nft", f"insert rule inet filter input ip saddr 10.10.0.0/16 tcp dport {SSH_PORT} accept")
    wait_until(lambda: lab.conformance()["summary"]["overall"] == "ok", 20, "the first verification")
    scene = Scene(lab, checks)
    for part in (values, pushes, check, failures):
        part(scene)
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


if __name__ == "__main__":
    if PLAYBOOK is None:
        skip("ansible-core is not installed")
    main(test)
