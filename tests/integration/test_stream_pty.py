# SPDX-License-Identifier: MIT
"""--exec and --shell with --pty: a terminal for each connection, which controls the session of its program."""

import json
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.process import wait_for
from lab.stream import PATIENCE, StreamCase

ABORT = struct.pack("ii", 1, 0)


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class PtyCase(StreamCase):
    def shell(self, command, *options, **popen):
        return self.listen("-k", "--pty", *options, "--shell", command, **{"stdin": subprocess.DEVNULL, **popen})

    @staticmethod
    def hear(client, pattern):
        """All until the pattern is there; its match."""
        got = b""
        while not (match := re.search(pattern, got)):
            piece = client.recv(4096)
            if not piece:
                raise AssertionError(f"it ended after {got}")
            got += piece
        return match

    @staticmethod
    def rest(client):
        return b"".join(iter(lambda: client.recv(65536), b""))


class Terminal(PtyCase):
    def test_all_three_descriptors_and_the_controlling_terminal(self):
        listening = self.shell('test -t 0 && test -t 1 && test -t 2 && tty && stty size </dev/tty && '
                               'ps -o tty= -p $$ && ls /proc/self/fd | wc -l')
        lines = self.rest(self.client(listening)).decode().split("\r\n")
        name = lines[0].removeprefix("/dev/")
        self.assertRegex(lines[0], "^/dev/pts/[0-9]+$")
        self.assertEqual(lines[1:4], ["24 80", name, "4"])  # ls has a directory open

    def test_the_size_of_the_window(self):
        for size, shown in (("132x43", b"43 132\r\n"), ("1x65535", b"65535 1\r\n")):
            self.assertEqual(self.rest(self.client(self.shell("stty size", "--pty-size", size))), shown)

    def test_echo_and_lines(self):
        client = self.client(self.shell("read line; echo \"<$line>\""))
        client.sendall(b"hellp\x7fo\n")  # the terminal's own editing
        self.assertEqual(self.rest(client), b"hellp\b \bo\r\n<hello>\r\n")

    def test_no_echo_where_the_program_wants_none(self):
        client = self.client(self.shell("stty -echo; printf 'Password: '; read word; echo; echo \"$word.\""))
        self.hear(client, b"Password: ")
        client.sendall(b"swordfish\n")
        self.assertEqual(self.rest(client), b"\r\nswordfish.\r\n")

    def test_ctrl_c_is_the_foreground_programs_signal(self):
        client = self.client(self.shell("trap 'echo interrupted; exit' INT; echo ready; sleep 60 & wait"))
        self.hear(client, b"ready")
        client.sendall(b"\x03")
        self.assertIn(b"interrupted", self.rest(client))

    def test_raw_bytes(self):
        data = bytes(range(256)) * 200
        client = self.client(self.shell("stty raw -echo; printf ready; exec head -c 51200"))
        self.hear(client, b"ready")
        client.sendall(data)
        self.assertEqual(self.rest(client), data)

    def test_many_at_a_time(self):
        listening = self.shell("tty; read line")
        clients = [self.client(listening) for _ in range(20)]
        names = {self.hear(client, rb"(/dev/pts/\d+)\r\n")[1] for client in clients}
        self.assertEqual(len(names), 20)

    def test_in_connect(self):
        listener, port = self.server()
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--pty", "--pty-size", "100x30", "--shell",
                             "stty size")
        client, _ = listener.accept()
        client.settimeout(PATIENCE)
        with client:
            self.assertEqual(self.rest(client), b"30 100\r\n")
        self.ends(process, 0)


class Ends(PtyCase):
    def test_all_output_is_delivered_when_the_program_ends(self):
        client = self.client(self.shell("seq 20000; exit 7"))
        self.assertEqual(self.rest(client), "".join(f"{number}\r\n" for number in range(1, 20001)).encode())

    def test_output_is_whole_again_and_again(self):
        listening = self.shell("seq 2000")
        expected = "".join(f"{number}\r\n" for number in range(1, 2001)).encode()
        for _ in range(30):
            self.assertEqual(self.rest(self.client(listening)), expected)

    def test_the_exit_status_and_the_end_although_the_client_stays(self):
        process = self.listen("--pty", "--json", "--shell", "echo bye; exit 7", stdin=subprocess.DEVNULL)
        client = self.client(process)
        self.assertEqual(self.rest(client), b"bye\r\n")
        _, err = self.ends(process, 0)  # the client has not closed
        closed = next(each for each in json.loads(err)["results"] if each["type"] == "closed")
        self.assertEqual((closed["reason"], closed["child"]), ("finished", {"exit_code": 7, "signal": None}))

    def test_the_end_of_what_is_sent_is_typed(self):
        for sent, heard in ((b"", b"0"), (b"a\n", b"2"), (b"ab", b"2"), (b"a\nb", b"3")):
            with self.subTest(sent=sent):
                client = self.client(self.shell("stty -echo; printf '>'; wc -c"))
                self.hear(client, b">")
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(self.rest(client).strip(), heard)

    def test_whoever_reads_on_is_hung_up_on_when_nothing_is_said(self):
        client = self.client(self.shell("trap 'echo hung up; exit' HUP; echo $$; while :; do sleep 0.05; done"))
        pid = int(self.hear(client, rb"(\d+)\r\n")[1])
        client.shutdown(socket.SHUT_WR)
        self.rest(client)
        wait_for(lambda: not is_alive(pid), "the program to go", PATIENCE)

    def test_but_not_while_it_talks(self):
        client = self.client(self.shell("for n in 1 2 3 4 5 6; do sleep 0.4; echo $n; done"))
        client.shutdown(socket.SHUT_WR)
        self.assertTrue(self.rest(client).endswith(b"6\r\n"))

    def test_nor_when_it_may_go_on(self):
        client = self.client(self.shell("sleep 2; echo done", "--half-open"))
        client.shutdown(socket.SHUT_WR)
        self.assertTrue(self.rest(client).endswith(b"done\r\n"))

    def test_a_client_that_is_gone_takes_the_session_with_it(self):
        for how in ("close", "reset"):
            with self.subTest(how=how):
                client = self.client(self.shell("sleep 1000 & echo $$ $!; sleep 1001"))
                pids = list(map(int, self.hear(client, rb"(\d+) (\d+)\r\n").groups()))
                if how == "reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                client.close()
                wait_for(lambda pids=pids: not any(map(is_alive, pids)), "the session to go", PATIENCE)

    def test_nothing_stays_when_we_are_stopped(self):
        listening = self.shell("sleep 1000 & echo $$ $!; sleep 1001")
        client = self.client(listening)
        pids = list(map(int, self.hear(client, rb"(\d+) (\d+)\r\n").groups()))
        listening.send_signal(signal.SIGTERM)
        self.assertEqual(listening.wait(PATIENCE), -signal.SIGTERM)
        wait_for(lambda: not any(map(is_alive, pids)), "the session to go", PATIENCE)

    def test_a_program_that_reads_nothing_costs_no_more_than_what_fits(self):
        client = self.client(self.shell("stty raw -echo; echo ready; sleep 1.5; echo late"))
        self.hear(client, b"ready")
        client.setblocking(False)
        try:
            while True:
                client.send(bytes(65536))
        except BlockingIOError:
            pass
        client.settimeout(PATIENCE)
        self.assertTrue(self.hear(client, b"late"))


class Words(PtyCase):
    def test_what_does_not_go_together(self):
        for command, address in (("listen", "127.0.0.1:0"), ("connect", "127.0.0.1:1")):
            for words, what in ((["--pty"], "--pty: needs"), (["--pty-size", "80x24"], "--pty-size: needs"),
                                (["--pty-size", "80x24", "--shell", "true"], "--pty-size: needs --pty"),
                                (["--pty", "--stderr", "log", "--shell", "true"], "--pty and --stderr"),
                                (["--pty", "--recv-only", "--shell", "true"], "--pty: is read and written"),
                                *((["--pty", "--pty-size", size, "--shell", "true"], f"--pty-size '{size}'")
                                  for size in ("80", "x24", "80x", "0x24", "80x0", "65536x1", "80x24x2", "-1x24"))):
                with self.subTest(command=command, words=words):
                    done = self.run_for(self.tcpbox, command, address, *words, stdin=subprocess.DEVNULL, text=True)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertTrue(done.stderr.startswith(f"tcpbox: {what}"), done.stderr)


if __name__ == "__main__":
    lab.main()
