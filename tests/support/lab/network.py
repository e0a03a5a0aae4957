# SPDX-License-Identifier: MIT
"""Hosts and the wires between them."""

import atexit
import pathlib
import shutil
import tempfile
import types

from . import private
from .host import Host
from .process import binary
from .scan_target import ScanTarget
from .wires import Conditions, connect

# Addresses for documentation: RFC 5737, RFC 3849.
_CLIENT_NET = "192.0.2"
_SERVER_NET = "198.51.100"
_MIDDLE_NET = "203.0.113"


class Network(types.SimpleNamespace):
    """The hosts of a topology, by their names in it."""


class Lab:
    """Makes topologies; close() ends all of them."""

    _made = 0

    def __init__(self):
        if not private.inside():
            raise RuntimeError("a lab needs private namespaces: run the tests through lab.main()")
        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=private.SCRATCH))
        self.scratch.chmod(0o755)
        self._hosts = []
        self._wires = []
        atexit.register(self.close)

    @property
    def tcpbox(self):
        """The binary under test, where every user may run it, whatever the modes of the build tree."""
        copy = private.SCRATCH / "tcpbox"
        if not copy.exists():
            shutil.copyfile(binary(), copy)
            copy.chmod(0o755)
        return str(copy)

    def one_host(self):
        return Network(host=self._host("host"))

    def two_hosts(self, **conditions):
        client, server = self._host("client"), self._host("server")
        self._connect(client, server, (_CLIENT_NET, 24, "2001:db8:1", 1, 2), **conditions)
        return Network(client=client, server=server)

    def many_targets(self, **conditions):
        """A scanner, and a server whose kernel answers for each address of 10.200.0.0/16 and fd00:200::/64."""
        net = self.two_hosts(**conditions)
        return Network(client=net.client, server=net.server, target=ScanTarget(net.client, net.server))

    def routed(self, routers=1, **conditions):
        """A chain: the client, `routers` (1 to 16) routers, the server."""
        client, server = self._host("client"), self._host("server")
        between = [self._router(f"router{i + 1}") for i in range(routers)]
        self._connect(client, between[0], (_CLIENT_NET, 24, "2001:db8:1", 1, 254), **conditions)
        for i, (left, right) in enumerate(zip(between, between[1:])):
            self._connect(left, right, (_MIDDLE_NET, 30, f"2001:db8:{100 + i}", 4 * i + 1, 4 * i + 2))
        self._connect(between[-1], server, (_SERVER_NET, 24, "2001:db8:2", 254, 2))
        _add_routes([client, *between, server])
        return Network(client=client, server=server, router=between[0], routers=between)

    def close(self):
        for wire in self._wires:
            wire.kill()
            wire.wait()
        for host in self._hosts:
            host.close()
        self._wires, self._hosts = [], []
        shutil.rmtree(self.scratch, ignore_errors=True)
        atexit.unregister(self.close)

    def _host(self, name):
        Lab._made += 1
        host = Host(f"{name}-{Lab._made}", self.scratch)
        self._hosts.append(host)
        return host

    def _router(self, name):
        router = self._host(name)
        router.sysctl("net.ipv4.ip_forward", 1)
        router.sysctl("net.ipv6.conf.all.forwarding", 1)
        return router

    def _connect(self, left, right, addresses, **conditions):
        wire = connect(left, right, addresses, Conditions(**conditions))
        if wire is not None:
            self._wires.append(wire)


def _add_routes(chain):
    """Everything to the left through the left neighbour, the rest by default to the right."""
    client, *routers, server = chain
    for host, gateway in ((client, routers[0].links[0]), (server, routers[-1].links[1])):
        _route(host, "default", gateway)
    for i, router in enumerate(routers[:-1]):
        _route(router, "default", routers[i + 1].links[0])
    for i, router in enumerate(routers[1:], start=1):
        for j in range(i):
            left = routers[j].links[0]
            _route(router, "net", routers[i - 1].links[1], left)


def _route(host, kind, gateway, towards=None):
    four, six = "default", "default"
    if kind == "net":
        bits = 24 if towards.address4.startswith(_CLIENT_NET) else 30
        base, last = towards.address4.rsplit(".", 1)
        four = f"{base}.{int(last) & (0xFF << (32 - bits)) & 0xFF}/{bits}"
        six = towards.address6.rsplit("::", 1)[0] + "::/64"
    host.run(["ip", "route", "add", four, "via", gateway.address4], check=True)
    host.run(["ip", "-6", "route", "add", six, "via", gateway.address6], check=True)
