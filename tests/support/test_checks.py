# SPDX-License-Identifier: MIT
"""The checks can fail: each is shown a tree that breaks its rule, and one that keeps it."""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_format
import check_includes
import check_man
import check_options
import check_shell
import generate_completions
import help_text
import schema

FAKE = pathlib.Path(__file__).with_name("fake_tcpbox.sh")


class Tree(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Includes(Tree):
    def setUp(self):
        super().setUp()
        for layer in ("base/error", "packet/bytes", "net/route", "stream/relay", "scan/prober"):
            self.write(f"libtcp/{layer}.hpp", "#pragma once\n")

    def problems(self):
        return list(check_includes.problems(self.root))

    def assert_refused(self, name, line):
        self.write(name, "#pragma once\n" + line + "\n")
        found = self.problems()
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{name}:2: "), found)

    def test_lower_tiers_are_free(self):
        self.write("libtcp/scan/scan.cpp", '#include "libtcp/scan/prober.hpp"\n#include "libtcp/net/route.hpp"\n'
                                           '#include "libtcp/base/error.hpp"\n#include <fmt/format.h>\n')
        self.write("cmd/scan.cpp", '#include "libtcp/scan/prober.hpp"\n#include <CLI/CLI.hpp>\n')
        self.assertEqual(self.problems(), [])

    def test_sibling_engine(self):
        self.assert_refused("libtcp/scan/a.hpp", '#include "libtcp/stream/relay.hpp"')

    def test_sibling_layer(self):
        self.assert_refused("libtcp/packet/a.hpp", '#include "libtcp/net/route.hpp"')

    def test_upwards(self):
        self.assert_refused("libtcp/base/a.hpp", '  #  include "libtcp/scan/prober.hpp"')

    def test_library_includes_no_command(self):
        self.write("cmd/help.hpp", "#pragma once\n")
        self.assert_refused("libtcp/scan/a.hpp", '#include "cmd/help.hpp"')

    def test_relative(self):
        self.assert_refused("libtcp/scan/a.cpp", '#include "prober.hpp"')

    def test_foreign(self):
        for name, header in (("libtcp/scan/a.cpp", "CLI/CLI.hpp"), ("cmd/scan.cpp", "nlohmann/json.hpp"),
                             ("libtcp/net/a.cpp", "pcap/pcap.h"), ("libtcp/stream/a.cpp", "asio.hpp"),
                             ("libtcp/stream/a.cpp", "openssl/ssl.h"), ("libtcp/base/a.hpp", "fmt/format.h")):
            with self.subTest(header):
                self.assert_refused(name, f"#include <{header}>")
                (self.root / name).unlink()


class Format(Tree):
    @unittest.skipUnless(shutil.which("clang-format-19"), "not installed: clang-format-19")
    def test_layout(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("a.cpp", "int main() { return 0; }\n")
        self.assertEqual(check_format.problems(self.root), [])
        self.write("b.cpp", "int  main( ){return 0;}\n")
        self.assertTrue(any("b.cpp:1" in line for line in check_format.problems(self.root)))


class Man(Tree):
    @unittest.skipUnless(shutil.which("mandoc"), "not installed: mandoc")
    def test_lint(self):
        good = ".Dd January 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n"
        self.write("man/x.1", good)
        self.assertEqual(check_man.problems(self.root), [])
        self.write("man/x.1", good + ".Sh DESCRIPTION\n.Bogus\n")
        self.assertTrue(check_man.problems(self.root))


class Shell(Tree):
    def test_syntax(self):
        self.write("a.sh", "#!/bin/bash\necho hello\n")
        self.assertEqual(check_shell.problems(self.root), [])
        self.write("a.sh", "#!/bin/bash\nif true; then\n")
        self.assertTrue(check_shell.problems(self.root))


class Options(Tree):
    def setUp(self):
        super().setUp()
        scan = "".join(f".It Fl {names}\n" for names in (
            "4 , Fl -ipv4", "h , Fl -help", "-color Ar when", "-technique , Fl -how-to-probe Ar technique",
            "r , Fl -resume Ar file"))
        self.write("man/tcpbox-scan.1", scan)
        self.write("man/tcpbox-ports.1", ".It Fl h , Fl -help\n")
        self.write("man/tcpbox.1", ".Xr tcpbox-scan 1\n.Xr tcpbox-ports 1\n")
        for command in ("scan", "ports"):
            self.write(f"tests/schema/tcpbox.{command}.schema.json", "{}")
            self.write(f"tests/integration/test_{command}.py", "")
        for name, text in generate_completions.generate(FAKE).items():
            self.write(f"completions/{name}", text)

    def problems(self):
        return list(check_options.problems(FAKE, self.root))

    def test_all_there(self):
        self.assertEqual(self.problems(), [])

    def test_each_missing_thing_is_named(self):
        for name in ("man/tcpbox-ports.1", "man/tcpbox.1", "tests/schema/tcpbox.scan.schema.json",
                     "tests/integration/test_scan.py", "completions/_tcpbox"):
            with self.subTest(name):
                away = self.root / "away"
                (self.root / name).rename(away)
                self.assertTrue(self.problems())
                away.rename(self.root / name)

    def test_options_apart(self):
        self.write("man/tcpbox-ports.1", ".It Fl h , Fl -help\n.It Fl -old\n")
        self.assertEqual(self.problems(), ["man/tcpbox-ports.1: --old is here and not in the help"])
        self.write("man/tcpbox-ports.1", ".It Fl h\n")
        self.assertEqual(self.problems(), ["man/tcpbox-ports.1: --help is in the help and not here"])

    def test_help_is_read_whole(self):
        self.assertEqual(help_text.commands(FAKE)["scan"], "Find out which ports are open, and say how each is known")
        options = {option.names[-1]: option for option in help_text.options(FAKE, "scan")}
        self.assertEqual(options["--how-to-probe"].text, "How to probe: \"syn\" or [connect], it's the user's choice")
        self.assertEqual(options["--resume"].value, "FILE")
        self.assertEqual(options["--ipv4"].value, "")


class Schema(Tree):
    SCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema",
              "oneOf": [{"$ref": "#/$defs/document"}, {"$ref": "#/$defs/line"}],
              "$defs": {"document": {"type": "object", "additionalProperties": False,
                                     "required": ["type", "schema", "run", "results", "summary"],
                                     "properties": {"type": {"const": "report"}, "schema": True,
                                                    "run": {"$ref": "#/$defs/line"},
                                                    "results": {"items": {"$ref": "#/$defs/line"}},
                                                    "summary": {"$ref": "#/$defs/line"}}},
                        "line": {"type": "object", "required": ["type"],
                                 "properties": {"type": {"enum": ["start", "port", "summary"]},
                                                "rtt_us": {"type": "integer"}, "schema": True},
                                 "additionalProperties": False}}}

    def setUp(self):
        super().setUp()
        self.addCleanup(setattr, schema, "SCHEMAS", schema.SCHEMAS)
        schema.SCHEMAS = self.root
        self.write("tcpbox.scan.schema.json", json.dumps(self.SCHEMA))
        self.run_line = {"type": "start", "schema": "tcpbox.scan/1"}

    def document(self, *results):
        return json.dumps({"type": "report", "schema": "tcpbox.scan/1", "run": self.run_line,
                           "results": list(results), "summary": {"type": "summary"}})

    def test_good(self):
        schema.validate(self.document({"type": "port", "rtt_us": 1}), "scan")
        schema.validate_ndjson(json.dumps(self.run_line) + '\n{"type":"summary"}\n', "scan")

    def test_bad_documents(self):
        for bad in (self.document({"type": "port", "rtt_us": "1"}), self.document({"type": "port", "other": 1}),
                    self.document({"type": "unknown"}), self.document()[:-1] + ',"type":"report"}',
                    self.document({"type": "port", "rtt_us": float("nan")}), self.document().replace("scan/1", "x/1")):
            with self.subTest(bad), self.assertRaises(AssertionError):
                schema.validate(bad, "scan")

    def test_bad_lines(self):
        start = json.dumps(self.run_line)
        for bad in (start + "\n", start + '\n{"type":"summary"}', '{"type":"summary"}\n', self.document() + "\n",
                    '{"schema":"tcpbox.scan/1","type":"start"}\n{"type":"summary"}\n'):
            with self.subTest(bad), self.assertRaises(AssertionError):
                schema.validate_ndjson(bad, "scan")


if __name__ == "__main__":
    unittest.main()
