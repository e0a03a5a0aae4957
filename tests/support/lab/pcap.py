# SPDX-License-Identifier: MIT
"""Reads what Capture wrote, byte for byte."""

import pathlib
import struct


def read_frames(path):
    """(time in seconds, Ethernet frame) of each."""
    data = pathlib.Path(path).read_bytes()
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, nanoseconds, length, _ = struct.unpack_from("<IIII", data, at)
        frames.append((seconds + nanoseconds / 1e9, data[at + 16:at + 16 + length]))
        at += 16 + length
    return frames


class TcpFrame:
    """An Ethernet frame with IPv4 or IPv6 without extension headers, and TCP."""

    def __init__(self, time, frame):
        self.time = time
        self.v6 = frame[12:14] == b"\x86\xdd"
        self.ip = bytearray(frame[14:54] if self.v6 else frame[14:34])
        length = (40 + struct.unpack_from("!H", frame, 18)[0]) if self.v6 else struct.unpack_from("!H", frame, 16)[0]
        tcp = frame[14 + len(self.ip):14 + length]
        header = (tcp[12] >> 4) * 4
        self.header, self.options, self.payload = bytearray(tcp[:20]), bytearray(tcp[20:header]), tcp[header:]
        self.source_port, self.port, self.sequence, self.acknowledgment = struct.unpack_from("!HHII", tcp)
        self.flags = struct.unpack_from("!H", tcp, 12)[0] & 0x1FF
        self.window = struct.unpack_from("!H", tcp, 14)[0]
        self.ttl = self.ip[7] if self.v6 else self.ip[8]
        self.traffic_class = (struct.unpack_from("!I", self.ip)[0] >> 20) & 0xFF if self.v6 else self.ip[1]

    def constant(self):
        """The headers without what differs from one connection of a host to the next."""
        ip, header, options = bytearray(self.ip), bytearray(self.header), bytearray(self.options)
        if self.v6:
            ip[1] &= 0xF0
            ip[2:4] = bytes(2)  # flow label
        else:
            ip[4:6] = ip[10:12] = bytes(2)  # identification, checksum
        header[0:2] = bytes(2)  # source port
        header[4:8] = bytes(4)  # sequence number
        header[16:18] = bytes(2)  # checksum
        at = 0
        while at < len(options) and options[at] != 0:
            if options[at] == 8:
                options[at + 2:at + 6] = bytes(4)  # TSval
            at += 1 if options[at] == 1 else options[at + 1]
        return bytes(ip), bytes(header), bytes(options), self.payload


def tcp_frames(path, port):
    """Those to or from a port."""
    found = []
    for time, frame in read_frames(path):
        v4 = frame[12:14] == b"\x08\x00" and frame[23] == 6
        v6 = frame[12:14] == b"\x86\xdd" and frame[20] == 6
        if v4 or v6:
            segment = TcpFrame(time, frame)
            if port in (segment.port, segment.source_port):
                found.append(segment)
    return found
