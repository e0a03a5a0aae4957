# SPDX-License-Identifier: MIT
"""A lab of network namespaces: hosts, routers, real peers, filters, captures.

A test looks like this:

    import pathlib, sys
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
    import lab

    lab.require("nginx", "nft")                       # else the test is skipped, with the reason

    class Trace(lab.TestCase):                        # unittest.TestCase with self.lab, closed after each test
        def test_open(self):
            net = self.lab.two_hosts()                # net.client, net.server; dual stack
            net.server.nginx(80)                      # returns once it listens
            with net.server.capture("wire.pcap") as capture:
                done = net.client.run([self.lab.tcpbox, "handshake-trace", net.server.address4])
            self.assertEqual(done.returncode, 0, done.stderr)

    if __name__ == "__main__":
        lab.main()

lab.main() runs the tests in private namespaces (net, mount, pid) that die with the process, however it dies: nothing is
named on the real host and nothing stays. Exit code 77 means skipped: not root, namespaces not permitted, a tool missing,
or every test of the file skipped. lab.main(private_namespaces=False) is for tests that need no namespace.

Topologies, methods of Lab:
    one_host()                                        net.host
    two_hosts(**conditions)                           net.client -- net.server
    routed(routers=1, **conditions)                   net.client -- net.router (net.routers) -- net.server; the
                                                      conditions are those of the client's link
    many_targets(**conditions)                        net.client -- net.server, which answers for all of 10.200.0.0/16 and
                                                      fd00:200::/64; net.target (scan_target.py) judges what came
    conditions: delay_ms, jitter_ms, loss_percent, duplicate_percent, reorder_percent, packets_per_second with
    queue_frames before it; each goes each way
    tcpbox                                            path of the binary under test, executable by every user
    scratch                                           a private directory (mode 755), gone afterwards

Host:
    address4, address6, interface, name
    run(argv, user=None, input=None, timeout=60, check=False, text=True, env=None) -> CompletedProcess
    popen(argv, user=None, text=True, env=None, **popen_arguments) -> Popen, ended with the lab
    entered()                  context manager: sockets that this thread makes belong to the host
    sysctl(key, value=None)    "net.ipv4.ip_forward"; returns the value
    snmp(group, name)          ("Tcp", "OutRsts"), ("TcpExt", "…"), ("Ip6", "…"): a counter of the host's kernel
    listening()                the set of TCP ports with a kernel listener
    wait_listening(port, timeout=10)
    capture(path, filter="", interface=None)          context manager: a pcap file of all frames, complete on exit
    nft(rules)                 loads rules
    drop_ports(ports), reject_ports(ports, what="icmpx type port-unreachable"), lose(percent), lose_every(n)
    nginx(ports, tls=False, certificate=None), listen_many(ports), sshd(port=22)   real peers, listening when the call
                                                                                   returns
    redis(port=6379), memcached(port=11211)                           more of them
    forge(kind, interface=None)                                       answers SYNs as forger.py's kinds do
    talkers({port: (kind, bytes)})                                    servers of canned words

`user="nobody"` runs as an ordinary user without any capability.
"""

from .case import TestCase, main, require
from .host import Host, Link
from .network import Lab, Network
from .process import binary, build_dir, missing_tools, source_dir, wait_for

__all__ = ["Host", "Lab", "Link", "Network", "TestCase", "binary", "build_dir", "main", "missing_tools", "require",
           "source_dir", "wait_for"]
