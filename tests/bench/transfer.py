#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a transfer of files costs over moving the same bytes without one.

    tests/bench/transfer.py [--tcpbox PATH] [--gib 2] [--files 50000] [--rounds 3] [--directory DIR] [--sink file|null]

One large file: `connect --send-file` against `connect < file` with `listen > file` (or /dev/null), and once more with
--code against TLS. Many small files: `connect --send-file` against scp -r over an sshd of this program's own, where
openssh is installed, and otherwise against tar through `connect` and `listen`, which it says. The median of the rounds
counts. Everything is on loopback, and all data are in DIR, whose file system is part of what is measured. Beside the
large file stands what its SHA-256 takes on one core: both ends compute it, here on the same cores.
"""

import argparse
import getpass
import hashlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from stream import ROOT, free_port

CODE = "acorn-violin-maple-otter"
SMALL_BYTES = 1000


class Bench:
    def __init__(self, options, scratch):
        self.options = options
        self.tcpbox = options.tcpbox
        self.scratch = scratch

    def listen(self, *words, **popen):
        """A listener, once it listens, and its port."""
        reader, writer = os.pipe()
        process = subprocess.Popen([self.tcpbox, "listen", "127.0.0.1:0", "--ready-fd", str(writer), *words],
                                   pass_fds=(writer,), stderr=subprocess.DEVNULL, **popen)
        os.close(writer)
        with os.fdopen(reader) as ready:
            return process, ready.read().strip()

    def plain(self, file, *tls):
        """Seconds for the bytes alone."""
        sink = "/dev/null" if self.options.sink == "null" else self.scratch / "sink"
        with open(sink, "wb") as output, open(file, "rb") as data:
            listener, address = self.listen(*(["--tls"] if tls else []), stdin=subprocess.DEVNULL, stdout=output)
            began = time.monotonic()
            subprocess.run([self.tcpbox, "connect", address, *tls], stdin=data, check=True)
            if listener.wait() != 0:
                sys.exit("the plain listener failed")
            seconds = time.monotonic() - began
        if sink != "/dev/null":
            sink.unlink()
        return seconds

    def transfer(self, *paths, code=()):
        inbox = self.scratch / "inbox"
        listener, address = self.listen("--receive", str(inbox), *code, stdin=subprocess.DEVNULL)
        began = time.monotonic()
        subprocess.run([self.tcpbox, "connect", address, "--send-file", *map(str, paths), *code], check=True)
        if listener.wait() != 0:
            sys.exit("the receiver failed")
        seconds = time.monotonic() - began
        shutil.rmtree(inbox)
        return seconds

    def tar(self, tree):
        inbox = self.scratch / "inbox"
        inbox.mkdir()
        listener, address = self.listen(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        unpack = subprocess.Popen(["tar", "-xf", "-", "-C", inbox], stdin=listener.stdout)
        began = time.monotonic()
        pack = subprocess.Popen(["tar", "-cf", "-", "-C", tree.parent, tree.name], stdout=subprocess.PIPE)
        subprocess.run([self.tcpbox, "connect", address], stdin=pack.stdout, check=True)
        unpack.wait()
        seconds = time.monotonic() - began
        shutil.rmtree(inbox)
        return seconds

    def median(self, measure, *words, **named):
        return statistics.median(measure(*words, **named) for _ in range(self.options.rounds))


class Sshd:
    """An sshd of our own, on loopback, that lets in whoever has the key that is made here."""

    def __init__(self, scratch):
        self.home = scratch / "ssh"
        self.home.mkdir(mode=0o700)
        self.port = free_port()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.home / name], check=True)
        (self.home / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.home}/host\nPidFile none\nStrictModes no\n"
            f"AuthorizedKeysFile {self.home}/user.pub\nPasswordAuthentication no\nUsePAM no\n"
            "PermitRootLogin yes\nSubsystem sftp internal-sftp\n")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen([shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D", "-f",
                                         self.home / "config"], stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        sys.exit("sshd does not listen")

    def copy(self, tree, inbox):
        inbox.mkdir()
        began = time.monotonic()
        subprocess.run(["scp", "-q", "-r", "-p", "-P", str(self.port), "-i", self.home / "user", "-o",
                        "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", tree,
                        f"{getpass.getuser()}@127.0.0.1:{inbox}/"], check=True)
        seconds = time.monotonic() - began
        shutil.rmtree(inbox)
        return seconds

    def end(self):
        self.process.terminate()
        self.process.wait()


def hashing(file):
    """Seconds of one core."""
    began = time.process_time()
    with file.open("rb") as data:
        hashlib.file_digest(data, "sha256")
    return time.process_time() - began


def large(bench):
    size = int(bench.options.gib * (1 << 30))
    file = bench.scratch / "large"
    block = os.urandom(1 << 24)
    with file.open("wb") as output:
        for at in range(0, size, len(block)):
            output.write(block[:size - at])
    print(f"SHA-256 twice: {2 * hashing(file):.2f} s of a core, and there are {os.cpu_count()}", flush=True)
    for name, tls, code in (("in the clear", (), ()), ("encrypted", ("--tls", "--tls-insecure"), ("--code", CODE))):
        plain = bench.median(bench.plain, file, *tls)
        ours = bench.median(bench.transfer, file, code=code)
        print(f"{bench.options.gib:g} GiB {name}: plain {size / plain / 1e6:.0f} MB/s, "
              f"files {size / ours / 1e6:.0f} MB/s, ratio {plain / ours:.2f} ({plain:.2f} s, {ours:.2f} s)", flush=True)
    file.unlink()


def small(bench):
    tree = bench.scratch / "tree"
    for number in range(bench.options.files):
        path = tree / f"{number // 1000}" / f"{number}"
        if number % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(SMALL_BYTES))
    ours = bench.median(bench.transfer, tree)
    if shutil.which("scp") and shutil.which("sshd", path="/usr/sbin:/usr/bin"):
        sshd = Sshd(bench.scratch)
        try:
            name, theirs = "scp", bench.median(sshd.copy, tree, bench.scratch / "inbox")
        finally:
            sshd.end()
    else:
        name, theirs = "tar through connect and listen (no scp here)", bench.median(bench.tar, tree)
    print(f"{bench.options.files} files of {SMALL_BYTES} bytes: {name} {theirs:.2f} s, files {ours:.2f} s, "
          f"ratio {theirs / ours:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tcpbox", default=str(ROOT / "build" / "release" / "cmd" / "tcpbox"))
    parser.add_argument("--gib", type=float, default=2)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", default=None)
    parser.add_argument("--sink", choices=("file", "null"), default="file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as scratch:
        bench = Bench(options, pathlib.Path(scratch))
        if options.gib > 0:
            large(bench)
        if options.files > 0:
            small(bench)


if __name__ == "__main__":
    main()
