#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What starting costs: tcpbox against a C++ program that does nothing, in one run on this machine.
#
#   tests/bench/startup.sh [TCPBOX]      (default: build/release/cmd/tcpbox)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tcpbox=${1:-$root/build/release/cmd/tcpbox}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '#include <iostream>\nint main() { std::cout.flush(); }\n' >"$work/empty.cpp"
"${CXX:-g++}" -O2 -o "$work/empty" "$work/empty.cpp"

# The quickest and the middle one of many runs, taken in turns so that what the machine does meanwhile hits all alike.
/usr/bin/env python3 - "$work/empty" "$tcpbox" <<'PYTHON'
import os, statistics, sys, time

empty, tcpbox = sys.argv[1:]
programs = {"empty program": [empty], "tcpbox --version": [tcpbox, "--version"], "tcpbox ports 443": [tcpbox, "ports", "443"]}
null = os.open(os.devnull, os.O_RDWR)
times = {name: [] for name in programs}
for _ in range(300):
    for name, argv in programs.items():
        start = time.perf_counter()
        process = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
        os.waitpid(process, 0)
        times[name].append((time.perf_counter() - start) * 1000)
print(f"{'':18} {'fastest ms':>10} {'median ms':>10} {'- empty':>9} {'/ version':>9}")
base, version = statistics.median(times["empty program"]), statistics.median(times["tcpbox --version"])
for name, taken in times.items():
    median = statistics.median(taken)
    print(f"{name:18} {min(taken):10.2f} {median:10.2f} {median - base:9.2f} {median / version:9.2f}")
PYTHON
