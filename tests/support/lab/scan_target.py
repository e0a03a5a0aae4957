# SPDX-License-Identifier: MIT
"""A server that answers for whole networks, for scans to be judged by: what it filters, and what it was asked."""

import collections
import ipaddress
import json
import pathlib
import subprocess
import sys

NETWORK4 = ipaddress.ip_network("10.200.0.0/16")
NETWORK6 = ipaddress.ip_network("fd00:200::/64")

_TABLE = """
table inet scan {
  set probes4 { type ipv4_addr . inet_service; size 2000000; flags dynamic; counter; }
  set probes6 { type ipv6_addr . inet_service; size 2000000; flags dynamic; counter; }
  set open4 { type ipv4_addr . inet_service; }
  set closed4 { type ipv4_addr . inet_service; }
  counter resets_in { }
  counter resets_out { }
  counter resets_suppressed { }
  chain count { }
  chain lose_in { }
  chain lose_out { }
  chain filter_in { }
  chain limit_resets { }
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname != "eth0" return
    meta l4proto != tcp return
    tcp flags rst counter name resets_in
    jump count
    jump lose_in
  }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "eth0" meta l4proto tcp jump filter_in
  }
  chain output {
    type filter hook output priority 0; policy accept;
    meta l4proto != tcp return
    jump limit_resets
    tcp flags rst counter name resets_out
    jump lose_out
  }
}
"""


class ScanTarget:
    def __init__(self, client, server):
        self._server = server
        self.address4, self.address6 = "10.200.0.1", "fd00:200::1"
        for network in (NETWORK4, NETWORK6):
            server.run(["ip", "route", "add", "local", network, "dev", "lo"], check=True)
        client.run(["ip", "route", "add", "default", "via", server.address4], check=True)
        client.run(["ip", "-6", "route", "add", "default", "via", server.address6], check=True)
        # The neighbours know each other, as hosts that have talked do.
        for host, other in ((client, server), (server, client)):
            for address in (other.address4, other.address6):
                host.run(["ip", "neigh", "replace", address, "lladdr", _mac(other), "dev", host.interface, "nud",
                          "permanent"], check=True)
        for key, value in (("net.core.somaxconn", 65535), ("net.ipv4.tcp_max_syn_backlog", 1 << 20),
                           ("net.ipv4.tcp_syncookies", 1)):
            server.sysctl(key, value)
        server.nft(_TABLE)

    def lose(self, percent):
        """Loses TCP segments at random, this many of those that come and of those that go."""
        rule = f"numgen random mod 1000 < {round(percent * 10)} drop" if percent else ""
        self._chain("lose_in", rule)
        self._chain("lose_out", rule)

    def filter(self, rule):
        """What arriving segments meet: "tcp dport 9 drop", "tcp dport 7 reject with icmpx type admin-prohibited" ..."""
        self._chain("filter_in", rule)

    def limit_resets(self, per_second, burst=50, source=None):
        """Of one address, or of all together."""
        whose = f"ip saddr {source} " if source else ""
        self._chain("limit_resets", f"{whose}tcp flags rst limit rate over {per_second}/second burst {burst} packets "
                                    "counter name resets_suppressed drop")

    def hosts(self, ports, open_pairs, closed_pairs=()):
        """Of these ports, those pairs (address, port) answer; the rest is silent."""
        self._fill("open4", open_pairs)
        self._fill("closed4", closed_pairs)
        self._chain("filter_in", f"""tcp dport {ports} ip daddr . tcp dport @open4 accept
            tcp dport {ports} ip daddr . tcp dport @closed4 reject with tcp reset
            tcp dport {ports} drop""")

    def answer_by_hand(self, kind):
        """The kernel is silent, and forger.py answers each SYN with what `kind` names."""
        self.filter("tcp dport 1-65535 drop")
        process = self._server.popen([sys.executable, pathlib.Path(__file__).with_name("forger.py"),
                                      self._server.interface, kind], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the forger did not start")

    def flood(self, kind, scanner):
        """From now on the scanner is flooded with what flood.py names so; the process that does it."""
        process = self._server.popen([sys.executable, pathlib.Path(__file__).with_name("flood.py"), self._server.interface,
                                      kind, self.address4, scanner.address4, _mac(scanner), _mac(self._server)],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the flood did not start")
        return process

    def count_probes(self):
        """From now on each arriving segment but an RST counts for its (address, port)."""
        self._server.nft("flush set inet scan probes4\nflush set inet scan probes6\n")
        self._chain("count", "tcp flags != rst update @probes4 { ip daddr . tcp dport counter }\n"
                             "tcp flags != rst update @probes6 { ip6 daddr . tcp dport counter }")

    def probes(self):
        """How many segments each (address, port) got since count_probes()."""
        counts = collections.Counter()
        for name in ("probes4", "probes6"):
            for element in self._elements(name):
                address, port = element["elem"]["val"]["concat"]
                counts[address, port] += element["elem"]["counter"]["packets"]
        return counts

    def counter(self, name):
        """resets_in, resets_out, resets_suppressed"""
        listed = self._list("counter", name)
        return next(entry["counter"]["packets"] for entry in listed if "counter" in entry)

    def half_open(self):
        """The connections that wait for an ACK, a line each."""
        return self._server.run(["ss", "-Htn", "state", "syn-recv"], check=True).stdout

    def _chain(self, name, rules):
        lines = "".join(f"add rule inet scan {name} {line.strip()}\n" for line in rules.splitlines() if line.strip())
        self._server.nft(f"flush chain inet scan {name}\n{lines}")

    def _fill(self, name, pairs):
        elements = ", ".join(f"{address} . {port}" for address, port in pairs)
        self._server.nft(f"flush set inet scan {name}\n"
                         + (f"add element inet scan {name} {{ {elements} }}\n" if elements else ""))

    def _list(self, kind, name):
        return json.loads(self._server.run(["nft", "-j", "list", kind, "inet", "scan", name], check=True).stdout)["nftables"]

    def _elements(self, name):
        return next(entry["set"].get("elem", []) for entry in self._list("set", name) if "set" in entry)


def _mac(host):
    return json.loads(host.run(["ip", "-j", "link", "show", host.interface], check=True).stdout)[0]["address"]
