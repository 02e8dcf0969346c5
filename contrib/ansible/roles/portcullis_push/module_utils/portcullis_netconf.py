"""What the modules of this role share: a NETCONF session with a device, configurations as JSON (RFC 7951) and XML, and what-if.

Configurations come in as Python values, edits and readable reports go out. Refused are values that RFC 7951 does not have and
modules whose namespace is not known here.
"""

import contextlib
import hashlib
import json

try:
    from lxml import etree
    from ncclient import manager
    from ncclient.operations import RPCError
    from ncclient.operations.errors import OperationError, TimeoutExpiredError
    from ncclient.transport.errors import TransportError
    MISSING = None
except ImportError as error:
    MISSING = error

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
PC = "urn:portcullis:yang:portcullis"
COMMIT = "urn:portcullis:yang:portcullis-commit"
NAMESPACES = {"portcullis": PC, "ietf-netconf-acm": "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"}
CONFIRMED_COMMIT = "urn:ietf:params:netconf:capability:confirmed-commit:1.1"
LISTED = 8  # lines of a kind in a report; the summary has the numbers

CONNECTION = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 22},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "private_key": {"type": "path", "no_log": False},
    "host_key": {"type": "str", "no_log": False},
    "verify_host_key": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 60},
}


class PushError(Exception):
    """What the user is told."""


class Refused(PushError):
    """The device answered with an error."""

    def __init__(self, what, error):
        super().__init__(f"{what}: {error.message or error.tag}")
        self.tag = error.tag


class Unreachable(PushError):
    """There is no connection, or no answer."""


class Device:
    """A NETCONF session."""

    def __init__(self, session, name):
        self.session, self.name = session, name
        self.lost = False  # no answer came: another operation would have none either

    def ask(self, what, operation):
        """Send an operation, an element or its text, and return the answer; what: its name for messages."""
        if isinstance(operation, str):
            operation = etree.fromstring(operation)
        try:
            return etree.fromstring(self.session.dispatch(operation).xml.encode())
        except RPCError as error:
            raise Refused(f"{self.name}: {what}", error) from error
        except TimeoutExpiredError as error:
            self.lost = True
            raise Unreachable(f"{self.name}: {what}: no answer within {self.session.timeout} s") from error
        except (TransportError, OperationError, OSError) as error:
            self.lost = True
            raise Unreachable(f"{self.name}: {what}: {error}") from error

    def base(self, name, content=""):
        """An operation of RFC 6241."""
        return self.ask(name, f'<{name} xmlns="{BASE}">{content}</{name}>')

    def config(self, datastore):
        """A datastore as its top nodes, in the order of their names."""
        reply = self.base("get-config", f"<source><{datastore}/></source>")
        return sorted(reply.find(f"{{{BASE}}}data"), key=lambda node: (node.tag, child(node, "name") or ""))

    @contextlib.contextmanager
    def locked(self, *datastores):
        """Nobody else changes these meanwhile. What is in candidate then and was not committed is thrown away."""
        with contextlib.ExitStack() as stack:
            for datastore in datastores:
                self.base("lock", f"<target><{datastore}/></target>")
                stack.callback(self.quietly, "unlock", f"<target><{datastore}/></target>")
            stack.callback(self.quietly, "discard-changes")
            yield

    def quietly(self, name, content=""):
        """What a session that ends does in any case."""
        if not self.lost:
            with contextlib.suppress(PushError):
                self.base(name, content)


@contextlib.contextmanager
def connect(params, timeout=None):
    """A session, by the parameters of a module."""
    name = params["host"]
    own_key = params["private_key"] is not None or params["password"] is not None
    try:
        session = manager.connect_ssh(
            host=params["host"], port=params["port"], username=params["username"], password=params["password"],
            key_filename=params["private_key"], hostkey_b64=params["host_key"], hostkey_verify=params["verify_host_key"],
            allow_agent=not own_key, look_for_keys=not own_key, timeout=timeout or params["timeout"])
    except Exception as error:  # pylint: disable=broad-except # ncclient lets those of paramiko and of sockets through, too
        text = str(error) or type(error).__name__
        raise Unreachable(f"{name}: no NETCONF session at port {params['port']}: {text}") from error
    try:
        if CONFIRMED_COMMIT not in session.server_capabilities:
            raise PushError(f"{name}: this NETCONF server has no confirmed commits, so it is not a device for this role")
        yield Device(session, name)
        with contextlib.suppress(TransportError, OperationError, RPCError):
            session.close_session()
    finally:
        with contextlib.suppress(TransportError, OSError):
            session._session.close()  # pylint: disable=protected-access


# Elements

def child(node, name):
    """The text of a child; None: there is none."""
    return node.findtext(f"{{{etree.QName(node).namespace}}}{name}")


def children(node, name):
    """Children of that name of the device's module."""
    return node.findall(f"{{{PC}}}{name}")


def digest(*configs):
    """One value for configurations, whatever the order of their top nodes."""
    value = hashlib.sha256()
    for config in configs:
        for node in config:
            value.update(etree.tostring(node, method="c14n"))
        value.update(b"\0")
    return value.hexdigest()


def scalar(text):
    """A value as one word or a quoted string."""
    text = text or ""
    return text if text and not any(c in ' "\n\t' for c in text) else json.dumps(text, ensure_ascii=False)


def lines(node, above=""):
    """A node as lines that each say where they belong."""
    name, inner = etree.QName(node).localname, list(node)
    if not inner:
        return [f"{above}{name} {scalar(node.text)}" if node.text else f"{above}{name}"]
    key = inner.pop(0) if etree.QName(inner[0]).localname == "name" else None
    here = f"{above}{name}" if key is None else f"{above}{name} {scalar(key.text)}"
    tags = [leaf.tag for leaf in inner]
    if key is None and len(set(tags)) == len(tags) and not any(len(leaf) for leaf in inner):
        return [f"{here} {{ " + ", ".join(line for leaf in inner for line in lines(leaf)) + " }"]
    return [line for leaf in inner for line in lines(leaf, f"{here} ")] or [here]


def text_of(config):
    """A configuration for people."""
    return "".join(f"{line}\n" for node in config for line in lines(node))


# Edits

def qualified(name, inherited, path):
    """The tag of a member of JSON."""
    module, colon, local = name.rpartition(":")
    if not colon and inherited is None:
        raise PushError(f"'{name}': members at the top name their module, such as 'portcullis:{name}' (RFC 7951)")
    if colon and module not in NAMESPACES:
        raise PushError(f"'{path}{name}': module '{module}' is none of {', '.join(NAMESPACES)}")
    namespace = NAMESPACES[module] if colon else inherited
    try:
        return f"{{{namespace}}}{etree.QName(namespace, local).localname}", namespace
    except ValueError as error:
        raise PushError(f"'{path}{name}' is no name of a node") from error


def append(parent, name, value, inherited=None, path=""):
    """A member of JSON as elements below the parent, which are returned."""
    tag, namespace = qualified(name, inherited, path)
    made = []
    for one in value if isinstance(value, list) else [value]:
        node = etree.SubElement(parent, tag, nsmap={None: namespace})
        made.append(node)
        if isinstance(one, dict):
            for inner, content in one.items():
                append(node, inner, content, namespace, f"{path}{name}/")
        elif isinstance(one, list):
            raise PushError(f"'{path}{name}': a list inside a list is nothing of YANG")
        elif one is not None:
            try:
                node.text = str(one).lower() if isinstance(one, bool) else str(one)
            except ValueError as error:
                raise PushError(f"'{path}{name}': {error}") from error
    return made


def joined(parts):
    """Configurations as one; what is at the top is in one of them alone."""
    config = {}
    for part in parts:
        for name, value in part.items():
            if name in config:
                raise PushError(f"'{name}' is given twice, in one file and in another or in portcullis_push_config: give it once")
            if not isinstance(value, (dict, list)):
                raise PushError(f"'{name}' is neither an object nor a list")
            config[name] = value
    if not config:
        raise PushError("nothing is given to push: set portcullis_push_files or portcullis_push_config")
    return config


def edit(config, running, replace):
    """The edit that brings running to the configuration: what is given at its top is replaced, or is merged."""
    top = etree.Element(f"{{{BASE}}}config", nsmap={"nc": BASE})
    operation = f"{{{BASE}}}operation"
    for name, value in config.items():
        have = {child(node, "name"): node for node in running if node.tag == qualified(name, None, "")[0]}
        given = append(top, name, value)
        for node in given if replace else []:
            node.set(operation, "replace")
            old = have.pop(child(node, "name"), None)
            # A number that the agent chose stays with the name.
            number = child(old, "id") if old is not None else None
            if number is not None and child(node, "id") is None:
                etree.SubElement(node, f"{{{PC}}}id").text = number
        if replace and isinstance(value, list):
            for key in have:
                append(top, name, {"name": key})[0].set(operation, "delete")
    operation = etree.Element(f"{{{BASE}}}edit-config", nsmap={None: BASE, "nc": BASE})
    etree.SubElement(etree.SubElement(operation, f"{{{BASE}}}target"), f"{{{BASE}}}candidate")
    operation.append(top)
    return operation


# Reports

def rule_words(node):
    """Who decides, with a packet, of a flow or an opening."""
    rule, packet = node.find(f"{{{PC}}}rule"), node.find(f"{{{PC}}}witness")
    words = ""
    if rule is not None:
        decides = child(rule, "text")
        decides = f"'{decides}'" if decides is not None else f"policy {child(rule, 'policy')}"
        words = f", by {child(rule, 'family')} {child(rule, 'table')} {child(rule, 'chain')} {decides}"
    if packet is not None:
        ends = [f"{child(packet, side)}" + (f" port {child(packet, side + '-port')}" if child(packet, side + "-port") else "")
                for side in ("source", "destination")]
        words += f" (for example {child(packet, 'transport')} {ends[0]} > {ends[1]})"
    return words


def flow_words(node):
    """What happens to a flow."""
    verdicts = " > ".join(child(node, when) or "none" for when in ("before", "after"))
    return f"{child(node, 'label')}: {verdicts}" + (rule_words(node) or f" {child(node, 'reason') or ''}".rstrip())


def opening_words(node):
    """An opening that comes or goes."""
    return child(node, "label") + rule_words(node)


def openings_of(nodes, state):
    """Openings that are new, or closed."""
    return [node for node in nodes if child(node, "state") == state]


def what_if(device):
    """What a commit of candidate would do: {summary, reason, regressions (labels), breaks, report (lines for people)}.

    A flow that is no more than advised breaks nothing: the device says which these are. Whom it would cut off is told alone:
    the commit is a confirmed one.
    """
    reply = device.ask("what-if", f'<what-if xmlns="{PC}"><candidate/></what-if>')
    summary = {etree.QName(leaf).localname.replace("-", "_"): int(leaf.text) if leaf.text.isdigit() else leaf.text
               for leaf in reply.find(f"{{{PC}}}summary")}
    repairs, openings = children(reply, "repair"), children(reply, "opening")
    lost = children(reply, "regression")
    breaks = [node for node in lost if child(node, "advisory") != "true"]
    unlisted = summary.get("regressions", 0) - len(breaks)
    cut_off = reply.findall(f"{{{PC}}}management/{{{PC}}}loss")
    counts = ((len(breaks) + unlisted, "flows break"), (summary.get("regressions_advisory", 0), "flows break that are only advised"),
              (len(repairs), "flows are repaired"), (summary.get("flows_new", 0), "flows are new"),
              (summary.get("flows_gone", 0), "flows are gone"), (summary.get("openings_new", 0), "openings are new"),
              (summary.get("openings_closed", 0), "openings are closed"))
    report = [f"overall {summary.get('overall_now')} > {summary.get('overall_then')}; "
              + (", ".join(f"{n} {what}" for n, what in counts if n > 0) or "nothing breaks, nothing opens")]
    reason = reply.findtext(f"{{{PC}}}reason")
    if reason is not None:
        report.append(f"it cannot be told what would break: {reason}")
    for verb, nodes, words in (("breaks", breaks, flow_words), ("repairs", repairs, flow_words),
                               ("opens", openings_of(openings, "new"), opening_words),
                               ("closes", openings_of(openings, "closed"), opening_words)):
        report += [f"{verb} {words(node)}" for node in nodes[:LISTED]]
        if len(nodes) > LISTED:
            report.append(f"{verb} {len(nodes) - LISTED} more: 'portcullis what-if' on the device lists all")
    report += [f"cuts off {child(node, 'label')}" for node in cut_off]
    report += [f"caveat: {caveat.text}" for caveat in children(reply, "caveat")]
    cut = reply.findtext(f"{{{PC}}}connections/{{{PC}}}lost")
    if cut not in (None, "0"):
        report.append(f"{cut} established connections would not be admitted anew")
    return {"summary": summary, "reason": reason, "regressions": [child(node, "label") for node in breaks],
            "breaks": bool(breaks or unlisted or reason is not None), "report": report}
