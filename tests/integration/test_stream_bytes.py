# SPDX-License-Identifier: MIT
"""How bytes move: what is changed, limited, shown and kept of them, with real peers on loopback."""

import fcntl
import os
import pathlib
import pty
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.process import missing_tools
from lab.stream import PATIENCE, StreamCase, digest, free_port

F_SETPIPE_SZ = 1031
ABORT = struct.pack("ii", 1, 0)
FILTERS = ([], ["--crlf"], ["--rate", "40MB/s"], ["--hexdump"], ["--record"], ["--progress"], ["--until-bytes"])


def read_all(connection):
    connection.settimeout(PATIENCE)
    return b"".join(iter(lambda: connection.recv(65536), b""))


class BytesCase(StreamCase):
    @staticmethod
    def feed(process, data):
        """All of it, and then the end; communicate() is told that there is nothing left to send."""
        process.stdin.write(data)
        process.stdin.close()
        process.stdin = None

    def connect(self, *words, **popen):
        """A connect with these options and the other end of its connection."""
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", *words, **popen)
        client, _ = listener.accept()
        client.settimeout(PATIENCE)
        self.addCleanup(client.close)
        return process, client


class Changed(BytesCase):
    def test_crlf_towards_the_peer_only(self):
        process, client = self.connect("--crlf")
        client.sendall(b"a\nb\r\n")
        client.shutdown(socket.SHUT_WR)
        out, _ = self.ends(process, 0, b"one\ntwo\r\n\nthree")
        self.assertEqual(read_all(client), b"one\r\ntwo\r\n\r\nthree")
        self.assertEqual(out, b"a\nb\r\n")

    def test_crlf_split_across_two_reads(self):
        process, client = self.connect("-C")
        process.stdin.write(b"x\r")
        process.stdin.flush()
        self.assertEqual(client.recv(10), b"x\r")
        self.feed(process, b"\n\n")
        self.assertEqual(read_all(client), b"\n\r\n")

    def test_crlf_in_listen(self):
        listening = self.listen("--crlf")
        with socket.create_connection(("127.0.0.1", listening.ports[0])) as client:
            self.feed(listening, b"hello\n")
            self.assertEqual(read_all(client), b"hello\r\n")
            client.sendall(b"bye\n")
        self.assertEqual(self.ends(listening, 0)[0], b"bye\n")

    def test_delay_is_between_lines_and_not_at_the_end(self):
        process, client = self.connect("--delay", "1h")
        process.stdin.write(b"one\ntwo\n")
        process.stdin.flush()
        self.assertEqual(client.recv(100), b"one\n")
        client.setblocking(False)
        self.assertRaises(BlockingIOError, client.recv, 1)
        process, client = self.connect("--delay", "20ms")
        self.ends_after(process, client, b"one\ntwo\nthree")
        process, client = self.connect("--delay", "1h")
        self.ends_after(process, client, b"only\n")  # the end does not wait

    def ends_after(self, process, client, data):
        self.feed(process, data)
        self.assertEqual(read_all(client), data)
        client.close()
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())


class Ended(BytesCase):
    def test_quit_after_our_end_although_the_peer_stays(self):
        process, client = self.connect("--quit-after", "20ms", stdin=subprocess.DEVNULL)
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
        self.assertEqual(read_all(client), b"")

    def test_quit_after_although_the_peer_goes_on(self):
        process, client = self.connect("--quit-after", "50ms", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

        def talk():
            try:
                while True:
                    client.sendall(b"x" * 65536)
            except OSError:
                pass

        thread = threading.Thread(target=talk)
        thread.start()
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
        thread.join()

    def test_quit_after_waits_for_our_end(self):
        process, client = self.connect("--quit-after", "0")
        for text in (b"one", b"two"):
            process.stdin.write(text)
            process.stdin.flush()
            self.assertEqual(client.recv(3), text)
            client.sendall(text)
            self.assertEqual(process.stdout.read(3), text)
        process.stdin.close()
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())

    def test_half_open_on_a_terminal(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        process, client = self.connect("--half-open", stdin=slave)
        os.close(slave)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(process.stdout.read(), b"")  # the peer's end was seen
        os.write(master, b"still here\n\x04")
        self.assertEqual(read_all(client), b"still here\n")
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())

    def test_half_open_with_keep_open(self):
        listening = self.listen("-k", "--half-open", "-v")
        with socket.create_connection(("127.0.0.1", listening.ports[0])) as client:
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(listening.stdout.read(8), b"question")
            self.feed(listening, b"answer")
            self.assertEqual(read_all(client), b"answer")

    def test_until_bytes_is_exact(self):
        for words in ([], ["--crlf", "--hexdump"], ["--rate", "1GB"]):
            for output in ("pipe", "file"):
                with self.subTest(words=words, output=output):
                    target = self.scratch / "out"
                    with target.open("wb") as file:
                        process, client = self.connect("--until-bytes", "100000", *words,
                                                       stdout=file if output == "file" else subprocess.PIPE)
                        client.sendall(bytes(150_000))
                        out, _ = self.ends(process, 0)  # although its standard input stays open
                    self.assertEqual(len(out) if output == "pipe" else target.stat().st_size, 100_000)

    def test_until_bytes_of_a_peer_that_sends_for_ever_and_reads_nothing(self):
        with open("/dev/zero", "rb") as zeros:
            process, client = self.connect("--until-bytes", "1MiB", stdin=zeros)
        client.sendall(bytes(1 << 20))
        out, _ = self.ends(process, 0)
        self.assertEqual(len(out), 1 << 20)

    def test_until_bytes_of_a_peer_that_ends_early(self):
        process, client = self.connect("--until-bytes", "10", "--ndjson")
        client.sendall(b"12345")
        client.close()
        self.assertEqual(process.stdout.read(), b"12345")
        self.assertEqual(process.wait(PATIENCE), 1)  # although its standard input is still open
        import schema
        closed = schema.validate_ndjson(process.stderr.read().decode(), "connect")[-2]
        self.assertEqual(closed["reason"], "incomplete")
        self.assertRegex(closed["error"], r"^connection with 127\.0\.0\.1:\d+: ended after 5 of 10 bytes$")

    def test_until_bytes_in_listen(self):
        listening = self.listen("--until-bytes", "3")
        with socket.create_connection(("127.0.0.1", listening.ports[0])) as client:
            client.sendall(b"12345")
            self.assertEqual(self.ends(listening, 0)[0], b"123")


class Limited(BytesCase):
    def test_a_rate_is_kept_and_costs_nothing_while_waiting(self):
        for words in ([], ["--crlf"]):  # moved by the kernel, and through memory
            with self.subTest(words=words):
                began = time.monotonic()
                with open("/dev/zero", "rb") as zeros:
                    data = zeros.read(1_000_000)
                process, client = self.connect("--rate", "2MB/s", "--send-only", *words)
                feeder = threading.Thread(target=lambda: (process.stdin.write(data), process.stdin.close()))
                feeder.start()
                self.assertEqual(len(read_all(client)), len(data))
                # Never too fast: 1 MB at 2 MB/s less what the bucket holds at first, 10 ms. How much slower, the machine decides.
                self.assertGreaterEqual(time.monotonic() - began, 0.48)
                feeder.join()
                client.close()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(process.returncode, 0)
                self.assertLess(usage.ru_nvcsw, 400)  # 100 waits a second
                self.assertLess(usage.ru_utime + usage.ru_stime, 0.45)

    def test_what_is_received_is_limited_too(self):
        began = time.monotonic()
        process, client = self.connect("--rate", "8Mbit/s", stdin=subprocess.DEVNULL)
        client.sendall(bytes(500_000))
        client.shutdown(socket.SHUT_WR)
        out, _ = self.ends(process, 0)
        self.assertEqual(len(out), 500_000)
        self.assertGreaterEqual(time.monotonic() - began, 0.48)


class Shown(BytesCase):
    def test_hexdump_both_ways_and_sanitised(self):
        process, client = self.connect("--hexdump")
        self.feed(process, b"Hello, world! 16+")
        self.assertEqual(read_all(client), b"Hello, world! 16+")
        client.sendall(b"\x1b]0;evil\x07")
        client.close()
        _, err = process.communicate(timeout=PATIENCE)
        lines = err.decode("ascii").splitlines()
        self.assertRegex(lines[0], r"^= 127\.0\.0\.1:\d+$")
        self.assertEqual(lines[1:], [
            "> 00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 20 31 36  |Hello, world! 16|",
            "> 00000010  2b                                                |+|",
            "< 00000000  1b 5d 30 3b 65 76 69 6c  07                       |.]0;evil.|"])

    def test_progress_without_a_terminal_ends_with_a_line(self):
        process, client = self.connect("--progress", "--send-only")
        self.feed(process, bytes(1 << 20))
        read_all(client)
        client.close()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertRegex(err.decode().splitlines()[-1], r"^sent 1\.0 MiB, received 0 B, .*B/s, 0:\d\d$")

    def test_progress_on_a_terminal(self):
        """A file gives the bar; each line fits; a line of -v never shares one with it."""
        source = self.scratch / "source"
        source.write_bytes(bytes(2_000_000))
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with source.open("rb") as stdin:
            process, client = self.connect("--progress", "-v", "--rate", "4MB", "--send-only", stdin=stdin, stderr=slave)
        os.close(slave)
        seen = []

        def watch():
            try:
                while some := os.read(master, 65536):
                    seen.append(some)
            except OSError:  # EIO: the other side of the terminal was closed
                pass

        watcher = threading.Thread(target=watch)
        watcher.start()
        read_all(client)
        client.close()
        self.assertEqual(process.wait(PATIENCE), 0)
        watcher.join()
        text = b"".join(seen).decode()
        drawn = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
        bars = [line for line in drawn if "ETA" in line]
        self.assertTrue(bars, text)
        for line in bars:
            self.assertRegex(line, r"^[\d.]+ .?i?B of 1\.9 MiB \[=*>? *\] +\d+%  .*/s  ETA \d+:\d\d *$")
        self.assertLessEqual(max(map(len, bars)), 79)
        self.assertTrue(any(line.startswith("closed 127.0.0.1") for line in drawn), text)
        self.assertRegex(drawn[-1], r"^sent 1\.9 MiB, received 0 B, ")

    def test_progress_with_json_on_a_descriptor_of_its_own(self):
        import schema
        reader, writer = os.pipe()
        process, client = self.connect("--progress", "--ndjson", "--json-fd", writer, stdin=subprocess.DEVNULL,
                                       pass_fds=(writer,))
        os.close(writer)
        client.close()
        self.assertEqual(process.wait(PATIENCE), 0)
        with os.fdopen(reader) as events:
            schema.validate_ndjson(events.read(), "connect")
        self.assertRegex(process.stderr.read().decode(), r"^sent 0 B, received 0 B, 0 B/s, 0:\d\d\n$")


class Recorded(BytesCase):
    def tshark(self, path, *words):
        if missing_tools(["tshark"]):
            self.skipTest("not installed: tshark")
        checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
        done = self.run_for("tshark", "-r", path, *checks, *words, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def payload(self, path):
        """What was sent by the one who connected, and by the other, as tshark follows the stream."""
        text = self.tshark(path, "-q", "-z", "follow,tcp,raw,0")
        lines = [line for line in text.splitlines() if re.fullmatch(r"\t?([0-9a-f]{2})+", line)]
        client = b"".join(bytes.fromhex(line) for line in lines if not line.startswith("\t"))
        server = b"".join(bytes.fromhex(line.strip()) for line in lines if line.startswith("\t"))
        return client, server

    def assert_clean(self, path):
        """Good checksums, and nothing that Wireshark would complain about."""
        names = ("tcp.checksum.status", "tcp.analysis.flags", "_ws.expert.message")
        text = self.tshark(path, "-T", "fields", *[word for name in names for word in ("-e", name)])
        allowed = r"(Connection (establish|finish)|This frame (initiates|undergoes) the connection closing)[^,]*"
        for line in text.splitlines():
            checksum, analysis, messages = line.split("\t")
            self.assertEqual((checksum, analysis), ("1", ""), line)
            self.assertRegex(messages, rf"^({allowed}(,{allowed})*)?$")

    def test_a_capture_holds_the_payload(self):
        question, answer = os.urandom(300_000), os.urandom(200_000)
        for suffix in ("pcapng", "pcap"):
            for side in ("connect", "listen"):
                with self.subTest(suffix=suffix, side=side):
                    path = self.scratch / f"{side}.{suffix}"
                    record = {"connect": [], "listen": [], side: ["--record", path]}
                    source, target = self.scratch / "source", self.scratch / "target"
                    source.write_bytes(answer)
                    with source.open("rb") as stdin, target.open("wb") as stdout:
                        listening = self.listen(*record["listen"], stdin=stdin, stdout=stdout)
                    done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", *record["connect"],
                                        input=question)
                    self.assertEqual((done.returncode, listening.wait(PATIENCE)), (0, 0), done.stderr)
                    self.assertEqual((digest(target.read_bytes()), digest(done.stdout)),
                                     (digest(question), digest(answer)))
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
                    self.assert_clean(path)
                    self.assertEqual([digest(each) for each in self.payload(path)], [digest(question), digest(answer)])

    def test_what_is_recorded_is_what_was_on_the_wire(self):
        path = self.scratch / "wire.pcapng"
        process, client = self.connect("--crlf", "--until-bytes", "3", "--record", path)
        process.stdin.write(b"line\n")
        process.stdin.flush()
        self.assertEqual(client.recv(10), b"line\r\n")
        client.sendall(b"12345")
        self.assertEqual(self.ends(process, 0)[0], b"123")
        self.assertEqual(self.payload(path), (b"line\r\n", b"123"))
        self.assertEqual(self.tshark(path, "-Y", "tcp.flags.reset == 1").count("\n"), 1)

    def test_ipv6_and_a_reset_by_the_peer(self):
        path = self.scratch / "six.pcapng"
        listener, port = self.server("::1")
        process = self.start(self.tcpbox, "connect", f"[::1]:{port}", "--record", path)
        client, _ = listener.accept()
        client.sendall(b"last words")
        self.assertEqual(process.stdout.read(10), b"last words")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        client.close()
        self.assertEqual(process.wait(PATIENCE), 3)
        self.assertEqual(self.payload(path), (b"", b"last words"))
        source = self.tshark(path, "-Y", "tcp.flags.reset == 1", "-T", "fields", "-e", "tcp.srcport")
        self.assertEqual(source.split(), [str(port)])

    def test_several_clients_in_one_file(self):
        path = self.scratch / "clients.pcapng"
        listening = self.listen("-k", "--recv-only", "--record", path)
        for text in (b"first", b"second"):
            done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", input=text)
            self.assertEqual(done.returncode, 0, done.stderr)
        listening.send_signal(signal.SIGTERM)
        self.assertEqual(self.ends(listening, -signal.SIGTERM)[0], b"firstsecond")
        self.assert_clean(path)
        self.assertEqual(self.payload(path)[0], b"first")
        streams = self.tshark(path, "-T", "fields", "-e", "tcp.stream").split()
        self.assertEqual(set(streams), {"0", "1"})

    def test_text(self):
        path = self.scratch / "talk.txt"
        process, client = self.connect("--record", path)
        self.feed(process, b"hi\n")
        self.assertEqual(read_all(client), b"hi\n")
        client.close()
        self.assertEqual(process.wait(PATIENCE), 0)
        when = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z 1"
        want = [rf"{when} 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+", rf"{when} sent 3 bytes",
                r"> 00000000  68 69 0a  +\|hi\.\|", rf"{when} sent the end", rf"{when} received the end",
                rf"{when} closed: finished"]
        for line, pattern in zip(path.read_text().splitlines(), want, strict=True):
            self.assertRegex(line, rf"^{pattern}$")

    def test_a_full_disk_hurts_the_recording_only(self):
        import schema
        process, client = self.connect("--record", "/dev/full")
        client.sendall(b"answer")
        client.shutdown(socket.SHUT_WR)
        out, err = process.communicate(b"question", timeout=PATIENCE)
        self.assertEqual((read_all(client), out, process.returncode), (b"question", b"answer", 3))
        self.assertEqual(err, b"tcpbox: warning: record to /dev/full: No space left on device\n")
        process, client = self.connect("--record", "/dev/full", "--ndjson")
        client.close()
        _, err = self.ends(process, 3)
        self.assertEqual([event["type"] for event in schema.validate_ndjson(err.decode(), "connect")],
                         ["start", "connected", "warning", "closed", "summary"])

    def test_nothing_is_replaced_and_nothing_sent_then(self):
        path = self.scratch / "precious"
        path.write_text("precious")
        listener, port = self.server()
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{port}", "--record", path, input=b"secret")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.decode().splitlines()[0], f"tcpbox: record to {path}: File exists")
        self.assertEqual(path.read_text(), "precious")
        listener.setblocking(False)
        self.assertRaises(BlockingIOError, listener.accept)

    def test_a_named_pipe(self):
        path = self.scratch / "pipe.pcapng"
        os.mkfifo(path)
        reader = self.start("cat", path)
        process, client = self.connect("--record", path, stdin=subprocess.DEVNULL)
        client.close()
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertTrue(reader.communicate(timeout=PATIENCE)[0].startswith(b"\x0a\x0d\x0d\x0a"))


class Unchanged(BytesCase):
    """A megabyte each way with each of these, through local ends and peers that make it hard."""

    SIZE = 1 << 20

    def options(self, words):
        if words == ["--record"]:
            return ["--record", self.scratch / f"{len(list(self.scratch.iterdir()))}.pcapng"]
        return ["--until-bytes", self.SIZE] if words == ["--until-bytes"] else words

    def data(self, words):
        """No LF where it would become two bytes."""
        data = os.urandom(self.SIZE)
        return data.replace(b"\n", b"\0") if "--crlf" in words else data

    def exchange(self, words, client, feed, read, data):
        """Sends data both ways; the peer stalls until we have been pushed back."""
        received = {}

        def peer():
            select_until_full(client)
            received["peer"] = b"".join(iter(lambda: client.recv(65536), b""))
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)

        threads = [threading.Thread(target=peer), threading.Thread(target=feed)]
        for thread in threads:
            thread.start()
        received["ours"] = read()
        for thread in threads:
            thread.join()
        for side, got in received.items():
            self.assertEqual(digest(got), digest(data), (words, side, len(got)))

    def test_pipes_of_one_page(self):
        for words in FILTERS:
            with self.subTest(words=words):
                process, client = self.connect(*self.options(words), stderr=subprocess.DEVNULL)
                for pipe in (process.stdin, process.stdout):
                    fcntl.fcntl(pipe, F_SETPIPE_SZ, 4096)
                data = self.data(words)
                self.exchange(words, client, lambda: (process.stdin.write(data), process.stdin.close()),
                              process.stdout.read, data)
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_non_blocking_sockets_that_others_share(self):
        for words in FILTERS:
            with self.subTest(words=words):
                ours, theirs = socket.socketpair()
                ours.setblocking(False)
                process, client = self.connect(*self.options(words), stdin=ours, stdout=ours, stderr=subprocess.DEVNULL)
                data = self.data(words)

                def feed():
                    theirs.sendall(data)
                    theirs.shutdown(socket.SHUT_WR)

                with theirs, ours:
                    self.exchange(words, client, feed, lambda: read_all(theirs), data)
                    self.assertEqual(process.wait(PATIENCE), 0)
                    self.assertFalse(ours.getblocking())

    def test_files(self):
        for words in FILTERS:
            with self.subTest(words=words):
                source, target = self.scratch / "source", self.scratch / "target"
                data = self.data(words)
                source.write_bytes(data)
                with source.open("rb") as stdin, target.open("wb") as stdout:
                    process, client = self.connect(*self.options(words), stdin=stdin, stdout=stdout,
                                                   stderr=subprocess.DEVNULL)
                    self.exchange(words, client, lambda: None, lambda: (process.wait(PATIENCE), target.read_bytes())[1],
                                  data)
                self.assertEqual(process.returncode, 0)


def select_until_full(client):
    """Waits until the sender has more than one buffer's worth under way, without reading any of it."""
    lab.wait_for(lambda: len(client.recv(1, socket.MSG_PEEK)) == 1, "a first byte")


class Words(StreamCase):
    def test_words_that_are_off(self):
        for words, complaint in (
                (["--delay", "soon"], "--delay: duration 'soon'"),
                (["--quit-after", "-1"], "--quit-after"),
                (["--until-bytes", "many"], "--until-bytes: size 'many'"),
                (["--until-bytes", "0"], "--until-bytes 0"),
                (["--rate", "fast"], "--rate: rate 'fast': must look like 10MB/s, 64k or 80Mbit/s"),
                (["--rate", "0"], "--rate 0: must be from 1 byte to 100 GB a second"),
                (["--rate", "101GB"], "--rate 101GB"),
                (["--until-bytes", "1", "--send-only"], "--until-bytes and --send-only"),
                (["--crlf", "--recv-only"], "--crlf and --recv-only"),
                (["--delay", "1", "--recv-only"], "--delay and --recv-only"),
                (["--quit-after", "1", "--recv-only"], "--quit-after and --recv-only"),
                (["--half-open", "--recv-only"], "--half-open and --recv-only"),
                (["--progress", "--hexdump"], "--progress and --hexdump"),
                (["--progress", "--json"], "--progress: standard error carries the JSON"),
                (["--hexdump", "--ndjson"], "--hexdump: standard error carries the JSON")):
            for command in (["connect", "localhost:1"], ["listen", "0"]):
                with self.subTest(command=command, words=words):
                    done = self.run_for(self.tcpbox, *command, *words, stdin=subprocess.DEVNULL)
                    self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                    self.assertIn(complaint, done.stderr.decode().splitlines()[0])

    def test_zero_moves_no_bytes(self):
        for words in (["--crlf"], ["--rate", "1"], ["--record", "x"], ["--progress"], ["--until-bytes", "1"]):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, "connect", "-z", "localhost:1", *words)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"{words[0]} has no use", done.stderr.decode())

    def test_a_file_that_cannot_be(self):
        port = free_port()
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{port}", "--record", "/no/such/place")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.decode(), "tcpbox: record to /no/such/place: No such file or directory\n")


if __name__ == "__main__":
    lab.main(private_namespaces=False)
