# SPDX-License-Identifier: MIT
"""tcpbox handshake-trace --svg and --html: the pictures say what the records say, load nothing, and are written whole."""

import html.parser
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

SVG = "{http://www.w3.org/2000/svg}"
NO_DATA = re.compile(r"(https?:)?//|url\(|@import|<script|javascript:|<image|<foreignObject|\bon[a-z]+=")


class Pictures(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.file = self.lab.scratch / "picture.svg"

    def run_in(self, host, *words, user="root", status=0):
        done = host.run([self.lab.tcpbox, "handshake-trace", *words], user=user)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return done

    def draw(self, host, *words, status=0, user="root", file=None):
        """The records of a run, and its picture."""
        file = file or self.file
        done = self.run_in(host, "-n", "--json", "--svg", file, *words, status=status, user=user)
        return schema.validate(done.stdout, "handshake-trace")["results"], self.picture(file)

    def picture(self, file):
        text = file.read_text()
        self.check_alone(text)
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual(root.get("viewBox").split()[:3], ["0", "0", "640"])
        self.assertIn("prefers-color-scheme: dark", root.find(SVG + "style").text)
        self.assertTrue(root.find(SVG + "title").text)
        self.assertTrue(root.find(SVG + "desc").text)
        return root

    def check_alone(self, text):
        """Nothing in it can reach out."""
        self.assertIsNone(NO_DATA.search(text.replace("http://www.w3.org/2000/svg", "")))

    def groups(self, root, name):
        return [group for group in root.iter(SVG + "g") if group.get("class").split()[0] == name]

    def words(self, root):
        return [" ".join("".join(text.itertext()).split()) for text in root.iter(SVG + "text")]


def endpoint(address, port=80):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Ladders(Pictures):
    def setUp(self):
        super().setUp()
        self.net = self.lab.routed(delay_ms=2)
        self.net.server.nginx(80)
        self.addresses = (self.net.server.address4, self.net.server.address6)

    def check(self, trace, ladder):
        """An arrow each, in order, from whom it came, with its notation."""
        arrows = self.groups(ladder, "arrow")
        events = [event for event in trace["events"] if event["segment"] or event["icmp"]]
        sides = {"client": "client", "server": "server", "network": "router"}
        self.assertEqual([arrow.get("class").split()[1] for arrow in arrows], [sides[event["from"]] for event in events])
        for arrow, event in zip(arrows, events):
            words = self.words(arrow)
            self.assertTrue(words[0].startswith(event["name"]), words)
            self.assertIn(f"+{event['offset_us'] / 1e6:.6f}", words)
            if event["notation"]:
                self.assertIn(event["notation"].replace(" ", ""), "".join(words).replace(" ", ""))
        words = " ".join(self.words(ladder)).replace(" ", "")
        for finding in trace["meaning"]["findings"]:
            self.assertIn(finding["statement"].replace(" ", ""), words)

    def test_what_was_traced_is_what_is_drawn(self):
        self.net.router.reject_ports([82], "icmpx type admin-prohibited")
        targets = [endpoint(address, port) for address in self.addresses for port in (80, 81, 82)]
        traces, picture = self.draw(self.net.client, *targets, status=1)
        ladders = self.groups(picture, "handshake")
        self.assertEqual(len(ladders), len(targets))
        for target, trace, ladder in zip(targets, traces, ladders):
            with self.subTest(target):
                self.assertIn(target, self.words(ladder))
                self.check(trace, ladder)
                routers = [word for word in self.words(ladder) if word == "router"]
                self.assertEqual(len(routers), 1 if target.endswith("82") else 0)

    def test_a_syn_without_an_answer_ends_in_nothing(self):
        self.net.server.drop_ports([83])
        (trace,), picture = self.draw(self.net.client, "--timeout=1500ms", "--syn-retries=1",
                                      endpoint(self.addresses[0], 83), status=1)
        arrows = self.groups(picture, "arrow")
        self.assertEqual([arrow.get("class") for arrow in arrows], ["arrow client lost"] * 2)
        self.assertEqual(trace["syn_count"], 2)
        self.assertEqual(self.words(picture).count("no answer"), 2)
        self.assertIn("1.0 s later", self.words(picture))

    def test_without_privilege(self):
        directory = self.lab.scratch / "nobody"
        directory.mkdir()
        directory.chmod(0o777)
        traces, picture = self.draw(self.net.client, endpoint(self.addresses[0]), user="nobody", file=directory / "a.svg")
        self.assertEqual(traces[0]["technique"], "connect")
        self.assertEqual(self.groups(picture, "arrow"), [])
        self.assertEqual(len(self.groups(picture, "word")), len(traces[0]["events"]))

    def test_standard_output_stays_as_it_is(self):
        words = ["-n", "--source-port=40000", endpoint(self.addresses[0])]
        with_picture = self.run_in(self.net.client, "--svg", self.file, *words).stdout
        self.assertTrue(with_picture.startswith(endpoint(self.addresses[0]) + " from "))
        self.assertNotIn("<svg", with_picture)


class Paths(Pictures):
    def test_hops_and_changes(self):
        net = self.lab.routed(routers=4)
        net.server.nginx(80)
        net.routers[1].nft("table inet box {\nchain change { type filter hook forward priority -150;\n"
                           "tcp flags syn tcp option maxseg size set 1400\n}\n}\n")
        for address, before in ((net.server.address4, 1460), (net.server.address6, 1440)):
            with self.subTest(address):
                (*hops, path), picture = self.draw(net.client, "--path", endpoint(address))
                self.assertEqual([(path["changes"][0]["last_hop_without"], path["changes"][0]["first_hop_with"])], [(2, 3)])
                kinds = [group.get("class") for group in picture.iter(SVG + "g")]
                self.assertEqual(kinds, ["path", "host", "hop", "hop", "change", "hop", "hop", "hop"])
                for hop, drawn in zip(hops, self.groups(picture, "hop")):
                    self.assertIn(hop["addresses"][0]["address"], self.words(drawn))
                    self.assertIn(f"best {hop['round_trip_shortest_us'] / 1e3:.3f} ms", self.words(drawn))
                change, = self.groups(picture, "change")
                self.assertEqual(self.words(change), [f"MSS: {before} → 1400", "at hop 2 or on the way to hop 3"])
                self.assertIn("open: the target accepts, at hop 5", self.words(picture))


class Files(Pictures):
    """Whole or not at all."""

    def setUp(self):
        super().setUp()
        self.host = self.lab.one_host().host
        self.host.nginx(80)
        self.target = "127.0.0.1:80"

    def fails(self, file, *why, user="root"):
        done = self.run_in(self.host, "--svg", file, self.target, user=user, status=3)
        self.assertEqual(len([line for line in done.stderr.splitlines() if line.startswith("tcpbox: write")]), 1, done.stderr)
        for word in (str(file), *why):
            self.assertIn(word, done.stderr)
        return done

    def test_a_full_device(self):
        done = self.fails("/dev/full", "No space left")
        self.assertIn("open: ", done.stdout)

    def test_a_path_that_is_wrong_is_told_before_anything_is_sent(self):
        for file in (self.lab.scratch / "no" / "such.svg", self.lab.scratch):
            self.assertEqual(self.fails(file).stdout, "")

    def test_a_full_disk_leaves_the_old_picture(self):
        disk = self.lab.scratch / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        file = disk / "a.svg"
        file.write_text("old")
        (disk / "filler").write_bytes(b"x" * 28000)
        self.fails(file, "No space left")
        self.assertEqual(file.read_text(), "old")
        self.assertEqual({entry.name for entry in disk.iterdir()}, {"a.svg", "filler"})

    def test_an_old_picture_is_replaced_and_keeps_its_owner_and_mode(self):
        self.file.write_text("old" * 100000)
        self.file.chmod(0o640)
        os.chown(self.file, 65534, 65534)
        self.draw(self.host, self.target)
        status = self.file.stat()
        self.assertEqual((status.st_uid, status.st_mode & 0o777), (65534, 0o640))

    def test_a_directory_of_somebody_else(self):
        """Root without its capabilities may not create a file there once the trace is over."""
        directory = self.lab.scratch / "theirs"
        directory.mkdir()
        os.chown(directory, 65534, 65534)
        for file in (directory / "new.svg", directory / "new.svg"):  # the second time it is there
            self.draw(self.host, self.target, file=file)
        self.assertEqual([entry.name for entry in directory.iterdir()], ["new.svg"])

    def test_words_that_are_wrong(self):
        for words, named in ((["--svg", self.file, "--count=2", self.target], "--count"),
                             (["--svg", self.file, "--pmtu", self.target], "--pmtu"),
                             (["--svg", self.file, "--path", "--watch", self.target], "--watch"),
                             (["--svg", self.file, "--read", "x.pcap"], "--html"),
                             (["--svg", "", self.target], "--svg"), (["--svg=-", self.target], "--svg"),
                             (["--html", self.file, self.target], "--html"),
                             (["--html", "", "--read", "x.pcap"], "--html"),
                             (["--html=-", "--read", "x.pcap"], "--html")):
            done = self.run_in(self.host, *words, status=2)
            self.assertIn(named, done.stderr)
            said, *hint = done.stderr.splitlines()
            self.assertTrue(said.startswith("tcpbox: --"), said)
            self.assertTrue(all(line.startswith("hint: ") for line in hint), hint)
        self.assertFalse(self.file.exists())


class Reader(html.parser.HTMLParser):
    """The page's tags in order, its cells row by row, and its text."""

    VOID = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.open, self.text = [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            raise ValueError(tag)

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


class Pages(Pictures):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts(delay_ms=5)
        self.net.server.nginx(80)
        self.page = self.lab.scratch / "<b>&page.html"

    def capture(self):
        client, server = self.net.client, self.net.server
        path = self.lab.scratch / "wire.pcap"
        with client.capture(path, "tcp"):
            for address in (server.address4, server.address6):
                for port in (80, 80, 80, 79):
                    with client.entered():
                        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
                    connection.settimeout(5)
                    connection.connect_ex((address, port))
                    connection.close()
        return path

    def read(self, file):
        text = file.read_text()
        self.check_alone(text)
        reader = Reader(text)
        self.assertEqual(reader.open, [])
        policy, = [attributes["content"] for tag, attributes in reader.tags if "http-equiv" in attributes]
        self.assertEqual(policy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.assertEqual([attributes for _, attributes in reader.tags if attributes.keys() & {"src", "href", "srcset"}], [])
        return reader

    def test_what_a_file_comes_to(self):
        done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", self.capture(), "--html", self.page,
                               "--json", "--summary"], capture_output=True, text=True, check=True)
        summary = schema.validate(done.stdout, "handshake-trace")["summary"]
        reader = self.read(self.page)
        self.assertIn(str(self.page), reader.text)  # escaped, and not a tag
        rows = {row[0]: row[1:] for row in reader.rows}
        self.assertEqual(rows["established"][:2], ["6", "75.0 %"])
        self.assertEqual(rows["refused"][:2], ["2", "25.0 %"])
        for address in (self.net.server.address4, self.net.server.address6):
            self.assertEqual(rows[endpoint(address)][:2], ["3", "0"])
            self.assertEqual(rows[endpoint(address, 79)][:2], ["1", "1"])
        self.assertEqual(rows[self.net.client.address4][:2], ["4", "1"])
        self.assertEqual(rows["to the server and back"][-1], "8")
        bars = [attributes for tag, attributes in reader.tags if attributes.get("class") == "bar" and tag == "g"]
        classes = summary["server_side_histogram"] + summary["client_side_histogram"]
        self.assertEqual(len(bars), len(classes))
        self.assertEqual(sum(c["count"] for c in summary["server_side_histogram"]), summary["server_side"]["count"])
        self.assertTrue(all(c["begin_us"] < c["end_us"] for c in classes))

    def test_an_interface_until_a_signal(self):
        process = self.net.client.popen([self.lab.tcpbox, "handshake-trace", "-i", self.net.client.interface, "--ndjson",
                                         "--html", self.page], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(json.loads(process.stdout.readline())["type"], "start")
        with self.net.client.entered():
            socket.create_connection((self.net.server.address4, 80), timeout=5).close()
        self.assertEqual(json.loads(process.stdout.readline())["outcome"], "established")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGINT)
        reader = self.read(self.page)
        self.assertIn("ended by a signal or an error", reader.text)
        self.assertIn("1 connection", reader.text)

    def test_nothing_and_nowhere(self):
        empty = self.lab.scratch / "empty.pcap"
        empty.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
        done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", empty, "--html", self.page])
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing passed", self.read(self.page).text)
        for file in ("/dev/full", self.lab.scratch / "no" / "page.html"):
            done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", empty, "--html", file],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 3)
            self.assertIn(f"write {file}: ", done.stderr)


if __name__ == "__main__":
    lab.main()
