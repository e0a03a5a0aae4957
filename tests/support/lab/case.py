# SPDX-License-Identifier: MIT
"""unittest, with a lab and ctest's skip code."""

import sys
import unittest

from . import private
from .network import Lab
from .process import missing_tools


def require(*tools):
    """Skips the whole file unless all tools are installed."""
    missing = missing_tools(tools)
    if missing:
        private.skip("not installed: " + ", ".join(missing))


class TestCase(unittest.TestCase):
    """A test with a lab of its own: self.lab."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)


def main(private_namespaces=True):
    """Runs the tests of the file that was started, in private namespaces unless told otherwise."""
    if private_namespaces:
        private.enter()
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    everything_skipped = result.testsRun > 0 and len(result.skipped) == result.testsRun
    if result.wasSuccessful() and everything_skipped:
        private.skip("; ".join(sorted({reason for _, reason in result.skipped})))
    sys.stdout.flush()
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)


