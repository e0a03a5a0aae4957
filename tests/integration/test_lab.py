# SPDX-License-Identifier: MIT
"""The lab itself: wires, routers, filters, peers, captures, and that nothing stays."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab


def connect(host, address, port, timeout=5.0):
    with host.entered():
        return socket.create_connection((address, port), timeout)


class Wires(lab.TestCase):
    def test_two_hosts_reach_each_other_on_both_families(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        for address in (net.server.address4, net.server.address6):
            connect(net.client, address, 80).close()

    def test_routers_forward(self):
        net = self.lab.routed(routers=3)
        net.server.listen_many([80])
        for address in (net.server.address4, net.server.address6):
            connect(net.client, address, 80).close()
        second = net.routers[1]
        for family, address, level, option, group in (
                (socket.AF_INET, net.server.address4, socket.IPPROTO_IP, socket.IP_TTL, "Icmp"),
                (socket.AF_INET6, net.server.address6, socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, "Icmp6")):
            with net.client.entered(), socket.socket(family, socket.SOCK_DGRAM) as short_lived:
                short_lived.setsockopt(level, option, 2)
                short_lived.sendto(b"", (address, 9))
            lab.wait_for(lambda: second.snmp(group, "OutTimeExcds") == 1, "the second router's complaint")

    def test_delay_wire_delays_each_way(self):
        net = self.lab.two_hosts(delay_ms=20)
        net.server.listen_many([80])
        connect(net.client, net.server.address4, 80).close()  # neighbours are known from here on
        start = time.monotonic()
        connect(net.client, net.server.address4, 80).close()
        self.assertGreaterEqual(time.monotonic() - start, 0.040)

    def test_delay_wire_loses(self):
        net = self.lab.two_hosts(loss_percent=100)
        net.server.listen_many([80])
        with self.assertRaises(OSError):
            connect(net.client, net.server.address4, 80, timeout=0.2)


class Filters(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()
        self.net.server.listen_many([80, 81, 82, 83])

    def test_drop_is_silent(self):
        self.net.server.drop_ports([80, range(82, 84)])
        connect(self.net.client, self.net.server.address4, 81).close()
        with self.assertRaises(TimeoutError):
            connect(self.net.client, self.net.server.address6, 82, timeout=0.2)

    def test_reject_is_heard(self):
        self.net.server.reject_ports(80)
        self.net.server.reject_ports([81], "icmpx type host-unreachable")
        self.net.server.reject_ports([82], "tcp reset")
        for address in (self.net.server.address4, self.net.server.address6):
            with self.assertRaises(ConnectionRefusedError):
                connect(self.net.client, address, 80)
            with self.assertRaises(OSError):
                connect(self.net.client, address, 81)
            with self.assertRaises(ConnectionRefusedError):
                connect(self.net.client, address, 82)

    def test_loss_is_repaired_by_the_kernel(self):
        self.net.server.lose_every(2)
        before = self.net.client.snmp("Tcp", "RetransSegs")
        connect(self.net.client, self.net.server.address4, 80).close()
        self.assertGreater(self.net.client.snmp("Tcp", "RetransSegs"), before)


class Hosts(lab.TestCase):
    def test_counters_and_settings_belong_to_the_host(self):
        net = self.lab.two_hosts()
        before = net.server.snmp("Tcp", "OutRsts")
        with self.assertRaises(ConnectionRefusedError):
            connect(net.client, net.server.address4, 9)
        self.assertEqual(net.server.snmp("Tcp", "OutRsts"), before + 1)
        self.assertEqual(net.client.snmp("Tcp", "OutRsts"), 0)
        net.client.sysctl("net.ipv4.ip_default_ttl", 7)
        self.assertNotEqual(net.server.sysctl("net.ipv4.ip_default_ttl"), "7")

    def test_nobody_is_nobody(self):
        host = self.lab.one_host().host
        status = host.run(["cat", "/proc/self/status"], user="nobody").stdout
        self.assertRegex(status, r"Uid:\s+65534\s+65534")
        self.assertRegex(status, r"CapEff:\s+0000000000000000")
        self.assertRegex(status, r"CapPrm:\s+0000000000000000")

    def test_nobody_runs_the_binary(self):
        host = self.lab.one_host().host
        done = host.run([self.lab.tcpbox, "--version"], user="nobody")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Peers(lab.TestCase):
    def test_nginx_answers(self):
        lab.require("nginx")
        net = self.lab.two_hosts()
        net.server.nginx([80, 8080])
        net.server.nginx(443, tls=True)
        with connect(net.client, net.server.address6, 8080) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        self.assertTrue(answer.endswith(b"hello from nginx\n"), answer)
        connect(net.client, net.server.address4, 443).close()

    def test_sshd_greets(self):
        net = self.lab.two_hosts()
        net.server.sshd()
        with connect(net.client, net.server.address4, 22) as connection:
            self.assertTrue(connection.recv(64).startswith(b"SSH-2.0-OpenSSH"))


class Captures(lab.TestCase):
    def test_capture_holds_the_whole_handshake_with_right_checksums(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        path = self.lab.scratch / "wire.pcap"
        with net.server.capture(path, "tcp port 80") as capture:
            connection = connect(net.client, net.server.address4, 80)
            self.assertEqual(connection.recv(1), b"")
            connection.close()
            lab.wait_for(lambda: capture.frames >= 6, "six segments")
        if lab.missing_tools(["tcpdump"]):
            self.skipTest("not installed: tcpdump")
        text = subprocess.run(["tcpdump", "-nvr", path], capture_output=True, text=True, check=True).stdout
        self.assertIn("Flags [S]", text)
        self.assertIn("Flags [S.]", text)
        self.assertIn("(correct)", text)
        self.assertNotIn("incorrect", text)


class CleanUp(lab.TestCase):
    def test_a_killed_lab_leaves_nothing(self):
        script = self.lab.scratch / "killed.py"
        script.write_text(
            "import sys, time\n"
            f"sys.path.insert(0, {str(pathlib.Path(lab.__file__).parents[1])!r})\n"
            "import lab\n"
            "class Killed(lab.TestCase):\n"
            "    def test_forever(self):\n"
            "        net = self.lab.two_hosts()\n"
            "        net.server.popen(['sleep', '86417'])\n"
            "        print('up', flush=True)\n"
            "        time.sleep(600)\n"
            "lab.main()\n")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TCPBOX_LAB")}
        names = namespaces()
        process = subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"up\n")
        lab.wait_for(sleepers, "the child of the lab to be seen from outside")
        self.assertEqual(namespaces(), names)
        process.send_signal(signal.SIGKILL)
        process.wait()
        lab.wait_for(lambda: not sleepers(), "the children of a killed lab to end")


def namespaces():
    names = pathlib.Path("/run/netns")
    return set(os.listdir(names)) if names.exists() else set()


def sleepers():
    return [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if b"86417" in read(path)]


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended meanwhile


if __name__ == "__main__":
    lab.main()
