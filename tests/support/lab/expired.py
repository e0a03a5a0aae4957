# SPDX-License-Identifier: MIT
"""Answers TCP segments whose TTL ends at a router, in place of its kernel, as routers do that are not Linux.

    expired.py INTERFACE SENDER KIND

SENDER is the router's address on INTERFACE, whose family is answered. KIND: short (quotes the IP header and eight
bytes, RFC 792), mpls (quotes 128 bytes and appends a label stack, RFC 4950), stale_checksum (quotes all, with a TCP
checksum that fits no more). Prints "ready". The kernel's own "time exceeded" must be dropped meanwhile.
"""

import socket
import struct
import sys

_ETH_P_ALL = 0x0003
_OUTGOING = 4
_LABELS = ((16001, 0, 0, 1), (24, 5, 1, 1))  # label, traffic class, bottom, TTL


def _checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _extensions():
    stack = b"".join(struct.pack("!I", label << 12 | tc << 9 | bottom << 8 | ttl) for label, tc, bottom, ttl in _LABELS)
    body = struct.pack("!HBB", 4 + len(stack), 1, 1) + stack
    return struct.pack("!BBH", 0x20, 0, _checksum(b"\x20\0\0\0" + body)) + body


def _quote(kind, datagram, header):
    """The quote, its length in the unit of its family, and what follows it."""
    if kind == "short":
        return datagram[:header + 8], 0, b""
    if kind == "mpls":
        return datagram[:128].ljust(128, b"\0"), 128 // (8 if header == 40 else 4), _extensions()
    spoilt = bytearray(datagram)
    spoilt[header + 16] ^= 0x55
    return bytes(spoilt), 0, b""


def _answer(kind, sender, datagram):
    v6 = datagram[0] >> 4 == 6
    header = 40 if v6 else (datagram[0] & 15) * 4
    quote, length, behind = _quote(kind, datagram, header)
    to = datagram[8:24] if v6 else datagram[12:16]
    rest = length << 24 if v6 else length << 16
    message = struct.pack("!BBHI", 3 if v6 else 11, 0, 0, rest) + quote + behind
    pseudo = sender + to + struct.pack("!II", len(message), 58) if v6 else b""
    message = message[:2] + struct.pack("!H", _checksum(pseudo + message)) + message[4:]
    if v6:
        return struct.pack("!IHBB", 6 << 28, len(message), 58, 64) + sender + to + message
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 1, 0, 64, 1, 0, sender, to)
    return ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:] + message


def main():
    interface, address, kind = sys.argv[1:4]
    v6 = ":" in address
    sender = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, address)
    ether, protocol_at, ttl_at = (b"\x86\xdd", 6, 7) if v6 else (b"\x08\x00", 9, 8)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    wire.bind((interface, _ETH_P_ALL))
    print("ready", flush=True)
    while True:
        try:
            frame, where = wire.recvfrom(65536)
            datagram = frame[14:]
            mine = where[2] != _OUTGOING and frame[12:14] == ether and len(datagram) >= 40
            if mine and datagram[protocol_at] == 6 and datagram[ttl_at] == 1:
                wire.send(frame[6:12] + frame[:6] + frame[12:14] + _answer(kind, sender, datagram))
        except OSError:
            return  # the interface is gone, and the test with it


main()
