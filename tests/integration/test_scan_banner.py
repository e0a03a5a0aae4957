# SPDX-License-Identifier: MIT
"""tcpbox scan --banner against real servers and against peers that misbehave: known by what they say, at a bounded cost."""

import csv
import io
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml_tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

NMAP_DTD = pathlib.Path("/usr/share/nmap/nmap.dtd")
SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
MARIADB = bytes.fromhex("4e0000000a") + b"5.5.5-10.11.6-MariaDB-0+deb12u1\0" + bytes(46)
PAGE = b"HTTP/1.1 200 OK\r\nServer: box/1.0\r\nContent-Length: 30\r\n\r\n<title>A \x1b[31mred page</title>  "
ESCAPES = b"\x1b[31mhello\x1b]0;owned\x07\xff\r\n"


class BannerCase(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()

    def scan(self, ports, *arguments, status=0, target=None, timeout=120):
        """The banners by port, of a scan of the server."""
        command = [self.lab.tcpbox, "scan", "--json", "--banner", "-p", ",".join(map(str, ports)), *arguments]
        done = self.net.client.run([*command, target or self.net.server.address4], timeout=timeout)
        self.assertEqual(done.returncode, status, done.stderr)
        results = schema.validate(done.stdout, "scan")["results"]
        self.assertEqual(len({result["port"] for result in results}), len(results), "a port twice")
        return {result["port"]: result["banner"] for result in results}

    def check(self, banner, **expected):
        self.assertEqual({key: banner[key] for key in expected}, expected, banner)


class RealServers(BannerCase):
    def test_web_in_the_clear_and_in_tls(self):
        self.net.server.nginx([80, 2222])
        self.net.server.nginx([443, 8000], tls=True)
        for technique in ("syn", "connect"):
            banners = self.scan([80, 443, 2222, 8000, 81], "--technique", technique)
            self.assertIsNone(banners[81])
            for port in (80, 2222):
                self.check(banners[port], outcome="identified", service="http", product="nginx", tls=None)
                self.assertEqual(banners[port]["http"]["status"], 200)
            for port in (443, 8000):  # 8000 is called by a name of HTTP: nginx says that it wants TLS
                self.check(banners[port], outcome="identified", service="http", product="nginx")
                self.assertIn(banners[port]["tls"]["version"], ("TLSv1.2", "TLSv1.3"))
                certificate = banners[port]["tls"]["certificate"]
                self.assertEqual((certificate["subject"], certificate["names"]), ("CN=localhost", ["localhost"]))

    def test_ipv6(self):
        self.net.server.nginx([80])
        self.check(self.scan([80], target=self.net.server.address6)[80], service="http", product="nginx")

    def test_http2_is_named_and_http_spoken(self):
        certificate = self.certificate()
        self.net.server._serve(["openssl", "s_server", "-accept", "4433", "-cert", certificate, "-key", certificate,
                                "-alpn", "h2,http/1.1", "-WWW", "-quiet"], [4433])
        banner = self.scan([4433])[4433]
        self.assertEqual(banner["tls"]["alpn"], "h2")
        self.assertEqual(banner["tls"]["certificate"]["subject"], "CN=box")
        self.check(banner, outcome="identified")

    def test_old_tls_only(self):
        certificate = self.certificate()
        self.net.server._serve(["openssl", "s_server", "-accept", "443", "-cert", certificate, "-key", certificate,
                                "-tls1_2", "-cipher", "AES128-SHA", "-www", "-quiet"], [443])
        banner = self.scan([443])[443]
        self.check(banner, service="http")
        self.assertEqual((banner["tls"]["version"], banner["tls"]["cipher"]), ("TLSv1.2", "AES128-SHA"))

    def test_tls_that_wants_a_client_certificate(self):
        certificate = self.certificate()
        self.net.server._serve(["openssl", "s_server", "-accept", "443", "-cert", certificate, "-key", certificate,
                                "-tls1_2", "-Verify", "1", "-quiet"], [443])
        banner = self.scan([443])[443]
        self.check(banner, outcome="identified", service="tls")
        self.assertIn("alert", banner["tls_failure"])

    def certificate(self):
        path = pathlib.Path(self.lab.scratch) / "box.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=box",
                        "-keyout", path, "-out", path.with_suffix(".crt")], check=True, capture_output=True)
        path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
        return path

    def test_sshd_where_it_is_not_expected(self):
        for port in (22, 443):
            self.net.server.sshd(port)
        for banner in self.scan([22, 443]).values():
            self.check(banner, outcome="identified", service="ssh", product="OpenSSH", detail="protocol 2.0")

    def test_redis(self):
        for port in (6379, 7777):
            self.net.server.redis(port)
        for banner in self.scan([6379, 7777]).values():
            self.check(banner, outcome="identified", service="redis")
            self.assertRegex(banner["version"], r"^\d+\.\d+")

    def test_memcached(self):
        for port in (11211, 7778):
            self.net.server.memcached(port)
        for banner in self.scan([11211, 7778]).values():
            self.check(banner, outcome="identified", service="memcached", asked="memcached")

    def test_our_own_small_services(self):
        for port, service in ((7, "echo"), (9, "discard"), (19, "chargen")):
            self.net.server._serve([self.lab.tcpbox, "listen", "-k", "--serve", service, port], [port])
        banners = self.scan([7, 9, 19])
        self.check(banners[7], outcome="identified", service="echo")
        self.check(banners[19], outcome="identified", service="chargen")
        self.check(banners[9], outcome="mute", service=None, explanation="accepts, says nothing")


class CannedServers(BannerCase):
    def test_greetings(self):
        self.net.server.talkers({
            25: ("say", b"220 mail.example.org ESMTP Postfix\r\n"), 21: ("say", b"220 (vsFTPd 3.0.3)\r\n"),
            2525: ("replies", b"220 hello\r\n250 yes\r\n"), 2121: ("replies", b"220 hello\r\n530 no\r\n"),
            110: ("say", b"+OK Dovecot ready.\r\n"), 3306: ("say", MARIADB), 443: ("say", SSH),
            5900: ("say", b"RFB 003.008\n"), 23: ("say", b"\xff\xfd\x18\xff\xfb\x01login: ")})
        banners = self.scan([21, 23, 25, 110, 443, 2121, 2525, 3306, 5900])
        services = {port: banner["service"] for port, banner in banners.items()}
        self.assertEqual(services, {25: "smtp", 21: "ftp", 2525: "smtp", 2121: "ftp", 110: "pop3", 3306: "mysql",
                                    443: "ssh", 5900: "vnc", 23: "telnet"})
        self.check(banners[3306], product="MariaDB", version="10.11.6-MariaDB-0+deb12u1", asked=None)
        self.assertEqual(bytes.fromhex(banners[443]["banner_hex"]), SSH)

    def test_http_on_the_port_of_ssh(self):
        self.net.server.talkers({22: ("answer", PAGE)})
        banner = self.scan([22])[22]
        self.check(banner, service="http", asked="http", product="box", version="1.0")
        self.assertEqual(banner["http"]["title"], "A \x1b[31mred page")

    def test_accepting_is_no_service(self):
        self.net.server.talkers({5001: ("mute", b""), 5002: ("close", b""), 5003: ("reset", b"")})
        banners = self.scan([5001, 5002, 5003])
        self.assertEqual({port: (banner["outcome"], banner["service"]) for port, banner in banners.items()},
                         {5001: ("mute", None), 5002: ("closed", None), 5003: ("reset", None)})

    def test_hostile_peers_cost_little(self):
        self.net.server.talkers({5001: ("drip", b"abc"), 5002: ("flood", b"\x01\xfe" * 4000), 5003: ("say", ESCAPES)})
        banners = self.scan([5001, 5002, 5003], "--banner-timeout", "3s")
        for banner in banners.values():
            self.check(banner, outcome="unknown", service=None)
            self.assertLess(banner["elapsed_us"], 10_000_000)
        self.assertEqual(banners[5002]["received_bytes"], 65536)
        self.assertEqual(len(banners[5002]["banner_hex"]), 2 * 4096)
        self.assertIn("\ufffd", banners[5003]["banner"])
        self.assertEqual(bytes.fromhex(banners[5003]["banner_hex"]), ESCAPES)

    def in_format(self, name):
        done = self.net.client.run([self.lab.tcpbox, "scan", "--banner", f"--{name}", "-p", "22,81,443,5003",
                                    self.net.server.address4])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_every_format_tells_what_the_service_is(self):
        self.net.server.talkers({22: ("answer", PAGE), 443: ("say", SSH), 5003: ("say", ESCAPES)})
        text = self.in_format("xml")
        ports = {int(port.get("portid")): port for port in xml_tree.fromstring(text).iter("port")}
        self.assertEqual(ports[22].find("service").attrib, {"name": "http", "product": "box", "version": "1.0",
                                                            "method": "probed", "conf": "10"})
        self.assertEqual({**ports[443].find("service").attrib, "version": None},
                         {"name": "ssh", "product": "OpenSSH", "version": None, "extrainfo": "protocol 2.0",
                          "method": "probed", "conf": "10"})
        self.assertEqual(ports[443].find("script").get("id"), "banner")
        self.assertEqual(ports[443].find("script").get("output").strip(), SSH.decode().strip())
        self.assertIn("hello", ports[5003].find("script").get("output"))
        self.assertIsNone(ports[81].find("script"))
        self.check_document_type(text)

        rows = {int(row["port"]): row for row in csv.DictReader(io.StringIO(self.in_format("csv"), newline=""))}
        self.assertEqual((rows[443]["service"], rows[443]["found_service"]), ("https", "ssh"))
        self.assertRegex(rows[443]["found_version"], r"^OpenSSH 9\.2p1.* \(protocol 2\.0\)$")
        self.assertIn("SSH-2.0-OpenSSH", rows[443]["banner"])
        self.assertEqual((rows[81]["found_service"], rows[81]["banner"]), ("", ""))

        greppable = self.in_format("greppable")
        self.assertRegex(greppable, r"443/open/tcp//ssh//OpenSSH 9\.2p1[^,/]* \(protocol 2\.0\)/")
        self.assertNotIn("\x1b", greppable)
        page = self.in_format("html")
        self.assertIn("OpenSSH 9.2p1", page)
        self.assertIn("says something unknown", page)
        self.assertNotIn("\x1b", page)

    def check_document_type(self, text):
        if shutil.which("xmllint") is None or not NMAP_DTD.is_file():
            self.skipTest("not installed: xmllint or nmap's document type")
        file = pathlib.Path(self.lab.scratch) / "banner.xml"
        file.write_text(text)
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--dtdvalid", NMAP_DTD, file], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_text_is_safe_for_a_terminal(self):
        self.net.server.talkers({22: ("answer", PAGE), 5003: ("say", ESCAPES)})
        done = self.net.client.run([self.lab.tcpbox, "scan", "--banner", "-p", "22,5003", self.net.server.address4])
        self.assertNotIn("\x1b", done.stdout)
        lines = done.stdout.splitlines()
        row = next(i for i, line in enumerate(lines) if " 22 " in line)
        self.assertEqual(lines[row + 1], r'    http: box 1.0, status 200, "A \x1b[31mred page"')
        self.assertIn("    says something unknown", lines)
        self.assertIn(r"\x1b[31mhello\x1b]0;owned\x07", done.stdout)

    def test_a_result_comes_when_its_banner_is_known(self):
        self.net.server.talkers({5001: ("mute", b""), 5002: ("say", SSH)})
        done = self.net.client.run([self.lab.tcpbox, "scan", "--ndjson", "--banner", "-p", "5000-5002",
                                    self.net.server.address4])
        lines = schema.validate_ndjson(done.stdout, "scan")
        self.assertEqual([line["port"] for line in lines[1:-1]], [5000, 5002, 5001])
        self.assertTrue(lines[-1]["complete"])

    def test_interrupt_ends_the_banners_too(self):
        self.net.server.talkers({5001: ("mute", b""), 5002: ("say", SSH)})
        process = self.net.client.popen([self.lab.tcpbox, "scan", "--ndjson", "--banner", "--banner-timeout", "5m", "-p",
                                         "5001,5002", self.net.server.address4], stdout=-1, stderr=-1)
        seen = "".join(process.stdout.readline() for _ in range(2))  # the start and the SSH server
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)
        lines = schema.validate_ndjson(seen + rest, "scan")
        banners = {line["port"]: line["banner"] for line in lines[1:-1]}
        self.check(banners[5002], service="ssh")
        self.check(banners[5001], outcome="not-asked", detail="interrupted")
        self.assertFalse(lines[-1]["complete"])

    def test_few_descriptors(self):
        self.net.server.talkers({port: ("say", SSH) for port in range(5000, 5060)})
        command = ["prlimit", "--nofile=24:24", self.lab.tcpbox, "scan", "--json", "--banner", "--technique", "connect",
                   "-p", "5000-5059", self.net.server.address4]
        done = self.net.client.run(command, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        results = schema.validate(done.stdout, "scan")["results"]
        self.assertEqual([result["banner"]["service"] for result in results], ["ssh"] * 60)

    def test_nothing_is_left_behind(self):
        self.net.server.talkers({5002: ("say", SSH), 5001: ("mute", b"")})
        self.scan([5001, 5002])
        lab.wait_for(lambda: self.sockets(self.net.server) == "", "no connection on the server")
        self.assertEqual(self.sockets(self.net.client), "")

    def sockets(self, host):
        return host.run(["ss", "-Htan", "state", "connected"], check=True).stdout

    def test_without_the_option_there_is_none(self):
        self.net.server.talkers({5002: ("say", SSH)})
        done = self.net.client.run([self.lab.tcpbox, "scan", "--json", "-p", "5002", self.net.server.address4])
        self.assertIsNone(schema.validate(done.stdout, "scan")["results"][0]["banner"])

    def test_usage(self):
        for arguments, words in ((["--banner-timeout", "5s"], "--banner"), (["--banner", "--banner-timeout", "0"], "100ms"),
                                 (["--banner", "--banner-timeout", "x"], "--banner-timeout")):
            done = self.net.client.run([self.lab.tcpbox, "scan", *arguments, "127.0.0.1"])
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    lab.require("ss", "prlimit", "openssl", "nginx", "sshd")
    lab.main()
