# SPDX-License-Identifier: MIT
"""Pace: what a capture on the target says about a rate that was asked for."""

import bisect
import signal
import struct
import subprocess
import time

import scan_scanners as scanners


class Pace:
    def __init__(self, rate, targets, ports, pairs, most_cpu_share=None):
        self.name, self.title = f"pace-{rate}", f"{rate:,} probes a second, by a capture on the target"
        self.rate, self.words = rate, ("--rate", str(rate), "--retries", "0", "--timeout", "300ms", "-p", ports, targets)
        self.pairs, self.most_cpu_share = pairs, most_cpu_share

    def measure(self, bench):
        net = bench.lab.many_targets()
        net.server.nft("table netdev hole {\n chain ingress {\n type filter hook ingress device eth0 priority 0; "
                       "policy accept;\n ip protocol tcp drop\n}\n}\n")
        with _Capture(net.server, bench.scratch / "pace.pcap") as capture:
            ours = scanners.tcpbox(bench.tcpbox, *self.words)
            done = scanners.run(net, ours, bench.scratch, 60)
        times = capture.times()
        bench.judge(self.name, f"each of {self.pairs} pairs got its probe (was {len(times)})", len(times) == self.pairs)
        if len(times) < 2:
            return
        least, most = seconds_of(times)
        first = bisect.bisect_left(times, times[0] + 0.1)
        share = done.cpu_seconds / (times[-1] - times[0])
        gap, where = max((later - earlier, earlier - times[0]) for earlier, later in zip(times, times[1:]))
        print(f"  tcpbox {len(times)} probes, {least} to {most} in any second, {first} in the first 0.1 s, "
              f"longest gap {gap * 1000:.1f} ms at {where:.2f} s, cpu {share * 100:.1f} %")
        tolerance = max(0.02 * self.rate, 1)
        bench.judge(self.name, f"{self.rate} within 2 % over any second",
                    abs(least - self.rate) <= tolerance and abs(most - self.rate) <= tolerance)
        bench.judge(self.name, "no burst at the start", first <= 0.1 * self.rate * 1.05 + 1)
        if self.most_cpu_share:
            bench.judge(self.name, f"cpu < {self.most_cpu_share * 100:.0f} %", share < self.most_cpu_share)


def seconds_of(times):
    """The fewest and the most probes of any second that begins with one and ends before the last."""
    spans = [bisect.bisect_left(times, start + 1, lo=i) - i for i, start in enumerate(times) if start + 1 < times[-1]]
    return (min(spans), max(spans)) if spans else (len(times), len(times))


class _Capture:
    """tcpdump of the SYNs that come."""

    def __init__(self, host, path):
        self._host, self._path = host, path

    def __enter__(self):
        command = ["tcpdump", "-i", "eth0", "-n", "-s", "64", "-B", "131072", "-w", self._path, "tcp[tcpflags] & tcp-syn != 0"]
        self._process = self._host.popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while "listening on" not in self._process.stderr.readline():
            if self._process.poll() is not None:
                raise RuntimeError("tcpdump did not start")
        return self

    def __exit__(self, *_):
        time.sleep(1.5)  # the kernel hands a block over when it is full or a second old
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def times(self):
        bytes_of = self._path.read_bytes()
        times, at = [], 24
        while at + 16 <= len(bytes_of):
            seconds, microseconds, length, _ = struct.unpack_from("<IIII", bytes_of, at)
            times.append(seconds + microseconds / 1e6)
            at += 16 + length
        return sorted(times)


def rows():
    return [Pace(10, "10.200.0.1", "1-50", 50), Pace(1000, "10.200.0.1", "1-5000", 5000, most_cpu_share=0.05),
            Pace(100000, "10.200.0.1-10.200.0.5", "1-60000", 300000)]
