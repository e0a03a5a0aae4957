# SPDX-License-Identifier: MIT
"""Files from connect --send-file to listen --receive: unchanged, after breaks, and against peers that mean harm."""

import json
import os
import pathlib
import socket
import stat
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab import transfer
from lab.process import wait_for
from lab.stream import PATIENCE, StreamCase
from lab.transfer import CHUNK, Peer, entry


def picture(top):
    """Everything that is to be kept of a tree: by path, kind, mode, time and content."""
    seen = {}
    for path in [top, *sorted(top.rglob("*"))]:
        status = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        mode = None if path.is_symlink() else stat.S_IMODE(status.st_mode)
        seen[str(path.relative_to(top.parent))] = (stat.S_IFMT(status.st_mode), mode, status.st_mtime_ns, what)
    return seen


class TransferCase(StreamCase):
    def setUp(self):
        super().setUp()
        self.inbox = self.scratch / "inbox"

    def receive(self, *words, **popen):
        return self.listen("--receive", self.inbox, *words, stdin=subprocess.DEVNULL, **popen)

    def send(self, port, *words, **popen):
        return self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--send-file", *words, stdin=subprocess.DEVNULL,
                          **popen)

    def transfer(self, *words, code=0, receiver_code=0, receive=()):
        """Both ends; what they wrote to standard error."""
        receiver = self.receive(*receive)
        sender = self.send(receiver.ports[0], *words)
        _, sent = self.ends(sender, code)
        _, received = self.ends(receiver, receiver_code)
        return sent.decode(), received.decode()

    def file(self, name, size, seconds=1_000_000_000, nanoseconds=123_456_789):
        path = self.scratch / name
        path.write_bytes(os.urandom(size))
        os.utime(path, ns=(0, seconds * 10**9 + nanoseconds))
        return path

    def peer(self, port):
        peer = Peer(socket.create_connection(("127.0.0.1", port)), role=0)
        self.addCleanup(peer.close)
        self.assertEqual(peer.preface(), transfer.MAGIC + bytes([1, 1, 0, 0]))
        return peer

    def parts(self):
        return sorted(path.name for path in self.inbox.rglob(".*.tcpbox-part"))


class Whole(TransferCase):
    """What arrives is what was sent."""

    def test_files_of_every_size(self):
        sizes = (0, 1, 65_535, CHUNK - 1, CHUNK, CHUNK + 1, 20 * CHUNK + 5)
        files = [self.file(f"file-{size}", size) for size in sizes]
        files[0].chmod(0o400)
        self.transfer(*files)
        for file in files:
            there = self.inbox / file.name
            self.assertEqual(there.read_bytes(), file.read_bytes(), file.name)
            self.assertEqual(there.stat().st_mtime_ns, file.stat().st_mtime_ns, file.name)
            self.assertEqual(stat.S_IMODE(there.stat().st_mode), stat.S_IMODE(file.stat().st_mode), file.name)
        self.assertEqual(self.parts(), [])

    def tree(self):
        top = self.scratch / "tree"
        (top / "a" / "b").mkdir(parents=True)
        (top / "empty").mkdir()
        for number in range(700):
            (top / "a" / f"{number}").write_bytes(os.urandom(number))
        (top / "a" / "b" / "tool").write_bytes(b"#!/bin/sh\n")
        (top / "a" / "b" / "tool").chmod(0o4755)
        (top / os.fsdecode(b"not \xff utf-8\n")).write_bytes(b"odd")
        (top / ("n" * 250)).write_bytes(b"long name")
        (top / "a" / "link").symlink_to("../empty")
        (top / "dangling").symlink_to("nowhere/at/all")
        (top / "empty").chmod(0o700)
        for path in [*top.rglob("*"), top]:
            os.utime(path, ns=(0, 10**18 + hash(str(path)) % 10**9), follow_symlinks=False)
        return top

    def test_a_tree(self):
        top = self.tree()
        self.transfer(f"{top}/")
        (top / "a" / "b" / "tool").chmod(0o755)  # set-user-ID is dropped
        self.assertEqual(picture(self.inbox / "tree"), picture(top))

    def test_what_is_there_is_not_sent_again(self):
        top = self.tree()
        self.transfer(top)
        before = picture(self.inbox / "tree")
        sent, _ = self.transfer(top, "--ndjson")
        records = [json.loads(line) for line in sent.splitlines()]
        totals = next(each for each in records if each["type"] == "transfer")
        self.assertEqual(totals["transferred_bytes"], 0)
        self.assertEqual(totals["unchanged"], 705)
        self.assertEqual(picture(self.inbox / "tree"), before)

    def test_what_is_no_file_is_skipped(self):
        top = self.scratch / "odd"
        top.mkdir()
        os.mkfifo(top / "fifo")
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(top / "socket"))
        for name, target in {"absolute": "/etc/passwd", "up": "../../x", "winding": "a/../../../x"}.items():
            (top / name).symlink_to(target)
        (top / "good").write_bytes(b"good")
        sent, _ = self.transfer(top, code=1)
        for line in ("odd/fifo: skipped: is a FIFO", "odd/socket: skipped: is a socket",
                     "odd/absolute: skipped: its target /etc/passwd is absolute",
                     "odd/up: skipped: its target ../../x leads out of the tree",
                     "odd/winding: skipped: its target a/../../../x leads up after a name",
                     "5 of 7 entries skipped"):
            self.assertIn(line, sent)
        self.assertEqual(sorted(path.name for path in (self.inbox / "odd").iterdir()), ["good"])

    def test_json(self):
        files = [self.file("small", 1000), self.file("big", 3 * CHUNK + 7)]
        sent, received = self.transfer(*files, "--ndjson", receive=["--json"])
        schema.validate_ndjson(sent, "connect")
        schema.validate(received, "listen")
        records = {each["path"]: each for each in map(json.loads, sent.splitlines()) if each["type"] == "file"}
        there = {each["path"]: each for each in json.loads(received)["results"] if each["type"] == "file"}
        for file in files:
            for record in (records[file.name], there[file.name]):
                self.assertEqual(record["sha256_tree"], transfer.tree_digest(file.read_bytes()).hex())
                self.assertEqual((record["outcome"], record["size_bytes"]), ("stored", file.stat().st_size))

    def test_fsync(self):
        file = self.file("durable", 2 * CHUNK)
        self.transfer(file, receive=["--fsync"])
        self.assertEqual((self.inbox / "durable").read_bytes(), file.read_bytes())

    def test_through_tls(self):
        file = self.file("secret", 5 * CHUNK + 3)
        self.transfer(file, "--tls", "--tls-insecure", receive=["--tls"])
        self.assertEqual((self.inbox / "secret").read_bytes(), file.read_bytes())


class Overwriting(TransferCase):
    def test_refused(self):
        file = self.file("precious", 1000)
        self.inbox.mkdir()
        (self.inbox / "precious").write_bytes(b"mine")
        sent, received = self.transfer(file, self.file("new", 10), code=1, receiver_code=1)
        self.assertIn("precious: refused: it exists already", sent)
        self.assertIn("precious: refused: it exists already; --overwrite replaces what is there", received)
        self.assertEqual((self.inbox / "precious").read_bytes(), b"mine")
        self.assertTrue((self.inbox / "new").exists())

    def test_same_size_and_time_with_other_content(self):
        file = self.file("precious", 4 * CHUNK)
        self.inbox.mkdir()
        there = self.inbox / "precious"
        there.write_bytes(bytes(4 * CHUNK))
        os.utime(there, ns=(0, file.stat().st_mtime_ns))
        sent, _ = self.transfer(file, code=1, receiver_code=1)
        self.assertIn("precious: refused: it exists already, and differs", sent)
        self.assertEqual(there.read_bytes(), bytes(4 * CHUNK))
        self.transfer(file, receive=["--overwrite"])
        self.assertEqual(there.read_bytes(), file.read_bytes())

    def test_asked_for(self):
        file = self.file("old", 1000)
        self.inbox.mkdir()
        (self.inbox / "old").write_bytes(b"mine")
        self.transfer(file, receive=["--overwrite"])
        self.assertEqual((self.inbox / "old").read_bytes(), file.read_bytes())

    def test_a_link_in_its_place_is_replaced_and_not_followed(self):
        file = self.file("name", 1000)
        self.inbox.mkdir()
        outside = self.scratch / "outside"
        outside.write_bytes(b"untouched")
        (self.inbox / "name").symlink_to(outside)
        self.transfer(file, code=1, receiver_code=1)
        self.transfer(file, receive=["--overwrite"])
        self.assertEqual(outside.read_bytes(), b"untouched")
        self.assertFalse((self.inbox / "name").is_symlink())


class Breaks(TransferCase):
    def test_three_breaks_and_going_on(self):
        file = self.file("long", 40 * CHUNK + 99)
        receiver = self.receive("--keep-open", "--ndjson")
        wire = transfer.BreakingWire(receiver.ports[0], [5 * CHUNK, 9 * CHUNK, 7 * CHUNK])
        self.addCleanup(wire.close)
        sender = self.send(wire.own_port, file, "--retry", "5", "--retry-delay", "50ms", "--ndjson")
        _, sent = self.ends(sender, 0)
        self.assertEqual(wire.broken, 3)
        self.assertEqual((self.inbox / "long").read_bytes(), file.read_bytes())
        records = [json.loads(line) for line in sent.splitlines()]
        schema.validate_ndjson(sent.decode(), "connect")
        last = [each for each in records if each["type"] == "file"]
        self.assertEqual([each["outcome"] for each in last], ["stored"])
        self.assertGreaterEqual(last[0]["resumed_from_bytes"], 10 * CHUNK)
        totals = next(each for each in records if each["type"] == "transfer")
        self.assertLess(totals["transferred_bytes"], file.stat().st_size * 1.5)
        self.assertEqual(self.parts(), [])

    def test_a_tree_after_three_breaks(self):
        top = self.scratch / "tree"
        for number in range(300):
            path = top / f"d{number % 7}" / f"{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(20_000))
        receiver = self.receive("--keep-open")
        wire = transfer.BreakingWire(receiver.ports[0], [CHUNK, CHUNK, CHUNK])
        self.addCleanup(wire.close)
        self.ends(self.send(wire.own_port, top, "--retry", "5", "--retry-delay", "50ms"), 0)
        self.assertEqual(wire.broken, 3)
        self.assertEqual(picture(self.inbox / "tree"), picture(top))

    def test_the_command_given_again(self):
        file = self.file("long", 30 * CHUNK)
        receiver = self.receive()
        wire = transfer.BreakingWire(receiver.ports[0], [12 * CHUNK])
        self.addCleanup(wire.close)
        self.ends(self.send(wire.own_port, file), 3)
        self.ends(receiver, 3)
        self.assertEqual(self.parts(), [".long.tcpbox-part"])
        self.assertFalse((self.inbox / "long").exists())
        sent, _ = self.transfer(file, "--ndjson")
        record = next(each for each in map(json.loads, sent.splitlines()) if each["type"] == "file")
        self.assertGreater(record["resumed_from_bytes"], 5 * CHUNK)
        self.assertEqual((self.inbox / "long").read_bytes(), file.read_bytes())

    def test_a_part_of_something_else_is_begun_anew(self):
        file = self.file("other", 4 * CHUNK)
        self.inbox.mkdir()
        (self.inbox / ".other.tcpbox-part").write_bytes(bytes(3 * CHUNK))
        sent, _ = self.transfer(file, "--ndjson")
        record = next(each for each in map(json.loads, sent.splitlines()) if each["type"] == "file")
        self.assertEqual(record["resumed_from_bytes"], 0)
        self.assertEqual((self.inbox / "other").read_bytes(), file.read_bytes())

    def test_a_part_that_leads_elsewhere_is_not_written_to(self):
        file = self.file("name", 4 * CHUNK)
        self.inbox.mkdir()
        outside = self.scratch / "outside"
        outside.write_bytes(bytes(2 * CHUNK))
        for make in (lambda: (self.inbox / ".name.tcpbox-part").symlink_to(outside),
                     lambda: os.link(outside, self.inbox / ".name.tcpbox-part")):
            with self.subTest(make=make):
                make()
                self.transfer(file)
                self.assertEqual(outside.read_bytes(), bytes(2 * CHUNK))
                self.assertEqual((self.inbox / "name").read_bytes(), file.read_bytes())
                (self.inbox / "name").unlink()


class HostileSenders(TransferCase):
    """Written from tcpbox-transfer(5) alone."""

    def test_paths_that_lead_out(self):
        (self.scratch / "inbox").mkdir()
        (self.inbox / "way").symlink_to(self.scratch)
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        bad = {"../x": "has '..' in it", "a/../../x": "has '..' in it", "/etc/x": "is absolute", "": "is empty",
               "a//b": "has an empty component", "a/": "has an empty component", "./x": "has '.' in it",
               "a\0b": "has a NUL in it", "n" * 256: "has a component longer than 255 bytes",
               "/".join("d" * 101): "is more than 100 directories deep", ".x.tcpbox-part": "is the name of a partial file",
               "x/" * 2100 + "x": "is longer than 4095 bytes"}
        for number, (path, reason) in enumerate(bad.items()):
            with self.subTest(path=path[:40]):
                peer.send(transfer.ENTRY, entry(number, path, 5))
                answer = peer.answer()
                self.assertEqual((answer["id"], answer["decision"]), (number, transfer.REFUSED))
                self.assertIn(reason, answer["text"])
        for number, path in enumerate(("way/x", "missing/x"), start=100):
            with self.subTest(path=path):
                peer.send(transfer.ENTRY, entry(number, path, 5))
                self.assertEqual(peer.answer()["decision"], transfer.FAILED)
        peer.send(transfer.ENTRY, entry(200, "way/made", kind=transfer.FOLDER))
        self.assertEqual(peer.answer()["decision"], transfer.FAILED)
        peer.send(transfer.ENTRY, entry(201, "way", kind=transfer.FOLDER))
        self.assertEqual(peer.answer()["decision"], transfer.REFUSED)
        before = self.scratch.stat().st_mode
        peer.send(transfer.DIRECTORY, entry(0, "way", kind=transfer.FOLDER, mode=0o777))
        peer.send(transfer.DONE)
        self.assertEqual(peer.frame()[0], transfer.FINISHED)
        self.assertEqual(self.scratch.stat().st_mode, before)
        self.ends(receiver, 3)
        self.assertEqual(sorted(path.name for path in self.scratch.iterdir()), ["inbox"])
        self.assertEqual([path.name for path in self.inbox.iterdir()], ["way"])

    def test_links_that_lead_out(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        peer.send(transfer.ENTRY, entry(0, "d", kind=transfer.FOLDER))
        self.assertEqual(peer.answer()["decision"], transfer.MADE)
        for number, target in enumerate(("/etc", "../..", "../../x", "a/../../x", "x\0y", "./../..")):
            peer.send(transfer.ENTRY, entry(number, "d/l", kind=transfer.LINK, target=target))
            self.assertEqual(peer.answer()["decision"], transfer.REFUSED, target)
        peer.send(transfer.ENTRY, entry(10, "d/l", kind=transfer.LINK, target=".."))
        self.assertEqual(peer.answer()["decision"], transfer.MADE)
        peer.send(transfer.ENTRY, entry(11, "d/l/x", 5))  # through the link that is inside
        self.assertEqual(peer.answer()["decision"], transfer.FAILED)
        peer.close()
        self.ends(receiver, 3)

    def test_a_wrong_digest(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        data = os.urandom(3 * CHUNK)
        self.put(peer, 0, "bad", data, digest=bytes(32))
        self.assertEqual(peer.result(), (1, "its SHA-256 is not the sender's"))
        self.put(peer, 1, "good", data)
        self.assertEqual(peer.result(), (0, ""))
        peer.send(transfer.DONE)
        self.assertEqual(peer.frame()[0], transfer.FINISHED)
        _, said = self.ends(receiver, 3)
        self.assertIn(b"bad: failed: its SHA-256 is not the sender's", said)
        self.assertEqual([path.name for path in self.inbox.iterdir()], ["good"])

    def put(self, peer, number, path, data, digest=None):
        peer.send(transfer.ENTRY, entry(number, path, len(data)))
        self.assertEqual(peer.answer()["decision"], transfer.TAKE)
        peer.send(transfer.START, struct.pack("!IQ", number, 0))
        for at in range(0, len(data), CHUNK):
            peer.send(transfer.DATA, data[at:at + CHUNK])
        peer.end(number, data, digest=digest)

    def test_frames_out_of_turn(self):
        two = 2 * CHUNK
        taken = [(transfer.ENTRY, entry(0, "x", two)), (transfer.START, struct.pack("!IQ", 0, 0))]
        end = struct.pack("!IBQ", 0, 0, two) + bytes(32)
        cases = {
            "data of no file": [(transfer.DATA, b"x")],
            "end of no file": [(transfer.END, end)],
            "start of no file": [(transfer.START, struct.pack("!IQ", 9, 0))],
            "leave of no file": [(transfer.LEAVE, struct.pack("!IB", 9, 0))],
            "an offset that was not offered": [taken[0], (transfer.START, struct.pack("!IQ", 0, CHUNK))],
            "identical with nothing": [taken[0], (transfer.LEAVE, struct.pack("!IB", 0, 0))],
            "less than a chunk": [*taken, (transfer.DATA, b"x")],
            "more than it said": [(transfer.ENTRY, entry(0, "x", 1)), taken[1], (transfer.DATA, b"xy")],
            "an end too early": [*taken, (transfer.DATA, bytes(CHUNK)), (transfer.END, end)],
            "an end with files open": [taken[0], (transfer.DONE, b"")],
            "an id twice": [taken[0], taken[0]],
            "a type of the receiver": [(transfer.ANSWER, bytes(48))],
            "a type of nobody": [(0x77, b"")],
            "a body too short": [(transfer.START, b"x")],
            "a body too long": [(transfer.DONE, b"x")],
            "no data": [(transfer.DATA, b"")],
            "a kind of nobody": [(transfer.ENTRY, entry(0, "x", kind=9))],
            "a mode with more bits": [(transfer.ENTRY, entry(0, "x", mode=0o4755))],
            "a second of more nanoseconds": [(transfer.ENTRY, entry(0, "x", nanoseconds=10**9))],
            "an enormous size": [(transfer.ENTRY, entry(0, "x", size=2**63))],
            "a directory's end that is a file's": [(transfer.DIRECTORY, entry(0, "x"))],
            "a directory's end outside": [(transfer.DIRECTORY, entry(0, "..", kind=transfer.FOLDER))],
        }
        for name, frames in cases.items():
            with self.subTest(name):
                receiver = self.receive()
                peer = self.peer(receiver.ports[0])
                for kind, body in frames:
                    peer.send(kind, body)
                self.assertIn("the peer", peer.aborted())
                peer.close()
                self.ends(receiver, 3)
                self.assertEqual(self.parts(), [".x.tcpbox-part"] if name == "an end too early" else [])
                self.assertFalse((self.inbox / "x").exists())
                for part in self.inbox.iterdir():
                    part.unlink()

    def test_an_enormous_frame(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        peer.socket.sendall(struct.pack("!IB", 0xFFFFFFFF, transfer.ENTRY))
        self.assertIn("a frame that does not exist", peer.aborted())
        peer.close()
        self.ends(receiver, 3)

    def test_offers_without_end(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        for number in range(1025):
            peer.send(transfer.ENTRY, entry(number, f"{number}", 1))
        self.assertEqual(peer.aborted(), "the peer offers too much at once")
        peer.close()
        self.ends(receiver, 3)

    def test_one_byte_at_a_time(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = entry(0, "slow", 3)
        frames = struct.pack("!IB", len(body), transfer.ENTRY) + body
        frames += struct.pack("!IBIQ", 12, transfer.START, 0, 0) + struct.pack("!IB", 3, transfer.DATA) + b"abc"
        frames += struct.pack("!IBIBQ", 45, transfer.END, 0, 0, 3) + transfer.tree_digest(b"abc")
        for byte in frames:
            peer.socket.sendall(bytes([byte]))
        self.assertEqual(peer.answer()["decision"], transfer.TAKE)
        self.assertEqual(peer.result(), (0, ""))
        peer.send(transfer.DONE)
        self.assertEqual(peer.frame()[0], transfer.FINISHED)
        self.ends(receiver, 0)
        self.assertEqual((self.inbox / "slow").read_bytes(), b"abc")

    def test_names_are_shown_escaped(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        peer.send(transfer.ENTRY, entry(0, "\x1b[2Jx/../y", 5))
        peer.answer()
        peer.close()
        _, said = self.ends(receiver, 3)
        self.assertIn(b"\\x1b[2Jx/../y: refused", said)
        self.assertNotIn(b"\x1b[2J", said)


class HostileReceivers(TransferCase):
    def receiver(self, *words):
        """Our sender, and the peer that it sends to."""
        listener, port = self.server()
        sender = self.send(port, *words)
        peer = Peer(listener.accept()[0], role=1)
        self.addCleanup(peer.close)
        self.assertEqual(peer.preface(), transfer.MAGIC + bytes([1, 0, 0, 0]))
        self.assertEqual(peer.frame()[0], transfer.PLAN)
        return sender, peer

    @staticmethod
    def answer(number, decision, offset=0, digest=bytes(32)):
        return struct.pack("!IBBQ", number, decision, 0, offset) + digest + bytes(2)

    def test_wrong_frames(self):
        result = struct.pack("!IBH", 0, 0, 0)
        cases = {
            "an answer to nothing": [(transfer.ANSWER, self.answer(7, transfer.TAKE))],
            "a file that is made": [(transfer.ANSWER, self.answer(0, 9))],
            "an offset beyond the end": [(transfer.ANSWER, self.answer(0, transfer.RESUME, 1 << 40))],
            "an offset within a chunk": [(transfer.ANSWER, self.answer(0, transfer.RESUME, 5))],
            "a result of what was not sent": [(transfer.RESULT, result)],
            "the end at once": [(transfer.FINISHED, b"")],
            "two answers": [(transfer.ANSWER, self.answer(0, transfer.REFUSED))] * 2,
            "a type of the sender": [(transfer.DATA, b"x")],
        }
        file = self.file("f", 3 * CHUNK)
        for name, frames in cases.items():
            with self.subTest(name):
                sender, peer = self.receiver(file)
                self.assertEqual(peer.frame()[0], transfer.ENTRY)
                for kind, body in frames:
                    peer.send(kind, body)
                _, said = sender.communicate(timeout=PATIENCE)
                self.assertEqual(sender.returncode, 3, said)
                self.assertIn(b"the peer", said)
                peer.close()

    def test_a_prefix_that_is_not_ours(self):
        file = self.file("f", 3 * CHUNK)
        sender, peer = self.receiver(file)
        self.assertEqual(peer.frame()[0], transfer.ENTRY)
        peer.send(transfer.ANSWER, self.answer(0, transfer.RESUME, 2 * CHUNK, b"\1" * 32))
        self.assertEqual(peer.frame(), (transfer.START, struct.pack("!IQ", 0, 0)))
        peer.close()
        self.ends(sender, 3)

    def test_one_that_ends_and_reads_no_more(self):
        """There is more than fits in buffers, and nobody will ever ask for it."""
        file = self.scratch / "f"
        file.write_bytes(b"")
        os.truncate(file, 40 * CHUNK)
        endings = {"without a word": [], "as if all were there": [(transfer.FINISHED, b"")]}
        for name, frames in endings.items():
            with self.subTest(name):
                sender, peer = self.receiver(file)
                self.assertEqual(peer.frame()[0], transfer.ENTRY)
                peer.send(transfer.ANSWER, self.answer(0, transfer.TAKE))
                self.assertEqual(peer.frame()[0], transfer.START)
                for kind, body in frames:
                    peer.send(kind, body)
                peer.socket.shutdown(socket.SHUT_WR)
                _, said = self.ends(sender, 3)
                self.assertIn(b"the peer ended", said)
                peer.close()

    def test_its_reason_is_told(self):
        sender, peer = self.receiver(self.file("f", 10))
        peer.send(transfer.ABORT, transfer.text("no\x1broom"))
        _, said = self.ends(sender, 3)
        self.assertIn(b"the receiver gave up: no\\x1broom", said)

    def test_no_receiver_at_all(self):
        listener, port = self.server()
        sender = self.send(port, self.file("f", 10))
        with listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            _, said = self.ends(sender, 3)
        self.assertIn(b"the peer is no 'tcpbox listen --receive'", said)


class Files(TransferCase):
    """Files that change under the sender's hands, on both sides."""

    def test_it_shrinks_and_grows(self):
        for change, left in ((lambda path: os.truncate(path, CHUNK // 2), 0),
                             (lambda path: os.truncate(path, 41 * CHUNK), 7)):
            with self.subTest(left=left):
                file = self.scratch / "f"
                file.write_bytes(b"")
                os.truncate(file, 40 * CHUNK)  # more than fits in buffers
                listener, port = self.server()
                sender = self.send(port, file)
                peer = Peer(listener.accept()[0], role=1)
                peer.preface()
                self.assertEqual((peer.frame()[0], peer.frame()[0]), (transfer.PLAN, transfer.ENTRY))
                peer.send(transfer.ANSWER, HostileReceivers.answer(0, transfer.TAKE))
                self.assertEqual(peer.frame()[0], transfer.START)
                change(file)
                kind = transfer.DATA
                while kind == transfer.DATA:
                    kind, body = peer.frame()
                self.assertEqual(kind, transfer.END)
                self.assertEqual(body[4], 1)
                peer.send(transfer.RESULT, struct.pack("!IB", 0, 3) + transfer.text("it changed while it was sent"))
                self.assertEqual(peer.frame()[0], transfer.DONE)
                peer.send(transfer.FINISHED)
                _, said = self.ends(sender, 3)
                self.assertIn(b"f: failed: it changed while it was sent", said)
                peer.close()

    def test_what_a_receiver_keeps_of_one_that_changed(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        peer.send(transfer.ENTRY, entry(0, "x", 3 * CHUNK))
        peer.answer()
        peer.send(transfer.START, struct.pack("!IQ", 0, 0))
        for _ in range(2):
            peer.send(transfer.DATA, os.urandom(CHUNK))
        peer.send(transfer.END, struct.pack("!IBQ", 0, 1, CHUNK + 5) + bytes(32))
        self.assertEqual(peer.result(), (3, "it changed while it was sent"))
        self.assertEqual((self.inbox / ".x.tcpbox-part").stat().st_size, CHUNK)
        peer.close()
        self.ends(receiver, 3)

    def test_the_directory_is_removed(self):
        receiver = self.receive()
        peer = self.peer(receiver.ports[0])
        peer.send(transfer.ENTRY, entry(0, "a", 5))
        peer.answer()
        self.inbox.rmdir()
        peer.send(transfer.START, struct.pack("!IQ", 0, 0))
        self.assertEqual(peer.aborted(), "the directory was removed")
        peer.close()
        _, said = self.ends(receiver, 3)
        self.assertIn(b"the directory was removed", said)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_disk_is_full(self):
        self.inbox.mkdir()
        file = self.file("large", 12 * CHUNK)
        port = lab.stream.free_port()
        script = 'mount -t tmpfs -o size=8m none "$1" && shift && exec "$@"'
        receiver = self.start("unshare", "-m", "sh", "-c", script, "sh", self.inbox, self.tcpbox, "listen",
                              f"127.0.0.1:{port}", "--receive", self.inbox, stdin=subprocess.DEVNULL)
        wait_for(lambda: lab.stream.is_listening(port), "the receiver")
        kept = pathlib.Path(f"/proc/{receiver.pid}/root{self.inbox}")
        _, said = self.ends(self.send(port, file), 3)
        self.assertIn(b"the receiver gave up: No space left on device", said)
        del kept
        _, received = self.ends(receiver, 3)
        self.assertIn(b"No space left on device", received)

    def test_what_cannot_be_sent(self):
        for words, reason in ((["missing"], "send missing: No such file"), (["/"], "send /: has no name of its own"),
                              ([self.file("f", 1), f"{self.scratch}/../{self.scratch.name}/f"], "is called f too")):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, "connect", "127.0.0.1:1", "--send-file", *words)
                self.assertIn(reason, done.stderr.decode())
                self.assertIn(done.returncode, (2, 3))


class Codes(TransferCase):
    CODE = "acorn-violin-maple-otter"

    def test_the_right_one(self):
        file = self.file("secret", 3 * CHUNK + 5)
        sent, received = self.transfer(file, "--code", "Acorn Violin maple_OTTER", "--ndjson",
                                       receive=["--code", self.CODE, "--ndjson"])
        self.assertEqual((self.inbox / "secret").read_bytes(), file.read_bytes())
        schema.validate_ndjson(sent, "connect")
        schema.validate_ndjson(received, "listen")
        connected = next(each for each in map(json.loads, sent.splitlines()) if each["type"] == "connected")
        self.assertEqual((connected["tls"]["version"], connected["tls"]["verified"]), ("TLSv1.3", "code"))
        self.assertIsNotNone(connected["tls"]["group"])

    def test_from_a_file(self):
        file = self.file("secret", 10)
        code = self.scratch / "code"
        code.write_text(self.CODE + "\r\nand more\n")
        self.transfer(file, "--code-file", code, receive=["--code", self.CODE])
        self.assertEqual((self.inbox / "secret").read_bytes(), file.read_bytes())
        self.transfer(file, "--code", self.CODE, receive=["--code-file", code])
        code.write_text("secret\n")
        for words, reason in (([code], f"{code}: is too easy to guess"),
                              ([self.scratch / "missing"], f"{self.scratch}/missing: No such file")):
            done = self.run_for(self.tcpbox, "connect", "127.0.0.1:1", "--send-file", file, "--code-file", *words)
            self.assertIn(reason, done.stderr.decode())
            self.assertIn(done.returncode, (2, 3))
            self.assertNotIn(b"secret\n", done.stderr)

    def test_nobody_else_sees_it(self):
        for words in (["--code", self.CODE], [f"--code={self.CODE}"]):
            with self.subTest(words=words):
                receiver = self.receive(*words, "--ndjson")
                command_line = pathlib.Path(f"/proc/{receiver.pid}/cmdline").read_bytes()
                self.assertNotIn(b"violin", command_line)
                self.assertIn(b"--code", command_line)
                started = json.loads(receiver.stderr.readline())
                self.assertIn("--code", " ".join(started["arguments"]))
                self.assertNotIn("violin", " ".join(started["arguments"]))
                receiver.terminate()
                receiver.wait()

    def test_one_that_is_made(self):
        file = self.file("secret", 10)
        receiver = self.receive("--code")
        line = receiver.stderr.readline().decode()
        self.assertRegex(line, r"^the code is: ([a-z]+-){4}[a-z]+$")
        self.ends(self.send(receiver.ports[0], file, "--code", line.split()[-1]), 0)
        self.ends(receiver, 0)
        self.assertEqual((self.inbox / "secret").read_bytes(), file.read_bytes())

    def test_a_wrong_one(self):
        receiver = self.receive("--code", self.CODE)
        sender = self.send(receiver.ports[0], self.file("f", 10), "--code", "acorn-violin-maple-zebra")
        _, said = self.ends(sender, 3)
        self.assertIn(b"the peer has another code, or none", said)
        _, said = self.ends(receiver, 3)
        self.assertIn(b"the peer has another code, or none", said)
        self.assertEqual(len(said.splitlines()), 2, said)  # the other says where it listens
        self.assertEqual(list(self.inbox.iterdir()), [])

    def test_none_on_one_side(self):
        file = self.file("f", 10)
        receiver = self.receive("--code", self.CODE)
        _, said = self.ends(self.send(receiver.ports[0], file), 3)
        self.assertIn(b"does it want --code or --tls?", said)
        _, said = self.ends(self.send(receiver.ports[0], file, "--tls", "--tls-insecure"), 3)
        _, said = self.ends(receiver, 3)
        self.assertIn(b"the peer has another code, or none", said)
        receiver = self.receive()
        self.ends(self.send(receiver.ports[0], file, "--code", self.CODE), 3)
        _, said = self.ends(receiver, 3)
        self.assertIn(b"the sender speaks TLS: --code or --tls is missing here", said)
        receiver = self.receive("--tls", "--keep-open")  # with a certificate, which counts for nothing
        _, said = self.ends(self.send(receiver.ports[0], file, "--code", self.CODE), 3)
        self.assertIn(b"the peer has another code, or none", said)
        self.assertEqual(list(self.inbox.iterdir()), [])

    def test_weak_ones(self):
        for command, words in (("listen", ["0", "--receive", self.inbox]), ("connect", ["h:1", "--send-file", "."])):
            for code in ("secret", "a-b-c-d", "acorn-acorn-acorn-acorn", "password1234"):
                done = self.run_for(self.tcpbox, command, *words, "--code", code)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(b"--code: is too easy to guess", done.stderr)
                self.assertNotIn(code.encode(), done.stderr)


class Words(TransferCase):
    CODE = Codes.CODE

    def test_what_excludes_what(self):
        cases = (("listen", ["1", "--overwrite"], "--overwrite: needs --receive"),
                 ("listen", ["1", "--fsync"], "--fsync: needs --receive"),
                 ("listen", ["1", "--receive", "d", "--exec", "true"], "--receive and --exec"),
                 ("listen", ["1", "--receive", "d", "--broker"], "--receive and --broker"),
                 ("listen", ["1", "--receive", "d", "--recv-only"], "--recv-only: has no use with --receive"),
                 ("listen", ["1", "--receive", ""], "--receive ''"),
                 ("listen", ["1", "--code", self.CODE], "--code: needs --receive"),
                 ("listen", ["1", "--receive", "d", "--tls", "--code"], "--code and --tls"),
                 ("connect", ["h:1", "--code", self.CODE], "--code: needs --send-file"),
                 ("connect", ["h:1", "--send-file", "f", "--tls", "--code", self.CODE], "--code and --tls"),
                 ("connect", ["h:1", "--send-file", "f", "--code", self.CODE, "--code-file", "f"],
                  "--code and --code-file"),
                 ("connect", ["h:1", "--send-file", ""], "--send-file ''"),
                 ("connect", ["h:1", "-z", "--send-file", "f"], "--send-file and --zero"),
                 ("connect", ["h:1", "--send-file", "f", "--crlf"], "--crlf: has no use with --send-file"))
        for command, words, reason in cases:
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, command, *words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(reason, done.stderr.decode())


if __name__ == "__main__":
    lab.main()
