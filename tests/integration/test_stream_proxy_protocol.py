# SPDX-License-Identifier: MIT
"""listen --proxy-protocol and --send-proxy, with haproxy, nginx, curl and peers of our own that know the format."""

import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, digest, free_port
from test_stream_tls import TlsCase

lab.require("haproxy", "nginx", "curl")

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FROM_LOOPBACK = ("--proxy-protocol", "--proxy-protocol-from", "127.0.0.0/8")
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n"


def version_2(command, family, body=b""):
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(body)) + body


def tcp4(source, destination, source_port, destination_port):
    return socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack(">HH", source_port, destination_port)


def tcp6(source, destination, source_port, destination_port):
    ends = (socket.inet_pton(socket.AF_INET6, each) for each in (source, destination))
    return b"".join(ends) + struct.pack(">HH", source_port, destination_port)


def unix_names(source, destination):
    return source.ljust(108, b"\0") + destination.ljust(108, b"\0")


def tlv(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def checked(family, addresses, spoil=0):
    blank = version_2(0x21, family, addresses + tlv(3, bytes(4)))
    return version_2(0x21, family, addresses + tlv(3, struct.pack(">I", crc32c(blank) ^ spoil)))


class ProxyCase(TlsCase):
    def dial(self, listening, data=b""):
        connection = socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.sendall(data)
        return connection

    def records(self, listening):
        """Standard output, and the records that standard error holds."""
        out, err = listening.communicate(timeout=PATIENCE)
        schema.validate_ndjson(err.decode(), "listen")
        return out, [json.loads(line) for line in err.splitlines()]

    def one(self, records, kind):
        found = [each for each in records if each["type"] == kind]
        self.assertEqual(len(found), 1, records)
        return found[0]

    def address_of(self, record, side):
        return record[f"{side}_address"], record[f"{side}_port"]

    def haproxy(self, config):
        path = self.scratch / "haproxy.cfg"
        path.write_text("global\n  maxconn 64\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n"
                        "  timeout server 30s\n" + config)
        return ["haproxy", "-db", "-f", path]


class In(ProxyCase):
    def learnt(self, header, *words):
        """What a client that came with this header is known as, and its proxy; its payload arrives untouched."""
        listening = self.listen(*FROM_LOOPBACK, "--ndjson", *words, stdin=subprocess.DEVNULL)
        payload = b"PROXY is payload here\r\n" + os.urandom(100)
        client = self.dial(listening, header + payload)
        own = client.getsockname()
        client.shutdown(socket.SHUT_WR)
        out, records = self.records(listening)
        self.assertEqual(listening.returncode, 0, records)
        self.assertEqual(out, payload)
        connected = self.one(records, "connected")
        self.assertEqual(self.address_of(connected, "proxy"), own)
        return self.address_of(connected, "remote"), self.address_of(connected, "local"), own, listening.ports[0]

    def test_each_kind_of_header(self):
        v4 = tcp4("192.0.2.7", "198.51.100.1", 4711, 80)
        want = (("192.0.2.7", 4711), ("198.51.100.1", 80))
        for header in (V1, version_2(0x21, 0x11, v4), version_2(0x21, 0x11, v4 + tlv(1, b"h2") + tlv(0xEE, b"x" * 9000)),
                       checked(0x11, v4)):
            with self.subTest(header=header[:40]):
                self.assertEqual(self.learnt(header)[:2], want)
        self.assertEqual(self.learnt(b"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n")[:2],
                         (("2001:db8::7", 1), ("2001:db8::1", 2)))
        self.assertEqual(self.learnt(version_2(0x21, 0x21, tcp6("2001:db8::7", "::ffff:192.0.2.1", 1, 2)))[:2],
                         (("2001:db8::7", 1), ("192.0.2.1", 2)))
        self.assertEqual(self.learnt(version_2(0x21, 0x31, unix_names(b"\0client", b"/run/server")))[:2],
                         (("unix:@client", None), ("unix:/run/server", None)))

    def test_a_header_that_names_nobody(self):
        for header in (b"PROXY UNKNOWN\r\n", version_2(0x20, 0x00), version_2(0x20, 0x11, bytes(12)),
                       version_2(0x21, 0x00)):
            with self.subTest(header=header):
                remote, local, own, port = self.learnt(header)
                self.assertEqual((remote, local), (own, ("127.0.0.1", port)))

    def test_64_kib_of_header_byte_by_byte_and_a_small_buffer(self):
        listening = self.listen(*FROM_LOOPBACK, "--recv-buffer", "4KiB", stdin=subprocess.DEVNULL)
        body = tcp4("192.0.2.7", "198.51.100.1", 1, 2)
        body += tlv(0xEE, bytes(0xFFFF - len(body) - 3))
        client = self.dial(listening)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        header = version_2(0x21, 0x11, body)
        for byte in header[:40]:
            client.sendall(bytes([byte]))
        client.sendall(header[40:] + b"payload")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.ends(listening, 0)[0], b"payload")

    def test_an_untrusted_peer_is_never_believed(self):
        listening = self.listen("-k", "--proxy-protocol", "--proxy-protocol-from", "127.0.0.2", "--serve", "echo",
                                "--ndjson", "--accept-timeout", "1s", stdin=subprocess.DEVNULL)
        for data in (V1 + b"x", b"x", version_2(0x20, 0)):
            self.gets_nothing(listening, data)
        records = self.records(listening)[1]
        rejected = [each for each in records if each["type"] == "rejected"]
        self.assertEqual([(each["remote_address"], each["reason"], each["proxy_address"]) for each in rejected],
                         [("127.0.0.1", "untrusted", None)] * 3)
        self.assertFalse([each for each in records if each["type"] == "connected"])

    def test_a_wrong_header_ends_the_connection_and_nothing_else(self):
        wrong = {
            b"GET / HTTP/1.0\r\n\r\n": "does not begin with one",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n": "a port is wrong",
            b"PROXY UNKNOWN " + b"x" * 200: "107 bytes",
            checked(0x11, tcp4("192.0.2.7", "198.51.100.1", 1, 2), spoil=1): "CRC32c",
            version_2(0x21, 0x11, b"short"): "cut short",
        }
        for data, saying in wrong.items():
            with self.subTest(saying=saying):
                listening = self.listen(*FROM_LOOPBACK, stdin=subprocess.DEVNULL)
                self.nothing_comes(self.dial(listening, data))
                good = self.dial(listening, V1 + b"payload")
                good.shutdown(socket.SHUT_WR)
                out, err = self.ends(listening, 0)
                self.assertEqual(out, b"payload")
                self.assertIn(b"PROXY protocol header from 127.0.0.1:", err)
                self.assertIn(saying.encode(), err)

    def test_one_who_ends_before_the_header_does(self):
        listening = self.listen(*FROM_LOOPBACK, stdin=subprocess.DEVNULL)
        early = self.dial(listening, V1[:10])
        early.shutdown(socket.SHUT_WR)
        self.nothing_comes(early)
        good = self.dial(listening, V1 + b"payload")
        good.shutdown(socket.SHUT_WR)
        out, err = self.ends(listening, 0)
        self.assertEqual(out, b"payload")
        self.assertIn(b"the connection ended before it did", err)

    def test_a_silent_proxy_delays_nobody_and_runs_out_of_time(self):
        listening = self.listen("-k", *FROM_LOOPBACK, "--proxy-protocol-timeout", "1s", "--serve", "echo",
                                stdin=subprocess.DEVNULL)
        silent = self.dial(listening, V1[:-1])
        other = self.dial(listening, V1 + b"payload")
        other.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(other), b"payload")
        self.nothing_comes(silent)
        listening.terminate()
        err = listening.communicate(timeout=PATIENCE)[1]
        self.assertIn(b"PROXY protocol header from 127.0.0.1:%d: " % silent.getsockname()[1], err)

    def test_access_lists_and_limits_see_the_client(self):
        listening = self.listen("-k", *FROM_LOOPBACK, "--allow", "192.0.2.0/24", "--deny", "192.0.2.66",
                                "--max-per-host", "1", "--serve", "echo", "--ndjson", "--accept-timeout", "2s",
                                stdin=subprocess.DEVNULL)

        def come(source, data=b"x"):
            return self.dial(listening, f"PROXY TCP4 {source} 198.51.100.1 1 2\r\n".encode() + data)

        first = come("192.0.2.7")
        self.assertEqual(first.recv(1), b"x")
        for source in ("192.0.2.7", "192.0.2.66", "203.0.113.1"):
            self.nothing_comes(come(source))
        mapped = self.dial(listening, b"PROXY TCP6 ::ffff:192.0.2.66 ::1 1 2\r\nx")
        self.nothing_comes(mapped)
        # Without an address of its own a client is let in as its proxy is.
        self.nothing_comes(self.dial(listening, version_2(0x21, 0x31, unix_names(b"/a", b"/b")) + b"x"))
        self.assertEqual(come("192.0.2.8").recv(1), b"x")
        first.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(first), b"")
        listening.terminate()
        records = self.records(listening)[1]
        rejected = [(each["remote_address"], each["reason"], each["proxy_address"]) for each in records
                    if each["type"] == "rejected"]
        self.assertEqual(rejected, [("192.0.2.7", "too_many_from_host", "127.0.0.1"),
                                    ("192.0.2.66", "denied", "127.0.0.1"), ("203.0.113.1", "denied", "127.0.0.1"),
                                    ("192.0.2.66", "denied", "127.0.0.1"), ("unix:/a", "denied", "127.0.0.1")])

    def test_a_program_is_told_of_both(self):
        listening = self.listen(*FROM_LOOPBACK, "--shell",
                                "echo $TCPBOX_REMOTE_ADDRESS $TCPBOX_REMOTE_PORT $NCAT_REMOTE_ADDR "
                                "$TCPBOX_LOCAL_ADDRESS $TCPBOX_PROXY_ADDRESS $TCPBOX_PROXY_PORT")
        client = self.dial(listening, V1)
        own = client.getsockname()
        self.assertEqual(self.read_all(client).decode().split(),
                         ["192.0.2.7", "4711", "192.0.2.7", "198.51.100.1", own[0], str(own[1])])

    def test_verbose_tells_both(self):
        listening = self.listen(*FROM_LOOPBACK, "-v", stdin=subprocess.DEVNULL)
        client = self.dial(listening, V1)
        own = client.getsockname()
        client.close()
        err = self.ends(listening, 0)[1].decode()
        self.assertIn(f"connected 198.51.100.1:80 <- 192.0.2.7:4711 through 127.0.0.1:{own[1]}", err)

    def test_tls_behind_the_header(self):
        listening = self.listen_tls(*FROM_LOOPBACK, "--ndjson", stdin=subprocess.DEVNULL)
        raw = self.dial(listening, V1)
        context = ssl.create_default_context(cafile=str(self.authority.pem))
        with context.wrap_socket(raw, server_hostname="localhost") as secured:
            secured.sendall(b"secret")
            secured.unwrap()
        out, records = self.records(listening)
        self.assertEqual(out, b"secret")
        connected = self.one(records, "connected")
        self.assertEqual(connected["remote_address"], "192.0.2.7")
        self.assertEqual(connected["proxy_address"], "127.0.0.1")

    def test_unix_peers_must_be_trusted_by_name(self):
        for words, is_trusted in ((("unix",), True), (("127.0.0.1",), False)):
            with self.subTest(trusted=words):
                path = f"{self.scratch}/{words[0]}.sock"
                self.listen_on(f"unix:{path}", "-k", "--proxy-protocol", "--proxy-protocol-from", *words, "--serve",
                               "echo", stdin=subprocess.DEVNULL)
                client = socket.socket(socket.AF_UNIX)
                self.addCleanup(client.close)
                client.settimeout(PATIENCE)
                client.connect(path)
                try:
                    client.sendall(V1 + b"x")
                    got = client.recv(1)
                except (BrokenPipeError, ConnectionResetError):
                    got = b""
                self.assertEqual(got, b"x" if is_trusted else b"")

    def test_reload_of_trusted_proxies(self):
        trusted = self.scratch / "trusted"
        trusted.write_text("127.0.0.2\n")
        listening = self.listen("-k", "--proxy-protocol", "--proxy-protocol-from", f"@{trusted}", "--serve", "echo",
                                stdin=subprocess.DEVNULL)

        def is_served():
            try:
                return self.dial(listening, V1 + b"x").recv(1) == b"x"
            except (BrokenPipeError, ConnectionResetError):
                return False

        self.assertFalse(is_served())
        trusted.write_text("127.0.0.1  # this host\n")
        listening.send_signal(1)
        end = time.monotonic() + PATIENCE
        while not is_served():
            self.assertLess(time.monotonic(), end)

    def test_haproxy_and_curl_to_us(self):
        for way in ("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id", "curl"):
            with self.subTest(way=way):
                listening = self.listen(*FROM_LOOPBACK, "--ndjson", "--shell",
                                        "read line; echo 'HTTP/1.0 200 OK'; echo; echo $TCPBOX_REMOTE_ADDRESS")
                if way == "curl":
                    done = self.run_for("curl", "-s", "--interface", "127.0.0.5", "--haproxy-protocol",
                                        f"http://127.0.0.1:{listening.ports[0]}/")
                else:
                    port = free_port()
                    self.peer_listens(self.haproxy(
                        f"listen one\n  bind 127.0.0.1:{port}\n  unique-id-format %Ts\n"
                        f"  server us 127.0.0.1:{listening.ports[0]} {way}\n"), port)
                    done = self.run_for("curl", "-s", "--interface", "127.0.0.5", f"http://127.0.0.1:{port}/")
                self.assertEqual(done.stdout, b"127.0.0.5\n", done.stderr)
                connected = self.one(self.records(listening)[1], "connected")
                self.assertEqual(connected["remote_address"], "127.0.0.5")
                self.assertIn(connected["proxy_address"], ("127.0.0.1", "127.0.0.5"))


class Out(ProxyCase):
    def forwarded(self, *words, host="127.0.0.1"):
        """The first bytes that a target gets for a client, whose address and the reached one come with them."""
        target, port = self.server()
        listening = self.listen("--forward", f"127.0.0.1:{port}", *words, address=f"{host}:0",
                                stdin=subprocess.DEVNULL)
        plain = host.strip("[]")
        client = socket.create_connection((plain, listening.ports[0]), timeout=PATIENCE)
        self.addCleanup(client.close)
        client.sendall(b"payload")
        client.shutdown(socket.SHUT_WR)
        connection = target.accept()[0]
        self.addCleanup(connection.close)
        data = self.read_all(connection)
        connection.sendall(b"answer")
        connection.close()
        self.assertEqual(self.read_all(client), b"answer")
        self.ends(listening, 0)
        return data, client.getsockname()[1], listening.ports[0]

    def test_what_a_target_gets(self):
        for extra in ((), ("--rate", "1G")):  # in the kernel, and through conversations
            with self.subTest(extra=extra):
                data, source, port = self.forwarded("--send-proxy", "1", *extra)
                self.assertEqual(data, f"PROXY TCP4 127.0.0.1 127.0.0.1 {source} {port}\r\npayload".encode())
                data, source, port = self.forwarded("--send-proxy", "2", *extra)
                self.assertEqual(data, version_2(0x21, 0x11, tcp4("127.0.0.1", "127.0.0.1", source, port)) + b"payload")
                data, source, port = self.forwarded("--send-proxy", "1", *extra, host="[::1]")
                self.assertEqual(data, f"PROXY TCP6 ::1 ::1 {source} {port}\r\npayload".encode())
                data, source, port = self.forwarded("--send-proxy", "2", *extra, host="[::1]")
                self.assertEqual(data, version_2(0x21, 0x21, tcp6("::1", "::1", source, port)) + b"payload")
                self.assertEqual(self.forwarded(*extra)[0], b"payload")

    def test_unix_clients(self):
        path = f"{self.scratch}/clients"
        names = version_2(0x21, 0x31, unix_names(b"", path.encode()))
        for version, want in (("1", b"PROXY UNKNOWN\r\n"), ("2", names)):
            with self.subTest(version=version):
                target, port = self.server()
                self.listen_on(f"unix:{path}", "--forward", f"127.0.0.1:{port}", "--send-proxy", version,
                               stdin=subprocess.DEVNULL)
                client = socket.socket(socket.AF_UNIX)
                self.addCleanup(client.close)
                client.connect(path)
                client.sendall(b"payload")
                client.close()
                connection = target.accept()[0]
                self.addCleanup(connection.close)
                self.assertEqual(self.read_all(connection), want + b"payload")

    def test_a_target_that_speaks_first_waits_for_nobody(self):
        target, port = self.server()
        listening = self.listen("--forward", f"127.0.0.1:{port}", "--send-proxy", "2", stdin=subprocess.DEVNULL)
        client = self.dial(listening)
        connection = target.accept()[0]
        self.addCleanup(connection.close)
        connection.settimeout(PATIENCE)
        self.assertEqual(len(connection.recv(28, socket.MSG_WAITALL)), 28)
        connection.sendall(b"banner")
        self.assertEqual(client.recv(6), b"banner")

    def test_what_was_learnt_is_passed_on(self):
        target, port = self.server()
        listening = self.listen(*FROM_LOOPBACK, "--forward", f"127.0.0.1:{port}", "--send-proxy", "2",
                                stdin=subprocess.DEVNULL)
        client = self.dial(listening, V1 + b"payload")
        client.shutdown(socket.SHUT_WR)
        connection = target.accept()[0]
        self.addCleanup(connection.close)
        self.assertEqual(self.read_all(connection),
                         version_2(0x21, 0x11, tcp4("192.0.2.7", "198.51.100.1", 4711, 80)) + b"payload")

    def test_before_tls(self):
        target, port = self.server()
        listening = self.listen("--forward", f"tls:localhost:{port}", "-4", "--forward-tls-ca", self.authority.pem,
                                "--send-proxy", "1", stdin=subprocess.DEVNULL)
        got = []

        def serve():
            raw = target.accept()[0]
            header = b""
            while not header.endswith(b"\n"):
                header += raw.recv(1)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.server_certificate.pem, self.server_certificate.key)
            with context.wrap_socket(raw, server_side=True) as secured:
                got.extend([header, secured.recv(100)])

        thread = threading.Thread(target=serve)
        thread.start()
        client = self.dial(listening, b"payload")
        client.shutdown(socket.SHUT_WR)
        thread.join(PATIENCE)
        self.assertEqual(got, [b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (client.getsockname()[1],
                                                                                listening.ports[0]), b"payload"])

    def test_8_mib_behind_the_header_through_haproxy(self):
        data = os.urandom(8 << 20)
        source = self.scratch / "data"
        source.write_bytes(data)
        for version in ("1", "2"):
            with self.subTest(version=version):
                sink = self.listen(stdin=subprocess.DEVNULL)
                port = free_port()
                self.peer_listens(self.haproxy(f"listen two\n  bind 127.0.0.1:{port} accept-proxy\n"
                                               f"  server sink 127.0.0.1:{sink.ports[0]} send-proxy-v2\n"), port)
                entrance = self.listen(*FROM_LOOPBACK, "--forward", f"127.0.0.1:{port}", "--send-proxy", version,
                                      stdin=subprocess.DEVNULL)
                client = self.dial(entrance, V1)
                sender = threading.Thread(target=lambda c=client: (c.sendall(data), c.shutdown(socket.SHUT_WR)))
                sender.start()
                got = sink.stdout.read()
                sender.join()
                want = version_2(0x21, 0x11, tcp4("192.0.2.7", "198.51.100.1", 4711, 80))
                self.assertEqual(got[:len(want)], want)
                self.assertEqual(digest(got[len(want):]), digest(data))

    def test_nginx_learns_the_client(self):
        port = free_port()
        config = self.scratch / "nginx.conf"
        config.write_text(f"""daemon off; master_process off; pid {self.scratch}/nginx.pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {self.scratch}/b; proxy_temp_path {self.scratch}/p; fastcgi_temp_path {self.scratch}/f;
  uwsgi_temp_path {self.scratch}/u; scgi_temp_path {self.scratch}/s;
  server {{ listen 127.0.0.1:{port} proxy_protocol;
    location / {{ return 200 "$proxy_protocol_addr $proxy_protocol_server_port\\n"; }} }}
}}
""")
        self.peer_listens(["nginx", "-e", self.scratch / "error.log", "-c", config], port)
        for version in ("1", "2"):
            with self.subTest(version=version):
                listening = self.listen("--forward", f"127.0.0.1:{port}", "--send-proxy", version,
                                        stdin=subprocess.DEVNULL)
                done = self.run_for("curl", "-s", "--interface", "127.0.0.9",
                                    f"http://127.0.0.1:{listening.ports[0]}/")
                self.assertEqual(done.stdout.decode(), f"127.0.0.9 {listening.ports[0]}\n")


class Words(ProxyCase):
    def test_what_makes_no_sense(self):
        for words, saying in (
                (["--proxy-protocol"], "needs --proxy-protocol-from"),
                (["--proxy-protocol-from", "127.0.0.1"], "needs --proxy-protocol"),
                (["--proxy-protocol-timeout", "1s"], "needs --proxy-protocol"),
                (["--proxy-protocol", "--proxy-protocol-from", "proxy.example"], "--proxy-protocol-from"),
                ([*FROM_LOOPBACK, "--proxy-protocol-timeout", "0"], "must be longer"),
                (["--send-proxy", "1"], "needs --forward"),
                (["--forward", "127.0.0.1:1", "--send-proxy", "3"], "must be 1 or 2")):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 2)
                self.assertIn(saying, done.stderr.decode())


if __name__ == "__main__":
    lab.main(private_namespaces=False)
