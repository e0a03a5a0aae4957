# SPDX-License-Identifier: MIT
"""Listens on every port given, on IPv4 and IPv6, and closes each connection as soon as it is accepted."""

import resource
import selectors
import socket
import sys


def listener(port):
    made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.setblocking(False)
    made.bind(("::", port))
    made.listen(65535)  # the kernel takes net.core.somaxconn when that is less
    return made


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    selector = selectors.DefaultSelector()
    for word in sys.argv[1:]:
        selector.register(listener(int(word)), selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            try:
                connection, _ = key.fileobj.accept()
                connection.close()
            except OSError:
                pass  # reset before it was accepted


main()
