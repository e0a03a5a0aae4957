# SPDX-License-Identifier: MIT
"""Wires: a veth pair, or a relay of our own that is as bad as told."""

import ctypes
import dataclasses
import fcntl
import pathlib
import socket
import struct
import subprocess
import unittest

from .host import Link
from .process import build_dir

_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17
_ETHTOOL_SGSO = 0x24
_ETHTOOL_SGRO = 0x2C


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What a wire does to frames, in each direction. Without any of it, it is a veth pair."""
    delay_ms: float = 0
    jitter_ms: float = 0
    loss_percent: float = 0
    duplicate_percent: float = 0
    reorder_percent: float = 0
    packets_per_second: int = 0
    queue_frames: int = 1000
    seed: int = 1

    def is_perfect(self):
        return dataclasses.replace(self, queue_frames=1000, seed=1) == Conditions()

    def words(self):
        numbers = {"delay_us": self.delay_ms * 1000, "jitter_us": self.jitter_ms * 1000,
                   "loss_permille": self.loss_percent * 10, "duplicate_permille": self.duplicate_percent * 10,
                   "reorder_permille": self.reorder_percent * 10, "packets_per_second": self.packets_per_second,
                   "queue_frames": self.queue_frames, "seed": self.seed}
        return [f"{name}={round(number)}" for name, number in numbers.items()]


def connect(left, right, addresses, conditions=Conditions()):
    """Connects two hosts. Returns the process that is the wire when it is one."""
    ends = [(left, f"eth{len(left.links)}"), (right, f"eth{len(right.links)}")]
    process = None
    if conditions.is_perfect():
        _veth(ends)
    else:
        process = _relay(ends, conditions)
    base4, bits4, base6, *last = addresses
    # Up before it has addresses: an address that waits for its link joins its solicited-node group a second late, and
    # the first neighbour solicitation is lost.
    for host, interface in ends:
        host.run(["ip", "link", "set", interface, "txqueuelen", "10000", "up"], check=True)
    for (host, interface), number in zip(ends, last):
        _configure(host, Link(interface, f"{base4}.{number}", f"{base6}::{number:x}"), bits4)
    return process


def _veth(ends):
    (left, left_name), (right, right_name) = ends
    left.run(["ip", "link", "add", left_name, "type", "veth", "peer", "name", right_name, "netns", right.name],
             check=True)
    for host, name in ends:
        with host.entered():
            for command in (_ETHTOOL_STXCSUM, _ETHTOOL_SGSO, _ETHTOOL_SGRO):
                _ethtool(name, command, 0)


def _ethtool(interface, command, value):
    # Without offload a capture sees the frames, and their checksums, as a wire would carry them.
    setting = ctypes.create_string_buffer(struct.pack("@II", command, value))
    request = struct.pack("@16sP16x", interface.encode(), ctypes.addressof(setting))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCETHTOOL, request)


def _relay(ends, conditions):
    program = build_dir() / "tests" / "support" / "delay_wire"
    if not program.exists():
        raise unittest.SkipTest(f"not built: {program}")
    if not pathlib.Path("/dev/net/tun").exists():
        raise unittest.SkipTest("no /dev/net/tun here")
    (left, left_name), (right, right_name) = ends
    process = subprocess.Popen([program, left.path, left_name, right.path, right_name, *conditions.words()],
                               stdout=subprocess.PIPE)
    if process.stdout.readline() != b"ready\n":
        process.kill()
        raise RuntimeError("the delay wire did not start")
    process.stdout.close()
    return process


def _configure(host, link, bits4):
    host.run(["ip", "addr", "add", f"{link.address4}/{bits4}", "dev", link.interface], check=True)
    host.run(["ip", "-6", "addr", "add", f"{link.address6}/64", "dev", link.interface, "nodad"], check=True)
    host.links.append(link)
