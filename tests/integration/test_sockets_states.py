# SPDX-License-Identifier: MIT
"""tcpbox sockets against ss and getsockopt(2): every socket in every state, every field, on the same live sockets."""

import collections
import json
import os
import pathlib
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import socket_states
import ss_output

lab.require("ss", "nft")

FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
IPPROTO_MPTCP = 262
SS = ["ss", "-tanieomO"]
ROUNDS = 100
# What changes as time goes on.
PASSING = ("timer", "lastsnd", "lastrcv", "lastack", "busy", "rwnd_limited", "sndbuf_limited")

# ss's word, the field, how many of the field's units make one of ss's.
SCALED = [("rto", "rto_us", 1000), ("ato", "ato_us", 1000), ("minrtt", "min_rtt_us", 1000),
          ("rcv_rtt", "rcv_rtt_us", 1000), ("backoff", "backoff", 1), ("mss", "snd_mss_bytes", 1),
          ("pmtu", "pmtu_bytes", 1), ("rcvmss", "rcv_mss_bytes", 1), ("advmss", "advmss_bytes", 1),
          ("cwnd", "snd_cwnd_segments", 1), ("bytes_sent", "bytes_sent", 1), ("bytes_retrans", "bytes_retrans", 1),
          ("bytes_acked", "bytes_acked", 1), ("bytes_received", "bytes_received", 1), ("segs_out", "segs_out", 1),
          ("segs_in", "segs_in", 1), ("data_segs_out", "data_segs_out", 1), ("data_segs_in", "data_segs_in", 1),
          ("lastsnd", "last_data_sent_ms", 1), ("lastrcv", "last_data_recv_ms", 1),
          ("lastack", "last_ack_recv_ms", 1), ("delivered", "delivered_segments", 1),
          ("delivered_ce", "delivered_ce_segments", 1), ("unacked", "unacked_segments", 1),
          ("lost", "lost_segments", 1), ("sacked", "sacked_segments", 1), ("fackets", "fackets_segments", 1),
          ("dsack_dups", "dsack_dups_segments", 1), ("reord_seen", "reord_seen", 1),
          ("rcv_space", "rcv_space_bytes", 1), ("rcv_ssthresh", "rcv_ssthresh_bytes", 1),
          ("notsent", "notsent_bytes", 1), ("rcv_ooopack", "rcv_ooopack_segments", 1),
          ("snd_wnd", "snd_wnd_bytes", 1), ("pacing_rate", "pacing_rate_bytes_per_second", 1 / 8),
          ("delivery_rate", "delivery_rate_bytes_per_second", 1 / 8), ("busy", "busy_time_us", 1000),
          ("rwnd_limited", "rwnd_limited_us", 1000), ("sndbuf_limited", "sndbuf_limited_us", 1000)]
# Where the kernel has a number that stands for none: null here. ss prints it, as other tools would, or nothing.
UNSET = {"pacing_rate_bytes_per_second": 0, "min_rtt_us": 0, "snd_ssthresh_segments": 0x7FFFFFFF}
# What ss does not print because it is nothing out of the ordinary, besides 0.
ORDINARY = [("ssthresh", "snd_ssthresh_segments", lambda value: value == 0 or value >= 0xFFFF),
            ("reordering", "reordering_segments", lambda value: value in (0, 3))]
OPTIONS = {"ts": "timestamps", "sack": "sack", "ecn": "ecn", "ecnseen": "ecn_seen", "fastopen": "syn_data"}
MEMORY = {"r": "receive_allocated_bytes", "rb": "receive_limit_bytes", "t": "send_allocated_bytes",
          "tb": "send_limit_bytes", "f": "forward_allocated_bytes", "w": "send_queued_bytes",
          "o": "option_allocated_bytes", "bl": "backlog_bytes", "d": "drops"}
# struct tcp_info (Linux 6.18): fields that ss does not show: offset and form.
UNSHOWN = {"probes": (3, "B"), "last_ack_sent_ms": (48, "I"), "rcv_wnd_bytes": (232, "I"), "rehash": (236, "I"),
           "total_rto": (240, "H"), "total_rto_recoveries": (242, "H"), "total_rto_time_ms": (244, "I"),
           "received_ce_segments": (248, "I"), "delivered_e1_bytes": (252, "I"), "delivered_e0_bytes": (256, "I"),
           "delivered_ce_bytes": (260, "I"), "received_e1_bytes": (264, "I"), "received_e0_bytes": (268, "I"),
           "received_ce_bytes": (272, "I"), "accecn_fail_mode": (276, "H"), "accecn_opt_seen": (278, "H")}
CONGESTION_STATES = ("open", "disorder", "cwr", "recovery", "loss")


def number(word):
    """The number a word of ss's begins with: "12ms(3.0%)", "800bps/1600bps"."""
    digits = word.split("/")[0].split("(")[0]
    return float(digits.rstrip("abcdefghijklmnopqrstuvwxyz"))


def is_quiet(before, after):
    """Nothing happened to the socket between the two but that time went on."""
    def still(said):
        return {word: value for word, value in said.words.items() if word not in PASSING}

    def passing(said):
        return [float(said.words.get(word) or "0") for word in ("lastsnd", "lastrcv", "lastack")]

    timers = [said.timer or (None, 0, 0) for said in (before, after)]
    return (still(before) == still(after)
            and (before.receive_queue, before.send_queue) == (after.receive_queue, after.send_queue)
            and all(then <= now for then, now in zip(passing(before), passing(after)))
            and timers[0][::2] == timers[1][::2] and timers[0][1] >= timers[1][1])


def endpoint(row, end):
    if row[f"{end}_address"] is None:
        return None
    address = row[f"{end}_address"]
    return f"[{address}]:{row[f'{end}_port']}" if ":" in address else f"{address}:{row[f'{end}_port']}"


def shown_remote(said):
    """None where ss shows that there is no remote end."""
    return None if said.remote.endswith(":*") else said.remote


class SocketStates(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.host = self.lab.one_host().host

    def hold(self):
        with self.host.entered():
            held = socket_states.hold(self.host)
        self.addCleanup(held.close)
        return held

    def rows(self, *words, user=None):
        argv = [self.lab.tcpbox, "sockets", "--all", "--bound-inactive", "--no-owner", "--json", *words]
        done = self.host.run(argv, user=user)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [row for row in json.loads(done.stdout)["results"] if row["type"] == "socket"]

    def said(self, *words):
        return ss_output.read(self.host.run([*SS, *words], check=True).stdout)

    def assert_between(self, value, before, after, what):
        """What changes meanwhile lies between what was said before and after; ss prints six digits."""
        low, high = sorted((before, after))
        slack = 1e-5 * high
        self.assertTrue(low - slack <= value <= high + slack, f"{what}: {value} is not from {low} to {high}")

    def test_every_state_is_listed(self):
        held = self.hold()
        counts = collections.Counter((row["state"], row["family"]) for row in self.rows())
        expected = {(state, FAMILIES[family]): count for (state, family), count in held.expected.items()}
        self.assertEqual(counts, expected)
        self.assertEqual({state for state, _ in counts}, set(socket_states.ALL_STATES))

    def test_one_family_and_one_state(self):
        held = self.hold()
        for option, family in (("-4", socket.AF_INET), ("-6", socket.AF_INET6)):
            rows = self.rows(option)
            self.assertEqual(len(rows), sum(n for (_, its), n in held.expected.items() if its == family))
            self.assertEqual({row["family"] for row in rows}, {FAMILIES[family]})

    def test_an_ordinary_user_sees_the_same_sockets(self):
        self.hold()
        cookies = {row["cookie"] for row in self.rows()}
        rows = self.rows(user="nobody")
        self.assertEqual({row["cookie"] for row in rows}, cookies)
        self.assertEqual({row["mark"] for row in rows}, {None})

    def test_every_field_equals_ss(self):
        held = self.hold()
        # Sockets to which something happens between ss and ss are compared another time.
        compared = {}
        for _ in range(ROUNDS):
            compared.update(self.compare(held))
            if all(compared.values()):
                break
        self.assertEqual([what for what, done in compared.items() if not done], [])

    def compare(self, held):
        """Whether each socket was compared, by its cookie."""
        before, rows, after = self.said(), self.rows(), self.said()
        bound = [row for row in rows if row["state"] == "CLOSED"]  # ss asks for other states only
        rows = [row for row in rows if row["state"] != "CLOSED"]
        self.assertEqual(len(bound), sum(n for (state, _), n in held.expected.items() if state == "CLOSED"))
        self.assertEqual({row["cookie"] for row in rows}, set(before))
        self.assertEqual(set(before), set(after))
        compared = {}
        for row in rows:
            cookie = row["cookie"]
            compared[cookie] = is_quiet(before[cookie], after[cookie])
            if compared[cookie]:
                with self.subTest(state=row["state"], local=endpoint(row, "local"), remote=endpoint(row, "remote")):
                    self.assert_same(row, before[cookie], after[cookie])
        kinds = {row["timer"] and row["timer"]["kind"] for row in rows}
        self.assertEqual(kinds, {None, "retransmission", "keepalive", "time_wait", "zero_window_probe"})
        return compared

    def assert_same(self, row, before, after):
        self.assertEqual((row["state"], endpoint(row, "local"), endpoint(row, "remote")),
                         (before.state, before.local, shown_remote(before)))
        self.assert_same_head(row, before, after)
        self.assert_same_timer(row["timer"], before.timer, after.timer)
        self.assert_same_memory(row["memory"], before, after)
        if row["tcp_info"] is None:
            self.assertFalse(set(before.words) & {word for word, _, _ in SCALED})
            return
        self.assert_same_info(row["tcp_info"], before, after)
        self.assert_same_pairs(row["tcp_info"], before)
        self.assert_same_congestion(row, before)

    def assert_same_head(self, row, before, after):
        queue = row["accept_queue"]
        ours = (queue["waiting"], queue["limit"]) if queue else (row["recv_queue_bytes"], row["send_queue_bytes"])
        self.assert_between(ours[0], before.receive_queue, after.receive_queue, "Recv-Q")
        self.assert_between(ours[1], before.send_queue, after.send_queue, "Send-Q")
        self.assertEqual(row["inode"] or 0, int(before.words["ino"]))
        self.assertEqual(row["user_id"], int(before.words.get("uid", 0)))
        self.assertEqual(row["cgroup_id"] is not None, "cgroup" in before.words)
        self.assertEqual(row["v6_only"], bool(int(before.words["v6only"])) if "v6only" in before.words else None)
        arrow = {(False, False): "<->", (True, False): "-->", (False, True): "<--", (True, True): "---"}
        if row["shutdown"] is not None:
            self.assertIn(arrow[row["shutdown"]["receive"], row["shutdown"]["send"]], before.words)

    def assert_same_timer(self, timer, before, after):
        if before is None:
            return self.assertIsNone(timer)
        self.assertEqual((timer["kind"], timer["retransmissions"]), (before[0], before[2]))
        self.assertGreaterEqual(timer["expires_ms"], after[1])
        self.assertLessEqual(timer["expires_ms"], before[1] + (60_000 if before[1] >= 600_000 else 1_000))

    def assert_same_memory(self, memory, before, after):
        if memory is None:
            return self.assertNotIn("skmem", before.words)
        said = [dict((part.rstrip("0123456789"), int(part.lstrip("abdflortw")))
                     for part in one.words["skmem"].strip("()").split(",")) for one in (before, after)]
        for word, field in MEMORY.items():
            self.assert_between(memory[field], said[0][word], said[1][word], field)

    def assert_same_info(self, info, before, after):
        for word, field, scale in SCALED:
            if before.state == "LISTEN" and word == "sacked":
                continue  # of a listener it is the limit of the accept queue, which ss shows elsewhere
            values = [number(one.words.get(word) or "0") for one in (before, after)]
            ours = UNSET[field] if info[field] is None else info[field] / scale
            if word in ("busy", "rwnd_limited", "sndbuf_limited"):
                ours = int(ours)
            self.assert_between(ours, *values, field)
        for word, field, is_ordinary in ORDINARY:
            value = UNSET[field] if info[field] is None else info[field]
            if word in before.words:
                self.assert_between(value, number(before.words[word]), number(after.words.get(word, "0")), field)
            else:
                self.assertTrue(is_ordinary(value), f"{field}: {value}, of which ss says nothing")
        for word, option in OPTIONS.items():
            self.assertEqual(option in info["options"], word in before.words, option)
        self.assertEqual(bool(info["delivery_rate_app_limited"]), "app_limited" in before.words)

    def assert_same_pairs(self, info, before):
        if "rtt" in before.words:
            self.assertEqual(before.words["rtt"], f"{info['rtt_us'] / 1000:g}/{info['rttvar_us'] / 1000:g}")
        else:
            self.assertEqual(info["rtt_us"], 0)
        self.assertEqual("wscale" in before.words, "window_scaling" in info["options"])
        if "wscale" in before.words:
            self.assertEqual(before.words["wscale"], f"{info['snd_wscale']},{info['rcv_wscale']}")
        maximum = before.words.get("pacing_rate", "").partition("/")[2]
        if "pacing_rate" in before.words:
            self.assertEqual(bool(maximum), info["max_pacing_rate_bytes_per_second"] is not None)
        retransmissions = f"{info['retrans_segments']}/{info['total_retrans_segments']}"
        self.assertEqual(before.words.get("retrans", "0/0"), retransmissions)

    def assert_same_congestion(self, row, before):
        self.assertIn(row["congestion"], before.words)
        if row["bbr"] is None:
            return
        said = dict(part.split(":") for part in before.words["bbr"].strip("()").split(",") if ":" in part)
        self.assertAlmostEqual(row["bbr"]["min_rtt_us"] / 1000, float(said.get("mrtt", "0")), places=3)
        for gain in ("pacing_gain", "cwnd_gain"):
            self.assertEqual(f"{row['bbr'][gain]:g}", said.get(gain, "0"))

    def test_what_ss_does_not_show_equals_getsockopt(self):
        held = self.hold()
        lossy = next(one for one in held.sockets if one.note == "retransmission")
        lab.wait_for(lambda: struct.unpack_from("=H", lossy.tcp_info(), UNSHOWN["total_rto"][0])[0] >= 2, "timeouts")
        before = {os.fstat(one.socket.fileno()).st_ino: one.tcp_info() for one in held.sockets}
        rows = {row["inode"]: row for row in self.rows()}
        after = {os.fstat(one.socket.fileno()).st_ino: one.tcp_info() for one in held.sockets}
        for inode in before:
            row = rows[inode]
            if row["state"] == "CLOSED":
                self.assertIsNone(row["tcp_info"])
                continue
            with self.subTest(state=row["state"], local=endpoint(row, "local"), remote=endpoint(row, "remote")):
                self.assert_unshown(row["tcp_info"], before[inode], after[inode])

    def assert_unshown(self, info, before, after):
        for field, (offset, form) in UNSHOWN.items():
            if offset + struct.calcsize(form) > len(before):
                self.assertIsNone(info[field], field)
                continue
            values = [struct.unpack_from("=" + form, one, offset)[0] for one in (before, after)]
            self.assert_between(info[field], *values, field)
        self.assertIn(info["ca_state"], {CONGESTION_STATES[before[1]], CONGESTION_STATES[after[1]]})

    def test_a_listener_tells_what_it_threw_away(self):
        with self.host.entered():
            listener = socket.create_server(("127.0.0.1", 0), backlog=1)
            self.addCleanup(listener.close)
            for _ in range(6):
                client = socket.socket()
                self.addCleanup(client.close)
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
        lab.wait_for(lambda: socket_states.waiting_in(listener) == 2, "connections to wait in a queue")
        lab.wait_for(lambda: self.host.snmp("TcpExt", "ListenOverflows") > 0, "one that finds no room")
        row = next(row for row in self.rows() if row["state"] == "LISTEN")
        self.assertEqual(row["accept_queue"], {"waiting": 2, "limit": 1, "full": True})
        self.assertGreater(row["memory"]["drops"], 0)
        self.assertGreater(self.host.snmp("TcpExt", "ListenOverflows"), 0)

    def test_multipath_tcp_equals_ss(self):
        with self.host.entered():
            try:
                listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, IPPROTO_MPTCP)
                client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, IPPROTO_MPTCP)
            except OSError as error:
                self.skipTest(f"no Multipath TCP: {error}")
            listener.bind(("::1", 0))
            listener.listen(3)
            client.connect(listener.getsockname()[:2])
            server, _ = listener.accept()
            client.sendall(b"x" * 1000)
            server.recv(1000)
        for one in (listener, client, server):
            self.addCleanup(one.close)
        connections, said = self.rows("--mptcp"), self.said("-M")
        self.assertEqual(len(connections), 3)
        self.assertEqual({row["protocol"] for row in connections}, {"mptcp"})
        for row in connections:
            words = said[row["cookie"]].words
            self.assertIsNone(row["tcp_info"])
            if row["state"] == "LISTEN":
                continue
            info = row["mptcp_info"]
            for word in ("token", "write_seq", "snd_una", "rcv_nxt"):
                self.assertEqual(info[word], int(words[word], 16), word)
            self.assertEqual(info["subflows_max"], int(words["subflows_max"]))
        subflows = [row for row in self.rows() if row["mptcp_subflow"] and row["state"] == "ESTABLISHED"]
        tokens = {row["mptcp_info"]["token"] for row in connections if row["state"] == "ESTABLISHED"}
        self.assertEqual({row["mptcp_subflow"]["token_local"] for row in subflows}, tokens)


if __name__ == "__main__":
    lab.main()
