# SPDX-License-Identifier: MIT
"""Paths of what is tested, tools, and bounded waiting."""

import os
import pathlib
import shutil
import time

SKIPPED = 77
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def source_dir():
    named = os.environ.get("TCPBOX_SOURCE_DIR")
    return pathlib.Path(named) if named else pathlib.Path(__file__).resolve().parents[3]


def build_dir():
    named = os.environ.get("TCPBOX_BUILD_DIR")
    if named:
        return pathlib.Path(named)
    built = [source_dir() / "build" / preset for preset in ("dev", "release")]
    return next((path for path in built if path.exists()), built[0])


def binary():
    """The tcpbox that is tested, where the build left it."""
    return pathlib.Path(os.environ.get("TCPBOX") or build_dir() / "cmd" / "tcpbox")


def missing_tools(names):
    return [name for name in names if shutil.which(name) is None]


def wait_for(condition, what, timeout=10.0):
    """Returns the first true value of condition(); raises TimeoutError naming `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(0.01)
