# SPDX-License-Identifier: MIT
"""connect --starttls --proxy: the server's cleartext comes through a tunnel, or along with a proxy's answer."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.starttls import REFUSALS, TALKS, ConnectProxy
from test_stream_starttls import ANSWERS_FIRST, SECRET, StartTlsCase


class ThroughProxies(StartTlsCase):
    def proxy(self, is_secured=False, **how):
        """The options that lead through it."""
        proxy = ConnectProxy(**how)
        self.addCleanup(proxy.close)
        if not is_secured:
            return proxy, ("--proxy", f"http://127.0.0.1:{proxy.port}")
        front = self.listen("--tls", "--tls-cert", self.certificate.pem, "--tls-key", self.certificate.key, "--forward",
                            f"127.0.0.1:{proxy.port}")
        return proxy, ("--proxy", f"https://127.0.0.1:{front.ports[0]}", "--proxy-tls-ca", self.authority.pem)

    def test_payload_goes_through_tls_only(self):
        for protocol in TALKS:
            for is_secured in (False, True):
                with self.subTest(protocol=protocol, is_secured=is_secured):
                    server = self.serve(protocol)
                    _, through = self.proxy(is_secured)
                    done = self.connect(protocol, server.port, *through)
                    self.assertEqual((done.returncode, done.stdout), (0, SECRET), done.stderr)
                    server.close()
                    self.assertEqual((server.error, server.payload), (None, SECRET))
                    self.assertNotIn(b"password", server.cleartext)

    def test_the_server_does_not_learn_our_address(self):
        server = self.serve("smtp")
        _, through = self.proxy()
        done = self.connect("smtp", server.port, "-z", *through)
        self.assertEqual(done.returncode, 0, done.stderr)
        server.close()
        self.assertEqual(server.cleartext, b"EHLO localhost\r\nSTARTTLS\r\n")

    def test_a_greeting_that_comes_with_the_proxys_answer(self):
        for protocol in sorted(set(TALKS) - ANSWERS_FIRST):
            for is_secured in (False, True):
                with self.subTest(protocol=protocol, is_secured=is_secured):
                    server = self.serve(protocol)
                    _, through = self.proxy(is_secured, glued=True)
                    done = self.connect(protocol, server.port, *through)
                    self.assertEqual((done.returncode, done.stdout), (0, SECRET), done.stderr)

    def test_more_than_a_greeting_that_comes_with_the_proxys_answer(self):
        for protocol, words in {"pop3": b"+OK\r\n+OK\r\n", "postgres": b"S!",
                                "smtp": b"220 go\r\n250 STARTTLS\r\n220 go\r\n"}.items():
            with self.subTest(protocol=protocol):
                proxy, through = self.proxy(instead=words)
                self.fails(self.connect(protocol, 1, *through, "--timeout", "20s"), f": {protocol} ")
                proxy.close()
                self.assertNotIn(b"password", proxy.heard)
                self.assertNotIn(b"\x16\x03", proxy.heard)

    def test_cleartext_that_the_proxys_tls_still_holds_is_refused(self):
        """The answer fills what is read at once; what follows it has left the kernel, as part of the same record."""
        answer = b"220-" + b"x" * (4096 - 4 - 2 - 8) + b"\r\n220 go\r\n"
        server = self.serve("smtp", refusal=answer, early=b"!")
        _, through = self.proxy(is_secured=True)
        self.fails(self.connect("smtp", server.port, *through), "smtp STARTTLS: 1 byte in cleartext")
        self.stays_silent(server)

    def test_who_says_no_or_nothing_is_an_error(self):
        server = self.serve("imap", refusal=REFUSALS["imap"])
        _, through = self.proxy()
        self.fails(self.connect("imap", server.port, *through), "imap STARTTLS", "no TLS")
        self.stays_silent(server)
        _, through = self.proxy(instead=b"")
        self.fails(self.connect("smtp", 1, *through, "--timeout", "1s"), "smtp greeting: no answer in time", code=1)

    def test_we_speak_first_to_a_proxy_so_that_fastopen_can(self):
        server = self.serve("smtp")
        _, through = self.proxy()
        done = self.connect("smtp", server.port, "--fastopen", *through)
        self.assertEqual((done.returncode, done.stdout), (0, SECRET), done.stderr)


if __name__ == "__main__":
    lab.main(private_namespaces=False)
