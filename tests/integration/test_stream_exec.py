# SPDX-License-Identifier: MIT
"""--exec and --shell: a child process for each connection, with nc, ncat and socat as clients."""

import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, StreamCase, digest, free_port

lab.require("nc", "ncat", "socat")

PAYLOAD_BYTES = 64 << 20
ABORT = struct.pack("ii", 1, 0)
CLIENTS = {
    "nc": lambda port: ["nc", "-N", "127.0.0.1", port],
    "ncat": lambda port: ["ncat", "127.0.0.1", port],
    "socat": lambda port: ["socat", "-t60", "-", f"TCP:127.0.0.1:{port}"],
}


def status_of(pid):
    """The fields of /proc/PID/stat after the name: state, parent, group, session; None when it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def processes(matches):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            status = status_of(entry.name)
            if status and matches(status):
                found.append(int(entry.name))
    return found


def children_of(pid):
    return processes(lambda status: int(status[1]) == pid)


def group(number):
    """Who is alive of a process group; a zombie waits for its parent only."""
    return processes(lambda status: int(status[2]) == number and status[0] != "Z")


class ExecCase(StreamCase):
    def exec(self, *words, options=("-k",), **popen):
        return self.listen(*options, "--exec", *words, **{"stdin": subprocess.DEVNULL, **popen})

    def shell(self, command, options=("-k",), **popen):
        return self.listen(*options, "--shell", command, **{"stdin": subprocess.DEVNULL, **popen})

    def ask(self, listening, data=b""):
        """Sends, half-closes, and returns the whole answer."""
        with self.client(listening) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return self.rest(client)

    @staticmethod
    def rest(client):
        return b"".join(iter(lambda: client.recv(1 << 16), b""))

    def line(self, client):
        data = b""
        while not data.endswith(b"\n"):
            some = client.recv(1)
            self.assertTrue(some, data)
            data += some
        return data.decode().strip()

    def stop(self, listening, number=signal.SIGTERM):
        listening.send_signal(number)
        out, err = listening.communicate(timeout=PATIENCE)
        self.assertEqual(listening.returncode, -number, err)
        return out, err


class Conversations(ExecCase):
    def test_each_peer_asks_cat(self):
        listening = self.exec("cat")
        for name, argv in CLIENTS.items():
            with self.subTest(peer=name):
                client = self.start(*argv(listening.ports[0]))
                client.stdin.write(b"hello\n")
                client.stdin.flush()
                self.assertEqual(client.stdout.readline(), b"hello\n")
                out, err = client.communicate(timeout=PATIENCE)
                self.assertEqual((client.returncode, out), (0, b""), err)

    def test_the_answer_may_come_after_the_peers_end(self):
        data = b"b\na\n" * 1000
        for words, want in ((["sort"], b"a\n" * 1000 + b"b\n" * 1000), (["wc", "-c"], b"4000\n"),
                            (["sha256sum"], hashlib.sha256(data).hexdigest().encode() + b"  -\n")):
            with self.subTest(words=words):
                listening = self.exec(*words)
                self.assertEqual(self.ask(listening, data), want)
                done = self.run_for("socat", "-t60", "-", f"TCP:127.0.0.1:{listening.ports[0]}", input=data)
                self.assertEqual((done.returncode, done.stdout), (0, want), done.stderr)

    def test_the_program_gets_its_words_as_they_are(self):
        listening = self.exec("printf", "%s|", "-k", "--json", "a b", "$HOME", "")
        self.assertEqual(self.ask(listening), b"-k|--json|a b|$HOME||")
        listening = self.listen("-k", "--exec=printf", "%s|", "--help", stdin=subprocess.DEVNULL)
        self.assertEqual(self.ask(listening), b"--help|")

    def test_a_shell_command(self):
        listening = self.shell("read x; echo got $x")
        with self.client(listening) as client:
            client.sendall(b"words\n")
            self.assertEqual(self.rest(client), b"got words\n")

    def test_the_connection_ends_with_the_child_though_the_client_sends_nothing(self):
        listening = self.exec("echo", "once", options=())
        with self.client(listening) as client:
            self.assertEqual(self.rest(client), b"once\n")
            self.assertEqual(listening.wait(PATIENCE), 0, listening.stderr.read())

    def test_64_mib_unchanged_each_way(self):
        data = os.urandom(1 << 20) * (PAYLOAD_BYTES >> 20)
        source = self.scratch / "source"
        source.write_bytes(data)
        self.assertEqual(self.ask(self.exec("sha256sum"), data), digest(data).encode() + b"  -\n")
        self.assertEqual(digest(self.ask(self.exec("cat", source))), digest(data))
        with source.open("rb") as file:
            done = self.run_for("socat", "-t60", "-", f"TCP:127.0.0.1:{self.exec('cat').ports[0]}", stdin=file)
        self.assertEqual(digest(done.stdout), digest(data))

    def test_output_before_a_failure_arrives(self):
        listening = self.shell("head -c 1000000 /dev/zero; exit 3", options=("-k", "--ndjson"))
        self.assertEqual(len(self.ask(listening)), 1000000)
        _, err = self.stop(listening)
        self.assertEqual(self.closed(err)[0]["child"], {"exit_code": 3, "signal": None})

    def test_a_grandchild_that_holds_the_output_has_its_say(self):
        listening = self.shell("(read wait < go; echo late) & echo early; exit 0", cwd=self.scratch)
        os.mkfifo(self.scratch / "go")
        with self.client(listening) as client:
            self.assertEqual(self.line(client), "early")
            (self.scratch / "go").write_text("now\n")
            self.assertEqual(self.rest(client), b"late\n")

    def test_a_child_that_reads_no_more_while_much_is_sent(self):
        listening = self.shell("exec <&-; echo enough; read wait < go; echo still here", cwd=self.scratch)
        os.mkfifo(self.scratch / "go")
        with self.client(listening) as client:
            self.assertEqual(self.line(client), "enough")
            client.sendall(bytes(32 << 20))  # blocks unless somebody takes it
            (self.scratch / "go").write_text("now\n")
            self.assertEqual(self.rest(client), b"still here\n")

    def test_a_child_that_ends_while_much_is_sent(self):
        listening = self.exec("echo", "enough")
        data = bytes(32 << 20)
        for _ in range(5):
            with self.client(listening) as client:
                sender = threading.Thread(target=client.sendall, args=(data,))
                sender.start()
                self.assertEqual(self.rest(client), b"enough\n")
                sender.join()

    def test_50_in_parallel(self):
        listening = self.exec("cat")
        clients = [self.client(listening) for _ in range(50)]
        for number, client in enumerate(clients):
            client.sendall(b"%d\n" % number)
        for number, client in reversed(list(enumerate(clients))):
            self.assertEqual(self.line(client), str(number))
        self.assertEqual(len(children_of(listening.pid)), 50)

    def test_send_only_and_recv_only(self):
        with self.client(self.shell("cat; echo said", options=("-k", "--send-only"))) as client:
            client.sendall(b"unheard")
            self.assertEqual(self.line(client), "said")
        listening = self.shell("cat > heard; exec yes", options=("--recv-only",), cwd=self.scratch)
        with self.client(listening) as client:
            client.sendall(b"heard")
            client.shutdown(socket.SHUT_WR)
            lab.wait_for((self.scratch / "heard").exists, "the child")
            lab.wait_for(lambda: (self.scratch / "heard").read_bytes() == b"heard", "what was sent")

    def closed(self, text):
        return [event for event in schema.validate_ndjson(text.decode(), "listen") if event["type"] == "closed"]


class Connecting(ExecCase):
    def test_connect_joins_a_child(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--exec", "tr", "a-z", "A-Z")
        client, _ = listener.accept()
        with client:
            client.settimeout(PATIENCE)
            client.sendall(b"shout")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(self.rest(client), b"SHOUT")
        self.assertEqual(self.ends(process, 0), (b"", b""))

    def test_stderr(self):
        for what, merged, logged in (("log", False, True), ("merge", True, False), ("drop", False, False)):
            with self.subTest(what=what):
                listener, port = self.server()
                process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--stderr", what, "--shell",
                                     "echo complaint >&2")
                client, _ = listener.accept()
                with client:
                    client.settimeout(PATIENCE)
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(b"complaint" in self.rest(client), merged)
                self.assertEqual(b"complaint" in self.ends(process, 0)[1], logged)

    def test_two_children_talk(self):
        listening = self.shell("read x; echo $x again", options=())
        out = self.scratch / "out"
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", "--shell",
                            f"echo once; cat > {out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(out.read_text(), "once again\n")
        self.ends(listening, 0)

    def test_the_exit_status_is_reported_and_is_not_ours(self):
        for command, want, text in (("exit 7", {"exit_code": 7, "signal": None}, b"the child exited with status 7"),
                                    ("kill -TERM $$", {"exit_code": None, "signal": 15},
                                     b"the child was killed by SIGTERM")):
            with self.subTest(command=command):
                listening = self.listen("-k", "--recv-only")
                done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", "--ndjson", "--shell",
                                    command)
                closed = schema.validate_ndjson(done.stderr.decode(), "connect")[-2]
                self.assertEqual((done.returncode, closed["reason"], closed["child"]), (0, "finished", want))
                done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", "-v", "--shell", command)
                self.assertIn(text, done.stderr)

    def test_without_a_child_there_is_none(self):
        listening = self.listen("-k", "--recv-only")
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", "--ndjson",
                            stdin=subprocess.DEVNULL)
        self.assertIsNone(schema.validate_ndjson(done.stderr.decode(), "connect")[-2]["child"])

    def test_a_signal_ends_the_child(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", "--ndjson", f"127.0.0.1:{port}", "--shell", "echo $$; exec sleep 1000")
        client, _ = listener.accept()
        with client:
            client.settimeout(PATIENCE)
            child = int(self.line(client))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(group(child), [])
        closed = schema.validate_ndjson(err.decode(), "connect")[-2]
        self.assertEqual((closed["reason"], closed["child"]),
                         ("interrupted", {"exit_code": None, "signal": signal.SIGHUP}))


class Surroundings(ExecCase):
    """What a child is given."""

    def test_environment(self):
        inherited = {**os.environ, "TCPREMOTEIP": "192.0.2.1", "NCAT_STALE": "x", "KEPT": "yes"}
        listening = self.listen("[::1]:0", "-k", "--exec", "env", stdin=subprocess.DEVNULL, env=inherited)
        for address, full, port in (("127.0.0.1", "127.0.0.1", listening.ports[0]),
                                    ("::1", "[0000:0000:0000:0000:0000:0000:0000:0001]", listening.ports[1])):
            with self.subTest(address=address):
                with socket.create_connection((address, port), timeout=PATIENCE) as client:
                    own = str(client.getsockname()[1])
                    lines = self.rest(client).decode().splitlines()
                there = dict(line.split("=", 1) for line in lines)
                port = str(port)
                self.assertLessEqual({
                    "KEPT": "yes", "TCPBOX_PROTOCOL": "TCP", "NCAT_PROTO": "TCP", "PROTO": "TCP",
                    "TCPBOX_CONNECTION": "1" if address == "127.0.0.1" else "2",
                    "TCPBOX_LOCAL_ADDRESS": address, "TCPBOX_LOCAL_PORT": port,
                    "TCPBOX_REMOTE_ADDRESS": address, "TCPBOX_REMOTE_PORT": own,
                    "NCAT_LOCAL_ADDR": address, "NCAT_LOCAL_PORT": port,
                    "NCAT_REMOTE_ADDR": address, "NCAT_REMOTE_PORT": own,
                    "SOCAT_SOCKADDR": full, "SOCAT_SOCKPORT": port, "SOCAT_PEERADDR": full, "SOCAT_PEERPORT": own,
                    "TCPLOCALIP": address, "TCPLOCALPORT": port, "TCPREMOTEIP": address, "TCPREMOTEPORT": own,
                }.items(), there.items())
                self.assertNotIn("NCAT_STALE", there)
                self.assertEqual(len(there), len(lines))

    def test_ncat_and_socat_say_the_same(self):
        ours = self.exec("env")
        for prefix, argv in (("NCAT_", lambda port: ["ncat", "-l", "127.0.0.1", port, "--exec", "/usr/bin/env"]),
                             ("SOCAT_", lambda port: ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr",
                                                      "EXEC:env"])):
            port = free_port()
            self.peer_listens(argv(port), port, stdin=subprocess.DEVNULL)
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                theirs = self.rest(client).decode().splitlines()
            mine = self.ask(ours).decode().splitlines()
            names = lambda lines: {line.partition("=")[0] for line in lines if line.startswith(prefix)}
            self.assertLessEqual(names(theirs) - {"SOCAT_VERSION", "SOCAT_PID", "SOCAT_PPID"}, names(mine))

    def test_no_descriptor_beyond_the_standard_ones(self):
        listening = self.start("sh", "-c", f"exec {self.tcpbox} listen 127.0.0.1:0 -k --ready-fd 8 --shell 'echo; cat; "
                               "exec ls -l /proc/self/fd' 7< /dev/null 8> ready", cwd=self.scratch)
        ready = lab.wait_for(lambda: (self.scratch / "ready").is_file() and (self.scratch / "ready").read_text(), "ready")
        listening.ports = [int(ready.rsplit(":", 1)[1])]
        waiting = self.client(listening)  # another child with pipes of its own
        self.line(waiting)
        rows = re.findall(r" (\d+) -> (\S+)", self.ask(listening).decode())
        numbers = {number: target for number, target in rows if not target.startswith("/proc/")}  # ls's own
        self.assertEqual(sorted(numbers), ["0", "1", "2"])
        self.assertTrue(all(target.startswith("pipe:") for target in numbers.values()), numbers)

    def test_signals_and_session(self):
        listening = self.shell("grep -E '^Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f5,6 /proc/$$/stat; echo $$",
                               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        lines = self.ask(listening).decode().splitlines()
        self.assertEqual([line.split()[1] for line in lines[:2]], ["0" * 16, "0" * 16])
        self.assertEqual(lines[2], f"{lines[3]} {lines[3]}")

    def test_stderr(self):
        command = "echo complaint >&2; printf half >&2; echo answer"
        listening = self.shell(command, options=("-k", "--stderr", "log"))
        self.assertEqual(self.ask(listening), b"answer\n")
        self.assertRegex(self.stop(listening)[1].decode(), r"\nsh\[\d+\]: complaint\nsh\[\d+\]: half\n$")
        listening = self.shell(command, options=("-k", "--stderr", "merge"))
        self.assertEqual(self.ask(listening), b"complaint\nhalfanswer\n")
        self.assertNotIn(b"complaint", self.stop(listening)[1])
        listening = self.shell(command, options=("-k", "--stderr", "drop"))
        self.assertEqual(self.ask(listening), b"answer\n")
        self.assertNotIn(b"complaint", self.stop(listening)[1])

    def test_stderr_is_logged_by_default_also_in_json_and_in_pieces(self):
        listening = self.shell("head -c 10000 /dev/zero | tr '\\0' x >&2; printf '\\377\\n' >&2; kill -9 $$",
                               options=("-k", "--ndjson"))
        self.ask(listening)
        events = schema.validate_ndjson(self.stop(listening)[1].decode(), "listen")
        texts = [event["text"] for event in events if event["type"] == "child_stderr"]
        self.assertEqual("".join(texts), "x" * 10000 + "\N{REPLACEMENT CHARACTER}")
        self.assertEqual(max(map(len, texts)), 4096)
        self.assertEqual([event["child"]["signal"] for event in events if event["type"] == "closed"], [9])


class Leaving(ExecCase):
    """Nothing is left behind."""

    STUBBORN = "trap '' HUP TERM; sleep 1000 & trap '' HUP TERM; echo $$; while :; do sleep 1; done"

    def assert_gone(self, number):
        lab.wait_for(lambda: not group(number), f"the end of group {number}")

    def test_a_client_that_resets(self):
        for command in ("echo $$; exec sleep 1000", "echo $$; cat", self.STUBBORN):
            with self.subTest(command=command):
                listening = self.shell(command, options=("-k", "--ndjson"))
                client = self.client(listening)
                child = int(self.line(client))
                self.assertIn(child, group(child))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                client.close()
                while (event := json.loads(listening.stderr.readline()))["type"] != "closed":
                    pass
                self.assertEqual((group(child), children_of(listening.pid)), ([], []))
                self.assertEqual(event["reason"], "connection_failed")
                if command == self.STUBBORN:
                    self.assertEqual(event["child"]["signal"], signal.SIGKILL)

    def test_a_client_that_resets_after_its_end_or_with_a_full_pipe(self):
        listening = self.shell("echo $$; exec sleep 1000")
        for full in (False, True):
            with self.subTest(full=full):
                client = self.client(listening)
                child = int(self.line(client))
                if full:
                    client.setblocking(False)
                    try:
                        while True:
                            client.send(bytes(1 << 16))
                    except BlockingIOError:
                        pass
                else:
                    client.shutdown(socket.SHUT_WR)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                client.close()
                self.assert_gone(child)

    def test_a_client_that_closes_while_it_is_answered(self):
        listening = self.shell("echo $$; exec yes")
        for _ in range(3):
            client = self.client(listening)
            child = int(self.line(client))
            client.close()
            self.assert_gone(child)

    def test_an_idle_conversation(self):
        listening = self.shell("echo $$; exec sleep 1000", options=("-k", "--idle-timeout", "100ms"))
        with self.client(listening) as client:
            child = int(self.line(client))
            self.assert_gone(child)
            self.assertEqual(self.rest(client), b"")

    def test_the_group_does_not_outlive_its_leader(self):
        listening = self.shell("sleep 1000 > /dev/null 2>&1 & echo $$")
        with self.client(listening) as client:
            child = int(self.line(client))
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(self.rest(client), b"")
        self.assert_gone(child)

    def test_a_child_that_works_on_after_it_has_closed_everything(self):
        listening = self.shell("exec >&- <&-; read wait < go; echo done > done", options=(), cwd=self.scratch)
        os.mkfifo(self.scratch / "go")
        self.assertEqual(self.ask(listening), b"")
        (self.scratch / "go").write_text("now\n")
        self.ends(listening, 0)
        self.assertEqual((self.scratch / "done").read_text(), "done\n")

    def test_signals_to_the_listener(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for command in ("echo $$; cat", "echo $$; sleep 1000 & wait", self.STUBBORN):
                with self.subTest(signal=number, command=command):
                    listening = self.shell(command)
                    clients = [self.client(listening) for _ in range(3)]
                    groups = [int(self.line(client)) for client in clients]
                    self.stop(listening, number)
                    self.assertEqual([group(each) for each in groups], [[], [], []])

    def test_the_listener_killed(self):
        listening = self.shell("trap '' HUP TERM INT; echo $$; while :; do read x < go; done", cwd=self.scratch)
        os.mkfifo(self.scratch / "go")
        child = int(self.line(self.client(listening)))
        listening.kill()
        listening.wait(PATIENCE)
        self.assert_gone(child)

    def test_a_killed_child_disturbs_nobody(self):
        listening = self.shell("echo $$; exec cat")
        first, second = self.client(listening), self.client(listening)
        victim = int(self.line(first))
        self.line(second)
        os.kill(victim, signal.SIGKILL)
        self.assertEqual(self.rest(first), b"")
        second.sendall(b"still here\n")
        self.assertEqual(self.line(second), "still here")
        self.assertEqual(self.ask(listening, b"")[-1:], b"\n")

    def test_whoever_leaves_the_group_is_left_alone_and_becomes_no_zombie(self):
        listening = self.shell("setsid sh -c 'echo $$ > left; read wait < go' > /dev/null 2>&1 & read it < left; echo $it",
                               cwd=self.scratch)
        os.mkfifo(self.scratch / "left")
        os.mkfifo(self.scratch / "go")
        orphan = int(self.ask(listening))
        lab.wait_for(lambda: children_of(listening.pid) == [orphan], "the orphan to be adopted")
        (self.scratch / "go").write_text("now\n")
        lab.wait_for(lambda: status_of(orphan) is None, "the orphan to be reaped")

    def test_no_zombie_and_no_descriptor_stays_after_200_connections(self):
        listening = self.exec("true")
        descriptors = lambda: len(os.listdir(f"/proc/{listening.pid}/fd"))
        self.ask(listening)
        lab.wait_for(lambda: not children_of(listening.pid), "the first child to be reaped")
        before = descriptors()
        for _ in range(200):
            self.assertEqual(self.ask(listening), b"")
        lab.wait_for(lambda: not children_of(listening.pid), "all children to be reaped")
        self.assertEqual(descriptors(), before)


class Words(ExecCase):
    def test_words_that_are_off(self):
        for words, complaint in (
                (["listen", "0", "--exec"], "--exec: must be followed by a program"),
                (["listen", "0", "--exec", ""], "--exec: must be followed by a program"),
                (["listen", "0", "--shell", ""], "--shell '': must be a command"),
                (["listen", "0", "--shell", "x", "--exec", "y"], "--exec and --shell: choose one of them"),
                (["listen", "0", "--stderr", "drop"], "--stderr: needs --exec or --shell"),
                (["listen", "0", "--stderr", "x", "--exec", "cat"], "--stderr 'x': must be log, merge or drop"),
                (["connect", "localhost:1", "-z", "--exec", "cat"], "--zero: runs no program")):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, *words, stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertIn(complaint, done.stderr.decode().splitlines()[0])

    def test_a_port_after_exec_belongs_to_the_program(self):
        done = self.run_for(self.tcpbox, "listen", "--exec", "cat", "8080", stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertIn("hint: every word after --exec belongs to the program", done.stderr.decode())

    def test_a_program_that_cannot_be_run_is_said_before_anything_is_opened(self):
        plain = self.scratch / "plain"
        plain.write_text("no program")
        for program, why in (("no-such-program", "No such file or directory"), (plain, "Permission denied"),
                             (self.scratch, "Permission denied"), (self.scratch / "nosuch", "No such file or directory")):
            with self.subTest(program=program):
                for words in (["listen", "127.0.0.1:0"], ["connect", "127.0.0.1:1"]):
                    done = self.run_for(self.tcpbox, *words, "--exec", program, stdin=subprocess.DEVNULL)
                    self.assertEqual((done.returncode, done.stderr.decode()), (3, f"tcpbox: run {program}: {why}\n"))

    def test_a_program_that_cannot_be_run_any_more(self):
        program = self.scratch / "program"
        program.write_text("no interpreter named")
        program.chmod(0o755)
        listening = self.listen("-k", "--ndjson", "--json-fd", "2", "--exec", program, stdin=subprocess.DEVNULL)
        self.assertEqual(self.ask(listening), b"")
        self.assertEqual(self.ask(listening), b"")
        events = schema.validate_ndjson(self.stop(listening)[1].decode(), "listen")
        error = f"run {program}: Exec format error"
        self.assertEqual([(event["reason"], event["error"], event["child"]) for event in events
                          if event["type"] == "closed"], [("program_failed", error, None)] * 2)
        self.assertEqual([event["message"] for event in events if event["type"] == "warning"], [error])
        listening = self.exec(program, options=())
        self.ask(listening)
        said = self.ends(listening, 3)[1].decode().splitlines()
        self.assertEqual(said[1:], [f"tcpbox: {error}"])  # after where it listens


if __name__ == "__main__":
    lab.main(private_namespaces=False)
