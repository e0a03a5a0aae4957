#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is what arrives what was sent? SHA-256 of a long stream at the end of every way through listen and connect.

    tests/bench/integrity.py [--tcpbox PATH] [--gib 1] [--only NAME]...

Everything is on loopback. The stream is AES-128-CTR of zeros with a fixed key: nothing is stored, and no two blocks are
alike. The exit status is 1 when a way changed a byte, lost one, or did not end with success.
"""

import argparse
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from lab.certificates import certificate_pin, self_signed

NULL, PIPE = subprocess.DEVNULL, subprocess.PIPE
CHUNK = 1 << 20
PATIENCE = 60
F_SETPIPE_SZ = 1031  # fcntl has it from Python 3.10 on
SMALLEST_PIPE = 4096
STALLS, STALL_SECONDS = 3, 1.0
_KEY = ["-K", "000102030405060708090a0b0c0d0e0f", "-iv", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"]


@dataclasses.dataclass(frozen=True)
class Way:
    """How the bytes go, and what makes it hard for them."""
    join: str = "one"  # "one": from connect to listen; "forward": through a listener between; "exec": there and back
    tls: bool = False
    tls_target: bool = False  # from the listener between onwards
    unix: bool = False
    small_pipes: bool = False  # one page at both ends
    shared_output: bool = False  # standard output is non-blocking, and a shell has it too
    stalls: bool = False  # whoever receives is stopped now and then


WAYS = {
    "plain": Way(),
    "TLS": Way(tls=True),
    "unix": Way(unix=True),
    "forward": Way(join="forward"),
    "forward, TLS to it": Way(join="forward", tls=True),
    "forward, TLS from it": Way(join="forward", tls_target=True),
    "forward, TLS on both sides": Way(join="forward", tls=True, tls_target=True),
    "exec cat": Way(join="exec"),
    "exec cat, TLS": Way(join="exec", tls=True),
    "plain, 4 KiB pipes": Way(small_pipes=True),
    "TLS, 4 KiB pipes": Way(tls=True, small_pipes=True),
    "exec cat, 4 KiB pipes": Way(join="exec", small_pipes=True),
    "plain, shared non-blocking output": Way(shared_output=True),
    "TLS, shared non-blocking output": Way(tls=True, shared_output=True),
    "plain, peer stalls": Way(stalls=True),
    "TLS, peer stalls": Way(tls=True, stalls=True),
    "forward, peer stalls": Way(join="forward", stalls=True),
    "forward, TLS from it, peer stalls": Way(join="forward", tls_target=True, stalls=True),
    "exec cat, peer stalls": Way(join="exec", stalls=True),
}


@dataclasses.dataclass
class Outcome:
    size: int
    sha256: str
    failures: list


class Run:
    """The processes of one way; they end with it."""

    def __init__(self, tcpbox, scratch, way):
        self.tcpbox, self.scratch, self.way = str(tcpbox), pathlib.Path(scratch), way
        self.processes = []

    def __enter__(self):
        if self.way.tls or self.way.tls_target:
            self.certificate = self_signed(self.scratch)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()

    def start(self, argv, **popen):
        process = subprocess.Popen([str(word) for word in argv], **popen)
        self.processes.append(process)
        return process

    def source(self, size):
        """A pipe that gives `size` bytes."""
        endless = self.start(["openssl", "enc", "-aes-128-ctr", *_KEY, "-in", "/dev/zero"], stdout=PIPE, stderr=NULL)
        reader, writer = os.pipe()
        if self.way.small_pipes:
            fcntl.fcntl(reader, F_SETPIPE_SZ, SMALLEST_PIPE)  # while it is empty: a full one cannot shrink
        self.start(["head", "-c", size], stdin=endless.stdout, stdout=writer)
        endless.stdout.close()
        os.close(writer)
        return os.fdopen(reader, "rb", buffering=0)

    def listen(self, *words, tls=False, shell=False, address="127.0.0.1:0", **popen):
        """A listener, and the address it told of."""
        reader, writer = os.pipe()
        secure = ["--tls", "--tls-cert", self.certificate.pem, "--tls-key", self.certificate.key] if tls else []
        argv = [self.tcpbox, "listen", address, "--ready-fd", writer, *secure, *words]
        if shell:
            # A command after it, so that the shell stays.
            argv = ["sh", "-c", '"$@"; exit $?', "sh", *argv]
        process = self.start(argv, pass_fds=(writer,), stdin=NULL, stderr=PIPE, **popen)
        os.close(writer)
        with os.fdopen(reader) as ready:
            return process, ready.readline().strip()

    def pin(self):
        return "sha256:" + certificate_pin(self.certificate.pem)

    def connect(self, address, source, *words, **popen):
        secure = ["--tls", "--tls-pin", self.pin()] if self.way.tls else []
        process = self.start([self.tcpbox, "connect", address, *secure, *words], stdin=source, stderr=PIPE, **popen)
        source.close()
        return process


class Output:
    """Where the last one of the way writes: a pipe whose both ends are ours."""

    def __init__(self, way):
        self.shared = way.shared_output
        self.reader, self.writer = os.pipe()
        if way.small_pipes:
            fcntl.fcntl(self.reader, F_SETPIPE_SZ, SMALLEST_PIPE)
        if self.shared:
            os.set_blocking(self.writer, False)

    def handed_over(self):
        if not self.shared:
            os.close(self.writer)

    def read(self, size, at):
        """Up to the end; where a shell keeps it from coming, up to `size` bytes. `at` is called with each count."""
        digest, count = hashlib.sha256(), 0
        while not (self.shared and count >= size) and (chunk := os.read(self.reader, CHUNK)):
            digest.update(chunk)
            count += len(chunk)
            at(count)
        return count, digest.hexdigest()

    def close(self):
        """What is wrong with it afterwards: flags that others see, or bytes after the end."""
        blocking = self.shared and os.get_blocking(self.writer)
        if self.shared:
            os.close(self.writer)
        more = os.read(self.reader, CHUNK)
        os.close(self.reader)
        return ["standard output was left blocking"] * blocking + [f"{len(more)} bytes too many"] * bool(more)


def pass_through(run, size, output):
    """Starts a way. Returns whose success counts, and who can be stopped: the one that receives."""
    way = run.way
    if way.join == "exec":
        server, address = run.listen("--exec", "cat", tls=way.tls, stdout=NULL)
        client = run.connect(address, run.source(size), stdout=output.writer)
        return [client, server], client
    address = f"unix:{run.scratch}/socket" if way.unix else "127.0.0.1:0"
    direct = way.join == "one"
    sink, sink_address = run.listen(tls=way.tls if direct else way.tls_target, shell=way.shared_output, address=address,
                                    stdout=output.writer)
    if direct:
        return [run.connect(sink_address, run.source(size), stdout=NULL), sink], sink
    target = ["--forward", sink_address]
    if way.tls_target:
        target = ["--forward", f"tls:{sink_address}", "--forward-tls-pin", run.pin()]
    between, between_address = run.listen(*target, tls=way.tls, stdout=NULL)
    return [run.connect(between_address, run.source(size), stdout=NULL), between, sink], sink


def stalling(process, size):
    """Stops the process for a second whenever another part of the bytes has come."""
    thresholds = [size * part // (STALLS + 1) for part in range(STALLS, 0, -1)]

    def at(count):
        if thresholds and count >= thresholds[-1]:
            thresholds.pop()
            process.send_signal(signal.SIGSTOP)
            time.sleep(STALL_SECONDS)
            process.send_signal(signal.SIGCONT)
    return at


def send(way, size, tcpbox):
    """Sends `size` bytes along a way."""
    with tempfile.TemporaryDirectory() as scratch, Run(tcpbox, scratch, way) as run:
        output = Output(way)
        counted, receiver = pass_through(run, size, output)
        output.handed_over()
        count, sha256 = output.read(size, stalling(receiver, size) if way.stalls else lambda _: None)
        failures = []
        for process in counted:
            if process.wait(PATIENCE) != 0:
                words = " ".join(process.args[1:3])
                failures.append(f"{words}: status {process.returncode}: {process.stderr.read().decode().strip()}")
        return Outcome(count, sha256, failures + output.close())


def expected(size):
    """The digest of what the ways are given, without any of them."""
    with Run(None, ".", Way()) as run, run.source(size) as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tcpbox", default=str(ROOT / "build" / "release" / "cmd" / "tcpbox"))
    parser.add_argument("--gib", type=float, default=1)
    parser.add_argument("--only", action="append", default=[], choices=list(WAYS), metavar="NAME")
    options = parser.parse_args()
    size = int(options.gib * (1 << 30))
    want, broken = expected(size), False
    print(f"{size} bytes with SHA-256 {want}\n\n{'way':34} {'bytes':>13} {'s':>7}  sha256", flush=True)
    for name in options.only or WAYS:
        start = time.monotonic()
        outcome = send(WAYS[name], size, options.tcpbox)
        same = (outcome.size, outcome.sha256) == (size, want)
        broken = broken or not same or bool(outcome.failures)
        verdict = "; ".join(["ok" if same else "DIFFERENT: " + outcome.sha256, *outcome.failures])
        print(f"{name:34} {outcome.size:13} {time.monotonic() - start:7.1f}  {verdict}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
