#!/usr/bin/python3
"""Bad input to the programs: one clear line that says what, where and what to do, a non-zero exit, nothing half done."""

import json
import os
import shutil
import subprocess
import time

from harness import main


def one_line(checks, done, code, words, what):
    """A failed command: its exit code, and one line on standard error with these words."""
    text = done.stderr.strip()
    lines = [line for line in text.splitlines() if "warning" not in line]
    checks.equal(done.returncode, code, f"{what}: exit code ({text[-300:]})")
    checks.equal(len(lines), 1, f"{what}: lines on standard error ({text[-600:]})")
    for word in words:
        checks.that(word in text, f"{what}: says '{word}' ({text[-300:]})")


def daemon(lab, *arguments, **options):
    """Start a daemon that should refuse to start."""
    return lab.run("device", *lab.daemon_command(*arguments), check=False, timeout=60,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, **options)


def documents(lab, checks):
    """Documents that are none."""
    directory = lab.directory / "documents"
    directory.mkdir()
    (directory / "binary.md").write_bytes(bytes(range(256)) * 20)
    (directory / "empty.md").write_bytes(b"")
    with open(directory / "big.md", "wb") as big:
        big.truncate(200 * 1024 * 1024)
    cases = [("binary.md", ["binary.md"]), ("empty.md", ["empty.md", "empty"]), ("big.md", ["big.md", "limit"]),
             ("missing.md", ["missing.md", "No such file"])]
    for name, words in cases:
        one_line(checks, lab.portcullis("import", directory / name, "--json"), 3, words, f"import {name}")
    done = lab.portcullis("import")
    checks.equal(done.returncode, 3, "import without a file: exit code")


def verify(lab, checks):
    """Deployments and rulesets that are none."""
    share = lab.root / "share/portcullis"
    good = json.loads(lab.deployment.read_text())
    base = ["verify", "--catalog-dir", share / "catalog", "--yang-dir", share / "yang", "--json"]
    dump = lab.directory / "dump.json"
    dump.write_text(lab.run("device", "nft", "-j", "list", "ruleset").stdout)

    def attempt(change, words, what):
        site = json.loads(json.dumps(good))
        change(site)
        path = lab.directory / "bad.json"
        path.write_text(json.dumps(site))
        one_line(checks, lab.portcullis(*base, "--deployment", path, "--ruleset", dump), 3, words, what)

    deployments, groups = good["portcullis:deployment"], good["portcullis:group"]
    checks.that(deployments and groups, "the example has deployments and groups")
    attempt(lambda s: s["portcullis:deployment"][0].update(product="no-such-product"), ["no-such-product"],
            "unknown product")
    attempt(lambda s: s["portcullis:group"][0]["member-of"][0].update(role="no-such-role"), ["no-such-role"], "unknown role")
    attempt(lambda s: s["portcullis:deployment"][0]["group"].append("no-such-group"), ["no-such-group"], "unknown group")
    attempt(lambda s: s["portcullis:group"][0].update(address=["10.0.0.1/8"]), ["10.0.0.1/8"], "host bits")
    attempt(lambda s: s.update({"portcullis:nonsense": 1}), ["nonsense"], "unknown node")
    (lab.directory / "cut.json").write_text(lab.deployment.read_text()[:200])
    one_line(checks, lab.portcullis(*base, "--deployment", lab.directory / "cut.json", "--ruleset", dump), 3, ["cut.json"],
             "a deployment cut short")
    (lab.directory / "cutdump.json").write_text(dump.read_text()[:300])
    one_line(checks, lab.portcullis(*base, "--deployment", lab.deployment, "--ruleset", lab.directory / "cutdump.json"), 3,
             ["cutdump.json"], "a dump cut short")
    done = subprocess.run(lab.command("device", "setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all",
                                      lab.root / "bin/portcullis", *base, "--deployment", lab.deployment, "--live"),
                          capture_output=True, text=True, check=False)
    one_line(checks, done, 3, ["CAP_NET_ADMIN"], "verify --live without CAP_NET_ADMIN")


FRAME = ('{"nftables":[{"table":{"family":"inet","name":"t","handle":1}},{"chain":{"family":"inet","table":"t","name":"f",'
         '"handle":1,"type":"filter","hook":"forward","prio":0,"policy":"drop"}}%s]}')
RULE = ',{"rule":{"family":"inet","table":"t","chain":"f","handle":%d,"expr":[{"drop":null}]}}'
CHAIN = ',{"chain":{"family":"inet","table":"t","name":"%s","handle":1}}'
JUMP = ',{"rule":{"family":"inet","table":"t","chain":"%s","handle":%d,"expr":[{"jump":{"target":"%s"}}]}}'


def ladder(levels):
    """Chains that reach the next one on two ways each."""
    names = ["f", *(f"c{i}" for i in range(levels))]
    chains = "".join(CHAIN % name for name in names[1:])
    return chains + "".join(JUMP % (a, i, b) for a, b in zip(names, names[1:]) for i in range(2))


def absurd(lab, checks):
    """Dumps of absurd size and shape: an error or verdicts, in bounded time and memory."""
    share = lab.root / "share/portcullis"
    base = ["verify", "--catalog-dir", share / "catalog", "--yang-dir", share / "yang", "--json", "--deployment",
            lab.deployment, "--ruleset"]
    hundred = lab.directory / "hundred.json"
    with open(hundred, "w", encoding="ascii") as out:
        out.write(FRAME[:-4])
        for i in range(0, 100 << 20, len(RULE)):
            out.write(RULE % i)
        out.write("]}")
    checks.that(hundred.stat().st_size > 100 << 20, "the dump has 100 MB")
    cases = [("hundred.json", None, ["hundred.json", "limit of 67108864"]),
             ("rules.json", FRAME % "".join(RULE % i for i in range(200001)), ["rules.json", "more than 200000 rules"]),
             ("deep.json", "[" * (60 << 20), ["deep.json", "objects and lists"]),
             ("nested.json", '{"nftables":' + "[" * 100000, ["nested.json", "depth"]),
             ("objects.json", FRAME % (",{}" * (20 << 20)), ["objects.json", "objects and lists"])]
    for name, text, words in cases:
        if text is not None:
            (lab.directory / name).write_text(text)
        start = time.monotonic()
        done = lab.portcullis(*base, lab.directory / name)
        checks.that(time.monotonic() - start < 60, f"{name}: {time.monotonic() - start:.0f} s")
        one_line(checks, done, 3, words, name)
        (lab.directory / name).unlink()
    for levels, verdict in ((15, "blocked"), (17, "indeterminate")):
        (lab.directory / "ladder.json").write_text(FRAME % ladder(levels))
        start = time.monotonic()
        done = lab.portcullis(*base, lab.directory / "ladder.json")
        checks.that(time.monotonic() - start < 60, f"{levels} levels: {time.monotonic() - start:.0f} s")
        found = json.loads(done.stdout)["summary"]
        checks.that(found[verdict] > 0 and found["conformant"] == 0, f"{levels} levels: {found}")


def starts(lab, checks):
    """Daemons that cannot start."""
    share = lab.root / "share/portcullis"
    checks.equal(daemon(lab, "--no-such-option").returncode, 3, "an unknown option: exit code")
    lab.start_daemon()
    one_line(checks, daemon(lab, "--socket", lab.run_dir / "other.sock"), 1, ["state"],
             "a second daemon on the same state directory")
    one_line(checks, daemon(lab, "--state-dir", lab.directory / "state2"), 1, ["netconf.sock"], "a socket in use")
    checks.equal(lab.online("status").returncode, 0, "the first daemon goes on")
    lab.stop(lab.daemon)
    missing = lab.directory / "yang"
    shutil.copytree(share / "yang", missing)
    (missing / "portcullis-catalog.yang").unlink()
    one_line(checks, daemon(lab, "--yang-dir", missing), 1, ["portcullis-catalog"], "a missing YANG module")
    packs = lab.directory / "packs"
    shutil.copytree(share / "catalog", packs)
    pack = packs / "lync-server-2013.json"
    pack.write_text(pack.read_text().replace('"tcp"', '"carrier-pigeon"', 1))
    one_line(checks, daemon(lab, "--catalog-dir", packs), 1, ["lync-server-2013.json", "carrier-pigeon"],
             "a pack that breaks the model")
    one_line(checks, daemon(lab, "--user", "no-such-user"), 1, ["no-such-user"], "an unknown user")
    site = json.loads(lab.deployment.read_text())
    site["portcullis:deployment"][0]["product"] = "no-such-product"
    (lab.directory / "unknown.json").write_text(json.dumps(site))
    one_line(checks, daemon(lab, "--state-dir", lab.directory / "state3", "--load", lab.directory / "unknown.json"), 1,
             ["no-such-product"], "an initial configuration with an unknown product")
    done = subprocess.run(
        lab.command("device", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", *lab.daemon_command()),
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    one_line(checks, done, 1, ["CAP_NET_ADMIN"], "no CAP_NET_ADMIN")


def access(lab, checks):
    """Who may use the NETCONF socket: root and the group, nobody else. What the group may do there: test_access."""
    lab.start_daemon("--group", "games", load=True)
    status = [lab.root / "bin/portcullis", "status", "--socket", lab.socket, "--yang-dir", lab.root / "share/portcullis/yang"]
    member = lab.run("device", "setpriv", "--reuid=games", "--regid=games", "--clear-groups", *status, check=False)
    one_line(checks, member, 3, ["portcullis-read"], "a member of the group whom no access rule lets read")
    other = lab.run("device", "setpriv", "--reuid=news", "--regid=news", "--clear-groups", *status, check=False)
    one_line(checks, other, 3, ["may not connect", "group"], "a third user")
    sneaky = lab.run("device", "setpriv", "--reuid=news", "--regid=games", "--clear-groups", *status, check=False)
    checks.equal(sneaky.returncode, 3, f"a third user with the group only in its process: {sneaky.stdout}{sneaky.stderr}")
    checks.equal(lab.online("status").returncode, 0, "root")
    mode = lab.socket.stat().st_mode & 0o777
    checks.equal(mode, 0o660, "mode of the socket")
    checks.equal(lab.stop(lab.daemon), 0, "exit code after SIGTERM")


def test(lab, checks):
    """Every kind of bad input."""
    documents(lab, checks)
    verify(lab, checks)
    absurd(lab, checks)
    starts(lab, checks)
    access(lab, checks)


if __name__ == "__main__":
    main(test)
