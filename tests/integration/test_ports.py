# SPDX-License-Identifier: MIT
"""tcpbox ports: its answers, exit codes and JSON; and what it says about a host whose listeners are known."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

BINARY = str(lab.binary())


def tcpbox(*arguments, **more):
    more.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([BINARY, "ports", *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=60, check=False, **more)


def results(*arguments):
    return schema.validate(tcpbox(*arguments, "--json").stdout, "ports")["results"]


class Answers(unittest.TestCase):
    def test_exit_codes(self):
        for words, code in ((["443"], 0), (["60000"], 0), (["4"], 0), (["swyp"], 0), (["htpps"], 1),
                            (["443", "nonsuch"], 1), (["--search", "xyzzyplugh"], 1), (["99999"], 2), (["90-80"], 2),
                            (["1-2-3"], 2), (["80:90"], 2), ([""], 2), (["80,,90"], 2), ([], 2),
                            (["https", "--range", "dynamic"], 1), (["--protocol", "icmp", "1"], 2)):
            done = tcpbox(*words)
            self.assertEqual(done.returncode, code, (words, done.stderr))
            if code == 2:
                self.assertEqual(done.stdout, "")

    def test_a_slip_is_answered(self):
        done = tcpbox("htpps")
        self.assertEqual(done.stderr, "tcpbox: service 'htpps': unknown; did you mean 'https'?\n")
        self.assertIn("did you mean 'telnet'?", tcpbox("--search", "telnte").stderr)

    def test_known_ports(self):
        by_port = {result["port"]: result for result in results("22,80,imap", "6443")}
        self.assertEqual(list(by_port), [22, 80, 143, 6443])
        self.assertEqual(by_port[80]["registered_names"], ["http", "www", "www-http"])
        self.assertEqual(by_port[80]["common"]["confidentiality"], "cleartext")
        self.assertEqual(by_port[80]["common"]["replacement"], "443 (https)")
        self.assertEqual(by_port[6443]["registered_names"], ["sun-sr-https"])
        self.assertTrue(by_port[6443]["common"]["differs_from_registration"])

    def test_stretches(self):
        found = results("49151-65535", "--protocol", "any")
        self.assertEqual((found[0]["port"], found[0]["status"]), (49151, "reserved"))
        covered = set()
        for result in found:
            first = result.get("port", result.get("first"))
            covered |= set(range(first, result.get("port", result.get("last")) + 1))
        self.assertEqual(covered, set(range(49151, 65536)))

    def test_every_common_port(self):
        found = {(result["port"], result["protocol"]) for result in results("--common")}
        for port in (20, 21, 22, 23, 25, 53, 80, 110, 143, 161, 179, 389, 443, 445, 465, 587, 636, 853, 993, 995, 1433,
                     1434, 3306, 3389, 5432, 5900, 6379, 6443, 8080, 8443, 9090, 9200, 11211, 27017):
            self.assertIn((port, "tcp"), found)
        self.assertIn((123, "udp"), found)

    def test_ranges(self):
        for name, first, last in (("well-known", 0, 1023), ("registered", 1024, 49151), ("dynamic", 49152, 65535)):
            found = json.loads(tcpbox("--range", name, "--json").stdout)["results"]  # too many for the schema's validator
            ports = [result.get("port", result.get("first")) for result in found]
            self.assertEqual(min(ports), first)
            self.assertLessEqual(max(ports), last)


class Outputs(unittest.TestCase):
    def test_json_of_every_outcome(self):
        for words in (["443"], ["8000-8100"], ["swyp"], ["nonsuch"], ["--common"], ["--search", "mail"], ["0"],
                      ["3200-3400", "--protocol", "any"], ["53", "--protocol", "udp"], ["22", "--protocol", "sctp"],
                      ["--range", "dynamic"], ["https", "--range", "dynamic"], ["x11", "ircu", "1-128"]):
            document = schema.validate(tcpbox(*words, "--json").stdout, "ports")
            lines = schema.validate_ndjson(tcpbox(*words, "--ndjson").stdout, "ports")
            self.assertEqual(len(document["results"]), len(lines) - 2)
            self.assertEqual(document["summary"]["results"], len(lines) - 2)

    def test_text_fits_80_columns_of_a_terminal(self):
        for words in ("443", "8000-8100", "0-65535", "--common", "2222"):
            shown = subprocess.run(["script", "-qec", f"stty cols 80; '{BINARY}' ports {words}", "/dev/null"],
                                   stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True,
                                   env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "xterm"})
            for line in shown.stdout.decode().splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_head(self):
        done = subprocess.run(["bash", "-c", '"$0" ports 0-65535 | head -1', BINARY], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.stderr, done.stdout.count("\n")), ("", 1))

    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            done = tcpbox("443", stdout=full)
        self.assertEqual(done.returncode, 3)
        self.assertIn("No space left on device", done.stderr)

    def test_notes_reach_a_file(self):
        done = subprocess.run(["bash", "-c", '"$0" ports nonsuchname >/dev/null 2>"$1"; echo $?', BINARY,
                               scratch := os.path.join(os.environ.get("TMPDIR", "/tmp"), f"tcpbox-{os.getpid()}")],
                              capture_output=True, text=True, timeout=60, check=False)
        with open(scratch) as file:
            said = file.read()
        os.unlink(scratch)
        self.assertEqual((done.stdout, said), ("1\n", "tcpbox: service 'nonsuchname': unknown\n"))


class Here(lab.TestCase):
    def ask(self, host, *arguments, user=None):
        done = host.run([BINARY, "ports", *arguments, "--json"], user=user)
        return schema.validate(done.stdout, "ports")

    def test_listeners_and_their_owner(self):
        host = self.lab.one_host().host
        server = host.nginx([80, 8080])
        host.listen_many([9000])
        document = self.ask(host, "80,443,9000")
        by_port = {result["port"]: result["here"]["listeners"] for result in document["results"]}
        self.assertEqual({(l["address"], l["process"], l["pid"]) for l in by_port[80]},
                         {("0.0.0.0", "nginx", server.pid), ("::", "nginx", server.pid)})
        self.assertEqual(by_port[443], [])
        self.assertEqual([l["address"] for l in by_port[9000]], ["::"])
        self.assertIn("nginx", host.run([BINARY, "ports", "80"]).stdout)

    def test_owners_of_others_are_counted(self):
        host = self.lab.one_host().host
        host.listen_many([9000])
        document = self.ask(host, "9000", user="nobody")
        listener, = document["results"][0]["here"]["listeners"]
        self.assertEqual((listener["process"], listener["user_id"]), (None, 0))
        self.assertEqual(document["summary"]["hidden_owners"], 1)
        self.assertIn("the owner of 1 socket can be seen by root only",
                      host.run([BINARY, "ports", "9000"], user="nobody").stderr)

    def test_the_namespace_has_its_own_rules(self):
        host = self.lab.one_host().host
        host.sysctl("net.ipv4.ip_unprivileged_port_start", 80)
        host.sysctl("net.ipv4.ip_local_port_range", "20000 20099")
        host.sysctl("net.ipv4.ip_local_reserved_ports", "20050-20059")
        def here(port):
            return self.ask(host, str(port))["results"][0]["here"]
        self.assertTrue(here(79)["privileged"])
        self.assertFalse(here(80)["privileged"])
        self.assertTrue(here(20000)["ephemeral"])
        self.assertFalse(here(20100)["ephemeral"])
        self.assertTrue(here(20055)["reserved"])
        self.assertFalse(here(20060)["reserved"])


lab.main()
