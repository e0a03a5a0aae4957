# SPDX-License-Identifier: MIT
"""Private namespaces for the whole test process, and one network namespace a host."""

import contextlib
import ctypes
import os
import pathlib
import subprocess
import sys

from .process import SKIPPED, missing_tools

_INSIDE = "TCPBOX_LAB_INSIDE"
_CLONE_NEWNET = 0x40000000
_UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
_NAMES = pathlib.Path("/run/netns")
SCRATCH = pathlib.Path("/run/lab")

_libc = ctypes.CDLL(None, use_errno=True)


def skip(reason):
    """Ends the process: skipped, with the reason."""
    print(f"skipped: {reason}", flush=True)
    sys.exit(SKIPPED)


def inside():
    return _INSIDE in os.environ


def enter():
    """Starts this program again inside private namespaces, once; returns there."""
    if inside():
        _mount_private()
        return
    if os.geteuid() != 0:
        skip("network namespaces need root")
    missing = missing_tools(["unshare", "nsenter", "ip", "mount", "setpriv"])
    if missing:
        skip("not installed: " + ", ".join(missing))
    probe = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        skip("namespaces are not permitted here: " + probe.stderr.strip())
    sys.stdout.flush()
    os.environ[_INSIDE] = "1"
    os.execvp(_UNSHARE[0], [*_UNSHARE, sys.executable, *sys.argv])


def _mount_private():
    # Names of namespaces, temporary files, pid files: all of it lives in this mount and goes with it.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", "/run"], check=True)
    SCRATCH.mkdir(mode=0o755)
    os.environ["TMPDIR"] = str(SCRATCH)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def make_namespace(name):
    subprocess.run(["ip", "netns", "add", name], check=True)
    return _NAMES / name


def delete_namespace(name):
    subprocess.run(["ip", "netns", "delete", name], check=False)


@contextlib.contextmanager
def entered(path):
    """This thread is in the network namespace at `path` for a while."""
    with open("/proc/thread-self/ns/net", "rb") as here, open(path, "rb") as there:
        _set_namespace(there.fileno())
        try:
            yield
        finally:
            _set_namespace(here.fileno())


def _set_namespace(descriptor):
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
