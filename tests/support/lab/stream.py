# SPDX-License-Identifier: MIT
"""What the tests of listen and connect share: processes that end with the test, listeners that say their port."""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import threading
import unittest

from .process import binary, wait_for

PATIENCE = 60


def digest(data):
    return hashlib.sha256(data).hexdigest()


claims = []


def claim(port):
    """Whether the port is this process's, among all that ask here: by an abstract name, see unix(7)."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0tcpbox-test-port-{port}")
    except OSError:
        name.close()
        return False
    claims.append(name)
    return True


def free_port(address="127.0.0.1"):
    """A port that nobody else is given while this process lives.

    None of those that the kernel hands out, where there are others: a connection to one of them, where nobody listens
    yet, may meet itself.
    """
    first, last = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    every = range(10_000, 65_536)
    ports = [port for port in every if not first <= port <= last] or every
    for port in random.sample(ports, min(len(ports), 1000)):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((address, port))
                if claim(port):
                    return port
    raise RuntimeError("no port is free")


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def serve_each(test, act, address="127.0.0.1"):
    """Serves each client of a test case with act(socket), in a thread of its own; the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family, backlog=1024)
    test.addCleanup(listener.close)

    def serve(connection):
        with contextlib.suppress(OSError), connection:
            act(connection)

    def run():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def listening_ports():
    tables = [pathlib.Path("/proc/net", name).read_text() for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return {int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A"}


def is_listening(port):
    return port in listening_ports()


class Events:
    """Mixed into a test case: what a process tells in NDJSON."""

    def event(self, process, kind, **fields):
        """The next event of a kind, with these fields, on standard error; those before it are passed over."""
        for line in process.stderr:
            event = json.loads(line)
            if event["type"] == kind and all(event[key] == value for key, value in fields.items()):
                return event
        self.fail(f"no event {kind} {fields}")


class StreamCase(Events, unittest.TestCase):
    def setUp(self):
        self.tcpbox = str(binary())
        self.scratch = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def enterContext(self, manager):  # unittest has it from Python 3.11 on
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def start(self, *argv, **popen):
        popen = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen}
        process = subprocess.Popen([str(word) for word in argv], **popen)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        process.wait()

    def run_for(self, *argv, **run):
        run = {"capture_output": True, "timeout": PATIENCE, **run}
        return subprocess.run([str(word) for word in argv], **run)

    def listen_on(self, address, *words, **popen):
        """A listener on any address; `ready` is what it told of it through --ready-fd."""
        reader, writer = os.pipe()
        try:
            process = self.start(self.tcpbox, "listen", address, "--ready-fd", writer, *words, pass_fds=(writer,),
                                 **popen)
        finally:
            os.close(writer)
        with os.fdopen(reader) as ready:
            process.ready = ready.read().split()
        return process

    def listen(self, *words, address="127.0.0.1:0", **popen):
        """A listener on IP addresses, and the ports it told of."""
        process = self.listen_on(address, *words, **popen)
        process.ports = [int(line.rsplit(":", 1)[1]) for line in process.ready]
        return process

    def peer_listens(self, argv, port, **popen):
        process = self.start(*argv, **popen)
        wait_for(lambda: is_listening(port) or process.poll() is not None, f"a listener on {port}")
        return process

    def server(self, address="127.0.0.1"):
        """A listening socket of our own, for peers that no tool plays."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family)
        self.addCleanup(listener.close)
        listener.bind((address, 0))
        listener.listen()
        listener.settimeout(PATIENCE)
        return listener, listener.getsockname()[1]

    def serves_one(self, act):
        """Serves one client with act(socket), in a thread; the port."""
        listener, port = self.server()

        def serve():
            client, _ = listener.accept()
            client.settimeout(PATIENCE)
            with contextlib.suppress(OSError), client:
                act(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        return port

    def client(self, listener, source=None, address="127.0.0.1"):
        """A connection to its first port."""
        client = socket.create_connection((address, listener.ports[0]), PATIENCE, (source, 0) if source else None)
        self.addCleanup(client.close)
        return client

    @staticmethod
    def read_all(connection):
        data = b""
        while chunk := connection.recv(1 << 16):
            data += chunk
        return data

    def nothing_comes(self, connection):
        """But the end, or a reset."""
        try:
            self.assertEqual(connection.recv(1), b"")
        except ConnectionResetError:
            pass

    def gets_nothing(self, listener, data=b""):
        """A client comes, says something, and is turned away: it may learn that before connect(2) returns."""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client = self.client(listener)
            client.sendall(data)
            self.assertEqual(client.recv(1), b"")

    def ends(self, process, code, data=None):
        out, err = process.communicate(data, timeout=PATIENCE)
        self.assertEqual(process.returncode, code, err)
        return out, err
