# SPDX-License-Identifier: MIT
"""Clients and targets of listen --forward that the test plays itself."""

import socket
import struct

from .stream import PATIENCE, StreamCase


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class ForwardCase(StreamCase):
    def target(self):
        """A listening socket of ours and its word on the command line."""
        listener, port = self.server()
        return listener, f"127.0.0.1:{port}"

    def dead_target(self):
        """A port that is taken, so that nobody else can listen on it, and refuses."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"

    def client(self, listening):
        connection = socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def accepted(self, listener):
        connection, _ = listener.accept()
        self.addCleanup(connection.close)
        connection.settimeout(PATIENCE)
        return connection

    def pair(self, *words):
        """A client, the target's side of its conversation, and the forwarder."""
        listener, word = self.target()
        listening = self.listen("--forward", word, *words)
        client = self.client(listening)
        return client, self.accepted(listener), listening

    def read_all(self, connection):
        data = b""
        while chunk := connection.recv(1 << 20):
            data += chunk
        return data
