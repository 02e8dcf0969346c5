#!/usr/bin/python3
"""The five documents in ../shared/seeds through the command: what `portcullis import` says is what stands in the files.

Printed cells and line numbers are compared with readers of this test's own, facts with a list that was read by eye.
"""

import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from harness import BUILD, ROOT, Checks, skip

SEEDS = ROOT.parent / "shared" / "seeds"
PORT_KEYS = {"row", "line", "role", "service", "port", "protocol", "notes", "role_id", "service_id", "ports", "transports",
             "security", "applications"}
IPSEC_KEYS = {"row", "line", "rule", "rule_id", "source", "destination", "protocol", "source_port", "destination_port",
              "action", "transports"}
COLUMNS = {"server-ports": ("role", "service", "port", "protocol"), "hlb-only-ports": ("role", "port", "protocol"),
           "dns-lb-ports": ("role", "port", "protocol"), "client-ports": ("role", "port", "protocol"),
           "ocs-ports": ("role", "port", "protocol"),
           "ipsec-exceptions": ("rule", "source", "destination", "protocol", "source_port", "destination_port")}
SERVER, HLB, DNS, CLIENT, OCS, IPSEC = ("server-ports", "hlb-only-ports", "dns-lb-ports", "client-ports", "ocs-ports",
                                        "ipsec-exceptions")
TABLES = {"000": [(SERVER, 53, 53), (HLB, 20, 20), (DNS, 6, 6), (CLIENT, 12, 12), (IPSEC, 15, 15)],
          "001": [(SERVER, 52, 52), (HLB, 20, 20), (DNS, 6, 6), (CLIENT, 12, 12), (IPSEC, 15, 15)],
          "002": [(SERVER, 52, 52), (HLB, 20, 20), (DNS, 6, 7), (CLIENT, 12, 12)], "003": [(OCS, 73, 73)], "004": []}
DOCUMENTS = {"000": ("de", "c94063f1-e802-4a61-be90-022fc185335e", "skype-for-business-server", "markdown"),
             "001": ("pt", "c94063f1-e802-4a61-be90-022fc185335e", "skype-for-business-server", "markdown"),
             "002": ("de", "c94063f1-e802-4a61-be90-022fc185335e", "lync-server-2013", None),
             "003": ("de", None, "ocs-2007-r2", "paragraphs"),
             "004": ("de", "9a6c1300-ef88-4181-a8f1-43cd3093962b", "lync-server-2013", "markdown")}

# Read by eye: document, table, line of the row, role, ports, transports, security.
FACTS = [
    ("000", SERVER, 56, "all-servers", "1434", "udp", "none"),
    ("000", SERVER, 57, "front-end-server", "5060", "tcp", "none"),
    ("000", SERVER, 58, "front-end-server", "5061", "tcp", "tls"),
    ("000", SERVER, 59, "front-end-server", "444", "tcp", "tls none"),
    ("000", SERVER, 60, "front-end-server", "135", "tcp", "none"),
    ("000", SERVER, 65, "front-end-server", "57501-65535", "tcp udp", "none"),
    ("000", SERVER, 66, "front-end-server", "80", "tcp", "none"),
    ("000", SERVER, 68, "front-end-server", "8080", "tcp", "none"),
    ("000", SERVER, 69, "front-end-server", "4443", "tcp", "tls"),
    ("000", SERVER, 70, "front-end-server", "8060", "tcp", "mtls"),
    ("000", SERVER, 77, "front-end-server-collocated-mediation", "5070", "tcp", "none"),
    ("000", SERVER, 87, "front-end-server", "5066", "tcp", "none"),
    ("000", SERVER, 91, "front-end-server", "445", "tcp", "none"),
    ("000", SERVER, 93, "front-end-server-cms", "445", "tcp", "none"),
    ("000", SERVER, 95, "all-internal-servers", "49152-57500", "tcp udp", "none"),
    ("000", SERVER, 96, "office-web-apps-server", "443", "", "none"),
    ("000", SERVER, 98, "director", "444", "tcp", "tls none"),
    ("000", SERVER, 105, "mediation-server", "5070", "tcp", "mtls"),
    ("000", SERVER, 107, "persistent-chat-server", "881", "tcp", "tls mtls"),
    ("000", HLB, 121, "front-end-load-balancer", "135", "tcp", "none"),
    ("000", HLB, 123, "front-end-load-balancer", "8080", "tcp", "none"),
    ("000", HLB, 125, "front-end-load-balancer", "4443", "tcp", "tls"),
    ("000", HLB, 133, "mediation-load-balancer", "5070", "tcp", "none"),
    ("000", HLB, 134, "front-end-load-balancer-collocated-mediation", "5070", "tcp", "none"),
    ("000", DNS, 148, "front-end-load-balancer", "8080", "tcp", "none"),
    ("000", CLIENT, 157, "uc-client", "67 68", "udp", "none"),
    ("000", CLIENT, 159, "uc-client", "443", "tcp", "tls"),
    ("000", CLIENT, 160, "uc-client", "443", "tcp", "none"),
    ("000", CLIENT, 161, "uc-client", "3478", "udp", "none"),
    ("000", CLIENT, 162, "uc-client", "5061", "tcp", "mtls"),
    ("000", CLIENT, 164, "uc-client", "1024-65535", "tcp udp", "none"),
    ("000", CLIENT, 167, "uc-client", "1024-65535", "tcp", "none"),
    ("000", CLIENT, 168, "aastra-6721ip", "67 68", "udp", "none"),
    ("001", SERVER, 49, "front-end-server", "444", "tcp", "tls none"),
    ("001", SERVER, 50, "front-end-server", "135", "tcp", "none"),
    ("001", SERVER, 82, "front-end-server-cms", "445", "tcp", "none"),
    ("001", SERVER, 85, "office-web-apps-server", "443", "", "none"),
    ("001", HLB, 112, "front-end-load-balancer", "8080", "tcp", "none"),
    ("001", HLB, 114, "front-end-load-balancer", "4443", "tcp", "tls"),
    ("001", DNS, 137, "front-end-load-balancer", "8080", "tcp", "none"),
    ("001", CLIENT, 146, "uc-client", "67 68", "udp", "none"),
    ("001", CLIENT, 153, "uc-client", "1024-65535", "tcp udp", "none"),
    ("001", CLIENT, 157, "aastra-6721ip", "67 68", "udp", "none"),
    ("002", SERVER, 58, "all-servers", "1434", "udp", "none"),
    ("002", SERVER, 79, "front-end-server", "444", "tcp", "tls none"),
    ("002", SERVER, 151, "front-end-server", "4443", "tcp", "tls"),
    ("002", SERVER, 337, "office-web-apps-server", "443", "", "none"),
    ("002", SERVER, 351, "director", "444", "tcp", "tls none"),
    ("002", SERVER, 415, "persistent-chat-server", "881", "tcp", "tls mtls"),
    ("002", HLB, 477, "front-end-load-balancer", "8080", "tcp", "none"),
    ("002", HLB, 497, "front-end-load-balancer", "5073", "tcp", "none"),
    ("002", HLB, 539, "front-end-load-balancer-collocated-mediation", "5070", "tcp", "none"),
    ("002", DNS, 618, "director-load-balancer", "4443", "tcp", "tls"),
    ("002", CLIENT, 645, "uc-client", "67 68", "udp", "none"),
    ("002", CLIENT, 694, "uc-client", "1024-65535", "tcp udp", "none"),
    ("002", CLIENT, 713, "aastra-6721ip", "67 68", "udp", "none"),
    ("003", OCS, 16, "front-end-server", "5060 5061", "tcp", "mtls"),
    ("003", OCS, 50, "front-end-server", "135", "tcp", "none"),
    ("003", OCS, 90, "front-end-server", "5069", "tcp", "mtls"),
    ("003", OCS, 122, "front-end-server", "5074", "tcp", "tls"),
    ("003", OCS, 146, "front-end-server", "49152-65335", "udp", "none"),
    ("003", OCS, 154, "front-end-load-balancer", "5060 5061", "tcp", "mtls"),
    ("003", OCS, 180, "front-end-load-balancer", "135", "tcp", "none"),
    ("003", OCS, 244, "communicator-web-access-server", "88", "tcp udp", "none"),
    ("003", OCS, 252, "communicator-web-access-server", "389", "tcp", "none"),
    ("003", OCS, 268, "communicator-web-access-server", "3268", "tcp", "none"),
    ("003", OCS, 276, "communicator-web-access-server", "5061", "tcp", "none"),
    ("003", OCS, 284, "communicator-web-access-server", "49152-65535", "", "none"),
    ("003", OCS, 290, "group-chat-server", "49152-65335", "tcp", "tls"),
    ("003", OCS, 322, "group-chat-server", "5041", "tcp", "mtls"),
    ("003", OCS, 330, "monitoring-server", "135", "tcp", "none"),
    ("003", OCS, 346, "director", "5060 5061", "tcp", "none"),
    ("003", OCS, 362, "mediation-server", "60000-64000", "udp", "none"),
    ("003", OCS, 434, "edge-server", "50000-59999", "tcp", "none"),
    ("003", OCS, 490, "edge-load-balancer", "3478", "tcp", "none"),
    ("003", OCS, 506, "office-communicator", "5061", "tcp", "none"),
    ("003", OCS, 514, "office-communicator", "443", "tcp", "none"),
    ("003", OCS, 522, "office-communicator", "1024-65535", "tcp udp", "none"),
    ("003", OCS, 538, "live-meeting-2007", "443", "tcp", "none"),
    ("003", OCS, 549, "live-meeting-2007", "8057", "tcp", "none"),
    ("003", OCS, 581, "communicator-mobile-2007-r2", "5060", "tcp", "none"),
    ("003", OCS, 597, "communicator-mobile-2007-r2", "443", "tcp", "none"),
]
IPSEC_FACTS = [
    ("000", 189, "av-edge-internal-inbound", "udp tcp"), ("000", 191, "av-edge-internal-outbound", "udp tcp"),
    ("000", 193, "mediation-inbound", "udp tcp"), ("000", 197, "av-conferencing-inbound", "udp tcp"),
    ("000", 198, "av-conferencing-outbound", "udp tcp"), ("000", 200, "application-sharing-inbound", "tcp"),
    ("000", 203, "clients", "udp"), ("001", 179, "av-edge-internal-outbound", "udp tcp"),
    ("001", 182, "mediation-outbound", "udp tcp"), ("001", 190, "exchange-outbound", "udp tcp"),
    ("001", 191, "clients", "udp"),
]


def seed(digits):
    """The document whose name begins with these digits."""
    return next(SEEDS.glob(f"{digits}_*"))


def portcullis(*arguments):
    """The command from the build directory."""
    return subprocess.run([BUILD / "portcullis", *map(str, arguments)], capture_output=True, text=True, check=False,
                          timeout=120)


def plain(text):
    """A cell as one line of words: no entities, no markup, no blanks but single spaces."""
    text = html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("\\*", "*").replace("**", "")
    return " ".join(text.replace("\u00a0", " ").split())


def cells_markdown(lines, line):
    """The cells of the pipe row at a line, which the document may break in two."""
    text = lines[line - 1]
    if not text.rstrip().endswith("|"):
        text += " " + lines[line]
    return [plain(cell) for cell in text.strip().strip("|").split("|")]


def cells_html(lines, line):
    """The cells of the table row that begins at a line."""
    text = "\n".join(lines[line - 1:line + 40])
    if not text.startswith("<tr"):
        return []
    return [plain(cell) for cell in re.findall(r"<td>(.*?)</td>", text.split("</tr>")[0], re.DOTALL)]


def cells_paragraphs(lines, line):
    """The paragraph at a line, and those after it as far as they can be cells."""
    return [plain(text) for text in lines[line - 1:line + 12] if plain(text)][:4]


def shape(checks, digits, document):
    """The exact form of one document's JSON."""
    language, article, product, kind = DOCUMENTS[digits]
    checks.that({"file", "kind", "title", "language", "article", "product", "tables", "references", "problems"}
                <= set(document), f"{digits}: keys of the document")
    checks.equal((document["language"], document["article"], document["product"]), (language, article, product),
                 f"{digits}: language, article and product")
    checks.that(document["kind"] == kind if kind else document["kind"] in ("markdown", "html"), f"{digits}: kind")
    checks.that(document["title"], f"{digits}: title")
    checks.equal(document["problems"], [], f"{digits}: problems")
    have = [(table["kind"], len(table["rows"]), table["rows"][-1]["row"]) for table in document["tables"]]
    checks.equal(have, TABLES[digits], f"{digits}: tables, rows, number of the last row")
    for table in document["tables"]:
        keys = IPSEC_KEYS if table["kind"] == IPSEC else PORT_KEYS
        what = f"{digits} {table['kind']}"
        checks.that(table["caption"], f"{what}: caption")
        checks.that(all(keys <= set(row) for row in table["rows"]), f"{what}: keys of the rows")
        lines = [row["line"] for row in table["rows"]]
        checks.equal(lines, sorted(set(lines)), f"{what}: lines ascend")
        numbers = [row["row"] for row in table["rows"]]
        checks.equal(numbers, sorted(set(numbers)), f"{what}: numbers ascend")
        for row in table["rows"]:
            checks.that(row["action"] == "do-not-authenticate" if table["kind"] == IPSEC else
                        row["role_id"] and row["ports"] and row["security"], f"{what} row {row['row']}: understood")
            checks.that(set(row["transports"]) <= {"tcp", "udp"}, f"{what} row {row['row']}: transports")
            if table["kind"] != IPSEC:
                checks.that(set(row["security"]) <= {"none", "tls", "mtls"}, f"{what} row {row['row']}: security")
                checks.that(all(re.fullmatch(r"\d+(-\d+)?", ports) for ports in row["ports"]), f"{what}: form of ports")
                checks.that(isinstance(row["notes"], bool) and isinstance(row["applications"], list),
                            f"{what} row {row['row']}: types")


def printed(checks, digits, document):
    """Every row's line holds what the row says is printed there."""
    lines = seed(digits).read_text(encoding="utf-8-sig").split("\n")
    for table in document["tables"]:
        for row in table["rows"]:
            what = f"{digits} {table['kind']} row {row['row']}, line {row['line']}"
            if not checks.that(0 < row["line"] <= len(lines), f"{what}: the line is in the file"):
                continue
            if digits == "003":
                cells = cells_paragraphs(lines, row["line"])
                checks.equal(plain(row["role"]), cells[0], f"{what}: role")
                checks.equal(plain(row["port"]), cells[1], f"{what}: port")
                protocol = plain(row["protocol"])
                checks.that(protocol in (cells[2], " ".join(cells[2:4]), ""), f"{what}: protocol {protocol} of {cells}")
                checks.equal(protocol == "", row["line"] == 284, f"{what}: the one row without a protocol")
                continue
            cells = (cells_html if digits == "002" else cells_markdown)(lines, row["line"])
            wanted = [plain(row[name]) for name in COLUMNS[table["kind"]]]
            checks.equal(wanted, cells[:len(wanted)], what)
            if "notes" in row:
                checks.equal(row["notes"], len(cells) > len(wanted) and cells[len(wanted)] != "", f"{what}: notes")


def facts(checks, documents):
    """The rows that were read by eye."""
    rows = {(digits, table["kind"], row["line"]): row for digits, document in documents.items()
            for table in document["tables"] for row in table["rows"]}
    for digits, kind, line, role, ports, transports, security in FACTS:
        row = rows.get((digits, kind, line))
        if checks.that(row, f"{digits} {kind}: a row at line {line}"):
            have = (row["role_id"], " ".join(row["ports"]), " ".join(sorted(row["transports"])), " ".join(row["security"]))
            checks.equal(have, (role, ports, transports, security), f"{digits} {kind} line {line}")
    for digits, line, rule, transports in IPSEC_FACTS:
        row = rows.get((digits, IPSEC, line))
        if checks.that(row, f"{digits} {IPSEC}: a row at line {line}"):
            checks.equal((row["rule_id"], " ".join(row["transports"])), (rule, transports), f"{digits} {IPSEC} line {line}")
    phones = [rows[(digits, CLIENT, line)] for digits, line in (("000", 168), ("001", 157), ("002", 713))]
    for row in phones:
        checks.equal(len(row["role"].split("\n")), 8, f"devices of the row at line {row['line']}")


def editions_agree(checks, documents):
    """Two editions of one article say the same in every row that both have; the empty row counts."""
    def essence(row):
        return tuple(map(str, (row[key] for key in ("role_id", "service_id", "ports", "transports", "security"))))
    tables = {digits: {table["kind"]: table["rows"] for table in documents[digits]["tables"]} for digits in ("000", "001", "002")}
    for kind in (SERVER, HLB, DNS, CLIENT):
        first, second = tables["001"][kind], tables["002"][kind]
        for a, b in zip(first, second):
            checks.equal(essence(a), essence(b), f"{kind}: row {a['row']} of 001 and row {b['row']} of 002")
        newest = [essence(row) for row in tables["000"][kind] if (kind, row["line"]) != (SERVER, 91)]
        checks.equal(newest, [essence(row) for row in first], f"{kind}: rows of 000 (but the one it added) and of 001")
    def rule(row):
        return row["rule_id"], row["source_id"], row["destination_id"], row["transports"], row["action"]
    checks.equal([rule(row) for row in tables["000"][IPSEC]], [rule(row) for row in tables["001"][IPSEC]],
                 "IPsec rules of 000 and 001")


def other_words(text):
    """The text in letters of a language that nobody reads; acronyms, numbers and markup stay."""
    def word(match):
        found = match.group(0)
        if found.isupper():
            return found
        return "".join(chr(0x561 + ord(letter) * 7 % 38) for letter in found)
    parts = re.split(r"(<[^>]*>|&[a-z]+;)", text)
    return "".join(part if part.startswith(("<", "&")) else re.sub(r"[^\W\d_]+", word, part) for part in parts)


def in_other_words(digits):
    """A seed whose tables and captions are in no known language, with the marks of some ports lost."""
    lines, in_html = [], False
    for line in seed(digits).read_text(encoding="utf-8-sig").split("\n"):
        in_html = in_html or line.startswith("<table>")
        if in_html or line.startswith(("|", "**", "###")) or "Polycom CX3000  |" in line:
            line = other_words(line).replace("67/68", "67 68").replace("6891-6901", "6891 6901")
        in_html = in_html and not line.startswith("</table>")
        lines.append(line)
    return "\n".join(lines)


def unknown_language(checks, documents):
    """An edition in no known language means what the known editions of its article say, and nothing without them."""
    keys = ("row", "line", "role_id", "role_ids", "rule_id", "service_id", "ports", "transports", "security", "applications",
            "source_id", "destination_id", "action")
    catalog = ("--catalog-dir", ROOT / "yang" / "catalog", "--yang-dir", ROOT / "yang")
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        for digits in ("000", "001", "002"):
            file = pathlib.Path(directory, f"{digits}.md")
            file.write_text(in_other_words(digits), encoding="utf-8")
            done = portcullis("import", file, "--json", "--catalog-dir", directory)
            checks.equal(done.returncode, 3, f"{digits} in other words: a named catalog without packs")
            done = portcullis("import", file, "--json", *catalog)
            checks.equal((done.returncode, done.stderr), (0, ""), f"{digits} in other words")
            (document,) = json.loads(done.stdout)["documents"]
            checks.equal(document["problems"], [], f"{digits} in other words: problems")
            checks.that(len(document["alignment"]["names"]) > 30, f"{digits} in other words: names")
            have = [[table["kind"], [{key: row.get(key) for key in keys} for row in table["rows"]]] for table in document["tables"]]
            want = [[table["kind"], [{key: row.get(key) for key in keys} for row in table["rows"]]]
                    for table in documents[digits]["tables"]]
            checks.equal(have, want, f"{digits} in other words: facts")


def new_language(checks):
    """A document in a further language gives the pack its labels, and its rows as provenance."""
    overlay = ROOT / "yang" / "catalog" / "overlay"
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        documents, output = pathlib.Path(directory, "documents"), pathlib.Path(directory, "output")
        documents.mkdir()
        for path in SEEDS.iterdir():
            (documents / path.name).write_bytes(path.read_bytes())
        text = in_other_words("001").replace("ms.contentlocale: pt-BR", "ms.contentlocale: hy-AM")
        (documents / "005.md").write_text(text, encoding="utf-8")
        done = portcullis("catalog", "build", "--documents", documents, "--overlay", overlay, "--output", output, "--yang-dir",
                          ROOT / "yang")
        if not checks.equal((done.returncode, done.stderr), (0, ""), "build with a further language"):
            return
        pack = json.loads((output / "skype-for-business-server.json").read_text())["portcullis-catalog:catalog"]["pack"][0]
        labels = {entry["name"]: {label["language"] for label in entry["label"]} for entry in pack["role"] + pack["service"]
                  if "label" in entry}
        for name in ("front-end-server", "director-load-balancer", "uc-client", "front-end-service", "sql-browser"):
            checks.that({"de", "en", "hy", "pt"} <= labels[name], f"languages of {name}: {sorted(labels[name])}")
        checks.that(all("en" in languages for languages in labels.values()), "English labels")
        rows = sum(place["document"] == "005.md" for requirement in pack["requirement"]
                   for place in requirement.get("provenance", []))
        checks.that(rows >= 90, f"rows of the further document: {rows}")


def statements(checks):
    """Who is said to be stated stands in a line of a document that has words in it."""
    for path in (ROOT / "yang" / "catalog").glob("*.json"):
        for pack in json.loads(path.read_text())["portcullis-catalog:catalog"]["pack"]:
            if not any("rows" in document and document["rows"] for document in pack.get("document", [])):
                continue
            files = {document["file"] for document in pack["document"]}
            for requirement in pack["requirement"]:
                for initiator in requirement["initiator"]:
                    what = f"{requirement['label-name']}: {initiator['role']}"
                    checks.equal(initiator["basis"] == "stated", bool(initiator.get("stated-in")), f"{what}: basis and place")
                    for place in initiator.get("stated-in", []):
                        checks.that(place["document"] in files, f"{what}: {place['document']} is a document of the pack")
                        lines = (SEEDS / place["document"]).read_text(encoding="utf-8-sig").split("\n")
                        checks.that(0 < place["line"] <= len(lines) and lines[place["line"] - 1].strip(),
                                    f"{what}: line {place['line']} of {place['document']}")


def packs(checks):
    """`catalog build` makes the shipped packs again, to the byte, and `catalog check` accepts them."""
    catalog = ROOT / "yang" / "catalog"
    shipped = sorted(catalog / path.name for path in (catalog / "overlay").glob("*.json"))
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        done = portcullis("catalog", "build", "--documents", SEEDS, "--overlay", catalog / "overlay", "--output", directory,
                          "--yang-dir", ROOT / "yang", "--json")
        checks.equal((done.returncode, done.stderr), (0, ""), "catalog build")
        built = sorted(pathlib.Path(directory).iterdir())
        checks.equal([path.name for path in built], [path.name for path in shipped], "packs that were built")
        for have, want in zip(built, shipped):
            checks.that(have.read_bytes() == want.read_bytes(), f"{want.name}: as shipped")
        digests = {pack["product"]: pack["digest"] for pack in json.loads(done.stdout)["packs"]}
    done = portcullis("catalog", "check", *shipped, "--yang-dir", ROOT / "yang", "--json")
    checks.equal(done.returncode, 0, f"catalog check {done.stderr}")
    checks.equal({pack["product"]: pack["digest"] for pack in json.loads(done.stdout)["packs"]}, digests, "digests")


def main():
    """Every check; the exit code of the program."""
    if not SEEDS.is_dir():
        skip("needs ../shared")
    checks, documents = Checks(), {}
    for digits in TABLES:
        done = portcullis("import", seed(digits), "--json")
        checks.equal((done.returncode, done.stderr), (0, ""), f"import {digits}")
        (documents[digits],) = json.loads(done.stdout)["documents"]
    together = portcullis("import", *(seed(digits) for digits in TABLES), "--json")
    checks.equal(json.loads(together.stdout)["documents"], list(documents.values()), "five documents at once")
    for digits, document in documents.items():
        shape(checks, digits, document)
        printed(checks, digits, document)
        done = portcullis("import", seed(digits))
        checks.equal((done.returncode, done.stderr), (0, ""), f"import {digits} for people")
    checks.equal(len(documents["004"]["references"]), 9, "references of 004")
    checks.that(all(reference["title"] and reference["target"].endswith(".md") for reference in documents["004"]["references"]),
                "references of 004 have titles and targets")
    facts(checks, documents)
    editions_agree(checks, documents)
    unknown_language(checks, documents)
    new_language(checks)
    statements(checks)
    packs(checks)
    print(f"{checks.done - checks.failed} checks held, {checks.failed} did not")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
