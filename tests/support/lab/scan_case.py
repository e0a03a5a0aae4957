# SPDX-License-Identifier: MIT
"""What tests of tcpbox scan share."""

import signal
import subprocess
import time

import schema

from .case import TestCase

PORTS = range(1001, 3001)


class ScanCase(TestCase):
    def scan(self, host, *words, status=0, timeout=120, prefix=(), user=None):
        """Runs a scan with --json; its document, which the schema has seen. A status of None stands for 0 or 1."""
        done = host.run([*prefix, self.lab.tcpbox, "scan", "--json", *words], user=user, timeout=timeout)
        self.assertIn(done.returncode, (0, 1) if status is None else (status,), done.stderr)
        return schema.validate(done.stdout, "scan")

    def interrupted(self, host, *words, after):
        """Starts a scan and interrupts it `after` seconds since it began to send; its summary."""
        process = host.popen([self.lab.tcpbox, "scan", "--ndjson", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT, error)
        return schema.validate_ndjson(first + rest, "scan")[-1]

    @staticmethod
    def all_ports():
        return f"{PORTS.start}-{PORTS.stop - 1}"

    def states(self, document):
        """The state of each (address, port); no pair has two."""
        ports = [row for row in document["results"] if row["type"] == "port"]
        states = {(row["target"], row["port"]): row["state"] for row in ports}
        self.assertEqual(len(states), len(ports), "a pair twice")
        return states

    @staticmethod
    def notes(document):
        """The kinds of what was said of each host."""
        return {(row["target"], row["note"]) for row in document["results"] if row["type"] == "host_note"}
