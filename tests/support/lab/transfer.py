# SPDX-License-Identifier: MIT
"""A sender and a receiver of files of our own, from what tcpbox-transfer(5) says; and a wire that breaks."""

import hashlib
import socket
import struct
import threading

CHUNK = 1 << 20
PLAN, ENTRY, START, DATA, END, LEAVE, DIRECTORY, DONE = range(1, 9)
ANSWER, RESULT, FINISHED = 0x11, 0x12, 0x13
ABORT = 0x1F
FILE, FOLDER, LINK = 1, 2, 3
TAKE, RESUME, WHOLE, MADE, UNCHANGED, REFUSED, FAILED = range(7)
MAGIC = b"tcpboxft"


def tree_digest(data):
    chunks = [data[at:at + CHUNK] for at in range(0, len(data), CHUNK)]
    if len(chunks) == 1:
        return hashlib.sha256(data).digest()
    return hashlib.sha256(b"".join(hashlib.sha256(chunk).digest() for chunk in chunks)).digest()


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("!H", len(value)) + value


def entry(number, path, size=0, kind=FILE, mode=0o644, seconds=1, nanoseconds=0, target=b""):
    return struct.pack("!IBHqIQ", number, kind, mode, seconds, nanoseconds, size) + text(path) + text(target)


class Peer:
    """One end of a transfer. `role`: 0 sends, 1 receives."""

    def __init__(self, connection, role, patience=60):
        self.socket = connection
        self.socket.settimeout(patience)
        self.socket.sendall(MAGIC + bytes([1, role, 0, 0]))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def read(self, size):
        data = b""
        while len(data) < size:
            some = self.socket.recv(size - len(data))
            if not some:
                raise EOFError(f"ended after {len(data)} of {size} bytes")
            data += some
        return data

    def preface(self):
        return self.read(12)

    def send(self, kind, body=b""):
        self.socket.sendall(struct.pack("!IB", len(body), kind) + body)

    def frame(self):
        size, kind = struct.unpack("!IB", self.read(5))
        return kind, self.read(size)

    def answer(self):
        kind, body = self.frame()
        if kind == ABORT:
            raise ConnectionAbortedError(body[2:].decode())
        assert kind == ANSWER, kind
        number, decision, replaces, offset = struct.unpack("!IBBQ", body[:14])
        return {"id": number, "decision": decision, "replaces": replaces, "offset": offset, "digest": body[14:46],
                "text": body[48:].decode()}

    def result(self):
        kind, body = self.frame()
        if kind == ABORT:
            raise ConnectionAbortedError(body[2:].decode())
        assert kind == RESULT, kind
        return body[4], body[7:].decode()

    def aborted(self):
        """The reason in its abort, whatever comes before."""
        while True:
            kind, body = self.frame()
            if kind == ABORT:
                return body[2:].decode()

    def end(self, number, data, status=0, digest=None):
        self.send(END, struct.pack("!IBQ", number, status, len(data)) + (digest or tree_digest(data)))


class BreakingWire:
    """Passes connections on to a port, and resets each after so many bytes; the last one is left alone."""

    def __init__(self, port, breaks):
        self.port = port
        self.breaks = list(breaks)
        self.broken = 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.own_port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            most = self.breaks.pop(0) if self.breaks else None
            threading.Thread(target=self.pump, args=(client, server, most), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, None), daemon=True).start()

    def pump(self, source, sink, most):
        passed = 0
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
                passed += len(data)
                if most is not None and passed >= most:
                    self.broken += 1
                    for end in (source, sink):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        end.shutdown(socket.SHUT_RDWR)
                        end.close()
                    return
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()
