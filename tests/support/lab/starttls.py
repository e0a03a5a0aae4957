# SPDX-License-Identifier: MIT
"""Servers that begin in cleartext, one conversation each: as they should be, and as nobody should be."""

import re
import socket
import ssl
import threading

XMPP = b"urn:ietf:params:xml:ns:xmpp-tls"
_MYSQL = b"\x0a8.0.36\0\1\2\3\x0412345678\0\xff\xff\x21\2\0\xff\xdf\x15" + bytes(10) + b"123456789012\0caching\0"


def _line(greeting, answers):
    """Greets, then answers lines: (pattern, answer) where the last pattern asks for TLS."""
    def talk(server):
        server.say(greeting)
        while True:
            line = server.hear_until(b"\n").strip()
            for pattern, answer in answers:
                match = re.fullmatch(pattern, line, re.IGNORECASE)
                if match:
                    answer = match.expand(answer)
                    if pattern == answers[-1][0]:
                        return answer
                    server.say(answer)
                    break
            else:
                raise AssertionError(f"not understood: {line}")
    return talk


def _ldap(server):
    assert server.hear(31).endswith(b"1.3.6.1.4.1.1466.20037")
    return b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"


def _postgres(server):
    assert server.hear(8) == b"\0\0\0\x08\x04\xd2\x16\x2f"
    return b"S"


def _mysql(server):
    """The greeting is all that the server ever says."""
    server.last = len(_MYSQL).to_bytes(3, "little") + b"\0" + _MYSQL
    server.say_last()
    request = server.hear(36)
    assert request[:4] == b"\x20\0\0\1" and request[5] & 0x08, request
    return None


def _xmpp(server):
    while b"<stream:stream" not in server.hear_until(b">"):
        pass
    server.say(b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream="
               b"'http://etherx.jabber.org/streams' id='1' from='localhost' version='1.0'><stream:features>"
               b"<starttls xmlns='" + XMPP + b"'><required/></starttls></stream:features>")
    assert b"starttls" in server.hear_until(b">")
    return b"<proceed xmlns='" + XMPP + b"'/>"


TALKS = {
    "smtp": _line(b"220-mail.example.org\r\n220 ESMTP\r\n",
                  [(rb"EHLO (.*)", rb"250-mail.example.org\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n"),
                   (rb"STARTTLS", rb"220 2.0.0 Ready to start TLS\r\n")]),
    "imap": _line(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
                  [(rb"(\S+) CAPABILITY", rb"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n\1 OK done\r\n"),
                   (rb"(\S+) STARTTLS", rb"\1 OK Begin TLS negotiation now\r\n")]),
    "pop3": _line(b"+OK ready\r\n", [(rb"STLS", rb"+OK Begin TLS\r\n")]),
    "ftp": _line(b"220-Welcome\r\nto this server\r\n220 ready\r\n",
                 [(rb"FEAT", rb"211-Features:\r\n AUTH TLS\r\n211 End\r\n"), (rb"AUTH TLS", rb"234 go on\r\n")]),
    "nntp": _line(b"201 news\r\n", [(rb"CAPABILITIES", rb"101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"),
                                    (rb"STARTTLS", rb"382 go on\r\n")]),
    "sieve": _line(b"\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n",
                   [(rb"STARTTLS", rb"OK \"begin\"\r\n")]),
    "ldap": _ldap, "postgres": _postgres, "mysql": _mysql, "xmpp": _xmpp,
}
# What a server says that will not have TLS, in the place of its last answer.
REFUSALS = {
    "smtp": b"454 4.7.0 no TLS\r\n", "imap": b"a2 BAD no TLS\r\n", "pop3": b"-ERR no TLS\r\n",
    "ftp": b"534 no TLS\r\n", "nntp": b"580 no TLS\r\n", "sieve": b"NO \"no TLS\"\r\n",
    "ldap": b"\x30\x12\x02\x01\x01\x78\x0d\x0a\x01\x02\x04\x00\x04\x06no TLS",
    "postgres": b"N", "mysql": b"\x11\0\0\0\xff\x6a\x04#HY000no TLS!!",
    "xmpp": b"<failure xmlns='" + XMPP + b"'/></stream:stream>",
}


class StartTlsServer:
    """Serves one client in a thread, then has `cleartext` that it heard, and `payload` that came through TLS and was
    sent back. `refusal` takes the place of the last answer, `early` follows it at once, `slowly` is byte by byte."""

    def __init__(self, protocol, certificate, refusal=None, early=b"", slowly=False, patience=60,
                 address=("127.0.0.1", 0)):
        self.talk, self.refusal, self.early, self.slowly = TALKS[protocol], refusal, early, slowly
        self.patience = patience
        self.cleartext, self.payload, self.error, self.last = b"", None, None, None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.pem, certificate.key)
        self.listener = socket.create_server(address)
        self.listener.settimeout(patience)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.thread.join(self.patience)
        self.listener.close()

    def say(self, data):
        for piece in ([data[i:i + 1] for i in range(len(data))] if self.slowly else [data]):
            self.client.sendall(piece)

    def say_last(self):
        self.say((self.refusal or self.last) + self.early)

    def hear(self, count):
        data = b""
        while len(data) < count:
            data += self._receive(count - len(data))
        return data

    def hear_until(self, end):
        data = b""
        while not data.endswith(end):
            data += self._receive(1)
        return data

    def _receive(self, count):
        data = self.client.recv(count)
        if not data:
            raise EOFError
        self.cleartext += data
        return data

    def _serve(self):
        try:
            self.client, _ = self.listener.accept()
            with self.client:
                self.client.settimeout(self.patience)
                self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.last = self.talk(self)
                if self.last is not None:
                    self.say_last()
                if self.refusal or self.early:
                    self._hear_the_rest()
                else:
                    self._echo()
        except (OSError, EOFError, AssertionError) as error:
            self.error = error

    def _hear_the_rest(self):
        while True:
            self._receive(65536)

    def _echo(self):
        with self.context.wrap_socket(self.client, server_side=True, suppress_ragged_eofs=False) as secured:
            self.payload = b""
            while data := secured.recv(65536):
                self.payload += data
                secured.sendall(data)
            try:
                secured.unwrap()
            except OSError:
                pass


class ConnectProxy:
    """An HTTP proxy for one client. `glued`: the server's first words come in one piece with its own answer, as those
    of a proxy do that is slow to answer; `instead` is said in the place of the server's words."""

    def __init__(self, glued=False, instead=None, patience=60):
        self.glued, self.instead, self.patience = glued, instead, patience
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(patience)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.thread.join(self.patience)
        self.listener.close()

    def _serve(self):
        client, _ = self.listener.accept()
        with client:
            client.settimeout(self.patience)
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += client.recv(1)
            answer = b"HTTP/1.1 200 go on\r\n\r\n"
            if self.instead is not None:
                client.sendall(answer + self.instead)
                self._listen_to(client)
                return
            host, port = request.split()[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port)), self.patience) as server:
                client.sendall(answer + (server.recv(65536) if self.glued else b""))
                back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
                back.start()
                self._copy(client, server)
                back.join(self.patience)

    def _listen_to(self, client):
        try:
            while data := client.recv(65536):
                self.heard += data
        except OSError:
            pass

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
