# SPDX-License-Identifier: MIT
"""A guarded port: the SYN-ACK to a crafted SYN is seen by packet sockets, and the kernel sends no RST."""

import pathlib
import shutil
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab

# CAP_NET_RAW and nothing else: what `setcap cap_net_raw+ep` gives to an ordinary user.
RAW_ONLY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw",
            "--ambient-caps=-all,+net_raw", "--"]
PORT = 80


def answers(text):
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


class PortGuard(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()
        self.net.server.listen_many([PORT])
        self.probe = self.lab.scratch / "net_probe"
        shutil.copyfile(lab.build_dir() / "tests" / "support" / "net_probe", self.probe)
        self.probe.chmod(0o755)

    def syn(self, host, guard, local, remote, words=()):
        mode = "bare" if guard is None else "guarded"
        done = host.run([*words, self.probe, "syn", mode, guard or "any4", local, remote, PORT])
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return answers(done.stdout)

    def assert_quiet(self, host, guard, local, remote, words=()):
        with self.subTest(guard=guard, local=local, remote=remote, words=words):
            seen = self.syn(host, guard, local, remote, words)
            self.assertEqual(seen["syn_ack"], "true", seen)
            self.assertEqual(seen["reset_sent"], "false", seen)
            self.assertEqual(seen["resets"], "0", seen)
            self.assertEqual(seen["timed"], "true", seen)
            self.assertEqual(seen["drops"], "0", seen)
            self.assertEqual(host.snmp("Tcp", "OutRsts"), 0)

    def assert_reset(self, host, local, remote):
        with self.subTest(local=local, remote=remote):
            before = host.snmp("Tcp", "OutRsts")
            seen = self.syn(host, None, local, remote)
            self.assertEqual((seen["syn_ack"], seen["reset_sent"], seen["resets"]), ("true", "true", "1"), seen)
            self.assertEqual(host.snmp("Tcp", "OutRsts"), before + 1)

    def test_across_a_wire(self):
        client, server = self.net.client, self.net.server
        self.assert_quiet(client, client.address4, client.address4, server.address4)
        self.assert_quiet(client, client.address6, client.address6, server.address6)

    def test_one_any_address_guards_both_families(self):
        client, server = self.net.client, self.net.server
        self.assert_quiet(client, "any4", client.address4, server.address4)
        self.assert_quiet(client, "any6", client.address4, server.address4)
        self.assert_quiet(client, "any6", client.address6, server.address6)

    def test_loopback_and_own_addresses(self):
        server = self.net.server
        for address in ("127.0.0.1", "::1", server.address4, server.address6):
            self.assert_quiet(server, "any6", address, address)

    def test_with_no_other_privilege_than_raw_sockets(self):
        client, server = self.net.client, self.net.server
        self.assert_quiet(client, client.address4, client.address4, server.address4, RAW_ONLY)
        self.assert_quiet(client, client.address6, client.address6, server.address6, RAW_ONLY)
        self.assert_quiet(client, "any6", client.address4, server.address4, RAW_ONLY)
        self.assert_quiet(server, "any6", "127.0.0.1", "127.0.0.1", RAW_ONLY)
        self.assert_quiet(server, "any6", "::1", "::1", RAW_ONLY)

    def test_without_a_guard_the_kernel_resets(self):
        client, server = self.net.client, self.net.server
        self.assert_reset(client, client.address4, server.address4)
        self.assert_reset(client, client.address6, server.address6)
        self.assert_reset(server, "127.0.0.1", "127.0.0.1")
        self.assert_reset(server, "::1", "::1")

    def test_a_strangers_syn_is_dropped_silently(self):
        client, server = self.net.client, self.net.server
        for user in (None, "nobody"):
            holder = client.popen([self.probe, "hold", "any6", "0"], user=user, stdin=-1, stdout=-1)
            port = int(holder.stdout.readline().split()[1])
            for address in (client.address4, client.address6):
                with self.subTest(user=user, address=address), server.entered():
                    self.assertRaises(TimeoutError, socket.create_connection, (address, port), 0.2)
            holder.stdin.close()
            self.assertEqual(holder.wait(10), 0)
            with server.entered():
                self.assertRaises(ConnectionRefusedError, socket.create_connection, (client.address4, port), 5)

    def test_without_privilege_it_says_what_is_needed(self):
        client, server = self.net.client, self.net.server
        done = client.run([self.probe, "syn", "guarded", "any4", client.address4, server.address4, PORT], user="nobody")
        self.assertEqual(done.returncode, 1)
        said = answers(done.stdout)
        self.assertEqual(said["error"], "open packet socket: needs CAP_NET_RAW")
        self.assertEqual(said["hint"], f"run as root, or: sudo setcap cap_net_raw+ep {self.probe}")


if __name__ == "__main__":
    lab.main()
