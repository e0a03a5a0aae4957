# SPDX-License-Identifier: MIT
"""TCP sockets in every state at once, IPv4 and IPv6, held over loopback by filters that drop what would end the state.

    with host.entered():
        held = socket_states.hold(host)      # all in this process; needs nft
    held.sockets                             # [Held(state, family, socket, …)]: those this process still has open
    held.expected                            # Counter of (state, family): what the kernel has

A connection has two ends, so several states come in pairs: FIN-WAIT-2 and CLOSE-WAIT, LAST-ACK and FIN-WAIT-2,
CLOSING and FIN-WAIT-1. Repetitions go on meanwhile and give up after a minute at the earliest (SYN-RECEIVED; TIME-WAIT ends then
too), so questions are to be asked soon. Others besides the states: queues with unread and unsent data, a closed window,
keepalive, a retransmission, every kind of timer.
"""

import collections
import dataclasses
import socket
import struct

from lab.process import wait_for

ALL_STATES = ("ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED",
              "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING")
FAMILIES = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}

_LISTEN_PORT = 7000
_SILENT_PORT = 7001   # SYNs to it are dropped
_DEAF_PORT = 7002     # its SYN-ACKs are dropped
_TCP_STATE = {1: "ESTABLISHED", 2: "SYN-SENT", 3: "SYN-RECEIVED", 4: "FIN-WAIT-1", 5: "FIN-WAIT-2", 6: "TIME-WAIT",
              7: "CLOSED", 8: "CLOSE-WAIT", 9: "LAST-ACK", 10: "LISTEN", 11: "CLOSING"}
_RULES = f"""
table inet held {{
  set silent {{ type inet_service . inet_service; }}
  chain input {{
    type filter hook input priority 0;
    tcp dport {_SILENT_PORT} drop
    tcp sport {_DEAF_PORT} tcp flags & (syn|ack) == syn|ack drop
    tcp sport . tcp dport @silent drop
  }}
}}
"""


def kernel_state(made):
    """What the kernel says itself, by its name in RFC 9293."""
    return _TCP_STATE[made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]


def waiting_in(listener):
    """The length of its accept queue: TCP_INFO has it where a connection has what is unacknowledged (tcpi_unacked)."""
    return struct.unpack_from("I", listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28), 24)[0]


@dataclasses.dataclass
class Held:
    """A socket of this process and the state it was brought into."""
    state: str
    family: int
    socket: socket.socket
    note: str = ""

    @property
    def local(self):
        return self.socket.getsockname()[:2]

    def kernel_state(self):
        return kernel_state(self.socket)

    def tcp_info(self):
        """struct tcp_info as getsockopt(2) gives it, of this kernel's length."""
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1024)


class HeldSockets:
    def __init__(self, host):
        self.host = host
        self.sockets = []
        self.expected = collections.Counter()

    def close(self):
        for held in self.sockets:
            held.socket.close()

    def keep(self, state, family, made, note=""):
        self.sockets.append(Held(state, family, made, note))
        self.expected[state, family] += 1
        return made

    def expect(self, state, family):
        """A socket that the kernel has and no process holds."""
        self.expected[state, family] += 1

    def silence(self, sender, receiver):
        """From now on nothing of `sender` reaches `receiver`."""
        self.host.nft(f"add element inet held silent {{ {sender.getsockname()[1]} . {receiver.getsockname()[1]} }}")


def hold(host):
    """Makes them all in the namespace of `host`, which the calling thread has entered. Close what it returns."""
    host.nft(_RULES)
    held = HeldSockets(host)
    for family, address in FAMILIES.items():
        listener = _listener(family, _LISTEN_PORT)
        held.keep("LISTEN", family, listener)
        connect = lambda listener=listener, family=family, address=address: _connection(listener, family, address)
        _bound(held, family, address)
        _opening(held, family, address)
        _established(held, family, connect)
        _closing_first(held, family, connect)
        _closing_second(held, family, connect)
        _waiting(held, family, listener, connect)
    for one in held.sockets:
        wait_for(lambda one=one: one.kernel_state() == one.state, f"{one.state} ({one.note}), not {one.kernel_state()}")
    return held


def _listener(family, port, backlog=16):
    made = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((FAMILIES[family], port))
    made.listen(backlog)
    return made


def _connection(listener, family, address):
    client = socket.socket(family, socket.SOCK_STREAM)
    client.connect((address, _LISTEN_PORT))
    server, _ = listener.accept()
    return client, server


def _exchange(sender, receiver, size):
    sender.sendall(b"x" * size)
    while size > 0:
        size -= len(receiver.recv(size))


def _bound(held, family, address):
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind((address, 0))
    held.keep("CLOSED", family, made, "bound and nothing else")


def _opening(held, family, address):
    for port, note in ((_SILENT_PORT, "its SYN is dropped"), (_DEAF_PORT, "the answer is dropped")):
        if port == _DEAF_PORT:
            held.keep("LISTEN", family, _listener(family, port))
            held.expect("SYN-RECEIVED", family)
        client = socket.socket(family, socket.SOCK_STREAM)
        client.setblocking(False)
        client.connect_ex((address, port))
        held.keep("SYN-SENT", family, client, note)


def _established(held, family, connect):
    client, server = connect()
    _exchange(client, server, 100_000)
    _exchange(server, client, 10)
    client.sendall(b"unread")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    held.keep("ESTABLISHED", family, client, "keepalive")
    held.keep("ESTABLISHED", family, server, "unread data")

    client, server = connect()
    client.setblocking(False)
    try:
        while True:
            client.send(b"x" * 65536)
    except BlockingIOError:
        pass
    held.keep("ESTABLISHED", family, client, "closed window")
    held.keep("ESTABLISHED", family, server, "nobody reads")

    client, server = connect()
    held.silence(client, server)
    client.sendall(b"lost")
    held.keep("ESTABLISHED", family, client, "retransmission")
    held.keep("ESTABLISHED", family, server)


def _closing_first(held, family, connect):
    client, server = connect()
    held.silence(client, server)
    client.shutdown(socket.SHUT_WR)
    held.keep("FIN-WAIT-1", family, client)
    held.keep("ESTABLISHED", family, server)

    client, server = connect()
    client.shutdown(socket.SHUT_WR)
    held.keep("FIN-WAIT-2", family, client)
    held.keep("CLOSE-WAIT", family, server)

    client, server = connect()
    held.silence(client, server)
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    held.keep("CLOSING", family, client)
    held.keep("FIN-WAIT-1", family, server)


def _closing_second(held, family, connect):
    client, server = connect()
    client.shutdown(socket.SHUT_WR)
    wait_for(lambda: Held("", family, client).kernel_state() == "FIN-WAIT-2", "FIN-WAIT-2")
    held.silence(server, client)
    server.shutdown(socket.SHUT_WR)
    held.keep("FIN-WAIT-2", family, client)
    held.keep("LAST-ACK", family, server)


def _waiting(held, family, listener, connect):
    client, server = connect()
    client.shutdown(socket.SHUT_WR)
    wait_for(lambda: server.recv(1) == b"", "the end of a connection")
    server.close()
    client.close()
    held.expect("TIME-WAIT", family)
