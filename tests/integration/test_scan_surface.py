# SPDX-License-Identifier: MIT
"""What tcpbox scan takes and prints: targets, ports, formats, changes, progress; every example of its manual page."""

import csv
import functools
import html.parser
import io
import json
import os
import pathlib
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml_tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

NMAP_DTD = pathlib.Path("/usr/share/nmap/nmap.dtd")
OPEN = (22, 80, 8080)


def examples():
    """The command lines of the page's EXAMPLES."""
    page = (lab.source_dir() / "man" / "tcpbox-scan.1").read_text()
    section = page.split(".Sh EXAMPLES\n")[1].split(".Sh ")[0]
    return [line[len(".Dl "):] for line in section.splitlines() if line.startswith(".Dl ")]


class SurfaceCase(lab.TestCase):
    """A host whose loopback interface has the addresses of the examples, with a few open ports."""

    def setUp(self):
        super().setUp()
        self.net = self.lab.one_host()
        self.host = self.net.host
        self.host.run(["ip", "address", "add", "192.0.2.0/24", "dev", "lo"], check=True)
        self.host.listen_many(OPEN)
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=self.lab.scratch))
        self.directory.chmod(0o777)

    def scan(self, *arguments, status=0, **keywords):
        done = self.host.run([self.lab.tcpbox, "scan", *arguments], cwd=self.directory, **keywords)
        self.assertIn(done.returncode, (0, 1) if status is None else (status,), done.stderr)
        return done

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return str(path)


class Examples(SurfaceCase):
    def test_every_example_of_the_page(self):
        lines = examples()
        self.assertGreaterEqual(len(lines), 10)
        path = f"{self.directory}:{os.environ['PATH']}"
        (self.directory / "tcpbox").symlink_to(self.lab.tcpbox)
        for line in lines:
            with self.subTest(example=line):
                done = self.host.run(["sh", "-c", line], cwd=self.directory, env={"PATH": path}, timeout=120)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertNotIn("hint:", done.stderr)
                self.assertNotEqual(done.stdout + "".join(p.name for p in self.directory.glob("*.*")), "")
        self.assertEqual({p.name for p in self.directory.glob("*.*")}, {"scan.html", "scan.csv", "before.json"})


class Targets(SurfaceCase):
    def list(self, *arguments, **keywords):
        return self.scan("--list", *arguments, **keywords).stdout.split()

    def test_files_words_and_standard_input(self):
        targets = self.write("targets", "# mine\n192.0.2.1\n192.0.2.8/31   192.0.2.3 # two\r\n")
        never = self.write("never", "192.0.2.9\n224.0.0.0/4\n2001:db8::/32\n")
        self.assertEqual(self.list(f"@{targets}"), ["192.0.2.1", "192.0.2.3", "192.0.2.8", "192.0.2.9"])
        self.assertEqual(self.list("--targets-file", targets, "192.0.2.2", "--exclude-file", never),
                         ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.8"])
        self.assertEqual(self.list("-", input="192.0.2.4\n"), ["192.0.2.4"])
        self.assertEqual(self.list("192.0.2.8/30", "--exclude", f"@{targets}"), ["192.0.2.10", "192.0.2.11"])
        document = schema.validate(self.scan("--json", "-p", "80,81", f"@{targets}").stdout, "scan")
        self.assertEqual(document["summary"]["pairs"], 8)

    def test_errors_name_file_and_line(self):
        broken = self.write("broken", "192.0.2.1\n192.0.2.9-1\n")
        for arguments, words in ((["@" + broken], f"{broken}:2: target '192.0.2.9-1': '9-1' is reversed"),
                                 (["--exclude-file", broken, "192.0.2.1"], f"{broken}:2: "),
                                 (["--targets-file", "nothere"], "open nothere: No such file or directory"),
                                 (["--targets-file", str(self.directory)], "Is a directory")):
            with self.subTest(arguments=arguments):
                done = self.scan(*arguments, status=2)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
        done = self.scan("-", input="192.0.2.1:80\n", status=2)
        self.assertIn("standard input:1: target '192.0.2.1:80': a port is not part of a target", done.stderr)

    def test_special_addresses_are_skipped_and_counted(self):
        done = self.scan("--list", "--json", "192.0.1.0-192.0.3.255")
        document = schema.validate(done.stdout, "scan")
        self.assertIn("skipped: 256 special-purpose addresses", done.stderr)
        self.assertEqual(document["summary"]["skipped"], 256)
        self.assertEqual([(r["first"], r["last"], r["addresses"]) for r in document["results"]],
                         [("192.0.1.0", "192.0.1.255", 256), ("192.0.3.0", "192.0.3.255", 256)])
        self.assertEqual(self.list("127.0.0.0/31"), ["127.0.0.0", "127.0.0.1"])

    def test_ipv6_prefixes_ascend(self):
        self.assertEqual(self.list("2001:db8::4", "2001:db8::/127", "10.0.0.1"),
                         ["10.0.0.1", "2001:db8::", "2001:db8::1", "2001:db8::4"])

    def test_everything_there_is(self):
        lines = schema.validate_ndjson(self.scan("--list", "--ndjson", "-p", "80", "0.0.0.0/0").stdout, "scan")
        summary = lines[-1]
        self.assertEqual(summary["targets"] + summary["skipped"], 1 << 32)
        self.assertLess(len(lines), 30)
        process = self.host.popen([self.lab.tcpbox, "scan", "--list", "0.0.0.0/0"], stdout=-1, stderr=-1)
        self.assertEqual([process.stdout.readline() for _ in range(3)], ["1.0.0.0\n", "1.0.0.1\n", "1.0.0.2\n"])
        process.stdout.close()
        self.assertEqual(process.wait(timeout=30), -signal.SIGPIPE)

    def test_permission_by_environment(self):
        arguments = ["-p", "80", "--rate", "1000", "8.0.0.0/14"]
        self.assertIn("--i-am-allowed", self.scan(*arguments, status=2).stderr)
        self.assertIn("--i-am-allowed", self.scan(*arguments, status=2, env={"TCPBOX_I_AM_ALLOWED": "0"}).stderr)
        process = self.host.popen([self.lab.tcpbox, "scan", *arguments], stdout=-1, stderr=-1,
                                  env={"TCPBOX_I_AM_ALLOWED": "1"})
        self.assertIn("technique: ", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)


class Ports(SurfaceCase):
    def ports(self, *arguments):
        return schema.validate(self.scan("--list", "--json", *arguments, "192.0.2.1").stdout, "scan")["summary"]

    def test_ranks_patterns_and_exclusions(self):
        self.assertEqual(self.ports("--top", "3")["port_numbers"], "22,80,443")
        self.assertEqual(self.ports("--top", "3", "--exclude-ports", "ssh,400-500")["port_numbers"], "80")
        self.assertTrue({"443", "8080"} <= set(self.ports("-p", "http*")["port_numbers"].split(",")))
        self.assertGreater(self.ports("--top", "1000")["ports"], 999)
        self.assertEqual(self.ports("-p", "-")["ports"], 65535)


class Formats(SurfaceCase):
    def in_format(self, name, *arguments, ports="20-100,8080", **keywords):
        return self.scan(f"--{name}", "-p", ports, *arguments, "192.0.2.1", **keywords).stdout

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.in_format("csv"))))
        self.assertEqual(len(rows), 82)
        self.assertEqual({int(row["port"]) for row in rows if row["state"] == "open"}, set(OPEN))
        self.assertEqual({row["reason"] for row in rows}, {"syn-ack", "rst"})
        self.assertTrue(all(row["rtt_us"].isdigit() for row in rows))

    def test_xml(self):
        text = self.in_format("xml")
        root = xml_tree.fromstring(text)
        host = root.find("host")
        self.assertEqual(host.find("address").get("addr"), "192.0.2.1")
        states = {int(p.get("portid")): p.find("state").get("state") for p in host.iter("port")}
        self.assertEqual(states, {port: "open" for port in OPEN})
        self.assertEqual([(e.get("state"), e.get("count")) for e in host.iter("extraports")], [("closed", "79")])
        self.assertEqual(root.find("runstats/hosts").attrib, {"up": "1", "down": "0", "total": "1"})
        self.assertIn("22,80", self.in_format("xml", ports="22,80"))
        if shutil.which("xmllint") is None or not NMAP_DTD.is_file():
            self.skipTest("not installed: xmllint or nmap's document type")
        for technique in ("syn", "connect", "fin", "null", "xmas", "maimon", "ack", "window"):
            file = self.write("scan.xml", self.in_format("xml", "--technique", technique, "--timeout", "100ms",
                                                         status=None))
            done = subprocess.run(["xmllint", "--noout", "--nonet", "--dtdvalid", NMAP_DTD, file], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_ndiff_reads_the_xml(self):
        if shutil.which("ndiff") is None:
            self.skipTest("not installed: ndiff")
        before = self.write("before.xml", self.in_format("xml", ports="22,80"))
        after = self.write("after.xml", self.in_format("xml", ports="22,81"))
        done = subprocess.run(["ndiff", before, after], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"-80/tcp +open +http")

    def test_greppable(self):
        lines = self.in_format("greppable").splitlines()
        self.assertTrue(lines[0].startswith("# tcpbox "))
        self.assertEqual(lines[1], "Host: 192.0.2.1 ()\tStatus: Up")
        self.assertEqual(lines[2], "Host: 192.0.2.1 ()\tPorts: 22/open/tcp//ssh///, 80/open/tcp//http///, "
                                   "8080/open/tcp//http-alt///\tIgnored State: closed (79)")

    def test_html(self):
        text = self.in_format("html")
        found = []

        class Reader(html.parser.HTMLParser):
            def handle_starttag(self, tag, attributes):
                found.append((tag, dict(attributes)))

        Reader().feed(text)
        tags = [tag for tag, _ in found]
        self.assertEqual(tags.count("tr"), 1 + 3 + 1)
        self.assertFalse([a for _, a in found if {"src", "href", "onclick"} & a.keys()])
        self.assertIn("default-src 'none'", text)

    def test_several_at_once_and_an_argument_that_is_markup(self):
        hostile = self.write("<b>&\"'=1.txt", "192.0.2.1\n")
        done = self.scan("-p", "22", f"@{hostile}", *(f"--output={name}={self.directory}/out.{name}" for name in
                         ("text", "json", "ndjson", "csv", "xml", "greppable", "html")))
        out = {name: (self.directory / f"out.{name}").read_text() for name in
               ("text", "json", "ndjson", "csv", "xml", "greppable", "html")}
        self.assertEqual(out["text"], done.stdout)
        schema.validate(out["json"], "scan")
        schema.validate_ndjson(out["ndjson"], "scan")
        self.assertIn("<b>&\"'=1.txt", xml_tree.fromstring(out["xml"]).get("args"))
        self.assertNotIn("<b>", out["html"])
        self.assertEqual(len(out["csv"].splitlines()), 2)

    def test_a_file_that_cannot_be_written(self):
        done = self.scan("-p", "22", "--output", "csv=/nothere/file", "192.0.2.1", status=3)
        self.assertIn("create /nothere/file: No such file or directory", done.stderr)
        self.assertIn("No space left", self.scan("-p", "22", "--output", "csv=/dev/full", "192.0.2.1", status=3).stderr)

    def test_stream(self):
        done = self.scan("--stream", "-p", "20-25,80", "192.0.2.1")
        lines = done.stdout.splitlines()
        self.assertEqual(sorted(line.split()[:3] for line in lines[:-1]),
                         [["open", "192.0.2.1:22", "ssh"], ["open", "192.0.2.1:80", "http"]])
        self.assertIn("1 host, 7 ports: 2 open, 5 closed", lines[-1])
        done = self.scan("--stream", "-v", "-p", "20-25,80", "192.0.2.1")
        self.assertEqual(len([line for line in done.stdout.splitlines() if line.startswith("closed")]), 5)


class Changes(SurfaceCase):
    def test_opened_and_closed(self):
        before = self.directory / "before.json"
        arguments = ["-p", "20-25,80,8080", "192.0.2.1"]
        for form in ("--json", "--ndjson"):
            with self.subTest(form=form):
                before.write_text(self.scan(form, *arguments).stdout)
                done = self.scan("--baseline", str(before), *arguments)
                self.assertIn("nothing has changed since", done.stdout)
                changed = before.read_text().replace('"port":23,"protocol":"tcp","state":"closed"',
                                                     '"port":23,"protocol":"tcp","state":"open"')
                changed = re.sub(r'"port":80,"protocol":"tcp","state":"open"',
                                 '"port":80,"protocol":"tcp","state":"filtered"', changed)
                before.write_text(changed)
                done = self.scan("--baseline", str(before), *arguments, status=1)
                self.assertIn("2 changes since", done.stdout)
                self.assertRegex(done.stdout, r"closed +192.0.2.1 +23 +telnet +closed +was open")
                self.assertRegex(done.stdout, r"opened +192.0.2.1 +80 +http +open +was filtered")
                document = schema.validate(self.scan("--json", "--open", "--baseline", str(before), *arguments,
                                                     status=1).stdout, "scan")
                changes = [(r["change"], r["port"], r["before"], r["now"]) for r in document["results"]
                           if r["type"] == "change"]
                self.assertEqual(sorted(changes), [("closed", 23, "open", "closed"), ("opened", 80, "filtered", "open")])

    def test_a_baseline_that_is_none(self):
        text = self.write("text", "not json")
        self.assertIn("no JSON at byte", self.scan("--baseline", text, "-p", "22", "192.0.2.1", status=2).stderr)
        done = self.scan("--baseline", "nothere", "-p", "22", "192.0.2.1", status=2)
        self.assertIn("--baseline: open nothere: No such file or directory", done.stderr)


class Terminal(SurfaceCase):
    """A terminal of its own: standard input, output and error."""

    def on_terminal(self, *arguments, keys=b"", until=b""):
        def child_of(terminal):
            os.setsid()
            import fcntl
            import termios
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        master, terminal = pty.openpty()
        process = self.host.popen([self.lab.tcpbox, "scan", *arguments], text=False, stdin=terminal, stdout=terminal,
                                  stderr=terminal, env={"TERM": "xterm"},
                                  preexec_fn=functools.partial(child_of, terminal))
        os.close(terminal)
        output = b""
        while True:
            try:
                output += os.read(master, 65536)
            except OSError:
                break
            if keys and until in output:
                os.write(master, keys)
                keys = b""
        os.close(master)
        return process.wait(timeout=60), output.decode()

    def test_progress_is_drawn_and_cleared_and_space_keeps_a_copy(self):
        status, output = self.on_terminal("--rate", "60", "-p", "1-100", "192.0.2.1", keys=b" ", until=b"% of")
        self.assertEqual(status, 0)
        self.assertRegex(output, r"\r\d+ % of 100 ports, \d+/s")
        self.assertRegex(output, r"\r +\r\d+ % of 100 ports, [^\r]*\r\n", "the copy")
        table = output[output.rindex("STATE"):]
        self.assertNotIn("% of", table)

    def test_no_progress_elsewhere_unless_asked_for(self):
        done = self.scan("--rate", "60", "-p", "1-60", "192.0.2.1")
        self.assertNotIn("% of", done.stderr)
        done = self.scan("--progress", "--rate", "20", "-p", "1-130", "192.0.2.1")
        self.assertRegex(done.stderr, r"(?m)^\d+ % of 130 ports, ")


class Techniques(SurfaceCase):
    def test_list(self):
        done = self.scan("--technique", "list")
        names = [line.split()[0] for line in done.stdout.splitlines()[1:]]
        self.assertEqual(names, ["syn", "connect", "fin", "null", "xmas", "maimon", "ack", "window"])

    def test_control_bits_are_told(self):
        run = schema.validate(self.scan("--json", "--flags", "syn,ece,cwr", "-p", "22", "192.0.2.1").stdout, "scan")["run"]
        self.assertEqual((run["technique"], run["control_bits"]), ("syn", "SEW"))
        run = schema.validate(self.scan("--json", "--technique", "connect", "-p", "22", "192.0.2.1").stdout, "scan")["run"]
        self.assertEqual(run["control_bits"], None)

    def test_source_of_another_family(self):
        done = self.scan("--source", "192.0.2.1", "-p", "22", "::1", status=2)
        self.assertIn("--source 192.0.2.1: there are IPv6 targets", done.stderr)


class OnTheWire(lab.TestCase):
    """What leaves, and what a kernel on the other side makes of it."""

    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()
        self.net.server.listen_many([80])
        self.net.server.drop_ports([9])

    def states(self, *arguments):
        command = [self.lab.tcpbox, "scan", "--json", "--retries", "1", "--timeout", "300ms", "-p", "9,80,81",
                   *arguments]
        done = self.net.client.run([*command, self.net.server.address4])
        self.assertIn(done.returncode, (0, 1), done.stderr)
        document = schema.validate(done.stdout, "scan")
        return {result["port"]: result["state"] for result in document["results"]}

    def test_each_technique_against_linux(self):
        for technique, truth in {
                "syn": ("filtered", "open", "closed"), "connect": ("filtered", "open", "closed"),
                "fin": ("open|filtered", "open|filtered", "closed"),
                "null": ("open|filtered", "open|filtered", "closed"),
                "xmas": ("open|filtered", "open|filtered", "closed"),
                "maimon": ("open|filtered", "closed", "closed"),  # Linux resets an ACK in LISTEN
                "ack": ("filtered", "unfiltered", "unfiltered"), "window": ("filtered", "closed", "closed")}.items():
            with self.subTest(technique=technique):
                self.assertEqual(self.states("--technique", technique), dict(zip((9, 80, 81), truth)))

    def test_open_shows_what_may_be_open(self):
        self.assertEqual(self.states("--technique", "fin", "--open"), {9: "open|filtered", 80: "open|filtered"})
        self.assertEqual(self.states("--technique", "ack", "--open"), {80: "unfiltered", 81: "unfiltered"})

    def test_the_shape_of_a_probe(self):
        for arguments, match in ((["--ttl", "9"], "ip ttl 9"), (["--mss", "536"], "tcp option maxseg size 536"),
                                 (["--no-options"], "tcp doff 5"), (["--source-port", "1234"], "tcp sport 1234"),
                                 (["--flags", "syn,ece,cwr"], "tcp flags & (syn | ecn | cwr) == syn | ecn | cwr"),
                                 (["--technique", "xmas"], "tcp flags == fin | psh | urg"),
                                 (["--technique", "null"], "tcp flags == 0x0")):
            with self.subTest(arguments=arguments):
                self.net.server.run(["nft", "delete", "table", "inet", "count"])
                self.net.server.nft(f"""table inet count {{
                    counter seen {{ packets 0 bytes 0; }}
                    chain prerouting {{
                        type filter hook prerouting priority -300; policy accept;
                        tcp dport 81 {match} counter name seen
                    }}
                }}""")
                self.states(*arguments)
                counter = self.net.server.run(["nft", "list", "counter", "inet", "count", "seen"], check=True).stdout
                self.assertRegex(counter, "packets [1-9]")


if __name__ == "__main__":
    lab.require("ip", "nft")
    lab.main()
