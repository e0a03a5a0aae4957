# SPDX-License-Identifier: MIT
"""Sees the SYNs that come to a host and answers them as told, right or forged, in place of the host's kernel.

    forger.py INTERFACE KIND [COUNT]

KIND is a method of Forger below. Prints "ready" and answers until it is killed. A host whose kernel is to be silent
meanwhile drops the segments in a filter.
"""

import socket
import struct
import sys

_ETH_P_ALL = 0x0003
_SYN, _RST, _ACK, _AE = 0x02, 0x04, 0x10, 0x100
_TCP, _ICMP, _ICMP6 = 6, 1, 58
_OUTGOING = 4


def _checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Syn:
    """A SYN that came: its addresses and ports as bytes and numbers, and the whole datagram."""

    def __init__(self, frame):
        self.frame = frame
        self.v6 = frame[12:14] == b"\x86\xdd"
        self.datagram = frame[14:]
        header = 40 if self.v6 else (self.datagram[0] & 15) * 4
        self.source, self.target = ((self.datagram[8:24], self.datagram[24:40]) if self.v6
                                    else (self.datagram[12:16], self.datagram[16:20]))
        self.source_port, self.port, self.sequence = struct.unpack_from("!HHI", self.datagram, header)
        self.header_bytes = header

    @staticmethod
    def read(frame):
        """None unless it is one."""
        at = {b"\x08\x00": 14 + (frame[14] & 15) * 4, b"\x86\xdd": 54}.get(frame[12:14])
        protocol = frame[23] if frame[12:14] == b"\x08\x00" else frame[20]
        if at is None or protocol != _TCP or len(frame) < at + 20 or frame[at + 13] & 0x17 != _SYN:
            return None
        return Syn(frame)


class Forger:
    def __init__(self, send):
        self._send = send

    # The right answers, which prove that what is forged below would otherwise be believed.
    def right_syn_ack(self, syn):
        self._segment(syn, _SYN | _ACK)

    def right_rst(self, syn):
        self._segment(syn, _RST | _ACK)

    def right_icmp(self, syn):
        self._icmp(syn, syn.datagram)

    def reset_and_acceptance(self, syn):
        """A box refuses for the host, which accepts."""
        self.right_rst(syn)
        self.right_syn_ack(syn)

    def accurate_ecn(self, syn):
        """RFC 9768: the SYN arrived marked ECT(0)."""
        self._segment(syn, _SYN | _ACK | _AE)

    def unreachable_by_port(self, syn):
        """Of code n for port 1000 + n, from the host whose address ends in 254 in the network of the SYN's source."""
        kind = 1 if syn.v6 else 3
        self._icmp(syn, syn.datagram, (kind, syn.port - 1000), syn.source[:-1] + b"\xfe")

    # One thing is wrong with each.
    def wrong_acknowledgment(self, syn):
        for off in (0, 2, -1, 0x10000, 0x80000000):
            self._segment(syn, _SYN | _ACK, acknowledgment=syn.sequence + off)
            self._segment(syn, _RST | _ACK, acknowledgment=syn.sequence + off)

    def no_acknowledgment(self, syn):
        self._segment(syn, _RST, acknowledgment=0)

    def wrong_port(self, syn):
        for port in (syn.port ^ 1, syn.port ^ 0x100):
            self._segment(syn, _SYN | _ACK, port=port)
            self._segment(syn, _RST | _ACK, port=port)

    def wrong_address(self, syn):
        other = syn.target[:-1] + bytes([syn.target[-1] ^ 1])
        self._segment(syn, _SYN | _ACK, address=other)
        self._segment(syn, _RST | _ACK, address=other)

    def wrong_destination_port(self, syn):
        self._segment(syn, _SYN | _ACK, to_port=syn.source_port ^ 0x80)
        self._segment(syn, _RST | _ACK, to_port=syn.source_port ^ 0x80)

    def wrong_checksum(self, syn):
        self._segment(syn, _SYN | _ACK, checksum_off=1)

    def wrong_quote(self, syn):
        """Of a sequence number, a port, an address, a source port that no probe had, and of too little."""
        at = syn.header_bytes
        for first, last in ((at + 4, at + 5), (at + 2, at + 3), (at - 1, at - 1), (at, at)):
            quote = bytearray(syn.datagram)
            quote[first] ^= 0x55
            quote[last] ^= 0x55 if last != first else 0
            self._icmp(syn, bytes(quote))
        self._icmp(syn, syn.datagram[:at + 4])

    def storm(self, syn):
        """ICMP errors about what nobody sent, a hundred for each probe, then the right answer."""
        for number in range(100):
            quote = bytearray(syn.datagram)
            struct.pack_into("!I", quote, syn.header_bytes + 4, syn.sequence + 1 + number & 0xFFFFFFFF)
            self._icmp(syn, bytes(quote))
        self.right_rst(syn)

    def everything_twice(self, syn):
        """The same answer twice, then the opposite one."""
        self.right_syn_ack(syn)
        self.right_syn_ack(syn)
        self.right_rst(syn)

    def _segment(self, syn, flags, acknowledgment=None, port=None, address=None, to_port=None, checksum_off=0):
        acknowledgment = syn.sequence + 1 if acknowledgment is None else acknowledgment
        address = address or syn.target
        header = struct.pack("!HHIIHHHH", port or syn.port, to_port or syn.source_port, 0 if flags & _RST else 77,
                             acknowledgment & 0xFFFFFFFF, 0x5000 | flags, 0 if flags & _RST else 64240, 0, 0)
        total = _checksum(self._pseudo(syn, address, _TCP, len(header)) + header) ^ checksum_off
        self._ip(syn, address, _TCP, header[:16] + struct.pack("!H", total) + header[18:])

    def _icmp(self, syn, quote, kind=None, address=None):
        """Port unreachable, as a firewall says it, unless another is told."""
        kind = kind or ((1, 4) if syn.v6 else (3, 3))
        address = address or syn.target
        body = struct.pack("!BBHI", *kind, 0, 0) + quote
        pseudo = self._pseudo(syn, address, _ICMP6, len(body)) if syn.v6 else b""
        body = body[:2] + struct.pack("!H", _checksum(pseudo + body)) + body[4:]
        self._ip(syn, address, _ICMP6 if syn.v6 else _ICMP, body)

    @staticmethod
    def _pseudo(syn, address, protocol, length):
        numbers = struct.pack("!II", length, protocol) if syn.v6 else struct.pack("!HH", protocol, length)
        return address + syn.source + numbers

    def _ip(self, syn, address, protocol, payload):
        if syn.v6:
            header = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + address + syn.source
        else:
            header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, address, syn.source)
            header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
        self._send(syn.frame[6:12] + syn.frame[:6] + syn.frame[12:14] + header + payload)


def main():
    interface, kind = sys.argv[1:3]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.bind((interface, _ETH_P_ALL))
    answer = getattr(Forger(wire.send), kind)
    print("ready", flush=True)
    while True:
        try:
            frame, address = wire.recvfrom(65536)
            syn = Syn.read(frame) if address[2] != _OUTGOING and len(frame) > 34 else None
            if syn is not None:
                answer(syn)
        except OSError:
            return  # the interface is gone, and the test with it


main()
