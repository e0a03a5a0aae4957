#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tcpbox sockets beside ss, on the same sockets in one run: medians, and the bars that they are held to.

  tests/bench/sockets.py [--tcpbox PROGRAM] [--sockets 50000] [--runs 5]

As root. Everything happens in a network and PID namespace of its own; eight processes hold the connections, to ten ports
of a loopback address. What a command prints goes to a file that is removed, as a shell's redirection would send it.
"""
import argparse
import ctypes
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESSES = 8
PORTS = range(8000, 8010)
failures = 0


def bar(met, words):
    global failures
    failures += not met
    print(f"    {'met   ' if met else 'MISSED'}  {words}", flush=True)


def end_with_parent():
    ctypes.CDLL(None).prctl(1, 9)


def hold(connections, address, ready, stop):
    """In a process of its own: both ends of its connections."""
    end_with_parent()
    listeners = []
    for port in PORTS:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(4096)
        listeners.append(listener)
    held = []
    for number in range(connections):
        listener = listeners[number % len(listeners)]
        client = socket.create_connection(listener.getsockname())
        held += [client, listener.accept()[0]]
    os.write(ready, b"1")
    os.read(stop, 1)
    os._exit(0)


def start_holders(count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ready, ready_in = os.pipe()
    stop, stop_in = os.pipe()
    children = []
    for index in range(PROCESSES):
        child = os.fork()
        if child == 0:
            os.close(stop_in)
            hold(count // 2 // PROCESSES, f"127.0.0.{index + 2}", ready_in, stop)
        children.append(child)
    os.close(ready_in)
    for _ in children:
        if os.read(ready, 1) != b"1":
            raise SystemExit("a process could not hold its connections")
    return children, stop_in


def timed(argv, scratch):
    """Milliseconds, most resident MiB, lines."""
    with open(scratch / "out", "w+b") as out:
        begin = time.monotonic()
        child = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        _, status, usage = os.wait4(child, 0)
        taken = time.monotonic() - begin
        if status != 0:
            raise SystemExit(f"{' '.join(argv)} failed: {status}")
        out.seek(0)
        return taken * 1000, usage.ru_maxrss / 1024, sum(block.count(b"\n") for block in iter(lambda: out.read(1 << 20), b""))


def side_by_side(name, ours, theirs, at_least, options, scratch, most_mib=None):
    runs = [(timed(theirs, scratch), timed(ours, scratch)) for _ in range(options.runs)]
    their_ms = statistics.median(run[0][0] for run in runs)
    our_ms = statistics.median(run[1][0] for run in runs)
    mib = max(run[1][1] for run in runs)
    print(f"  {name}: ss {their_ms:.1f} ms, {runs[0][0][2]} lines; tcpbox {our_ms:.1f} ms, {runs[0][1][2]} lines, {mib:.0f} MiB")
    bar(their_ms >= at_least * our_ms, f"{their_ms / our_ms:.1f} times, at least {at_least}")
    if most_mib is not None:
        bar(mib <= most_mib, f"{mib:.0f} MiB, at most {most_mib}")


def measure(options):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("10240 65535")
    children, stop = start_holders(options.sockets)
    tcpbox, ss = str(options.tcpbox), options.ss
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        sockets = [tcpbox, "sockets", "--numeric"]
        bare = [*sockets, "--no-owner"]
        side_by_side("plain", [*bare, "--state", "established"], [ss, "-tnH"], 1.8, options, scratch, 32)
        side_by_side("with tcp_info", [*bare, "--info", "--state", "established"], [ss, "-tniH"], 3, options, scratch, 32)
        nothing = statistics.median(timed(["/bin/true"], scratch)[0] for _ in range(options.runs))
        print(f"  a program that does nothing takes {nothing:.1f} ms")
        side_by_side("listeners", [*bare, "--listening"], [ss, "-tnlH"], 20, options, scratch)
        owners = 8 if options.bpf else 3
        side_by_side("with owners", [*sockets, "--state", "established"], [ss, "-tnpH"], owners, options, scratch)
        port = "dport = :8005"
        side_by_side("one port", [*sockets, "--state", "established", port], [ss, "-tnpH", port], 5, options, scratch)
    os.close(stop)
    for child in children:
        os.waitpid(child, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tcpbox", type=pathlib.Path, default=ROOT / "build" / "release" / "cmd" / "tcpbox")
    parser.add_argument("--ss", default="/usr/bin/ss")
    parser.add_argument("--sockets", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-bpf", dest="bpf", action="store_false",
                        help="in a PID namespace, where owners come from /proc alone")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        private = ["unshare", "--net", *([] if options.bpf else ["--pid", "--fork", "--mount-proc", "--kill-child"])]
        return subprocess.run([*private, sys.executable, __file__, "--inside", *sys.argv[1:]], check=False).returncode
    print(f"{options.sockets} established sockets, owners {'through BPF' if options.bpf else 'from /proc'}")
    measure(options)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
