# SPDX-License-Identifier: MIT
"""Real servers to talk to. Each listens on IPv4 and IPv6 when the call returns."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from .process import missing_tools, wait_for

_TALKERS = pathlib.Path(__file__).with_name("talkers.py")
_FORGER = pathlib.Path(__file__).with_name("forger.py")
_LISTENERS = pathlib.Path(__file__).with_name("listeners.py")


class Peers:
    """Mixed into Host."""

    def nginx(self, ports, tls=False, certificate=None):
        """A web server; with `tls` one that has a certificate for "localhost" of its own making, or the one given.

        Returns its Popen."""
        ports = [ports] if isinstance(ports, int) else list(ports)
        _need("nginx", *(["openssl"] if tls else []))
        directory = pathlib.Path(tempfile.mkdtemp(prefix="nginx-", dir=self.scratch))
        directory.chmod(0o755)
        if certificate:
            shutil.copyfile(certificate.pem, directory / "certificate.pem")
            shutil.copyfile(certificate.key, directory / "key.pem")
        elif tls:
            _certificate(directory)
        configuration = directory / "nginx.conf"
        configuration.write_text(_nginx_configuration(directory, ports, tls or certificate))
        return self._serve(["nginx", "-e", directory / "error.log", "-c", configuration], ports)

    def listen_many(self, ports):
        """Kernel listeners in one process, which accepts and closes at once. Returns its Popen."""
        ports = list(ports)
        return self._serve([sys.executable, _LISTENERS, *ports], ports)

    def talkers(self, behaviours):
        """Servers of canned words: {port: (kind, bytes)}, kinds as talkers.py has them. Returns their Popen."""
        words = [f"{port}:{kind}:{said.hex()}" for port, (kind, said) in behaviours.items()]
        return self._serve([sys.executable, _TALKERS, *words], list(behaviours))

    def forge(self, kind, interface=None):
        """Answers each SYN that comes as forger.py's `kind` says, beside the host's kernel. Returns its Popen."""
        process = self.popen([sys.executable, _FORGER, interface or self.interface, kind], stdout=subprocess.PIPE)
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the forger did not start")
        return process

    def redis(self, port=6379):
        """An empty Redis that keeps nothing."""
        _need("redis-server")
        return self._serve(["redis-server", "--port", port, "--save", "", "--bind", "*", "--protected-mode", "no",
                            "--dir", self.scratch], [port])

    def memcached(self, port=11211):
        _need("memcached")
        return self._serve(["memcached", "-u", "nobody", "-p", port, "-U", "0"], [port])

    def sshd(self, port=22):
        """OpenSSH's server; nobody can log in."""
        _need("sshd", "ssh-keygen")
        directory = pathlib.Path(tempfile.mkdtemp(prefix="sshd-", dir=self.scratch))
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        key = directory / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        sshd = subprocess.run(["which", "sshd"], check=True, capture_output=True, text=True).stdout.strip()
        return self._serve([sshd, "-D", "-e", "-f", "/dev/null", "-p", port, "-h", key], [port])

    def _serve(self, argv, ports):
        with open(pathlib.Path(self.scratch) / f"{self.name}-servers.log", "ab") as log:
            process = self.popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self.listening().issuperset(ports), f"listeners of {self.name}", timeout=20)
        return process


def _need(*tools):
    missing = missing_tools(tools)
    if missing:
        raise unittest.SkipTest("not installed: " + ", ".join(missing))


def _certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", directory / "key.pem", "-out", directory / "certificate.pem"],
                   check=True, capture_output=True)


def _nginx_configuration(directory, ports, tls):
    word = " ssl" if tls else ""
    listen = "".join(f"    listen {port}{word};\n    listen [::]:{port}{word} ipv6only=on;\n" for port in ports)
    certificate = (f"    ssl_certificate {directory}/certificate.pem;\n    ssl_certificate_key {directory}/key.pem;\n"
                   if tls else "")
    paths = "".join(f"  {kind}_temp_path {directory}/{kind};\n"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (f"daemon off;\nmaster_process off;\nworker_processes 1;\npid {directory}/pid;\n"
            f"error_log {directory}/error.log;\nevents {{ worker_connections 4096; }}\n"
            f"http {{\n  access_log off;\n{paths}  server {{\n{listen}{certificate}"
            f"    location / {{ default_type text/plain; return 200 \"hello from nginx\\n\"; }}\n  }}\n}}\n")
