#!/usr/bin/python3
"""A vendor's own root moves the MIB and every file that names objects by numbers; a root that is none is refused.

What is installed is configured in a directory of its own with another PORTCULLIS_OID_ROOT, and compared with what the
default gives. Without that option to the build no file but CMakeLists.txt has the root in numbers.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OTHER = "1.3.6.1.4.1.32473.7"
NO_ROOTS = ("1.3.6.1.2.1.9", "1.3.6.1.4.1", "1.3.6.1.4.1.", "1.3.6.1.4.1.32473.x", ".1.3.6.1.4.1.32473", "portcullis")


def configure(directory, root):
    """cmake without a build; its CompletedProcess."""
    return subprocess.run(["cmake", "-S", ROOT, "-B", directory, "-DBUILD_TESTING=OFF", f"-DPORTCULLIS_OID_ROOT={root}"],
                          capture_output=True, text=True, check=False)


def files(directory):
    """Name to text of what is made for the installation."""
    top = directory / "generated"
    return {str(path.relative_to(top)): path.read_text(encoding="utf-8") for folder in ("doc", "mibs")
            for path in sorted((top / folder).rglob("*")) if path.is_file()}


def faults(directory):
    """What is wrong, one line each."""
    cache = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    default = re.search(r'PORTCULLIS_OID_ROOT "([0-9.]+)"', cache).group(1)
    one, two = directory / "default", directory / "other"
    for place, root in ((one, default), (two, OTHER)):
        done = configure(place, root)
        if done.returncode != 0:
            return [f"root {root}: {done.stderr}"]
    found, have, moved = [], files(one), files(two)
    for name, text in have.items():
        if name.startswith("doc/") and text.replace(default, OTHER) != moved.get(name):
            found.append(f"{name}: is not what it is with the default root, with the other root in its place")
    if not any(default in text for text in have.values()):
        found.append("no file has the default root")
    for name, text in moved.items():
        if default in text or default.removeprefix("1.3.6.1.4.1.") in text:
            found.append(f"{name}: has the default root")
    if "::= { enterprises vendorA(32473) 7 }" not in moved.get("mibs/PORTCULLIS-MIB.txt", ""):
        found.append("PORTCULLIS-MIB.txt: is not at the other root")
    for path in sorted((ROOT / "contrib").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and default in path.read_text(encoding="utf-8"):
            found.append(f"{path.relative_to(ROOT)}: has the root in numbers; write @PORTCULLIS_OID_ROOT@ in a FILE.in")
    for root in NO_ROOTS:
        if configure(two, root).returncode == 0:
            found.append(f"root '{root}': is not refused")
    return found


def main():
    """Tell the faults."""
    with tempfile.TemporaryDirectory(prefix="portcullis-root-") as directory:
        found = faults(pathlib.Path(directory))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
