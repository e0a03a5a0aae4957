# SPDX-License-Identifier: MIT
"""listen --user, --group and --chroot: what the kernel says of the process once it listens, and what it can get back."""

import grp
import os
import pathlib
import pwd
import socket
import ssl
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.certificates import Authority
from lab.stream import PATIENCE, StreamCase

lab.require("cc", "openssl")

NOBODY = pwd.getpwnam("nobody")
PYTHON = "/usr/bin/python3"  # one that others may read, too
USER = 54321  # nobody's number
# Tries all that a program could try, and tells of what it got.
BACK = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = []
for what, call in (("user", lambda: libc.setresuid(0, 0, 0)), ("group", lambda: libc.setresgid(0, 0, 0)),
                   ("groups", lambda: libc.setgroups(0, None)), ("root", lambda: libc.chroot(b"/proc/1/root"))):
    if call() == 0:
        got.append(what)
try:
    open("/etc/shadow").close()
    got.append("shadow")
except PermissionError:
    pass
print("got back:", *got)
"""


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class PrivilegesCase(StreamCase):
    def setUp(self):
        super().setUp()
        self.scratch.chmod(0o755)

    def serving(self, *words, address="127.0.0.1:0", **popen):
        process = self.listen("-k", *words, address=address, **{"stdin": subprocess.DEVNULL, **popen})
        self.assertTrue(process.ready, "it does not listen")
        return process

    def ask(self, listening, data=b""):
        with socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def has_nothing(self, pid, user, group, groups):
        status = status_of(pid)
        self.assertEqual(status["Uid"], [str(user)] * 4)
        self.assertEqual(status["Gid"], [str(group)] * 4)
        self.assertEqual(sorted(map(int, status["Groups"])), sorted(groups))
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name][0], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], ["1"])

    def refuses(self, words, code, *saying):
        """A sanitizer that looks for leaks needs a /proc, which is not in the directories of these tests."""
        done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words, stdin=subprocess.DEVNULL, text=True,
                            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(done.returncode, code, done.stderr)
        for text in saying:
            self.assertIn(text, done.stderr.splitlines()[0])
        return done.stderr


class Users(PrivilegesCase):
    def test_nobody_listens_on_a_port_that_only_root_may_take(self):
        listening = self.serving("--user", "nobody", "--exec", "cat", address="127.0.0.1:80")
        self.has_nothing(listening.pid, NOBODY.pw_uid, NOBODY.pw_gid, [NOBODY.pw_gid])
        self.assertEqual(self.ask(listening, b"hello"), b"hello")

    def test_a_program_is_the_same_user_and_gets_nothing_back(self):
        listening = self.serving("--user", "nobody", "--exec", PYTHON, "-c", BACK)
        self.assertEqual(self.ask(listening), b"got back:\n")
        listening = self.serving("--user", "nobody", "--shell", "grep -E 'Uid|Gid|Groups|CapEff|NoNewPrivs' /proc/self/status")
        lines = dict(line.split(":", 1) for line in self.ask(listening).decode().splitlines())
        self.assertEqual(lines["Uid"].split(), [str(NOBODY.pw_uid)] * 4)
        self.assertEqual(lines["Groups"].split(), [str(NOBODY.pw_gid)])
        self.assertEqual((int(lines["CapEff"], 16), lines["NoNewPrivs"].strip()), (0, "1"))

    def test_all_groups_of_a_user_and_no_group_of_ours(self):
        name = next((entry.gr_mem[0] for entry in grp.getgrall() if entry.gr_mem and entry.gr_mem[0] != "root"), None)
        if name is None:
            self.skipTest("no user here is in a group beside its own")
        user = pwd.getpwnam(name)
        listening = self.serving("--user", name, extra_groups=[54322, 54323])
        self.has_nothing(listening.pid, user.pw_uid, user.pw_gid, os.getgrouplist(name, user.pw_gid))

    def test_another_group_and_numbers(self):
        daemon = grp.getgrnam("daemon").gr_gid
        for words, group in ((["--group", "daemon"], daemon), (["--group", "54322"], 54322)):
            listening = self.serving("--user", "nobody", *words, extra_groups=[0, 54323])
            self.has_nothing(listening.pid, NOBODY.pw_uid, group, [group])
        listening = self.serving("--user", USER, "--group", "54322", extra_groups=[0, 54323])
        self.has_nothing(listening.pid, USER, 54322, [54322])
        listening = self.serving("--user", NOBODY.pw_uid)
        self.has_nothing(listening.pid, NOBODY.pw_uid, NOBODY.pw_gid, [NOBODY.pw_gid])

    def test_a_group_alone(self):
        listening = self.serving("--group", "54322", extra_groups=[0, 54323])
        self.has_nothing(listening.pid, 0, 54322, [54322])

    def test_keys_that_only_root_can_read(self):
        probe = self.run_for(self.tcpbox, "connect", "--tls", "-z", "127.0.0.1:1")
        if b"this build has no TLS" in probe.stderr:
            self.skipTest("this build has no TLS")
        authority = Authority(self.scratch)
        certificate = authority.issue("server")
        pathlib.Path(certificate.key).chmod(0o600)
        listening = self.serving("--user", "nobody", "--tls", "--tls-cert", certificate.pem, "--tls-key", certificate.key,
                                 "--exec", "cat")
        context = ssl.create_default_context(cafile=str(authority.pem))
        with socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE) as client:
            with context.wrap_socket(client, server_hostname="localhost") as secure:
                secure.sendall(b"x")
                self.assertEqual(secure.recv(1), b"x")


class Roots(PrivilegesCase):
    def test_a_directory_is_all_that_is_left(self):
        root = self.scratch / "root"
        root.mkdir()
        listening = self.serving("--chroot", root, "--user", "nobody", "--chat")
        self.assertEqual(os.readlink(f"/proc/{listening.pid}/root"), str(root))
        self.assertEqual(os.readlink(f"/proc/{listening.pid}/cwd"), str(root))
        self.has_nothing(listening.pid, NOBODY.pw_uid, NOBODY.pw_gid, [NOBODY.pw_gid])

    def test_root_itself_has_no_way_out(self):
        root = self.scratch / "root"
        root.mkdir()
        listening = self.serving("--chroot", root, "--chat")
        self.has_nothing(listening.pid, 0, 0, os.getgroups())

    def test_a_program_is_looked_for_in_there(self):
        root = self.scratch / "root"
        (root / "bin").mkdir(parents=True)
        source = self.scratch / "hello.c"
        source.write_text('#include <unistd.h>\nint main() { char d[99]; return write(1, getcwd(d, 99), 1) != 1; }\n')
        subprocess.run(["cc", "-static", "-o", root / "bin" / "only-here", source], check=True)
        listening = self.serving("--chroot", root, "--user", "nobody", "--exec", "/bin/only-here")
        self.assertEqual(self.ask(listening), b"/")
        self.assertIn("/bin/cat", self.refuses(["--chroot", root, "--exec", "/bin/cat"], 3))

    def test_clients_too_many_are_still_turned_away(self):
        """That takes a spare descriptor, and there is no /dev in there to open another from."""
        root = self.scratch / "root"
        root.mkdir()
        listening = self.serving("--chroot", root, "--user", "nobody", "--chat", "--max-connections", "1", "--when-full",
                                 "refuse")
        with socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE) as first:
            first.recv(1)
            for _ in range(3):
                with self.assertRaises(ConnectionResetError):
                    with socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE) as next_one:
                        next_one.recv(1)


class Refused(PrivilegesCase):
    def test_names_that_nobody_has(self):
        self.refuses(["--user", "no-such-user"], 2, "--user: user 'no-such-user': there is no such user")
        self.refuses(["--user", "nobody", "--group", "no-such-group"], 2, "--group: group 'no-such-group'")
        self.refuses(["--user", str(USER)], 2, "--user", "a group must be named too")
        self.refuses(["--user", "4294967295", "--group", "daemon"], 2, "--user")
        self.refuses(["--user", "-1"], 2, "--user")
        self.refuses(["--chroot", "/etc/passwd"], 2, "--chroot '/etc/passwd': is no directory")

    def test_without_the_privileges_it_takes(self):
        def unprivileged():
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)

        for words, needed in ((["--user", "nobody"], "CAP_SETGID"), (["--group", "daemon"], "CAP_SETGID"),
                              (["--chroot", "/"], "CAP_SYS_CHROOT")):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words, stdin=subprocess.DEVNULL, text=True,
                                    preexec_fn=unprivileged, cwd="/")
                self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
                complaint, hint = done.stderr.splitlines()
                self.assertIn(f"needs {needed}", complaint)
                self.assertIn("hint: run as root", hint)


if __name__ == "__main__":
    lab.main()
