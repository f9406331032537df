#!/usr/bin/env python3
"""report_pages_test.py PERPASS: reports that a browser or a terminal shows, of every capture in pcaps/ and of one whose
names and identities were made to break out: nothing of the traffic is more than text, and pages are well-formed.
"""
import base64
import hashlib
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "population"))
import wire  # noqa: E402

perpass = pathlib.Path()

# What no output may have: controls but for the end of a line, and what reorders or hides text.
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]")

HOSTILE = [
    "<script>alert(1)</script>",
    "</style></script><img src=x onerror=alert(1)>",
    "\"onmouseover=\"alert(1)",
    "' onfocus='alert(1)' x='",
    "]]>--><!-- {{7*7}} ${7*7} &lt;b&gt; &#60;",
    "`` ``` | \\| \\`<b>\\ @octocat #1 GH-1 [a](https://evil.example/) ![a](https://evil.example/) www.evil.example",
    "mailto:a@evil.example https://evil.example/ *a* _b_ ~~c~~\\",
    "\u202eevil\u2066\u200f\ufeff\u2028",
    "\x1b[2J\x1b]0;evil\x07\r\n\x00\x9b31m\x7f",
    "\u05d0\u05d1\u05d2 \u0627\u0644",
    "\xff\xfe\x80".encode("latin-1"),
    "a" * 300 + "<script>",
    "<script>alert(2)</script>" * 2600,
]


def octets(value):
    return value if isinstance(value, bytes) else value.encode()


def psk_session(tcp, name, identity):
    """TLS 1.2 with the key exchange PSK: the name of the server and the identity are readable."""
    psk, done, key_exchange, hello = 0x008C, 14, 16, 1
    extensions = wire.extension(0, wire.vec(2, b"\x00" + wire.vec(2, name)))

    def send(side, kind, body):
        data = wire.handshake(kind, body)
        for at in range(0, len(data), 16000):
            packet = wire.record(22, data[at:at + 16000])
            for part in range(0, len(packet), 1400):
                tcp.send(side, packet[part:part + 1400])

    send(0, hello, wire.client_hello_body(wire.TLS12, bytes(range(32)), b"", [psk], [extensions]))
    send(1, 2, wire.server_hello_body(wire.TLS12, bytes(range(32, 64)), b"", psk, []))
    send(1, 12, wire.vec(2, identity[:60000]))  # the hint
    send(1, done, b"")
    send(0, key_exchange, wire.vec(2, identity))
    for side in (0, 1):
        tcp.send(side, wire.record(20, b"\x01") + wire.record(22, bytes(40)))
    tcp.close()


def file_request(udp, name):
    """A configuration by TFTP."""
    udp.send(0, b"\x00\x01" + name.replace(b"\x00", b"") + b"\x00octet\x00")


def write_hostile(path):
    client = wire.End("192.0.2.10", bytes.fromhex("00005e005310"))
    server = wire.End("198.51.100.3", bytes.fromhex("00005e005303"))
    conversations = []
    for i, value in enumerate(HOSTILE):
        value = octets(value)
        tcp = wire.Tcp(client, 40000 + i, server, 443)
        psk_session(tcp, value[:60000], value[:65535])
        udp = wire.Udp(client, 50000 + i, server, 69)
        file_request(udp, value[:400] + b"-router-confg")
        conversations += [tcp.frames, udp.frames]
    with open(path, "wb") as file:
        out = wire.PcapWriter(file)
        for i, frames in enumerate(conversations):
            for ms, frame in frames:
                out.write(1700000000 * 10**9 + i * 10**9 + ms * 10**6, frame)


def summary(captures, *options):
    done = subprocess.run([perpass, "analyze", *options, *captures], capture_output=True, timeout=120, check=False)
    return done.stdout.decode("utf-8")


def reports(folder, captures, *options):
    """Runs perpass; gives {ending: text}."""
    endings = ("html", "md", "txt", "json")
    words = [word for ending in endings for word in ("--report", str(folder / ("report." + ending)))]
    subprocess.run([perpass, "analyze", *options, *words, *captures], capture_output=True, timeout=120, check=False)
    return {ending: (folder / ("report." + ending)).read_text(encoding="utf-8") for ending in endings}


ELEMENTS = set("html head meta title style script body header main footer nav section article h1 h2 h3 p a span div ul ol li"
               " dl dt dd table caption thead tbody tr th td br strong bdi details summary svg rect".split())
ATTRIBUTES = set("lang charset http-equiv content name id class href aria-label aria-hidden role scope hidden data-label"
                 " data-value data-severity data-attack viewBox preserveAspectRatio x y width height".split())


def page_faults(text):
    """What is wrong with a page, as sentences."""
    try:
        page = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        return ["not well-formed: %s" % error]
    faults, ids, targets = [], set(), set()
    for element in page.iter():
        if element.tag not in ELEMENTS:
            faults.append("element %s" % element.tag)
        faults += ["attribute %s of %s" % (name, element.tag) for name in element.attrib if name not in ATTRIBUTES]
        if element.get("id") in ids:
            faults.append("two elements %s" % element.get("id"))
        if element.get("id"):
            ids.add(element.get("id"))
        if element.get("href"):
            targets.add(element.get("href"))
    faults += ["link to %s" % target for target in targets if target[:1] != "#" or target[1:] not in ids]
    policy = [meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        found = [element.text for element in page.iter(tag)]
        if len(found) != 1:
            return faults + ["%d elements %s" % (len(found), tag)]
        digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        if len(policy) != 1 or "%s 'sha256-%s';" % (name, digest) not in policy[0]:
            faults.append("the policy %s does not allow the %s" % (policy, tag))
    if policy and not policy[0].startswith("default-src 'none';"):
        faults.append("the policy %s" % policy)
    for row in page.iter("tr"):
        if row.get("data-severity") and not [a for a in row.iter("a") if re.match(r"#f\d+$", a.get("href"))]:
            faults.append("a finding without evidence")
        if row.get("data-severity") and not [a for a in row.iter("a") if a.get("href").startswith("#do-")]:
            faults.append("a finding without remedy")
    return faults


# What a comment becomes: its elements, none with attributes but for the alignment of columns.
COMMENT = set("div h2 h3 p ul li table thead tbody tr th td strong code details summary".split())
MOST_OF_COMMENT = 65536


def comment_faults(text):
    """What is wrong with a comment when a reader of GitHub's Markdown has made HTML of it, as sentences."""
    words = ["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tagfilter"]
    done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=60, check=True)
    try:
        reader = xml.etree.ElementTree.XMLParser(target=xml.etree.ElementTree.TreeBuilder(insert_comments=True))
        page = xml.etree.ElementTree.fromstring("<div>%s</div>" % done.stdout.decode(), reader)
    except xml.etree.ElementTree.ParseError as error:
        return ["not well-formed: %s" % error]
    faults = [] if len(text) <= MOST_OF_COMMENT else ["%d characters" % len(text)]
    for element in page.iter():
        if element.tag not in COMMENT and element.tag is not xml.etree.ElementTree.Comment:
            faults.append("element %s" % element.tag)
        faults += ["attribute %s of %s" % (name, element.tag) for name in element.attrib if name != "align"]
        outside = [element.tail or ""] + ([element.text or ""] if element.tag != "code" else [])
        if any(re.search(r"(^|[^\w`])[@#]\w|https?:", words) for words in outside):
            faults.append("a mention or a link in %s" % outside)
    if [row for row in page.iter("tr") if len(row) not in (4,)]:
        faults.append("a row of a table with another number of cells")
    return faults


class Pages(unittest.TestCase):
    maxDiff = None

    def check(self, texts):
        self.assertEqual(page_faults(texts["html"]), [])
        if shutil.which("cmark-gfm"):
            self.assertEqual(comment_faults(texts["md"]), [])
        for ending, text in texts.items():
            self.assertIsNone(UNSEEN.search(text), ending)

    def test_checks(self):
        """The checks themselves find faults."""
        good = pathlib.Path(self.page_of("tls13")).read_text(encoding="utf-8")
        self.assertEqual(page_faults(good), [])
        for old, new, fault in ((">", "><img>", "not well-formed"), ("<main>", "<main><iframe></iframe>", "element iframe"),
                                ("<main>", "<main onclick='x'>", "attribute onclick"), ("\"use strict\"", "'use'", "policy"),
                                ("href=\"#worst\"", "href=\"http://a/\"", "link to")):
            found = page_faults(good.replace(old, new, 1))
            self.assertTrue([line for line in found if fault in line], (old, new, found))
        self.assertTrue(page_faults(good.replace("</main>", "")))

    @unittest.skipUnless(shutil.which("cmark-gfm"), "cmark-gfm is not installed")
    def test_comment_checks(self):
        for text, fault in (("<img src='x'>", "not well-formed"), ("[a](b)", "element a"), ("hello @octocat", "a mention"),
                            ("https://evil.example", "element a"), ("|a|b|\n|-|-|\n|c|d|", "number of cells"),
                            ("`" + "a" * 66000 + "`", "characters")):
            self.assertTrue([line for line in comment_faults(text) if fault in line], text[:80])
        self.assertEqual(comment_faults("`@octocat https://evil.example <img>`"), [])

    def page_of(self, case):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="perpass-pages-")))
        capture = next((ROOT / "pcaps" / case).glob("capture.*"))
        reports(folder, [str(capture)])
        return folder / "report.html"

    def test_captures(self):
        captures = sorted((ROOT / "pcaps").glob("*/capture.*"))
        self.assertGreater(len(captures), 20)
        with tempfile.TemporaryDirectory(prefix="perpass-pages-") as folder:
            for capture in captures:
                with self.subTest(capture.parent.name):
                    self.check(reports(pathlib.Path(folder), [str(capture)], "--privacy", "raw"))
            self.check(reports(pathlib.Path(folder), [str(capture) for capture in captures]))

    def test_hostile(self):
        with tempfile.TemporaryDirectory(prefix="perpass-pages-") as folder:
            folder = pathlib.Path(folder)
            capture = folder / "<img src=x onerror=alert(1)>\x1b[31m\u202e`|@a&'\".pcap"
            write_hostile(capture)
            for privacy in ("raw", "internal", "strict"):
                texts = reports(folder, [str(capture)], "--privacy", privacy)
                self.check(texts)
                self.assertIsNone(UNSEEN.search(summary([str(capture)], "--privacy", privacy)))
            texts = reports(folder, [str(capture)], "--privacy", "raw")
            shown = " ".join(xml.etree.ElementTree.fromstring(texts["html"]).itertext())
            for value in HOSTILE[:5]:  # they are there, as text
                self.assertIn(value, shown)
                self.assertNotIn(value, texts["html"])
                self.assertIn(html.escape(value, quote=True).replace("&#x27;", "&#39;"), texts["html"])
            for form in ("\\u202eevil", "\\x1b[2J", "\\xff\\xfe\\x80"):
                self.assertIn(form, shown)

    def test_baseline(self):
        """What is known and what is new is said of every finding."""
        with tempfile.TemporaryDirectory(prefix="perpass-pages-") as folder:
            folder = pathlib.Path(folder)
            known, other = (str(next((ROOT / "pcaps" / case).glob("capture.*"))) for case in ("tls12-psk", "tls12-rsa"))
            subprocess.run([perpass, "analyze", "--quiet", "--write-baseline", folder / "known", known], timeout=60, check=True)
            texts = reports(folder, [known, other], "--baseline", str(folder / "known"))
            self.check(texts)
            standings = [finding["known"] for finding in json.loads(texts["json"])["findings"]]
            self.assertTrue(any(standings) and not all(standings))
            for ending, mark, times in (("html", "<strong>%s</strong>", 2), ("md", ", **%s**", 1)):
                for word, num in (("known", sum(standings)), ("new", len(standings) - sum(standings))):
                    self.assertEqual(texts[ending].count(mark % word), num * times, (ending, word))
                self.assertIn("are in the baseline", texts[ending])

    def test_same_bytes(self):
        """Whatever the number of threads."""
        with tempfile.TemporaryDirectory(prefix="perpass-pages-") as folder:
            folder = pathlib.Path(folder)
            key = folder / "key"
            key.touch(mode=0o600)
            key.write_text("5a" * 32)
            captures = [str(path) for path in sorted((ROOT / "pcaps").glob("*/capture.*"))]
            one, two = (reports(folder, captures, "--pseudonym-key", str(key), "--threads", threads) for threads in "12")
            self.assertEqual(one, two)


if __name__ == "__main__":
    perpass = pathlib.Path(sys.argv.pop(1)).resolve()
    done = unittest.main(exit=False).result
    bad = len({test.id().split(" ")[0] for test, _ in done.failures + done.errors})
    print("%d passed, %d failed" % (done.testsRun - bad, bad))
    sys.exit(not done.wasSuccessful())
