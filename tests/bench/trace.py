#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What watching handshakes costs: a capture of two million connections beside a bare walk over its records, one of two
hundred thousand beside tshark and tcptrace, and handshakes on a veth pair as fast as they can be made.

usage: trace.py [--tcpbox PATH] [--only read|peers|live]... [--runs N] [--connections N]

Every count must be the generator's truth; each bar is a ratio to something measured in the same run. Needs root for
"live", which makes namespaces of its own.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

# The least ratio in time to each peer, and the most to the bare walk.
MOST_WALKS, MOST_MIB, LEAST_TSHARK, LEAST_TCPTRACE = 6, 250, 50, 20
RATES = (20_000, 50_000, 100_000, 200_000)
failures = 0


def bar(met, words):
    global failures
    failures += not met
    print(f"  {'met   ' if met else 'MISSED'}  {words}", flush=True)


def build(tcpbox):
    """The traffic generator, which is built beside tcpbox."""
    directory = pathlib.Path(tcpbox).resolve().parents[1]
    subprocess.run(["cmake", "--build", directory, "--target", "trace_traffic"], check=True, stdout=subprocess.DEVNULL)
    return directory / "tests" / "bench" / "trace_traffic"


def timed(*argv):
    """Seconds, most resident MiB and the output of a run."""
    begin = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{argv[0]} failed: {status}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024, output


def summary_of(output):
    summary = json.loads(output)["summary"]
    return summary["segments"] | summary["outcomes"] | {
        key: value for key, value in summary["connections"].items() if key not in ("total", "type")} | {
        "connections": summary["connections"]["total"]}


def wrong(found, truth):
    return {key: (found.get(key), value) for key, value in truth.items() if found.get(key) != value}


def read_row(options, traffic, scratch):
    path = scratch / "large.pcap"
    truth = json.loads(subprocess.run([traffic, "write", path, str(options.connections), "42"], check=True,
                                      capture_output=True).stdout)
    os.sync()
    print(f"{path.stat().st_size / 1e9:.2f} GB, {truth['total']} segments, {truth['connections']} connections")
    command = [options.tcpbox, "handshake-trace", "--summary", "--json", "--read", path]
    runs = [(timed(traffic, "walk", path), timed(*command)) for _ in range(options.runs)]
    walk = statistics.median(run[0][0] for run in runs)
    read = statistics.median(run[1][0] for run in runs)
    memory = max(run[1][1] for run in runs)
    ratio = statistics.median(run[1][0] / run[0][0] for run in runs)
    print(f"  bare walk {walk:.2f} s, tcpbox {read:.2f} s, {memory:.0f} MiB")
    different = wrong(summary_of(runs[-1][1][2]), truth)
    bar(not different, f"every count is the truth {different or ''}")
    bar(ratio <= MOST_WALKS, f"{ratio:.1f} bare walks, at most {MOST_WALKS}")
    bar(memory <= MOST_MIB, f"{memory:.0f} MiB, at most {MOST_MIB}")
    path.unlink()


def peers_row(options, traffic, scratch):
    path = scratch / "small.pcap"
    subprocess.run([traffic, "write", path, str(options.connections // 10), "42"], check=True, capture_output=True)
    os.sync()  # or the first run shares the machine with what the disk still has to write
    command = [options.tcpbox, "handshake-trace", "--summary", "--json", "--read", path]
    ours = statistics.median(timed(*command)[0] for _ in range(options.runs))
    print(f"{path.stat().st_size / 1e6:.0f} MB: tcpbox {ours:.2f} s")
    for name, argv, least in (("tshark", ["tshark", "-q", "-z", "conv,tcp", "-r", path], LEAST_TSHARK),
                              ("tcptrace", ["tcptrace", "-n", path], LEAST_TCPTRACE)):
        if shutil.which(name) is None:
            print(f"  not installed: {name}")
            continue
        theirs = timed(*argv)
        bar(theirs[0] / ours >= least, f"{name} {theirs[0]:.1f} s and {theirs[1]:.0f} MiB: {theirs[0] / ours:.0f} times, "
                                       f"at least {least}")
    path.unlink()


def live_row(options, traffic, _):
    import lab
    place = lab.Lab()
    try:
        net = place.two_hosts()
        for rate in RATES:
            watching = net.server.popen([options.tcpbox, "handshake-trace", "--summary", "--ndjson", "-i",
                                         net.server.interface], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            watching.stdout.readline()
            sent = json.loads(net.client.run([traffic, "send", net.client.interface, str(rate), "5"], check=True).stdout)
            time.sleep(0.5)
            cpu = sum(map(float, pathlib.Path(f"/proc/{watching.pid}/stat").read_text().split()[13:15])) / os.sysconf("SC_CLK_TCK")
            watching.send_signal(2)
            summary = json.loads(watching.stdout.read().splitlines()[-1])
            watching.wait()
            seen = summary["outcomes"]["established"]
            dropped = summary["frames"]["dropped_by_kernel"]
            made = sent["handshakes"]
            frames = summary["frames"]["total"]
            words = (f"{made / 5:,.0f} handshakes/s: {seen} of {made} seen, {dropped} packets dropped and told, "
                     f"{cpu / made * 1e6:.2f} us CPU each")
            # Every frame that was made was either looked at or is among the drops.
            bar(frames + dropped >= 6 * made - sent["frames_lost"] and (dropped != 0 or seen == made), words)
    finally:
        place.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tcpbox", default=str(ROOT / "build" / "release" / "cmd" / "tcpbox"))
    parser.add_argument("--only", action="append", choices=["read", "peers", "live"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connections", type=int, default=2_000_000)
    options = parser.parse_args()
    rows = options.only or ["read", "peers", "live"]
    if "live" in rows:
        from lab import private
        private.enter()
    with tempfile.TemporaryDirectory(prefix="tcpbox-bench-") as directory:
        scratch = pathlib.Path(directory)
        scratch.chmod(0o755)
        traffic = build(options.tcpbox)
        for row, run in (("read", read_row), ("peers", peers_row), ("live", live_row)):
            if row in rows:
                print(f"== {row}", flush=True)
                run(options, traffic, scratch)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
