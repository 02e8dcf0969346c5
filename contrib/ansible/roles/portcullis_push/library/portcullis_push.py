#!/usr/bin/python3
"""Ansible module: a configuration in, a confirmed commit of it and what it does out; refused is what would break flows."""

DOCUMENTATION = """
module: portcullis_push
short_description: Push a configuration to a Portcullis device with a confirmed commit
description:
  - Edits candidate under locks, compares it with running, asks the device what a commit would break and open, and commits
    so that the device goes back by itself unless M(portcullis_confirm) confirms in time. Nothing is done where nothing differs.
  - In check mode nothing is committed, and candidate is as before.
  - Runs where ncclient is, on the controller as a rule.
options:
  host: {description: Address of the device., type: str, required: true}
  port: {description: Port of its sshd., type: int, default: 22}
  username: {description: Who logs in; default as of ssh., type: str}
  password: {description: 'Password, or passphrase of the key.', type: str}
  private_key: {description: File with the private key; default as of ssh., type: path}
  host_key: {description: 'Public host key, base64; default: those in ~/.ssh/known_hosts.', type: str}
  verify_host_key: {description: Refuse host keys that are not known., type: bool, default: true}
  timeout: {description: Seconds to wait for a connection or an answer., type: int, default: 60}
  config:
    description: Instance data of portcullis.yang as RFC 7951 has it, in one part or several.
    type: list
    elements: dict
    required: true
  strategy:
    description: Whether what is given at the top of the data replaces what running has of that name, or is merged into it.
    type: str
    choices: [replace, merge]
    default: replace
  regressions:
    description: Refuse or allow what would break flows that pass now.
    type: str
    choices: [refuse, allow]
    default: refuse
  expect: {description: The I(digest) of an earlier answer; refused when device or data have changed since., type: str}
  confirm_timeout: {description: Seconds after which the device goes back., type: int, default: 120}
  persist: {description: 'What confirms, from any session. Needed outside of check mode.', type: str}
  comment: {description: For the history of commits., type: str, default: pushed with Ansible}
"""

RETURN = """
differs: {description: Candidate is not what running was., type: bool, returned: success}
breaks: {description: Flows would break, it cannot be told, or the gate of the device refuses it., type: bool, returned: success}
report: {description: 'What the change does, for people.', type: list, returned: 'when it differs, and in check mode or with regressions: refuse'}
what_if: {description: 'summary, reason, labels of regressions', type: dict, returned: as report}
digest: {description: Stands for running and candidate., type: str, returned: success}
running: {description: Stands for running before the commit., type: str, returned: success}
pending: {description: 'It was committed, or nobody knows, and goes back unless it is confirmed.', type: bool, returned: always}
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils import portcullis_netconf as netconf
from xml.sax.saxutils import escape


def plan(device, params):
    """Bring candidate to what is asked for, and compare it with running."""
    running = device.config("running")
    config = netconf.joined(params["config"])
    device.ask("edit-config", netconf.edit(config, running, params["strategy"] == "replace"))
    candidate = device.config("candidate")
    before, after = netconf.digest(running), netconf.digest(candidate)
    return {"differs": before != after, "breaks": False, "running": before, "digest": netconf.digest(running, candidate),
            "diff": {"before_header": f"{device.name}: running", "after_header": f"{device.name}: as pushed",
                     "before": netconf.text_of(running), "after": netconf.text_of(candidate)}}


def foretell(device, result):
    """What the commit of candidate would do, and whether the device's own gate would let it."""
    gate = []
    try:
        device.base("validate", "<source><candidate/></source>")
    except netconf.Refused as error:
        if error.tag != "access-denied":
            raise
        gate = [f"the gate of the device refuses a plain commit: {error}"]
    result["what_if"] = netconf.what_if(device)
    result["report"] = result["what_if"].pop("report") + gate
    result["breaks"] = result["what_if"].pop("breaks") or bool(gate)


def commit(device, params):
    """The confirmed commit of candidate."""
    device.base("commit", f"<confirmed/><confirm-timeout>{params['confirm_timeout']}</confirm-timeout>"
                f"<persist>{escape(params['persist'])}</persist>"
                f'<comment xmlns="{netconf.COMMIT}">{escape(params["comment"])}</comment>')


def push(params, check_mode, result):
    """The whole of it; result is filled as far as it goes."""
    with netconf.connect(params) as device, device.locked("running", "candidate"):
        result.update(plan(device, params))
        if result["differs"] and (check_mode or params["regressions"] == "refuse"):
            foretell(device, result)
        if params["expect"] not in (None, result["digest"]):
            raise netconf.PushError(f"{device.name}: running or what is pushed has changed since the what-if: start again")
        if result["breaks"] and not check_mode and params["regressions"] == "refuse":
            raise netconf.PushError("\n".join([f"{device.name}: refused, because flows would break", *result["report"]]))
        if result["differs"] and not check_mode:
            try:
                result["pending"] = True
                commit(device, params)
            except netconf.Refused:
                result["pending"] = False
                raise
        result["changed"] = result["differs"]


def main():
    """Arguments in, result out."""
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        **netconf.CONNECTION,
        "config": {"type": "list", "elements": "dict", "required": True},
        "strategy": {"type": "str", "choices": ["replace", "merge"], "default": "replace"},
        "regressions": {"type": "str", "choices": ["refuse", "allow"], "default": "refuse"},
        "expect": {"type": "str"},
        "confirm_timeout": {"type": "int", "default": 120},
        "persist": {"type": "str", "no_log": True},
        "comment": {"type": "str", "default": "pushed with Ansible"}})
    if netconf.MISSING is not None:
        module.fail_json(msg=missing_required_lib("ncclient"), exception=str(netconf.MISSING))
    if not module.check_mode and not module.params["persist"]:
        module.fail_json(msg="persist is needed: what portcullis_confirm confirms with", pending=False)
    result = {"changed": False, "pending": False}
    try:
        push(module.params, module.check_mode, result)
    except netconf.PushError as error:
        result.pop("diff", None)
        module.fail_json(msg=str(error), **result)
    if not module._diff:  # pylint: disable=protected-access # there is no other way to know
        result.pop("diff")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
