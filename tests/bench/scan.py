#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scan against other scanners, side by side in one lab: found, seconds, memory, pace, and whether each bar is met.

usage: scan.py [--tcpbox PATH] [--rounds N] [--only ROW]... [--slow-peers] [--first] [--list]     (as root)

Everything happens in private namespaces that end with this program. Ratios compare medians of the same run. A peer that
needs minutes for a row (nmap under loss) runs with --slow-peers only.
"""

import argparse
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import lab
from lab import private
import scan_pace
import scan_scanners as scanners
import scan_transmit

OPEN_PORTS = sorted(random.Random(7).sample(range(1, 65536), 200))
HOST = "10.200.0.1"
NMAP_FAST = ("-sS", "-T4", "--min-rate", "20000")


class Row:
    """A race: the lab, the contenders with ours first, what is there to find, and the bars."""

    def __init__(self, name, title, words, *, conditions=None, prepare=None, peers=lambda net: [], slow_peers=lambda net: [],
                 truth=None, bars=(), limit=40, rounds=None, only=("--open",)):
        self.name, self.title, self.words = name, title, words
        self.conditions, self.prepare = conditions or {}, prepare
        self.peers, self.slow_peers, self.truth = peers, slow_peers, truth
        self.bars, self.limit, self.rounds, self.only = bars, limit, rounds, only

    def measure(self, bench):
        net, truth = bench.lab.many_targets(**self.conditions), one_host_truth() if self.truth is None else self.truth
        net.server.listen_many(sorted({port for _, port in truth}) or [1])
        if self.prepare:
            self.prepare(net.target)
        contenders = [scanners.tcpbox(bench.tcpbox, *self.words, only=self.only), *self.peers(net)]
        contenders += self.slow_peers(net) if bench.slow_peers else []
        runs = {each: [] for each in contenders if scanners.is_installed(each)}
        ours = contenders[0]
        for round_number in range(self.rounds or bench.rounds):
            for each, done in runs.items():
                if each is ours or round_number < bench.rounds:  # a row of five rounds has as many peers as asked for
                    done.append(scanners.run(net, each, bench.scratch, self.limit if each is ours else 300))
        results = {each.name: Median(done, truth) for each, done in runs.items()}
        for name, result in results.items():
            print(f"  {name:34}{result.text(results['tcpbox'].seconds)}", flush=True)
        for bar in self.bars:
            bench.judge(self.name, *bar(results))


class Median:
    def __init__(self, runs, truth):
        self.runs = runs
        self.seconds = statistics.median(run.seconds for run in runs)
        self.cpu = statistics.median(run.cpu_seconds for run in runs)
        self.found = [len(run.found & truth) for run in runs]
        self.wrong = max(len(run.found - truth) for run in runs)
        self.truth = len(truth)

    def all_found(self):
        return min(self.found) == self.truth and self.wrong == 0

    def text(self, ours):
        least, most = min(self.found), max(self.found)
        found = f"{least}" if least == most else f"{least}-{most}"
        wrong = f", {self.wrong} WRONG" if self.wrong else ""
        killed = " KILLED" if any(run.timed_out for run in self.runs) else ""
        short = next((run.summary for run, found in zip(self.runs, self.found) if found < self.truth and run.summary), {})
        states = ", ".join(f"{short[key]} {key}" for key in ("open", "closed", "filtered", "errors") if key in short)
        failed = next((f"  exit {run.status}: {run.text.strip()[-200:]}" for run in self.runs if run.status not in (0, 1)), "")
        return (f"{self.seconds:8.2f} s {ours / self.seconds:7.2f} x   cpu {self.cpu:6.2f} s   "
                f"{found}/{self.truth}{wrong}{killed}  [{' '.join(f'{run.seconds:.2f}:{found}' for run, found in zip(self.runs, self.found))}]{failed} {states}")


def one_host_truth():
    return {(HOST, port) for port in OPEN_PORTS}


def complete(results):
    ours = results["tcpbox"]
    return f"all {ours.truth} found in {len(ours.runs)} of {len(ours.runs)}", ours.all_found()


def within(seconds):
    return lambda results: (f"<= {seconds:.2f} s", results["tcpbox"].seconds <= seconds)


def ratio(share, peer):
    def bar(results):
        if peer not in results:
            return f"<= {share:.2f} x {peer}: not installed", None
        return (f"<= {share:.2f} x {peer} ({results[peer].seconds * share:.2f} s)",
                results["tcpbox"].seconds <= share * results[peer].seconds)
    return bar


def counts(field, wanted):
    def bar(results):
        values = [run.summary.get(field) for run in results["tcpbox"].runs]
        return f"{field} {wanted} (was {', '.join(map(str, values))})", all(value == wanted for value in values)
    return bar


def says(kind):
    return lambda results: (f"says {kind}", all(f'"{kind}"' in run.text for run in results["tcpbox"].runs))


def nmap_peer(*words):
    return lambda net: [scanners.nmap(*words, ports="1-65535", target=HOST)]


def many_hosts(addresses, ports, count):
    pick = random.Random(11)
    return {(f"10.200.{number >> 8}.{number & 255}", ports[port])
            for number, port in (divmod(each, len(ports)) for each in pick.sample(range(addresses * len(ports)), count))}


def races():
    all_ports, silent = ("-p", "1-65535", HOST), lambda target: target.filter("tcp dport 1-65535 drop")
    delay, forty_ms = {"delay_ms": 20}, {"delay_ms": 20, "loss_percent": 1}
    web, hundred = many_hosts(65536, [80], 6500), many_hosts(4096, list(range(8000, 8100)), 8140)
    return [
        Row("clean", "65,535 ports of one host, 200 open", all_ports, peers=nmap_peer("-sS"),
            slow_peers=lambda net: [scanners.masscan(net, "1-65535", HOST)],
            bars=[complete, ratio(1.0, "nmap -sS"), within(1.3)]),
        Row("loss5", "the same with 5 % loss each way", all_ports, prepare=lambda target: target.lose(5), rounds=5,
            peers=nmap_peer(*NMAP_FAST), bars=[complete, ratio(0.25, "nmap " + " ".join(NMAP_FAST))]),
        Row("loss20", "the same with 20 % loss each way", all_ports, prepare=lambda target: target.lose(20), rounds=5,
            peers=nmap_peer(*NMAP_FAST), bars=[complete, ratio(0.5, "nmap " + " ".join(NMAP_FAST))]),
        Row("bottleneck", "40 ms, 20,000/s bottleneck with a queue of 400, no rate given", all_ports, rounds=5,
            conditions={**delay, "packets_per_second": 20000, "queue_frames": 400}, slow_peers=nmap_peer("-sS"),
            bars=[complete, within(6)]),
        Row("delay-loss", "40 ms, 1 % loss each way", all_ports, conditions=forty_ms, rounds=5, slow_peers=nmap_peer("-sS"),
            bars=[complete, within(3)]),
        Row("filtered", "all 65,535 filtered", all_ports, prepare=silent, truth=set(), only=(),
            bars=[counts("filtered", 65535), within(10)]),
        Row("reset-limit", "a host that sends 1,000 RSTs a second", all_ports, rounds=1, limit=200, only=(),
            prepare=lambda target: target.limit_resets(1000),
            bars=[complete, counts("filtered", 0), within(1.2 * 65.5), says("rst_limited")]),
        Row("reset-limit-open", "the same, only what is open", all_ports, limit=60,
            prepare=lambda target: target.limit_resets(1000), bars=[complete, within(8)]),
        Row("slash16", "one port of a /16, 6,500 open, the rest silent", ("-p", "80", "10.200.0.0/16"), truth=web, limit=90,
            prepare=lambda target: target.hosts("80", web),
            peers=lambda net: [scanners.zmap(net, 80, "10.200.0.0/16"), scanners.masscan(net, "80", "10.200.0.0/16")],
            bars=[complete, ratio(0.5, "zmap -r 0 -c 2"), ratio(0.2, "masscan --rate 100000")]),
        Row("slash20", "100 ports of a /20, 8,140 open, the rest silent", ("-p", "8000-8099", "10.200.0.0/20"), limit=120,
            truth=hundred, prepare=lambda target: target.hosts("8000-8099", hundred),
            slow_peers=lambda net: [scanners.masscan(net, "8000-8099", "10.200.0.0/20")], bars=[complete, within(5.1)]),
        Row("connect", "connect technique, 65,535 ports", ("--technique", "connect", *all_ports), peers=nmap_peer("-sT"),
            bars=[complete, ratio(1.0, "nmap -sT")]),
        Row("connect-loss", "connect technique, 40 ms, 1 % loss", ("--technique", "connect", *all_ports),
            conditions=forty_ms, bars=[complete, within(5)]),
        Row("connect-filtered", "connect technique, all filtered", ("--technique", "connect", *all_ports), prepare=silent,
            truth=set(), only=(), bars=[counts("filtered", 65535), within(10)]),
        Row("one", "one port of one host, 40 ms", ("-p", str(OPEN_PORTS[0]), HOST), conditions=delay,
            truth={(HOST, OPEN_PORTS[0])}, bars=[complete, within(0.34)]),
    ]


class Memory:
    """Peak memory of a scan that is interrupted once it is under way, or of a list."""

    def __init__(self, name, title, words, most_mib, *, stop_after=None, seconds=None, file_of=None, output=("--ndjson",)):
        self.name, self.title, self.words, self.most, self.output = name, title, words, most_mib, output
        self.stop_after, self.seconds, self.file_of = stop_after, seconds, file_of

    def measure(self, bench):
        net = bench.lab.many_targets()
        net.target.filter("tcp dport 1-65535 drop")
        words = self.words
        if self.file_of:
            path = bench.scratch / "addresses"
            path.write_text("".join(self.file_of))
            words = [word.replace("FILE", str(path)) for word in words]
        ours = scanners.tcpbox(bench.tcpbox, *words, output=self.output)
        done = scanners.run(net, ours, bench.scratch, 60, stop_after=self.stop_after, watch_memory=True)
        failed = done.status not in (0, 1, -signal.SIGINT)
        print(f"  tcpbox {done.seconds:.2f} s, peak {done.peak_mib:.1f} MiB, {done.summary.get('probes_sent')} probes"
              + (f", exit {done.status}: {done.text.strip().splitlines()[-1:]}" if failed else ""))
        bench.judge(self.name, f"<= {self.most} MiB", not failed and done.peak_mib <= self.most)
        if self.seconds:
            bench.judge(self.name, f"<= {self.seconds} s", not failed and done.seconds <= self.seconds)


def million(family):
    """A line each, in no order, and none next to another."""
    places = random.Random(3).sample(range(1 << 22), 1_000_000)
    if family == 4:
        return (f"{11 + (i >> 19)}.{i >> 11 & 255}.{i >> 3 & 255}.{(i & 7) << 5}\n" for i in places)
    return (f"2600:{i >> 8:x}:{i & 255:x}::{i % 65521 + 1:x}\n" for i in places)


def lists():
    listed = ("--list", "-p", "80", "--targets-file", "FILE")
    return [Memory(f"list-file{family}{name}", f"a file of a million IPv{family} addresses, {title}", listed, 32,
                   seconds=1, file_of=million(family), output=output)
            for family in (4, 6)
            for name, title, output in (("", "as text", ("--color", "never")), ("-ndjson", "as NDJSON", ("--ndjson",)))]


def memories():
    scan = ("--rate", "200000", "-p", "80")
    return [
        Memory("memory-ports", "memory: 65,535 ports of one host", ("-p", "1-65535", HOST), 64),
        Memory("memory-slash8", "memory: a port of a /8", (*scan, "10.0.0.0/8"), 64, stop_after=15),
        Memory("memory-slash0", "memory: a port of IPv4", (*scan, "--i-am-allowed", "0.0.0.0/0"), 128, stop_after=15),
        Memory("list-slash0", "the list of a /0, as counts", ("--list", "--i-am-allowed", "-p", "80", "0.0.0.0/0"), 32, seconds=1),
        *lists(),
    ]


class Bench:
    def __init__(self, options, scratch):
        self.tcpbox, self.rounds, self.slow_peers = options.tcpbox, options.rounds, options.slow_peers
        self.scratch, self.lab, self.verdicts = scratch, None, []
        os.environ["TCPBOX_BUILD_DIR"] = str(scratch)  # where the lab looks for its wire
        self.compile("tests/support/delay_wire.cpp")

    def compile(self, source):
        program = (self.scratch / source).with_suffix("")
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-o", program, ROOT / source], check=True)
        return program

    def judge(self, row, text, met):
        word = {True: "met", False: "MISSED", None: "not measured"}[met]
        print(f"  bar: {text}: {word}", flush=True)
        self.verdicts.append((row, text, word))

    def measure(self, row):
        print(f"\n{row.name}: {row.title}   (load {os.getloadavg()[0]:.1f})", flush=True)
        self.lab = lab.Lab()
        try:
            row.measure(self)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print(f"  {error}")
            self.judge(row.name, "can be measured", False)
        finally:
            self.lab.close()


def go_first():
    """A higher priority for this program and all it starts, also where the kernel weighs sessions, not processes."""
    os.nice(-10)
    group = pathlib.Path("/proc/self/autogroup")
    if group.exists():
        os.setsid()
        group.write_text("-10")


def main():
    rows = [*races(), *scan_transmit.rows(), *scan_pace.rows(), *memories()]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tcpbox", default=str(ROOT / "build" / "release" / "cmd" / "tcpbox"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", default=[], choices=[row.name for row in rows], metavar="ROW")
    parser.add_argument("--slow-peers", action="store_true", help="also peers that need minutes")
    parser.add_argument("--first", action="store_true", help="before what else this machine does")
    parser.add_argument("--list", action="store_true", help="name the rows")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{row.name:18}{row.title}" for row in rows))
        return
    private.enter()
    if options.first:
        go_first()
    bench = Bench(options, private.SCRATCH)
    for row in rows:
        if not options.only or row.name in options.only:
            bench.measure(row)
    missed = [f"  {row}: {text}" for row, text, word in bench.verdicts if word == "MISSED"]
    print(f"\n{len(bench.verdicts)} bars, {len(missed)} missed" + "".join("\n" + line for line in missed))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
