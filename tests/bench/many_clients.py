#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What very many clients cost: 10,000 idle ones, 1,000 at once, and connections a second beside ncat, medians of five.

usage: many_clients.py [TCPBOX]      (default: build/release/cmd/tcpbox)
"""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from lab.process import wait_for
from lab.stream import free_port, is_listening

RUNS = 5
IDLE, AT_ONCE, CYCLES = 10_000, 1_000, 10_000
TCPBOX = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build" / "release" / "cmd" / "tcpbox")


class Server:
    def __init__(self, *argv):
        self.port = free_port()
        self.process = subprocess.Popen([word.replace("PORT", str(self.port)) for word in argv],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: is_listening(self.port), "a listener")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def status_mib(self, key):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024


def clients(program, mode, server, count):
    return subprocess.Popen([program, mode, str(server.port), str(count)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


def run(program, mode, server, count):
    process = clients(program, mode, server, count)
    seconds = float(process.stdout.readline())
    process.communicate()
    return seconds


def idle(program, *words):
    """Seconds from the start of the clients until all are accepted, and MiB then."""
    with Server(TCPBOX, "listen", "127.0.0.1:PORT", *words) as server:
        before = server.descriptors()
        start = time.monotonic()
        process = clients(program, "hold", server, IDLE)
        process.stdout.readline()
        while server.descriptors() < before + IDLE:
            time.sleep(0.002)
        seconds, resident = time.monotonic() - start, server.status_mib("VmRSS")
        process.communicate()
        return seconds, resident


def at_once(program):
    with Server(TCPBOX, "listen", "-k", "127.0.0.1:PORT", "--serve", "echo") as server:
        return run(program, "echo", server, AT_ONCE)


def per_second(program, *argv):
    with Server(*argv) as server:
        return CYCLES / run(program, "cycle", server, CYCLES)


def main():
    with tempfile.TemporaryDirectory() as work:
        program = f"{work}/many_clients"
        source = str(pathlib.Path(__file__).with_suffix(".cpp"))
        subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-o", program, source], check=True)
        for words in (["-k", "--serve", "discard"], ["-k", "--serve", "echo"], ["--broker"]):
            runs = [idle(program, *words) for _ in range(RUNS)]
            seconds, resident = (statistics.median(column) for column in zip(*runs))
            print(f"{IDLE} idle, {' '.join(words):20} {seconds:6.2f} s {resident:6.1f} MiB")
        print(f"{AT_ONCE} at once, echo           {statistics.median(at_once(program) for _ in range(RUNS)):6.3f} s")
        servers = {"tcpbox": [TCPBOX, "listen", "-k", "127.0.0.1:PORT", "--serve", "discard"]}
        if shutil.which("ncat"):
            servers["ncat -k"] = ["ncat", "-l", "-k", "--recv-only", "127.0.0.1", "PORT"]
        rates = {name: [] for name in servers}
        for _ in range(RUNS):  # in turns, so that what the machine does meanwhile hits all alike
            for name, argv in servers.items():
                rates[name].append(per_second(program, *argv))
        for name, each in rates.items():
            print(f"{name:20} {statistics.median(each):8.0f} connections/s")


if __name__ == "__main__":
    main()
