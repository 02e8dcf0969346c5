#!/usr/bin/python3
"""Push a configuration with ncclient: netconf_edit.py PORT KEY FILE. Candidate, validate, commit, under locks."""

import pathlib
import sys

from ncclient import manager


def main():
    """Lock, edit, validate, commit; then running must hold what was sent."""
    port, key, config = int(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]).read_text(encoding="utf-8")
    with manager.connect(host="127.0.0.1", port=port, username="root", key_filename=key, hostkey_verify=False,
                         allow_agent=False, look_for_keys=False, timeout=30) as device:
        with device.locked("candidate"), device.locked("running"):
            device.edit_config(target="candidate", config=config, default_operation="merge")
            device.validate(source="candidate")
            device.commit()
        running = device.get_config(source="running").data_xml
    names = [line for line in ("deployment", "group", "zone") if f"<{line}" not in running]
    if names:
        sys.exit(f"running has no {', '.join(names)}")


if __name__ == "__main__":
    main()
