# SPDX-License-Identifier: MIT
"""A host: a network namespace, and what is done in it."""

import dataclasses
import os
import pathlib
import subprocess

from . import filters, peers, private
from .capture import Capture
from .process import wait_for

_NOBODY = 65534
_LISTEN = "0A"  # as in /proc/net/tcp


@dataclasses.dataclass
class Link:
    """One end of a wire."""
    interface: str
    address4: str
    address6: str


class Host(filters.Filters, peers.Peers):
    """A network namespace. `links` are its ends of wires, in the order they were connected."""

    def __init__(self, name, scratch):
        self.name = name
        self.scratch = scratch
        self.links = []
        self.path = private.make_namespace(name)
        self._processes = []
        self._set_up_kernel()

    @property
    def address4(self):
        return self.links[0].address4

    @property
    def address6(self):
        return self.links[0].address6

    @property
    def interface(self):
        return self.links[0].interface

    def run(self, argv, user=None, input=None, timeout=60, check=False, text=True, env=None, **arguments):
        """Runs a program to its end."""
        if input is None:
            arguments.setdefault("stdin", subprocess.DEVNULL)
        else:
            arguments["input"] = input
        arguments.setdefault("stdout", subprocess.PIPE)
        arguments.setdefault("stderr", subprocess.PIPE)
        return subprocess.run(self._command(argv, user), timeout=timeout, check=check, env=_environment(env, user),
                              **_text(text), **arguments)

    def popen(self, argv, user=None, text=True, env=None, **arguments):
        """Starts a program; it is killed with the host if it still runs."""
        process = subprocess.Popen(self._command(argv, user), env=_environment(env, user), **_text(text), **arguments)
        self._processes.append(process)
        return process

    def entered(self):
        """Sockets that this thread makes meanwhile belong to this host."""
        return private.entered(self.path)

    def sysctl(self, key, value=None):
        path = pathlib.Path("/proc/sys") / key.replace(".", "/")
        with self.entered():
            if value is not None:
                path.write_text(f"{value}\n")
            return path.read_text().strip()

    def snmp(self, group, name):
        """A counter of the host's kernel."""
        with self.entered():
            net = pathlib.Path("/proc/thread-self/net")
            text = {file: (net / file).read_text() for file in ("snmp", "netstat", "snmp6")}
        for line in text["snmp6"].splitlines():
            if line.split()[0] == group + name:
                return int(line.split()[1])
        lines = [line.split() for file in ("snmp", "netstat") for line in text[file].splitlines()]
        for names, values in zip(lines[::2], lines[1::2]):
            if names[0] == group + ":" and name in names:
                return int(values[names.index(name)])
        raise KeyError(f"{group} {name}")

    def listening(self):
        """The TCP ports that a kernel socket listens on."""
        ports = set()
        with self.entered():
            net = pathlib.Path("/proc/thread-self/net")
            for row in (net / "tcp").read_text().splitlines()[1:] + (net / "tcp6").read_text().splitlines()[1:]:
                _, local, _, state, *_ = row.split()
                if state == _LISTEN:
                    ports.add(int(local.rsplit(":", 1)[1], 16))
        return ports

    def wait_listening(self, port, timeout=10):
        wait_for(lambda: port in self.listening(), f"a listener on port {port} of {self.name}", timeout)

    def capture(self, path, filter="", interface=None):
        """All frames of an interface, into a pcap file with nanoseconds."""
        return Capture(self, path, filter, interface or self.interface)

    def close(self):
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    _close_quietly(stream)
        private.delete_namespace(self.name)

    def _command(self, argv, user):
        words = ["nsenter", f"--net={self.path}", "--"]
        if user is not None and user != "root":
            words += ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--inh-caps=-all", "--"]
        return words + [str(word) for word in argv]

    def _set_up_kernel(self):
        self.run(["ip", "link", "set", "lo", "up"], check=True)
        quiet = {"accept_dad": 0, "dad_transmits": 0, "router_solicitations": 0, "accept_ra": 0}
        for scope in ("all", "default"):
            for key, value in quiet.items():
                self.sysctl(f"net.ipv6.conf.{scope}.{key}", value)
        # A filter that rejects many ports must be heard for each of them.
        self.sysctl("net.ipv4.icmp_ratelimit", 0)
        self.sysctl("net.ipv6.icmp.ratelimit", 0)


def _close_quietly(stream):
    try:
        stream.close()
    except OSError:
        pass  # what was still to be written had nobody to read it


def _text(text):
    return {"encoding": "utf-8", "errors": "surrogateescape"} if text else {}


def _environment(extra, user):
    environment = dict(os.environ)
    if user is not None and user != "root":
        environment.update(HOME="/", USER="nobody", LOGNAME="nobody")
    environment.update(extra or {})
    return environment
