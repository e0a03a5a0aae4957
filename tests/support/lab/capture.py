# SPDX-License-Identifier: MIT
"""A capture with the kernel's timestamps that is complete: running when entered, drained when left."""

import ctypes
import pathlib
import select
import socket
import struct
import subprocess
import threading
import unittest

from .process import missing_tools

_ETH_P_ALL = 0x0003
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_PACKET_OUTGOING = 4
_PCAP_NANOSECONDS = 0xA1B23C4D
_LINKTYPE_ETHERNET = 1
_LARGEST_FRAME = 262144


class Capture:
    """A context manager; afterwards `path` holds every frame that passed meanwhile, `frames` says how many."""

    def __init__(self, host, path, filter, interface):
        self.path = pathlib.Path(path)
        self.frames = 0
        self._host = host
        self._interface = interface
        self._filter = _compile(filter)
        self._stop = threading.Event()

    def __enter__(self):
        with self._host.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            _attach(self._socket, self._filter)
            self._socket.setblocking(False)
            self._socket.bind((self._interface, _ETH_P_ALL))
        self._file = open(self.path, "wb")
        self._file.write(struct.pack("<IHHiIII", _PCAP_NANOSECONDS, 2, 4, 0, 0, _LARGEST_FRAME, _LINKTYPE_ETHERNET))
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._drain()
        self._socket.close()
        self._file.close()
        self.path.chmod(0o644)

    def _work(self):
        while not self._stop.is_set():
            select.select([self._socket], [], [], 0.05)
            self._drain()

    def _drain(self):
        while True:
            try:
                frame, ancillary, _, address = self._socket.recvmsg(_LARGEST_FRAME, 64)
            except BlockingIOError:
                return
            # The loopback interface shows each frame going out and coming in: one of them is enough.
            if self._interface == "lo" and address[2] == _PACKET_OUTGOING:
                continue
            seconds, nanoseconds = _timestamp(ancillary)
            self._file.write(struct.pack("<IIII", seconds, nanoseconds, len(frame), len(frame)) + frame)
            self.frames += 1


def _timestamp(ancillary):
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            return struct.unpack("@ll", data[:16])
    raise RuntimeError("a frame came without its time")


def _compile(filter):
    """A filter expression as the kernel's instructions."""
    if not filter:
        return []
    if missing_tools(["tcpdump"]):
        raise unittest.SkipTest("not installed: tcpdump")
    text = subprocess.run(["tcpdump", "-ddd", "-y", "EN10MB", "-s", "0", filter], check=True, capture_output=True,
                          text=True).stdout
    return [struct.pack("=HBBI", *map(int, line.split())) for line in text.splitlines()[1:]]


def _attach(descriptor, program):
    if not program:
        return
    code = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog: a count, and the address of the instructions.
    descriptor.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code)))
