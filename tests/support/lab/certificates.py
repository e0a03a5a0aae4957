# SPDX-License-Identifier: MIT
"""Certificates for a test, made with the openssl command."""

import base64
import hashlib
import subprocess
import types

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _openssl(*argv, **run):
    return subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True, **run).stdout


class Authority:
    """A certificate authority in a directory: `pem` is its certificate."""

    def __init__(self, directory, name="Test-CA"):
        self.directory = directory
        self.pem, self.key = directory / f"{name}.pem", directory / f"{name}.key"
        _openssl("req", "-x509", *_KEY, "-keyout", self.key, "-out", self.pem, "-days", 30, "-subj", f"/CN={name}",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, san="DNS:localhost,IP:127.0.0.1,IP:::1", days=30):
        """A certificate and its key: `pem`, `key`, `both` in one file."""
        stem = self.directory / name
        made = types.SimpleNamespace(pem=stem.with_suffix(".pem"), key=stem.with_suffix(".key"),
                                     both=stem.with_suffix(".both"))
        request, extensions = stem.with_suffix(".csr"), stem.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={san}\n" if san else "keyUsage=digitalSignature\n")
        _openssl("req", *_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-days", days, "-extfile",
                 extensions, "-out", made.pem)
        made.both.write_text(made.pem.read_text() + made.key.read_text())
        return made


def self_signed(directory, name="alone", san="DNS:localhost,IP:127.0.0.1"):
    made = types.SimpleNamespace(pem=directory / f"{name}.pem", key=directory / f"{name}.key")
    _openssl("req", "-x509", *_KEY, "-keyout", made.key, "-out", made.pem, "-days", 30, "-subj", f"/CN={name}",
             "-addext", f"subjectAltName={san}")
    return made


def certificate_pin(pem):
    return hashlib.sha256(_openssl("x509", "-in", pem, "-outform", "DER")).hexdigest()


def public_key_pin(pem):
    """In base64, as curl's --pinnedpubkey takes it."""
    public = _openssl("x509", "-in", pem, "-noout", "-pubkey")
    return base64.b64encode(hashlib.sha256(_openssl("pkey", "-pubin", "-outform", "DER", input=public)).digest()).decode()
