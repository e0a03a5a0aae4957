# SPDX-License-Identifier: MIT
"""What a firewall does to arriving segments, by nftables."""

import unittest

from .process import missing_tools


class Filters:
    """Mixed into Host. Rules apply to what the host receives for itself or forwards."""

    def nft(self, rules):
        """Loads rules as nft -f reads them."""
        missing = missing_tools(["nft"])
        if missing:
            raise unittest.SkipTest("not installed: nft")
        done = self.run(["nft", "-f", "-"], input=rules)
        if done.returncode != 0:
            raise RuntimeError(f"nft: {done.stderr}")

    def drop_ports(self, ports):
        self._filter(f"tcp dport {_set(ports)} drop")

    def reject_ports(self, ports, what="icmpx type port-unreachable"):
        """`what`: "icmpx type admin-prohibited", "icmpx type host-unreachable", "tcp reset" …"""
        self._filter(f"tcp dport {_set(ports)} reject with {what}")

    def lose(self, percent):
        """Loses arriving TCP segments at random."""
        self._filter(f"meta l4proto tcp numgen random mod 1000 < {round(percent * 10)} drop")

    def lose_every(self, n):
        """Loses every n-th arriving TCP segment, the first one included."""
        self._filter(f"meta l4proto tcp numgen inc mod {n} 0 drop")

    def _filter(self, rule):
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} priority 0; policy accept; {rule}; }}\n"
            for hook in ("input", "forward"))
        self.nft(f"table inet lab {{\n{chains}}}\n")


def _set(ports):
    words = [f"{part.start}-{part.stop - 1}" if isinstance(part, range) else str(part)
             for part in ([ports] if isinstance(ports, (int, range)) else ports)]
    return "{ " + ", ".join(words) + " }"
