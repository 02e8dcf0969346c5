#!/usr/bin/python3
"""Debian's firewalld as a library, without its service and bus: puts its rules into the network namespace it runs in.

firewalld.py DIRECTORY [ZONE=INTERFACE...] [stop=SOURCE]: zones get these interfaces, and what is behind those of zone
public may go to zone trusted, but for the source of stop=. DIRECTORY is for its configuration. Exit 77: python3-firewall
or python3-nftables is not installed.
"""

import logging
import pathlib
import sys

try:
    import nftables  # noqa: F401: what firewalld asks the kernel with
    from firewall import config
    from firewall.core.fw import Firewall
except ImportError as missing:
    print(f"skipped: {missing}; install python3-firewall and python3-nftables")
    sys.exit(77)

ZONES = {"block": "%%REJECT%%", "drop": "DROP", "public": "default", "trusted": "ACCEPT"}


def main():
    """Start, change what is asked for, leave the rules."""
    directory, *settings = sys.argv[1:]
    settings = [setting.split("=") for setting in settings]
    stopped = "".join(f'<rule family="ipv4"><source address="{value}"/><drop/></rule>' for key, value in settings if key == "stop")
    top = pathlib.Path(directory)
    for name in ("zones", "policies", "services", "icmptypes", "ipsets", "helpers"):
        (top / name).mkdir(parents=True, exist_ok=True)
    for zone, target in ZONES.items():
        (top / "zones" / f"{zone}.xml").write_text(f'<zone target="{target}"></zone>' if target != "default"
                                                   else "<zone></zone>")
    (top / "policies" / "inward.xml").write_text('<policy target="ACCEPT"><ingress-zone name="public"/>'
                                                 f'<egress-zone name="trusted"/>{stopped}</policy>')
    (top / "firewalld.conf").write_text("DefaultZone=public\nFirewallBackend=nftables\n")
    config.set_default_config_paths(directory)
    config.set_system_config_paths(directory)
    config.FIREWALLD_CONF = str(top / "firewalld.conf")
    logging.disable()
    firewall = Firewall()
    firewall.start()
    for key, value in settings:
        if key != "stop":
            firewall.zone.add_interface(key, value)


main()
