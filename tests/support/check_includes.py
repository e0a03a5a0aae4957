# SPDX-License-Identifier: MIT
"""The wall between the layers: reads every #include of libtcp/ and cmd/ and names each that does not belong.

usage: check_includes.py [ROOT]
"""

import pathlib
import re
import sys

import tree

# A folder includes itself and folders of lower tiers.
_TIERS = {"libtcp/late": 1, "libtcp/base": 1, "libtcp/packet": 2, "libtcp/ports": 2, "libtcp/net": 2, "libtcp/stream": 3, "libtcp/scan": 3,
          "libtcp/trace": 3, "libtcp/sockets": 3, "cmd": 4}

# Foreign headers, and the only files that may include them.
_CONFINED = [
    (re.compile(r"CLI/"), re.compile(r"cmd/.*\.cpp")),
    (re.compile(r"nlohmann/"), re.compile(r"cmd/(output/json|scan_baseline)\.cpp")),
    (re.compile(r"pcap"), re.compile(r"libtcp/net/capture\.cpp")),
    (re.compile(r"asio"), re.compile(r"libtcp/stream/asio\.hpp")),
    (re.compile(r"openssl/"), re.compile(r"libtcp/stream/tls\w*\.[ch]pp")),
    (re.compile(r"fmt/"), re.compile(r".*\.cpp")),
    (re.compile(r"(doctest|benchmark)/"), re.compile(r"tests/.*")),
]

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "libtcp" else parts[0]


def judge_own(root, path, included):
    """Why `path` may not include our header `included`; None when it may."""
    if not (root / included).is_file():
        return f'"{included}" does not exist; our headers are included from the repository root'
    here, there = folder_of(path), folder_of(included)
    if there not in _TIERS:
        return f'"{included}" belongs to no layer'
    if here != there and _TIERS[here] <= _TIERS[there]:
        return f'"{included}": {here} may include only lower tiers, and {there} is not one'
    return None


def judge_foreign(path, included):
    for header, allowed in _CONFINED:
        if header.match(included) and not allowed.fullmatch(path):
            return f"<{included}> is confined to {allowed.pattern}"
    return None


def problems(root):
    root = pathlib.Path(root)
    for file in tree.files(root, "cmd/*.cpp", "cmd/*.hpp", "libtcp/*.cpp", "libtcp/*.hpp"):
        path = file.relative_to(root).as_posix()
        if folder_of(path) not in _TIERS:
            yield f"{path}:1: {folder_of(path)} is no layer that this check knows"
            continue
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            match = _INCLUDE.match(line)
            if match is None:
                continue
            own = match[1] == '"'
            reason = judge_own(root, path, match[2]) if own else judge_foreign(path, match[2])
            if reason is not None:
                yield f"{path}:{number}: {reason}"


if __name__ == "__main__":
    tree.finish(list(problems(sys.argv[1] if len(sys.argv) > 1 else tree.ROOT)))
