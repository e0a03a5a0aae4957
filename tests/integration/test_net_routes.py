# SPDX-License-Identifier: MIT
"""Interfaces, routes and neighbours: what libtcp/net says is what iproute2 says."""

import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab


class Routes(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.probe = self.lab.scratch / "net_probe"
        shutil.copyfile(lab.build_dir() / "tests" / "support" / "net_probe", self.probe)
        self.probe.chmod(0o755)

    def ask(self, host, *words, user=None):
        done = host.run([self.probe, *words], user=user)
        self.assertEqual(done.stderr, "")
        return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)

    def ip(self, host, *words):
        return json.loads(host.run(["ip", "-j", *words], check=True).stdout)

    def assert_same_route(self, host, address, *words):
        [truth] = self.ip(host, "route", "get", address, *words)
        mtu = next((metric["mtu"] for metric in truth.get("metrics", []) if "mtu" in metric), None)
        [link] = self.ip(host, "link", "show", "dev", truth["dev"])
        with self.subTest(address=address):
            said = self.ask(host, "route", address, user="nobody")
            self.assertEqual(said.get("interface"), truth["dev"], said)
            self.assertEqual(said["index"], str(link["ifindex"]))
            self.assertEqual(said["source"].split("%")[0], truth["prefsrc"])
            self.assertEqual(said["gateway"].split("%")[0], truth.get("gateway", truth.get("via", {}).get("host", "-")))
            self.assertEqual(said["mtu"], str(mtu or link["mtu"]))
            self.assertEqual(said["local"], str(truth.get("type") == "local").lower())

    def test_interfaces(self):
        client = self.lab.two_hosts().client
        client.run(["ip", "link", "add", "quiet", "type", "veth", "peer", "name", "other"], check=True)
        client.run(["ip", "link", "set", "quiet", "mtu", "1280"], check=True)
        said = [line.split() for line in client.run([self.probe, "interfaces"], user="nobody").stdout.splitlines()]
        truth = self.ip(client, "address")
        self.assertEqual(len(said), len(truth))
        for words, link in zip(said, truth):
            ethernet = link["link_type"] == "ether"
            self.assertEqual(words[1:3], [str(link["ifindex"]), link["ifname"]])
            self.assertEqual(words[4], str(link["mtu"]))
            self.assertEqual(words[6], str("UP" in link["flags"]).lower())
            self.assertEqual(words[8], str("LOOPBACK" in link["flags"]).lower())
            self.assertEqual(words[10], link["address"] if ethernet else "-")
            self.assertEqual(sorted(words[11:]), sorted(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"]))

    def test_on_the_link_behind_a_router_and_local(self):
        net = self.lab.routed()
        for host, peer in ((net.client, net.server), (net.server, net.client)):
            for address in (peer.address4, peer.address6, net.router.address4, net.router.address6, host.address4,
                            host.address6, "127.0.0.1", "127.8.9.10", "::1"):
                self.assert_same_route(host, address)

    def test_odd_routes(self):
        net = self.lab.routed()
        client, router = net.client, net.router
        client.run(["ip", "route", "add", "203.0.113.0/25", "via", router.address4, "mtu", "1300"], check=True)
        client.run(["ip", "route", "add", "203.0.113.128/25", "via", "inet6", router.address6], check=True)
        client.run(["ip", "-6", "route", "add", "2001:db8:77::/64", "via", router.address6, "mtu", "1310"], check=True)
        client.run(["ip", "address", "add", "192.0.2.77/24", "dev", client.interface], check=True)
        client.run(["ip", "route", "add", "203.0.113.5", "via", router.address4, "src", "192.0.2.77"], check=True)
        for address in ("203.0.113.1", "203.0.113.129", "2001:db8:77::1", "203.0.113.5"):
            self.assert_same_route(client, address)

    def test_link_local_needs_its_link(self):
        client = self.lab.two_hosts().client
        said = self.ask(client, "route", f"fe80::1%{client.interface}")
        self.assertEqual(said.get("interface"), client.interface, said)
        self.assertTrue(said["source"].startswith("fe80::") and said["source"].endswith("%" + client.interface), said)

    def test_hints(self):
        net = self.lab.two_hosts()
        client, server = net.client, net.server
        client.run(["ip", "address", "add", "192.0.2.77/24", "dev", client.interface], check=True)
        self.assertEqual(self.ask(client, "route", server.address4, "192.0.2.77")["source"], "192.0.2.77")
        self.assertEqual(self.ask(client, "route", server.address6, client.address6)["source"], client.address6)
        index = self.ask(client, "route", server.address4)["index"]
        self.assertEqual(self.ask(client, "route", server.address4, "-", index)["interface"], client.interface)
        self.assertEqual(self.ask(client, "route", server.address4, client.address6)["error"],
                         f"source {client.address6}: must be of the same family as destination {server.address4}")

    def test_errors_are_the_kernels(self):
        client = self.lab.two_hosts().client
        for kind, four, six in (("unreachable", "10.1.0.0/16", "2001:db8:a1::/48"),
                                ("prohibit", "10.2.0.0/16", "2001:db8:a2::/48")):
            client.run(["ip", "route", "add", kind, four], check=True)
            client.run(["ip", "-6", "route", "add", kind, six], check=True)
        for address, reason in (("10.1.0.1", "No route to host"), ("10.2.0.1", "Permission denied"),
                                ("2001:db8:a1::1", "No route to host"), ("2001:db8:a2::1", "Permission denied"),
                                ("198.18.0.1", "Network is unreachable"), ("2001:db8:f::1", "Network is unreachable")):
            self.assertEqual(self.ask(client, "route", address).get("error"), f"route to {address}: {reason}")

    def test_neighbours(self):
        net = self.lab.two_hosts()
        client, server = net.client, net.server
        index = self.ask(client, "route", server.address4)["index"]
        [link] = self.ip(server, "link", "show", "dev", server.interface)
        for address in (server.address4, server.address6):
            for _ in range(2):  # asked, then known
                said = self.ask(client, "neighbour", index, address, "5000", user="nobody")
                self.assertEqual(said, {"mac": link["address"]})
            [truth] = self.ip(client, "neigh", "show", address)
            self.assertEqual(truth["lladdr"], link["address"])

    def test_neighbours_that_are_not_there(self):
        client = self.lab.two_hosts().client
        index = self.ask(client, "route", "192.0.2.99")["index"]
        for address in ("192.0.2.99", "2001:db8:1::99"):
            said = self.ask(client, "neighbour", index, address, "100")
            self.assertEqual(said["error"], f"neighbour {address}: timed out")
        for family, path in (("ipv4", "192.0.2.98"), ("ipv6", "2001:db8:1::98")):
            client.sysctl(f"net.{family}.neigh.{client.interface}.retrans_time_ms", 20)
            said = self.ask(client, "neighbour", index, path, "5000")
            self.assertEqual(said["error"], f"neighbour {path}: No route to host")


if __name__ == "__main__":
    lab.main()
