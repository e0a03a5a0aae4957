# SPDX-License-Identifier: MIT
"""Servers that behave as their words say, one process for all: `talkers.py PORT:KIND[:HEX] ...`, on IPv4 and IPv6.

say    sends the bytes and keeps the connection        answer   sends them once it has been asked something
drip   sends one byte of them a second                 flood    sends them without end
mute   says nothing                                    close    closes at once
reset  resets at once                                  replies  to each of what it hears, one line of them
"""

import asyncio
import itertools
import socket
import struct
import sys


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def talk(kind, words, reader, writer):
    if kind == "reset":
        reset(writer)
        return
    if kind == "close":
        return
    if kind == "answer":
        await reader.read(65536)
    if kind in ("say", "answer"):
        writer.write(words)
    while kind == "flood":
        writer.write(words)
        await writer.drain()
    for i in itertools.count() if kind == "drip" else ():
        writer.write(words[i % len(words):][:1])
        await asyncio.sleep(1)
    lines = words.splitlines(keepends=True)
    for line in lines if kind == "replies" else ():
        writer.write(line)
        if not await reader.read(65536):
            return
    while await reader.read(65536):
        pass


def handler(kind, words):
    async def handle(reader, writer):
        try:
            await talk(kind, words, reader, writer)
        except OSError:
            pass
        finally:
            writer.close()
    return handle


async def main():
    servers = []
    for word in sys.argv[1:]:
        port, kind, *words = word.split(":")
        handle = handler(kind, bytes.fromhex("".join(words)))
        servers.append(await asyncio.start_server(handle, "0.0.0.0", int(port)))
        servers.append(await asyncio.start_server(handle, "::", int(port)))
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
