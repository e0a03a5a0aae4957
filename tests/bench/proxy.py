#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a proxy server costs beside ncat and microsocks: one run, taken in turns, medians.

    tests/bench/proxy.py [--tcpbox PATH] [--rounds 5] [--mib 2048] [--connections 10000] [--tunnels 5000]

Client and target are stream_load, which a C++ compiler makes first; what they do without a proxy is the limit.
Everything is on loopback and bounded; as root in a network namespace with Reno, since BBR, where it is the default,
paces even there. Peers that are not installed are left out.
"""

import argparse
import contextlib
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from stream import NULL, ROOT, compile_load, end, free_port, wait_listening

FLIGHT = 64  # tunnels that are asked for at the same time


def servers(tcpbox):
    """Name: what it speaks, and its command line; {} is the port."""
    table = {
        "tcpbox http-proxy": ("http", [tcpbox, "listen", "127.0.0.1:{}", "--serve", "http-proxy"]),
        "ncat http": ("http", ["ncat", "-l", "-k", "127.0.0.1", "{}", "--proxy-type", "http"]),
        "tcpbox socks": ("socks", [tcpbox, "listen", "127.0.0.1:{}", "--serve", "socks"]),
        "microsocks": ("socks", ["microsocks", "-i", "127.0.0.1", "-p", "{}"]),
    }
    return {"no proxy": ((), []), **{name: row for name, row in table.items() if shutil.which(row[1][0])}}


PAIRS = (("tcpbox http-proxy", "ncat http"), ("tcpbox socks", "ncat http"), ("tcpbox socks", "microsocks"))


class Bench:
    def __init__(self, options, load):
        self.options, self.load = options, load
        self.target = free_port()
        self.sink = subprocess.Popen([load, "sink", str(self.target)])
        wait_listening(self.target, self.sink)

    @contextlib.contextmanager
    def running(self, row):
        speaks, words = row
        if not words:
            yield self.sink, self.target, ()
            return
        port = free_port()
        process = subprocess.Popen([word.format(port) for word in words], stdin=NULL, stdout=NULL, stderr=NULL)
        try:
            wait_listening(port, process)
            yield process, port, (speaks, str(self.target))
        finally:
            end(process)

    def loads(self, mode, port, first, second, speaks, **popen):
        return subprocess.Popen([self.load, mode, str(port), str(first), str(second), *speaks], **popen)

    @staticmethod
    def ends(client):
        """Whether it does what it was asked for, in a bounded time."""
        try:
            return client.wait(60) == 0
        except subprocess.TimeoutExpired:
            end(client)
            return False

    def throughput(self, row, connections):
        """GiB/s, until the target has all of it."""
        with self.running(row) as (_, port, speaks):
            size = self.options.mib << 20
            begin = time.monotonic()
            if not self.ends(self.loads("push", port, connections, size // connections, speaks)):
                return float("nan")
            return size / (1 << 30) / (time.monotonic() - begin)

    def one(self, row):
        return self.throughput(row, 1)

    def several(self, row):
        return self.throughput(row, 16)

    def rate(self, row):
        """Tunnels a second, each with one byte of payload, from its connection to its end."""
        count = self.options.connections
        with self.running(row) as (_, port, speaks):
            begin = time.monotonic()
            if not self.ends(self.loads("knock", port, count, FLIGHT, speaks)):
                return float("nan")
            return count / (time.monotonic() - begin)

    def memory(self, row):
        """MiB resident with so many silent tunnels."""
        with self.running(row) as (process, port, speaks):
            client = self.loads("hold", port, self.options.tunnels, FLIGHT, speaks, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
            with client.stdin, client.stdout:
                held = client.stdout.readline()
                mib = resident_kib(process.pid) / 1024
            client.wait()
            return mib if held else float("nan")


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def enter_namespace():
    """Once more, in there."""
    if os.geteuid() != 0 or os.environ.get("PROXY_BENCH_NAMESPACE"):
        return
    os.environ["PROXY_BENCH_NAMESPACE"] = "yes"
    setup = 'ip link set lo up && sysctl -qw net.ipv4.tcp_congestion_control=reno; exec "$@"'
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", setup, "sh", sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tcpbox", default=str(ROOT / "build/release/cmd/tcpbox"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--tunnels", type=int, default=5000)
    options = parser.parse_args()
    enter_namespace()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    table = servers(options.tcpbox)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, compile_load(pathlib.Path(scratch)))
        try:
            for title, once, rounds in (("throughput of one tunnel, GiB/s", bench.one, options.rounds),
                                        ("throughput of 16 tunnels, GiB/s", bench.several, options.rounds),
                                        ("tunnels a second", bench.rate, options.rounds),
                                        (f"MiB resident with {options.tunnels} tunnels", bench.memory, 1)):
                print(title, flush=True)
                results = {name: [] for name in table}
                for _ in range(rounds):
                    for name, row in table.items():
                        results[name].append(once(row))
                medians = {name: statistics.median(values) for name, values in results.items()}
                for name, value in medians.items():
                    ratios = [f"{value / medians[peer]:.2f} of {peer}" for ours, peer in PAIRS
                              if ours == name and peer in medians]
                    print(f"  {name:20} {value:10.2f}   {', '.join(ratios)}", flush=True)
        finally:
            end(bench.sink)


if __name__ == "__main__":
    main()
