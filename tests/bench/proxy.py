#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a proxy server costs beside ncat and microsocks: one run, taken in turns, medians.

    tests/bench/proxy.py [--tcpbox PATH] [--rounds 3] [--mib 512] [--seconds 2] [--tunnels 5000]

Everything is on loopback and bounded. Peers that are not installed are left out.
"""

import argparse
import contextlib
import os
import pathlib
import resource
import select
import shutil
import socket
import statistics
import struct
import subprocess
import threading
import time

from stream import NULL, ROOT, end, free_port, wait_listening

CLIENTS = 16  # that come one after another, in the connection rate


def http_request(port):
    return f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode(), b"\r\n\r\n"


def socks_request(port):
    request = b"\x05\x01\x00\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", port)
    return request, 12


def servers(tcpbox):
    """Name: what it speaks, and its command line; {} is the port."""
    table = {
        "tcpbox http-proxy": (http_request, [tcpbox, "listen", "127.0.0.1:{}", "--serve", "http-proxy"]),
        "ncat http": (http_request, ["ncat", "-l", "-k", "127.0.0.1", "{}", "--proxy-type", "http"]),
        "tcpbox socks": (socks_request, [tcpbox, "listen", "127.0.0.1:{}", "--serve", "socks"]),
        "microsocks": (socks_request, ["microsocks", "-i", "127.0.0.1", "-p", "{}"]),
    }
    return {name: row for name, row in table.items() if shutil.which(row[1][0])}


def open_tunnel(port, request, reply):
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(request)
    got = b""
    while len(got) < reply if isinstance(reply, int) else not got.endswith(reply):
        some = connection.recv(4096)
        if not some:
            raise OSError("the proxy said no")
        got += some
    return connection


class Target:
    """Takes what comes, in a process of its own; a connection that it is told to send on gets bytes for ever."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                self.serve()
            os._exit(0)
        self.listener.close()

    def serve(self):
        ready = select.epoll()
        ready.register(self.listener, select.EPOLLIN)
        connections = {}
        while True:
            for fd, _ in ready.poll():
                if fd == self.listener.fileno():
                    connection, _ = self.listener.accept()
                    connections[connection.fileno()] = connection
                    ready.register(connection, select.EPOLLIN)
                elif not connections[fd].recv(1 << 20):
                    ready.unregister(fd)
                    connections.pop(fd).close()

    def end(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


@contextlib.contextmanager
def running(row, target):
    speak, words = row
    port = free_port()
    process = subprocess.Popen([word.format(port) for word in words], stdin=NULL, stdout=NULL, stderr=NULL)
    try:
        wait_listening(port, process)
        yield process, port, *speak(target.port)
    finally:
        end(process)


def throughput(row, target, options):
    """GiB/s through one tunnel, until the target has all of it."""
    with running(row, target) as (_, port, request, reply), open_tunnel(port, request, reply) as connection:
        chunk = bytes(1 << 20)
        begin = time.monotonic()
        for _ in range(options.mib):
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        return options.mib / 1024 / (time.monotonic() - begin)


def rate(row, target, options):
    """Tunnels a second, each with one byte of payload."""
    counts = [0] * CLIENTS
    with running(row, target) as (_, port, request, reply):
        over = time.monotonic() + options.seconds

        def dial(number):
            while time.monotonic() < over:
                with open_tunnel(port, request, reply) as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                counts[number] += 1

        threads = [threading.Thread(target=dial, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts) / options.seconds


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def memory(row, target, options):
    """MiB resident with so many silent tunnels."""
    connections = []
    with running(row, target) as (process, port, request, reply):
        try:
            for _ in range(options.tunnels):
                connections.append(open_tunnel(port, request, reply))
            return resident_kib(process.pid) / 1024
        except OSError as error:
            print(f"    {len(connections)} tunnels, then: {error}")
            return float("nan")
        finally:
            for connection in connections:
                connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tcpbox", default=str(ROOT / "build/release/cmd/tcpbox"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--tunnels", type=int, default=5000)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Target()
    try:
        for title, bench, rounds in (("throughput of one tunnel, GiB/s", throughput, options.rounds),
                                     ("tunnels a second", rate, options.rounds),
                                     (f"MiB resident with {options.tunnels} tunnels", memory, 1)):
            print(title, flush=True)
            table = servers(options.tcpbox)
            results = {name: [] for name in table}
            for _ in range(rounds):
                for name, row in table.items():
                    results[name].append(bench(row, target, options))
            for name, values in results.items():
                print(f"  {name:20} {statistics.median(values):10.2f}", flush=True)
    finally:
        target.end()


if __name__ == "__main__":
    main()
