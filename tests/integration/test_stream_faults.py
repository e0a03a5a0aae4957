# SPDX-License-Identifier: MIT
"""What the kernel refuses in the middle of it: accept(2) by strace's injection, a disk by a small file system."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.process import missing_tools
from lab.stream import PATIENCE, StreamCase, digest

FAULTS = range(2, 7)  # the calls of accept4 that fail
PAUSE_SECONDS = 0.1  # between one try and the next, while nothing can be accepted


def require_injection():
    if missing_tools(["strace"]):
        raise unittest.SkipTest("not installed: strace")
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest("ptrace is not permitted here: " + done.stderr.strip())


class Accepting(StreamCase):
    @classmethod
    def setUpClass(cls):
        require_injection()

    def listen_with(self, error):
        """A service whose accept4 fails for a while. It is a child of ours, its tracer is not: -D."""
        self.log = self.scratch / f"{error}.strace"
        port_file = self.scratch / f"{error}.ready"
        inject = f"inject=accept4:error={error}:when={FAULTS.start}..{FAULTS.stop - 1}"
        os.mkfifo(port_file)
        # LeakSanitizer cannot work in a process that is traced.
        environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        service = self.start("sh", "-c", 'exec "$@" 3> ' + str(port_file), "sh", "strace", "-D", "-ttt", "-e",
                             "trace=accept4", "-e", inject, "-o", self.log, self.tcpbox, "listen", "127.0.0.1:0", "-k",
                             "--serve", "echo", "--ndjson", "--ready-fd", "3", env=environment,
                             stdin=subprocess.DEVNULL)
        with port_file.open() as ready:
            service.port = int(ready.readline().rsplit(":", 1)[1])  # no end comes: the tracer has the descriptor too
        return service

    def client(self, service):
        client = socket.create_connection(("127.0.0.1", service.port), PATIENCE)
        self.addCleanup(client.close)
        return client

    def is_served(self, client, data):
        client.sendall(data)
        self.assertEqual(client.recv(len(data), socket.MSG_WAITALL), data)

    def calls(self):
        """Time and text of each accept4."""
        lines = [line.split(" ", 1) for line in self.log.read_text().splitlines() if "accept4(" in line]
        return [(float(when), text) for when, text in lines]

    def warnings(self, service):
        service.terminate()
        self.assertEqual(service.wait(PATIENCE), -signal.SIGTERM)
        events = [json.loads(line) for line in service.stderr]
        return [event["message"] for event in events if event["type"] == "warning"]

    def test_nothing_left_to_accept_with(self):
        for error, words in (("ENFILE", "Too many open files in system"), ("EMFILE", "Too many open files"),
                             ("ENOBUFS", "No buffer space available"), ("ENOMEM", "Cannot allocate memory")):
            with self.subTest(error=error):
                service = self.listen_with(error)
                first = self.client(service)
                self.is_served(first, b"first")
                before = cpu_seconds(service)
                late = [self.client(service) for _ in range(3)]
                self.is_served(first, b"notices nothing")
                for number, client in enumerate(late):
                    self.is_served(client, b"late %d" % number)
                worked = cpu_seconds(service) - before
                self.is_served(first, b"nor afterwards")
                self.assertEqual(self.warnings(service), [f"accept: {words}"])
                failed = [when for when, text in self.calls() if error in text and "INJECTED" in text]
                self.assertEqual(len(failed), len(FAULTS))
                # It waits before it tries again, however many are at the door, and sleeps meanwhile.
                pauses = [after - before for before, after in zip(failed, failed[1:])]
                self.assertGreater(min(pauses), PAUSE_SECONDS * 0.9)
                self.assertLess(worked, sum(pauses) / 2)

    def test_a_client_that_went_away_meanwhile_is_no_reason_to_wait_or_warn(self):
        for error in ("ECONNABORTED", "EPROTO", "EPERM"):
            with self.subTest(error=error):
                service = self.listen_with(error)
                first = self.client(service)
                self.is_served(first, b"first")
                for _ in range(3):
                    self.is_served(self.client(service), b"late")
                self.is_served(first, b"notices nothing")
                self.assertEqual(self.warnings(service), [])
                self.assertEqual(sum("INJECTED" in text for _, text in self.calls()), len(FAULTS))

    def test_a_listener_that_is_none_is_a_failure(self):
        service = self.listen_with("EINVAL")
        self.client(service)
        self.assertEqual(service.wait(PATIENCE), 3)
        self.assertIn(b"accept: Invalid argument", service.stderr.read())


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Disk(StreamCase):
    """A recording on a file system of 64 KiB."""

    def setUp(self):
        super().setUp()
        self.disk = self.scratch / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "small", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def test_a_recording_that_no_longer_fits_hurts_nobody_else(self):
        data = os.urandom(1 << 20)
        for name in ("talk.pcapng", "talk.pcap", "talk.txt"):
            with self.subTest(name=name):
                path = self.disk / name
                service = self.listen("-k", "--record", path, "--exec", "cat", stdin=subprocess.DEVNULL)
                for _ in range(2):
                    done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{service.ports[0]}", input=data)
                    self.assertEqual((done.returncode, digest(done.stdout)), (0, digest(data)), done.stderr)
                service.terminate()
                _, err = service.communicate(timeout=PATIENCE)
                self.assertEqual(err.decode().splitlines()[1:],
                                 [f"tcpbox: warning: record to {path}: No space left on device"])
                self.assertGreater(path.stat().st_size, 0)
                path.unlink()

    def test_the_status_at_the_end_tells(self):
        source = self.scratch / "source"
        source.write_bytes(os.urandom(1 << 20))
        service = self.listen("--record", self.disk / "talk.pcapng", stdin=subprocess.DEVNULL)
        with source.open("rb") as data:
            client = self.start(self.tcpbox, "connect", f"127.0.0.1:{service.ports[0]}", stdin=data)
        out, _ = self.ends(service, 3)
        self.assertEqual(digest(out), digest(source.read_bytes()))
        self.ends(client, 0)


if __name__ == "__main__":
    lab.main()
