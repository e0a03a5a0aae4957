# SPDX-License-Identifier: MIT
"""What --json and --ndjson print, held against the schema of the command and against the house rules.

A schema, tests/schema/tcpbox.<command>.schema.json, describes both: the whole document and one line. When it has
"document" and "line" in its $defs, each text is held against its own, which makes for better messages.
"""

import functools
import json
import pathlib
import re
import unittest

SCHEMAS = pathlib.Path(__file__).resolve().parents[1] / "schema"
_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def validate(text, command):
    """The document that --json printed, parsed. AssertionError with the place when it is not what the schema says."""
    document = _parse(text)
    _check(document, command, "document")
    if document.get("type") != "report":
        raise AssertionError(f"a document is a report, not {document.get('type')!r}")
    _check_name(document["schema"], command)
    _check_run(document["run"], document["summary"])
    return document


def validate_ndjson(text, command):
    """The objects that --ndjson printed, one a line."""
    if not text.endswith("\n"):
        raise AssertionError("the last line is not complete")
    lines = [_parse(line) for line in text.splitlines()]
    for line in lines:
        _check(line, command, "line")
    _check_name(lines[0].get("schema"), command)
    _check_run(lines[0], lines[-1])
    return lines


@functools.cache
def validator(command):
    try:
        import jsonschema
    except ImportError as error:
        raise unittest.SkipTest("not installed: python3-jsonschema") from error
    schema = json.loads((SCHEMAS / f"tcpbox.{command}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema), schema


def _check(value, command, kind):
    narrowed, schema = validator(command)
    if kind in schema.get("$defs", {}):
        narrowed = narrowed.evolve(schema={**schema, **_only(schema, kind)})
    errors = sorted(narrowed.iter_errors(value), key=lambda error: len(error.absolute_path), reverse=True)
    if errors:
        raise AssertionError("\n".join(_explain(error) for error in errors[:5]) + f"\nin: {json.dumps(value)[:2000]}")
    _check_keys(value)


def _only(schema, kind):
    """Keywords of the root that choose between the two kinds give way to a reference to one of them."""
    ways = [key for key in ("oneOf", "anyOf") if key in schema]
    reference = {"$ref": f"#/$defs/{kind}"}
    return {key: [reference] for key in ways} or reference


def _explain(error):
    deepest = error
    while deepest.context:
        deepest = max(deepest.context, key=lambda inner: len(inner.absolute_path))
    return f"at {deepest.json_path}: {deepest.message[:400]}"


def _check_name(name, command):
    if not re.fullmatch(rf"tcpbox\.{re.escape(command)}/[0-9]+", name or ""):
        raise AssertionError(f"the schema's name is {name!r}")


def _check_run(first, last):
    if first.get("type") != "start" or last.get("type") != "summary":
        raise AssertionError(f"a run goes from start to summary, not {first.get('type')!r} to {last.get('type')!r}")


def _check_keys(value):
    if isinstance(value, list):
        for item in value:
            _check_keys(item)
    if isinstance(value, dict):
        for key, item in value.items():
            if not _KEY.fullmatch(key):
                raise AssertionError(f"key {key!r} is not snake_case")
            _check_keys(item)


def _parse(text):
    def unique(pairs):
        keys = [key for key, _ in pairs]
        if len(keys) != len(set(keys)):
            raise AssertionError(f"a key twice in {keys}")
        return dict(pairs)

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    if not isinstance(value, dict) or next(iter(value), None) != "type":
        raise AssertionError("an object begins with its type")
    return value
