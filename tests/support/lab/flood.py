# SPDX-License-Identifier: MIT
"""Sends what no probe asked for, as fast as it can, until it is killed.

    flood.py INTERFACE KIND TARGET SCANNER MAC MAC

KIND: icmp (errors from many addresses that quote segments which nobody sent), syn_ack or rst (from TARGET itself, with
numbers that acknowledge nothing). The MAC addresses are the scanner's and this host's. Prints "ready" once it floods.
"""

import random
import socket
import struct
import sys

_FRAMES = 4096  # made beforehand: then sending is all there is to do
_SYN, _RST, _ACK = 0x02, 0x04, 0x10


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ip(source, destination, protocol, payload):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, source, destination)
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + payload


def _tcp(source, destination, ports, flags, chance):
    header = struct.pack("!HHIIHHHH", *ports, chance.getrandbits(32), chance.getrandbits(32), 0x5000 | flags, 64240, 0, 0)
    pseudo = source + destination + struct.pack("!HH", socket.IPPROTO_TCP, len(header))
    return _ip(source, destination, socket.IPPROTO_TCP,
               header[:16] + struct.pack("!H", _checksum(pseudo + header)) + header[18:])


def _datagram(kind, target, scanner, chance):
    ports = (chance.randrange(2001, 2041), chance.randrange(1024, 65536))
    if kind == "icmp":
        quote = _tcp(scanner, target, ports[::-1], _SYN, chance)
        body = struct.pack("!BBHI", 3, chance.choice((0, 1, 3, 13)), 0, 0) + quote
        sender = bytes((10, 200, *chance.randbytes(2)))
        return _ip(sender, scanner, socket.IPPROTO_ICMP, body[:2] + struct.pack("!H", _checksum(body)) + body[4:])
    return _tcp(target, scanner, ports, {"syn_ack": _SYN | _ACK, "rst": _RST | _ACK}[kind], chance)


def main():
    interface, kind, *addresses = sys.argv[1:5]
    target, scanner = map(socket.inet_aton, addresses)
    link = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in sys.argv[5:7]) + b"\x08\x00"
    chance = random.Random(1)
    frames = [link + _datagram(kind, target, scanner, chance) for _ in range(_FRAMES)]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.bind((interface, 0))
    print("ready", flush=True)
    while True:
        for frame in frames:
            try:
                wire.send(frame)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno != 105:  # no buffers: the next one will do
                    return  # the interface is gone, and the test with it


main()
