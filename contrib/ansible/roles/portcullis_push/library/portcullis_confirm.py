#!/usr/bin/python3
"""Ansible module: the token of a confirmed commit in, its confirmation out, or its end; refused is a device in a bad state."""

DOCUMENTATION = """
module: portcullis_confirm
short_description: Verify what portcullis_push committed, and confirm it or take it back
description:
  - C(confirmed) has the device verify its ruleset, fails where its overall state is none of I(allowed), and confirms; in
    check mode it only verifies. The session is a new one, so the device can still be reached.
  - C(cancelled) takes the commit back, or waits until the device has done so by itself, and says which.
options:
  host: {description: Address of the device., type: str, required: true}
  port: {description: Port of its sshd., type: int, default: 22}
  username: {description: Who logs in; default as of ssh., type: str}
  password: {description: 'Password, or passphrase of the key.', type: str}
  private_key: {description: File with the private key; default as of ssh., type: path}
  host_key: {description: 'Public host key, base64; default: those in ~/.ssh/known_hosts.', type: str}
  verify_host_key: {description: Refuse host keys that are not known., type: bool, default: true}
  timeout: {description: Seconds to wait for a connection or an answer., type: int, default: 60}
  state: {description: Which of the two., type: str, choices: [confirmed, cancelled], default: confirmed}
  persist: {description: That of the commit., type: str, required: true}
  allowed: {description: Overall states that are good enough., type: list, elements: str, default: [ok]}
  running: {description: 'That of portcullis_push; for cancelled.', type: str}
  wait: {description: 'Seconds to wait until the device is back; for cancelled.', type: int, default: 150}
"""

RETURN = """
overall: {description: State of the device., type: str, returned: for confirmed}
summary: {description: Counts of flows by verdict and more., type: dict, returned: for confirmed}
went_back: {description: Running was seen to be what it was before., type: bool, returned: for cancelled}
"""

import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils import portcullis_netconf as netconf
from xml.sax.saxutils import escape

STATES = ["ok", "degraded", "violated", "incomplete", "cannot-tell"]
ATTEMPT = 5  # seconds for a connection to a device that may be cut off


def token(params):
    """What names the commit."""
    return f"<persist-id>{escape(params['persist'])}</persist-id>"


def verify(device, result):
    """Fill in state and counts; problems as lines."""
    result["overall"] = device.ask("verify", f'<verify xmlns="{netconf.PC}"/>').findtext(f"{{{netconf.PC}}}overall")
    reply = device.base("get", f'<filter><conformance xmlns="{netconf.PC}"><summary/><problem/><unreadable/></conformance></filter>')
    leaves = reply.find(f".//{{{netconf.PC}}}summary")
    result["summary"] = {netconf.etree.QName(leaf).localname: leaf.text for leaf in (() if leaves is None else leaves)}
    problems = [f"{netconf.child(node, 'verdict')}: {netconf.child(node, 'label')}, {netconf.child(node, 'affected')} flows"
                f" by {netconf.child(node, 'rule') or 'nobody in particular'}" for node in reply.iter(f"{{{netconf.PC}}}problem")]
    unreadable = reply.findtext(f".//{{{netconf.PC}}}unreadable")
    return ([unreadable] if unreadable else []) + problems


def confirm(params, check_mode, result):
    """Verify, and confirm."""
    with netconf.connect(params) as device:
        problems = verify(device, result)
        if result["overall"] not in params["allowed"]:
            raise netconf.PushError("\n".join([f"{device.name}: the verification says '{result['overall']}', allowed: "
                                               f"{', '.join(params['allowed'])}; the change is not confirmed",
                                               *problems[:netconf.LISTED]]))
        if check_mode:
            return
        # A confirming commit takes what is in candidate: the lock is refused where somebody has changed that.
        with device.locked("candidate"):
            device.base("commit", token(params))
        result["changed"] = True


def look(params, result):
    """One attempt to take it back. @return whether running was seen to be what it was."""
    with netconf.connect(params, ATTEMPT) as device:
        device.session.timeout = params["timeout"]
        try:
            device.base("cancel-commit", token(params))
            result["msg"] = f"{device.name}: the change was taken back (cancel-commit)"
            result["changed"] = True
        except netconf.Refused as error:
            if "msg" not in result:
                result["msg"] = f"{device.name}: the device took the change back by itself ({error})"
        if params["running"] not in (None, netconf.digest(device.config("running"))):
            result["pending"] = f"{device.name}: running is not what it was before"
            return False
    return True


def cancel(params, result):
    """Until running is what it was."""
    end = time.monotonic() + params["wait"]
    while True:
        try:
            result["went_back"] = look(params, result)
        except netconf.Unreachable as error:
            result["pending"] = str(error)
        if result["went_back"] or time.monotonic() > end:
            break
        time.sleep(1)
    pending = result.pop("pending", None)
    if not result["went_back"]:
        result["msg"] = f"the change was NOT seen to be taken back within {params['wait']} s, look at the device: {pending}"


def main():
    """Arguments in, result out."""
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        **netconf.CONNECTION,
        "state": {"type": "str", "choices": ["confirmed", "cancelled"], "default": "confirmed"},
        "persist": {"type": "str", "required": True, "no_log": True},
        "allowed": {"type": "list", "elements": "str", "choices": STATES, "default": ["ok"]},
        "running": {"type": "str"},
        "wait": {"type": "int", "default": 150}})
    if netconf.MISSING is not None:
        module.fail_json(msg=missing_required_lib("ncclient"), exception=str(netconf.MISSING))
    params, result = module.params, {"changed": False}
    try:
        if params["state"] == "confirmed":
            confirm(params, module.check_mode, result)
        elif not module.check_mode:
            result["went_back"] = False
            cancel(params, result)
    except netconf.PushError as error:
        module.fail_json(msg=str(error), **{key: value for key, value in result.items() if key != "msg"})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
