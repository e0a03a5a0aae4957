# SPDX-License-Identifier: MIT
"""64 MiB along every way of tests/bench/integrity.py, which takes more and prints a table."""

import pathlib
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "bench")]
import integrity
import lab

lab.require("openssl", "head")

SIZE = 64 << 20
integrity.STALL_SECONDS = 0.2


def without_tls():
    done = subprocess.run([lab.binary(), "connect", "--tls", "-z", "127.0.0.1:1"], capture_output=True, check=False)
    return b"this build has no TLS" in done.stderr


class Integrity(unittest.TestCase):
    def test_what_arrives_is_what_was_sent(self):
        want, no_tls = integrity.expected(SIZE), without_tls()
        for name, way in integrity.WAYS.items():
            with self.subTest(way=name):
                if (way.tls or way.tls_target) and no_tls:
                    self.skipTest("this build has no TLS")
                outcome = integrity.send(way, SIZE, lab.binary())
                self.assertEqual(outcome, integrity.Outcome(SIZE, want, []))


if __name__ == "__main__":
    lab.main(private_namespaces=False)
