# SPDX-License-Identifier: MIT
"""The scanners that are compared: how each is called, and what it found."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as xml_tree


@dataclasses.dataclass
class Run:
    """One run of a scanner. `found` holds (address, port); `summary` and `text` are of tcpbox alone."""
    seconds: float
    found: set
    cpu_seconds: float = 0.0
    peak_mib: float = 0.0
    timed_out: bool = False
    summary: dict = dataclasses.field(default_factory=dict)
    text: str = ""
    status: int = 0


@dataclasses.dataclass(frozen=True)
class Scanner:
    name: str
    argv: tuple
    parse: object
    needs_chatter: bool = False


def _parse_tcpbox(text):
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    found = {(line["target"], line["port"]) for line in lines if line["type"] == "port" and line["state"] == "open"}
    return found, next((line for line in lines if line["type"] == "summary"), {})


def _parse_nmap(text):
    try:
        root = xml_tree.fromstring(text)
    except xml_tree.ParseError:
        return set(), {}
    return {(host.find("address").get("addr"), int(port.get("portid"))) for host in root.findall("host")
            for port in host.iter("port") if port.find("state").get("state") == "open"}, {}


def _parse_masscan(text):
    return {(words[3], int(words[2])) for words in map(str.split, text.splitlines()) if words[:1] == ["open"]}, {}


def _parse_zmap(port):
    return lambda text: ({(word, port) for word in text.split()}, {})


def tcpbox(binary, *words, name="tcpbox", only=("--open",), output=("--ndjson",)):
    return Scanner(name, (binary, "scan", *output, *only, *words), _parse_tcpbox)


def nmap(*words, ports, target):
    return Scanner("nmap " + " ".join(words), ("nmap", *words, "-n", "-Pn", "-oX", "-", "-p", ports, target), _parse_nmap)


def masscan(net, ports, target, rate=100000, wait=2):
    argv = ("masscan", "-p", ports, target, "--rate", rate, "--wait", wait, "-e", net.client.interface, "--adapter-ip",
            net.client.address4, "--adapter-mac", mac(net.client), "--router-mac", mac(net.server), "-oL", "-")
    return Scanner(f"masscan --rate {rate}", argv, _parse_masscan, needs_chatter=True)


def zmap(net, port, target, rate=0, cooldown=2):
    argv = ("zmap", "-p", port, "-r", rate, "-c", cooldown, "-T", 1, "-i", net.client.interface, "-G", mac(net.server),
            "-S", net.client.address4, "-b", "/dev/null", "-q", "-v", 0, "--disable-syslog", "-o", "-", target)
    return Scanner(f"zmap -r {rate} -c {cooldown}", argv, _parse_zmap(port))


def is_installed(scanner):
    return shutil.which(str(scanner.argv[0])) is not None


def help_of(binary):
    return subprocess.run([binary, "scan", "--help"], capture_output=True, text=True, check=False).stdout


def mac(host):
    return json.loads(host.run(["ip", "-j", "link", "show", host.interface], check=True).stdout)[0]["address"]


class _Chatter:
    """A datagram every 100 ms to the scanner: masscan 1.3 looks at its clock only when a packet comes."""

    def __init__(self, net):
        self._stop = threading.Event()
        import socket
        with net.server.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._address = (net.client.address4, 9)
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _work(self):
        while not self._stop.wait(0.1):
            try:
                self._socket.sendto(b"x", self._address)
            except OSError:
                pass  # the port is closed, as it should be


def _peak_mib(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+)", status) if "Name:\tnsenter" not in status else None
    return int(found[1]) / 1024 if found else 0.0


def _wait(process, limit, stop_after, watch_memory):
    """The status and usage of the process, its peak memory, and whether it had to be killed."""
    start, peak, killed, interrupted = time.monotonic(), 0.0, False, False
    while True:
        if watch_memory:
            peak = max(peak, _peak_mib(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage, peak, killed
        elapsed = time.monotonic() - start
        if stop_after and elapsed > stop_after and not interrupted:
            process.send_signal(signal.SIGINT)
            interrupted = True
        if elapsed > limit and not killed:
            process.kill()
            killed = True
        time.sleep(0.003 if elapsed > 0.05 else 0.001)


def run(net, scanner, scratch, limit, stop_after=None, watch_memory=False, prefix=()):
    """Runs a scanner on the client. After `limit` seconds it is killed; after `stop_after` it gets a SIGINT."""
    if scanner.needs_chatter:
        with _Chatter(net):
            return _run(net, scanner, scratch, limit, stop_after, watch_memory, prefix)
    return _run(net, scanner, scratch, limit, stop_after, watch_memory, prefix)


def _run(net, scanner, scratch, limit, stop_after, watch_memory, prefix):
    out, err = scratch / "out", scratch / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        start = time.monotonic()
        process = net.client.popen([*prefix, *scanner.argv], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        usage, peak, killed = _wait(process, limit, stop_after, watch_memory)
        seconds = time.monotonic() - start
    text = out.read_text(errors="replace")
    found, summary = scanner.parse(text)
    notes = "\n".join(line for line in text.splitlines() if '"open"' not in line)
    return Run(seconds, found, usage.ru_utime + usage.ru_stime, peak, killed, summary,
               notes + err.read_text(errors="replace"), process.returncode)
