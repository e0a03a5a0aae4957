# SPDX-License-Identifier: MIT
"""Who holds a socket: as ss finds it, through BPF in the first PID namespace and through /proc in another."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab

PORTS = range(9000, 9020)

# Listeners that three processes share, one that a renamed process holds alone, and one that stays with its maker; then
# the command, in the same namespaces.
MAKER = """
import ctypes, os, socket, subprocess, sys
libc = ctypes.CDLL(None)
def serve(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port)); s.listen(5); return s
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
shared = [serve(port) for port in range(9000, 9018)]
r, w = os.pipe(); hold_r, hold_w = os.pipe()
def child(name, own):
    pid = os.fork()
    if pid == 0:
        libc.prctl(1, 9)
        libc.prctl(15, name.encode())
        os.close(hold_w)
        kept = [serve(port) for port in own]
        os.write(w, b"1"); os.read(hold_r, 1); os._exit(0)
    return pid
children = [child("worker one", []), child("worker two", []), child("odd) name", [9018])]
mine = serve(9019)
for _ in children: os.read(r, 1)
for argv in (["ss", "-tlnpH"], [sys.argv[1], "sockets", "-l", "--json"], [sys.argv[1], "sockets", "-l", "--json", ":9018"]):
    print(subprocess.run(argv, capture_output=True, text=True).stdout, end="\\0")
os.close(hold_w)
for pid in children: os.waitpid(pid, 0)
"""


def holders_of_ss(text):
    """Port: {(process, pid, fd), …}. ss reads a name up to the first parenthesis in it."""
    found = {}
    for line in text.splitlines():
        port = int(re.search(r":(\d+) ", line).group(1))
        holders = re.findall(r'\("(.*?)",pid=(\d+),fd=(\d+)\)', line)
        found[port] = {("odd) name" if name == "odd" else name, int(pid), int(fd)) for name, pid, fd in holders}
    return found


def holders_of_tcpbox(text):
    return {row["local_port"]: {(holder["process"], holder["pid"], holder["fd"]) for holder in row["holders"]}
            for row in json.loads(text)["results"]}


@unittest.skipIf(os.geteuid() != 0, "namespaces need root")
class Holders(unittest.TestCase):
    def run_in(self, *namespaces):
        made = subprocess.run(["unshare", "--net", *namespaces, sys.executable, "-c", MAKER, str(lab.binary())], capture_output=True, text=True,
                              check=True, timeout=60)
        ss, ours, one, _ = made.stdout.split("\0")
        return holders_of_ss(ss), holders_of_tcpbox(ours), holders_of_tcpbox(one)

    def check_all_of(self, ss, ours):
        self.assertEqual(sorted(ss), list(PORTS))
        self.assertEqual(len(ss[9000]), 4)
        self.assertEqual(ours, ss)

    def test_every_holder(self):
        ss, ours, one = self.run_in()
        self.check_all_of(ss, ours)
        self.assertEqual(one, {9018: ss[9018]})
        self.assertEqual({name for name, _, _ in one[9018]}, {"odd) name"})

    def test_from_proc_alone(self):
        """BPF would tell the process IDs of the first namespace. Here the search ends once each socket has a holder."""
        ss, ours, one = self.run_in("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
        self.assertEqual(sorted(ours), list(PORTS))
        for port, holders in ours.items():
            self.assertTrue(holders, port)
            self.assertLessEqual(holders, ss[port])
        self.assertEqual(one, {9018: ss[9018]})


if __name__ == "__main__":
    lab.main(private_namespaces=False)
