# SPDX-License-Identifier: MIT
"""listen and connect against each other and against nc, ncat and socat on loopback."""

import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.stream import PATIENCE, StreamCase, digest, free_port, is_listening

lab.require("nc", "ncat", "socat")

PAYLOAD_BYTES = 64 << 20


LISTENERS = {
    "nc": lambda port: ["nc", "-l", "-N", "127.0.0.1", port],
    "ncat": lambda port: ["ncat", "-l", "127.0.0.1", port],
    "socat": lambda port: ["socat", "-t60", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr", "-"],
}
CLIENTS = {
    "nc": lambda port: ["nc", "-N", "127.0.0.1", port],
    "ncat": lambda port: ["ncat", "127.0.0.1", port],
    "socat": lambda port: ["socat", "-t60", "-", f"TCP:127.0.0.1:{port}"],
}


class Peers(StreamCase):
    """Both directions, each end first, with each peer on each side."""

    def test_connect_to_each_peer(self):
        for name, argv in LISTENERS.items():
            for first in ("ours", "theirs"):
                with self.subTest(peer=name, ends_first=first):
                    port = free_port()
                    peer = self.peer_listens(argv(port), port)
                    ours = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}")
                    self.converse(name, ours, peer, first)

    def test_listen_for_each_peer(self):
        for name, argv in CLIENTS.items():
            for first in ("ours", "theirs"):
                with self.subTest(peer=name, ends_first=first):
                    ours = self.listen()
                    peer = self.start(*argv(ours.ports[0]))
                    self.converse(name, ours, peer, first)

    def converse(self, name, ours, peer, first):
        """nc and ncat leave at our FIN, so that their answer has to come before; socat and we answer after it too."""
        leader, follower = (ours, peer) if first == "ours" else (peer, ours)
        half_closes = name == "socat" or follower is ours
        leader.stdin.write(b"question\n")
        leader.stdin.flush()
        if half_closes:
            leader.stdin.close()
        self.assertEqual(follower.stdout.readline(), b"question\n")
        if first == "ours" or name == "socat":
            follower.stdin.write(b"answer\n")
            follower.stdin.flush()
            self.assertEqual(leader.stdout.readline(), b"answer\n")
        leader.stdin.close()
        follower.stdin.close()
        self.assertEqual(leader.stdout.read(), b"")
        self.assertEqual(ours.wait(PATIENCE), 0, ours.stderr.read())

    def test_64_mib_unchanged_both_ways(self):
        data = os.urandom(1 << 20) * (PAYLOAD_BYTES >> 20)
        source = self.scratch / "source"
        source.write_bytes(data)
        want = digest(data)
        for name in (*LISTENERS, "tcpbox"):
            for upload in (True, False):
                with self.subTest(peer=name, upload=upload):
                    file = self.enterContext(source.open("rb"))
                    sender, receiver = (file, subprocess.DEVNULL) if upload else (subprocess.DEVNULL, file)
                    if name == "tcpbox":
                        peer = self.listen(stdin=receiver)
                        port = peer.ports[0]
                    else:
                        # nc and ncat give up sending at their peer's FIN: ours waits until they have sent.
                        if name != "socat" and not upload:
                            sender = subprocess.PIPE
                        port = free_port()
                        peer = self.peer_listens(LISTENERS[name](port), port, stdin=receiver)
                    ours = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", stdin=sender)
                    sink = peer.stdout if upload else ours.stdout
                    self.assertEqual(digest(sink.read()), want)
                    for process in (ours, peer):
                        if process.stdin:
                            process.stdin.close()
                    self.assertEqual(ours.wait(PATIENCE), 0, ours.stderr.read())


class LocalEnds(StreamCase):
    """What standard input and output can be."""

    def exchange(self, **ours):
        """Our connect says what its stdin gives and receives b'reply' from a server that waits for our end."""
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", **ours)
        client, _ = listener.accept()
        with client:
            client.settimeout(PATIENCE)
            received = b""
            while some := client.recv(65536):
                received += some
            client.sendall(b"reply")
        return process, received

    def test_a_regular_file_each_way_and_appended(self):
        source, target = self.scratch / "in", self.scratch / "out"
        source.write_bytes(b"from a file")
        target.write_bytes(b"before ")
        for mode, want in (("ab", b"before reply"), ("wb", b"reply")):
            with self.subTest(mode=mode), source.open("rb") as stdin, target.open(mode) as stdout:
                process, received = self.exchange(stdin=stdin, stdout=stdout)
                self.ends(process, 0)
                self.assertEqual(received, b"from a file")
                self.assertEqual(target.read_bytes(), want)

    def test_stdin_closed(self):
        process, received = self.exchange(preexec_fn=lambda: os.close(0), stdin=None)
        out, _ = self.ends(process, 0)
        self.assertEqual((received, out), (b"", b"reply"))

    def test_stdout_closed_is_an_error_and_no_socket_takes_its_place(self):
        process, received = self.exchange(preexec_fn=lambda: os.close(1), stdout=None, stdin=subprocess.DEVNULL)
        _, err = self.ends(process, 3)
        self.assertEqual(received, b"")
        self.assertIn(b"write standard output: Bad file descriptor", err)

    def test_stdout_full(self):
        with open("/dev/full", "wb") as full:
            process, _ = self.exchange(stdin=subprocess.DEVNULL, stdout=full)
        _, err = self.ends(process, 3)
        self.assertEqual(err, b"tcpbox: write standard output: No space left on device\n")

    def test_stdout_whose_reader_went_away_ends_it_quietly(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}")
        client, _ = listener.accept()
        with client:
            client.sendall(b"first\n")
            self.assertEqual(process.stdout.readline(), b"first\n")
            process.stdout.close()
            self.assertEqual(process.wait(PATIENCE), -signal.SIGPIPE)  # although nothing more arrives
            self.assertEqual(process.stderr.read(), b"")

    def test_a_socket_at_both(self):
        ours, theirs = socket.socketpair()
        process, received = None, None
        with theirs:
            theirs.sendall(b"through a socket")
            theirs.shutdown(socket.SHUT_WR)
            theirs.settimeout(PATIENCE)
            with ours:
                process, received = self.exchange(stdin=ours, stdout=ours)
            reply = b""
            while some := theirs.recv(100):
                reply += some
            self.assertEqual((received, reply), (b"through a socket", b"reply"))
            self.assertEqual(process.wait(PATIENCE), 0)

    def test_non_blocking_and_shared_descriptors_stay_as_they_are(self):
        for kind in ("pipe", "socket"):
            for blocking in (True, False):
                with self.subTest(kind=kind, blocking=blocking):
                    reader, writer = os.pipe() if kind == "pipe" else map(socket.socket.detach, socket.socketpair())
                    os.set_blocking(writer, blocking)
                    process, _ = self.exchange(stdin=subprocess.DEVNULL, stdout=writer)
                    self.ends(process, 0)
                    self.assertEqual(os.get_blocking(writer), blocking)
                    os.close(reader)
                    os.close(writer)

    def test_a_terminal(self):
        master, slave = os.openpty()
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", stdin=slave, stdout=slave)
        client, _ = listener.accept()
        with client:
            client.settimeout(PATIENCE)
            os.write(master, b"typed\n")
            self.assertEqual(client.recv(100), b"typed\n")
            client.sendall(b"shown\n")
        # The peer is gone: nobody has to press Ctrl-D.
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
        shown = b""
        while b"shown" not in shown:
            shown += os.read(master, 100)
        self.assertTrue(os.get_blocking(slave))
        os.close(master)
        os.close(slave)

    def test_a_pipe_of_one_page_and_a_slow_reader(self):
        import fcntl
        data = os.urandom(1 << 20)
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}")
        F_SETPIPE_SZ = 1031
        for pipe in (process.stdin, process.stdout):
            fcntl.fcntl(pipe, F_SETPIPE_SZ, 4096)
        client, _ = listener.accept()
        with client:
            def echo():
                client.settimeout(PATIENCE)
                received = b"".join(iter(lambda: client.recv(65536), b""))
                client.sendall(received)
                client.shutdown(socket.SHUT_WR)
            thread = threading.Thread(target=echo)
            thread.start()
            out, _ = self.ends(process, 0, data)
            thread.join()
        self.assertEqual(digest(out), digest(data))


class Ends(StreamCase):
    """When it ends, and with what."""

    def test_a_late_reply_is_not_lost(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", stdin=subprocess.DEVNULL)
        client, _ = listener.accept()
        with client:
            client.settimeout(PATIENCE)
            self.assertEqual(client.recv(1), b"")
            time.sleep(1.5)  # what is tested: longer than anybody's grace period
            client.sendall(b"late")
        self.assertEqual(self.ends(process, 0)[0], b"late")

    def test_sending_goes_on_after_the_peers_end(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}")
        client, _ = listener.accept()
        with client:
            client.settimeout(PATIENCE)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(process.stdout.read(), b"")
            process.stdin.write(b"still here")
            process.stdin.close()
            self.assertEqual(b"".join(iter(lambda: client.recv(100), b"")), b"still here")
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())

    def test_a_reset_is_always_a_failure(self):
        abort = struct.pack("ii", 1, 0)
        for sending in (False, True):
            for _ in range(10):
                with self.subTest(sending=sending):
                    listener, port = self.server()
                    with open("/dev/zero", "rb") as zeros:
                        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}",
                                             stdin=zeros if sending else subprocess.PIPE)
                    client, _ = listener.accept()
                    client.sendall(b"data")
                    self.assertEqual(process.stdout.read(4), b"data")
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
                    client.close()
                    self.assertEqual(process.wait(PATIENCE), 3)
                    self.assertRegex(process.stderr.read().decode(), rf"^tcpbox: connection with 127\.0\.0\.1:{port}: "
                                     r"the peer (reset the connection|closed before it had everything)\n$")

    def test_refused(self):
        port = free_port()
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{port}", stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode(), f"tcpbox: connect to 127.0.0.1:{port}: Connection refused\n")

    def test_connect_timeout(self):
        # A listener whose queue is full answers no SYN.
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(3):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{port}", "--timeout", "200ms")
        self.assertEqual((done.returncode, done.stderr.decode()),
                         (1, f"tcpbox: connect to 127.0.0.1:{port}: timed out\n"))

    def test_accept_timeout(self):
        done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", "--accept-timeout", "50ms")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.endswith(b"tcpbox: listen: no client came in time\n"), done.stderr)

    def test_idle_timeout(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--idle-timeout", "50ms")
        client, _ = listener.accept()
        with client:
            self.assertEqual(process.wait(PATIENCE), 1)
            self.assertIn(b"idle for too long", process.stderr.read())

    def test_signals_are_raised_again_after_the_statistics(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                listener, port = self.server()
                process = self.start(self.tcpbox, "connect", "-v", f"127.0.0.1:{port}")
                client, _ = listener.accept()
                with client:
                    client.sendall(b"12345")
                    process.stdout.read(5)
                    process.send_signal(number)
                    self.assertEqual(process.wait(PATIENCE), -number)
                    self.assertIn(b"received 5 B", process.stderr.read())

    def test_send_only_and_recv_only(self):
        listening = self.listen("--recv-only", stdin=subprocess.DEVNULL)
        done = self.run_for(self.tcpbox, "connect", "--send-only", "127.0.0.1", listening.ports[0], input=b"one way")
        self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr)
        self.assertEqual(self.ends(listening, 0)[0], b"one way")

    def test_words_that_are_off(self):
        for words, complaint in (
                (["connect"], "required"),
                (["connect", "localhost"], "port is missing"),
                (["connect", "localhost:70000"], "70000"),
                (["connect", "localhost:0"], "port 0"),
                (["connect", "[::1:80"], "']'"),
                (["connect", ":80"], "host is missing"),
                (["connect", "localhost:no-such-service-name"], "no-such-service-name"),
                (["connect", "localhost", "1-2"], "single"),
                (["connect", "localhost", "1", "2"], "2"),
                (["connect", "localhost:1", "--timeout", "x"], "--timeout"),
                (["connect", "localhost:1", "-4", "-6"], "choose one"),
                (["connect", "localhost:1", "--source", "nobody"], "--source"),
                (["connect", "localhost:1", "--source-port", "-1"], "--source-port"),
                (["connect", "localhost:1", "--zero", "--send-only"], "--zero"),
                (["connect", "localhost:1", "--json", "--json-fd", "77"], "--json-fd '77'"),
                (["connect", "localhost:1", "--json", "--json-fd", "1"], "payload"),
                (["connect", "localhost:1", "--json-fd", "2"], "needs --json"),
                (["listen"], "required"),
                (["listen", "::1"], "[ADDRESS]:PORT"),
                (["listen", "65536"], "65536"),
                (["listen", "1", "--recv-only", "--send-only"], "choose one"),
                (["listen", "1", "--ready-fd", "99"], "--ready-fd '99'"),
                (["listen", "1", "--ready-fd", "x"], "--ready-fd 'x'"),
                (["listen", "1", "--accept-timeout", "-1"], "--accept-timeout")):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, *words, stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertIn(complaint, done.stderr.decode().splitlines()[0])


class Addresses(StreamCase):
    def test_localhost_with_an_ipv4_listener_only(self):
        listener, port = self.server()
        done = self.run_for(self.tcpbox, "connect", "-z", "--timeout", "5s", f"localhost:{port}")
        self.assertEqual((done.returncode, done.stdout.decode()), (0, f"127.0.0.1:{port} connected\n"), done.stderr)

    def test_dual_stack_by_default_and_one_family_on_demand(self):
        for words, families in (([], (4, 6)), (["-4"], (4,)), (["-6"], (6,))):
            with self.subTest(words=words):
                listening = self.listen("-k", *words, address="0")
                port = listening.ports[0]
                for family, address in ((4, "127.0.0.1"), (6, "::1")):
                    done = self.run_for(self.tcpbox, "connect", "-z", address, port)
                    self.assertEqual(done.returncode, 0 if family in families else 1, done.stderr)
                listening.send_signal(signal.SIGTERM)
                self.assertEqual(listening.wait(PATIENCE), -signal.SIGTERM)

    def test_several_addresses_in_one_process(self):
        listening = self.listen("127.0.0.2:0", "[::1]:0", "-k")
        self.assertEqual([line.rsplit(":", 1)[0] for line in listening.ready], ["127.0.0.1", "127.0.0.2", "[::1]"])
        for line in listening.ready:
            done = self.run_for(self.tcpbox, "connect", line, input=line.encode())
            self.assertEqual(done.returncode, 0, done.stderr)
        listening.send_signal(signal.SIGINT)
        out, _ = listening.communicate(timeout=PATIENCE)
        self.assertEqual(out.decode(), "".join(listening.ready))

    def test_port_0_is_reported_on_standard_error(self):
        listening = self.listen("--accept-timeout", "50ms")
        _, err = self.ends(listening, 1)
        self.assertIn(f"listening on 127.0.0.1:{listening.ports[0]}\n".encode(), err)

    def test_ready_fd_from_a_shell(self):
        script = f"""
            {self.tcpbox} listen 127.0.0.1:0 --ready-fd 3 3>"{self.scratch}/ready" >"{self.scratch}/out" &
            while ! [ -s "{self.scratch}/ready" ]; do sleep 0.05; done
            printf hello | {self.tcpbox} connect "$(cat "{self.scratch}/ready")" && wait $!
        """
        done = self.run_for("sh", "-c", script)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.scratch / "out").read_bytes(), b"hello")

    def test_again_on_the_same_port_after_an_active_close(self):
        port = free_port()
        for _ in range(3):
            listening = self.listen(address=f"127.0.0.1:{port}", stdin=subprocess.DEVNULL)
            done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{port}", stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.ends(listening, 0)

    def test_one_client_only_without_keep_open(self):
        listening = self.listen()
        with socket.create_connection(("127.0.0.1", listening.ports[0])):
            lab.wait_for(lambda: not is_listening(listening.ports[0]), "the listening socket to close")

    def test_source(self):
        listener, port = self.server()
        source = free_port("127.0.0.9")
        done = self.run_for(self.tcpbox, "connect", "-z", "-s", "127.0.0.9", "--source-port", source, "127.0.0.1", port)
        self.assertEqual(done.returncode, 0, done.stderr)
        client, address = listener.accept()
        client.close()
        self.assertEqual(address, ("127.0.0.9", source))

    def test_address_in_use(self):
        _, port = self.server()
        done = self.run_for(self.tcpbox, "listen", f"127.0.0.1:{port}")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.decode().splitlines()[0],
                         f"tcpbox: listen on 127.0.0.1:{port}: Address already in use")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_a_port_that_needs_privilege(self):
        first = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
        if first == 0:
            self.skipTest("every port is unprivileged here")
        copy = self.scratch / "tcpbox"
        shutil.copy(self.tcpbox, copy)
        self.scratch.chmod(0o755)
        done = self.run_for(copy, "listen", f"127.0.0.1:{first - 1}", user="nobody", group="nogroup", extra_groups=[])
        self.assertEqual(done.returncode, 3)
        complaint, hint = done.stderr.decode().splitlines()
        self.assertEqual(complaint, f"tcpbox: listen on 127.0.0.1:{first - 1}: Permission denied")
        self.assertIn("cap_net_bind_service", hint)

    def test_names_are_refused_when_numeric(self):
        done = self.run_for(self.tcpbox, "connect", "-n", "-z", "localhost:1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"localhost", done.stderr)


class Json(StreamCase):
    def test_every_outcome_is_as_the_schema_says(self):
        import schema
        _, port = self.server()
        refused = free_port()
        for words in ((f"127.0.0.1:{port}", "-z"), (f"127.0.0.1:{refused}",), ("no-such-host.invalid:1",)):
            for form in ("--json", "--ndjson"):
                with self.subTest(words=words, form=form):
                    done = self.run_for(self.tcpbox, "connect", *words, form, stdin=subprocess.DEVNULL, text=True)
                    self.assertEqual(done.stdout, "")
                    check = schema.validate if form == "--json" else schema.validate_ndjson
                    check(done.stderr, "connect")

    def test_a_conversation_from_both_sides(self):
        import schema
        report = self.scratch / "report"
        with report.open("wb") as target:
            listening = self.listen("--json", "--json-fd", "2", stdin=subprocess.DEVNULL, stderr=target)
            done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", "--ndjson", input=b"12345")
            listening.communicate(timeout=PATIENCE)
        events = schema.validate_ndjson(done.stderr.decode(), "connect")
        self.assertEqual([event["type"] for event in events], ["start", "connected", "closed", "summary"])
        self.assertEqual(events[-1]["sent_bytes"], 5)
        document = schema.validate(report.read_text(), "listen")
        self.assertEqual([event["type"] for event in document["results"]], ["listening", "connected", "closed"])
        self.assertEqual(document["summary"]["received_bytes"], 5)

    def test_interrupted(self):
        import schema
        reader, writer = os.pipe()
        listening = self.listen("--ndjson", "--json-fd", str(writer), address="127.0.0.1:0")
        self.end(listening)  # the descriptor was not inherited: refused
        self.assertEqual(listening.returncode, 2)
        os.close(reader)
        os.close(writer)
        listening = self.listen("--ndjson")
        listening.send_signal(signal.SIGTERM)
        _, err = listening.communicate(timeout=PATIENCE)
        self.assertEqual(listening.returncode, -signal.SIGTERM)
        self.assertFalse(schema.validate_ndjson(err.decode(), "listen")[-1]["complete"])


if __name__ == "__main__":
    lab.main(private_namespaces=False)
