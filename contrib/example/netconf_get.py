#!/usr/bin/python3
"""Read the conformance summary and the first results over NETCONF with ncclient: netconf_get.py PORT KEY [USER]."""

import sys

from lxml import etree
from ncclient import manager

NAMESPACE = "urn:portcullis:yang:portcullis"
FILTER = f"""<conformance xmlns="{NAMESPACE}"><summary/><last-verify/><agent-version/>
<result><label/><verdict/><ports/></result></conformance>"""


def main():
    """Connect, get, print."""
    port, key = int(sys.argv[1]), sys.argv[2]
    user = sys.argv[3] if len(sys.argv) > 3 else "root"
    with manager.connect(host="127.0.0.1", port=port, username=user, key_filename=key, hostkey_verify=False,
                         allow_agent=False, look_for_keys=False, timeout=20) as device:
        reply = device.get(("subtree", FILTER))
    data = reply.data_ele
    results = data.findall(f".//{{{NAMESPACE}}}result")
    for extra in results[2:]:
        extra.getparent().remove(extra)
    etree.indent(data)
    print(etree.tostring(data, encoding="unicode"))
    print(f"({len(results)} results in all)")


if __name__ == "__main__":
    main()
