# SPDX-License-Identifier: MIT
"""How many probes a second arrive, on one core and on two, beside what can leave at all and what others send."""

import os
import pathlib
import signal
import statistics
import subprocess
import time

import scan_scanners as scanners

_LONGEST, _STEP = 3.0, 0.1
_TARGETS, _PORTS = "10.200.0.0/16", "1-100"


class Transmit:
    name, title = "transmit", "probes a second that arrive; the target drops them first thing"

    def measure(self, bench):
        net = bench.lab.many_targets()
        net.server.nft("table netdev hole {\n chain ingress {\n type filter hook ingress device eth0 priority 0; "
                       "policy accept;\n ip protocol tcp drop\n}\n}\n")
        contenders = self._contenders(bench, net)
        rates = {name: [] for name in contenders}
        for _ in range(bench.rounds):
            for name, argv in contenders.items():
                rates[name].append(_rate(net, argv))
        medians = {name: statistics.median(each) for name, each in rates.items()}
        for name, each in medians.items():
            print(f"  {name:34}{each / 1000:9.0f} k/s")
        ours = medians["tcpbox, one core"]
        bench.judge(self.name, "one core >= 0.9 x AF_XDP blaster", ours >= 0.9 * medians["AF_XDP blaster, one core"])
        for peer in ("masscan", "zmap"):
            bench.judge(self.name, f"one core >= 1.7 x {peer}",
                        ours >= 1.7 * medians[peer] if peer in medians else None)
        if "tcpbox, two cores" in medians:
            bench.judge(self.name, "two cores >= 1.6 x one core", medians["tcpbox, two cores"] >= 1.6 * ours)

    @staticmethod
    def _contenders(bench, net):
        core = ("taskset", "-c", str(max(os.sched_getaffinity(0))))
        timing = ("--timing", "line-rate") if "--timing" in scanners.help_of(bench.tcpbox) else ("--rate", "10000000")
        ours = scanners.tcpbox(bench.tcpbox, *timing, "--retries", "0", "-p", _PORTS, _TARGETS).argv
        blaster = (bench.compile("tests/bench/scan_blaster.cpp"), net.client.interface, scanners.mac(net.server),
                   net.client.address4, "10.200.0.0", "9")
        made = {"tcpbox, one core": (*core, *ours), "AF_XDP blaster, one core": (*core, *blaster)}
        if len(os.sched_getaffinity(0)) > 1:
            made["tcpbox, two cores"] = ours
        masscan = scanners.masscan(net, _PORTS, _TARGETS, rate=10_000_000)
        zmap = scanners.zmap(net, 80, "10.0.0.0/8")  # its 2.1 knows one port
        for name, peer in (("masscan", masscan), ("zmap", zmap)):
            if scanners.is_installed(peer):
                made[name] = (*core, *peer.argv)
        return made


def _arrived(host):
    with host.entered():
        for line in pathlib.Path("/proc/thread-self/net/dev").read_text().splitlines():
            name, _, numbers = line.partition(":")
            if name.strip() == host.interface:
                return int(numbers.split()[1])
    raise KeyError(host.interface)


def _rate(net, argv):
    """While it is busy: each takes its time to begin, and some send all there is before the time is over."""
    process = net.client.popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + _LONGEST
    try:
        samples = [(time.monotonic(), _arrived(net.server))]
        while time.monotonic() < end and process.poll() is None:
            time.sleep(_STEP)
            samples.append((time.monotonic(), _arrived(net.server)))
        spans = [(later[1] - earlier[1]) / (later[0] - earlier[0]) for earlier, later in zip(samples, samples[1:])]
        busy = [span for span in spans if span > max(spans) / 2]
        return statistics.median(busy) if busy else 0.0
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def rows():
    return [Transmit()]
