# SPDX-License-Identifier: MIT
"""Real servers that can be asked for TLS, each on a free port of the loopback with a certificate of the test's."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import types

from .process import wait_for
from .stream import free_port, is_listening

_LDAP_BIND = b"\x30\x0c\x02\x01\x02\x60\x07\x02\x01\x03\x04\x00\x80\x00"
_LDAP_BOUND = b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
_POSTGRES_START = b"\0\0\0\x29\0\3\0\0user\0postgres\0database\0postgres\0\0"
_POSTGRES_ASK = b"Q\0\0\0\x40select 'ssl ' || ssl from pg_stat_ssl where pid=pg_backend_pid()\0"
_MYSQL_LOGIN = b"\x01\x8a\x08\0\0\0\0\x01\x21" + bytes(23) + b"nobody\0\0mysql_native_password\0"


def _message(body):
    """PostgreSQL's length counts itself."""
    kind, rest = body[:1], body[5:]
    return kind + (len(rest) + 4).to_bytes(4, "big") + rest


def _directory(case, user=None):
    """Not below the scratch directory, which only root may enter."""
    directory = pathlib.Path(case.enterContext(tempfile.TemporaryDirectory(prefix="starttls-")))
    directory.chmod(0o755)
    for name, path in (("cert.pem", case.certificate.pem), ("key.pem", case.certificate.key)):
        shutil.copyfile(path, directory / name)
        (directory / name).chmod(0o600)
    if user:
        _give(directory, user)
    return directory


def _give(directory, user):
    owner = pwd.getpwnam(user)
    for path in (directory, *directory.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _serve(case, argv, ports, **popen):
    """Until it listens."""
    log = tempfile.TemporaryFile()
    case.addCleanup(log.close)
    process = case.start(*argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **popen)
    case.addCleanup(_stop, process)
    wait_for(lambda: all(map(is_listening, ports)) or process.poll() is not None, f"{argv[0]} on {ports}", 60)
    log.seek(0)
    case.assertIsNone(process.poll(), "it did not start: " + log.read().decode(errors="replace")[-400:])


def _stop(process):
    """So that it ends its children."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _dovecot(case):
    directory = _directory(case)
    ports = {name: free_port() for name in ("imap", "pop3", "sieve")}
    services = "".join(f"""
service {service} {{
  chroot =
  inet_listener {inet} {{
    address = 127.0.0.1
    port = {ports[name]}
  }}
  inet_listener {inet}s {{
    port = 0
  }}
}}""" for name, service, inet in (("imap", "imap-login", "imap"), ("pop3", "pop3-login", "pop3"),
                                  ("sieve", "managesieve-login", "sieve")))
    configuration = directory / "dovecot.conf"
    configuration.write_text(f"""
protocols = imap pop3 sieve
base_dir = {directory}/run
log_path = /dev/stderr
ssl = required
ssl_cert = <{directory}/cert.pem
ssl_key = <{directory}/key.pem
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={directory}/home
}}
default_internal_user = dovecot
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{services}
""")
    _serve(case, ["dovecot", "-F", "-c", configuration], ports.values())
    return ports


def _slapd(case):
    directory = _directory(case)
    port = free_port()
    configuration = directory / "slapd.conf"
    configuration.write_text(f"include /etc/ldap/schema/core.schema\npidfile {directory}/pid\n"
                             f"TLSCertificateFile {directory}/cert.pem\nTLSCertificateKeyFile {directory}/key.pem\n")
    _serve(case, ["slapd", "-h", f"ldap://127.0.0.1:{port}", "-f", configuration, "-d", "0"], [port])
    return {"ldap": port}


def _postgres_tool(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (found[-1] if found else None)
    return str(pathlib.Path(found).resolve()) if found else None


def _postgres(case):
    directory, port = _directory(case, "postgres"), free_port()
    data = directory / "data"
    made = subprocess.run([_postgres_tool("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
                          user="postgres", cwd=directory, capture_output=True, check=False)
    case.assertEqual(made.returncode, 0, made.stderr)
    settings = {"ssl": "on", "ssl_cert_file": directory / "cert.pem", "ssl_key_file": directory / "key.pem",
                "unix_socket_directories": directory, "listen_addresses": "127.0.0.1", "port": port, "fsync": "off"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    _serve(case, [_postgres_tool("postgres"), "-D", data, *words], [port], user="postgres", cwd=directory)
    return {"postgres": port}


def _mariadb(case):
    directory, port = _directory(case, "mysql"), free_port()
    made = subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={directory}/data", "--user=mysql",
                           "--skip-test-db", "--auth-root-authentication-method=normal"], capture_output=True,
                          check=False)
    case.assertEqual(made.returncode, 0, made.stderr)
    _serve(case, ["mariadbd", "--no-defaults", f"--datadir={directory}/data", f"--socket={directory}/socket",
                  "--user=mysql", "--bind-address=127.0.0.1", f"--port={port}", f"--ssl-cert={directory}/cert.pem",
                  f"--ssl-key={directory}/key.pem"], [port])
    return {"mysql": port}


def _postfix(case):
    directory, port = _directory(case), free_port()
    (directory / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
myhostname = localhost
inet_interfaces = 127.0.0.1
alias_maps =
alias_database =
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {directory}/cert.pem
smtpd_tls_key_file = {directory}/key.pem
smtpd_relay_restrictions = reject
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
""")
    services = [f"127.0.0.1:{port} inet n - n - - smtpd", "tlsmgr unix - - n 1000? 1 tlsmgr",
                "anvil unix - - n - 1 anvil", "rewrite unix - - n - - trivial-rewrite",
                "cleanup unix n - n - 0 cleanup", "postlog unix-dgram n - n - 1 postlogd",
                "proxymap unix - - n - - proxymap", "qmgr unix n - n 300 1 qmgr", "pickup unix n - n 60 1 pickup"]
    (directory / "master.cf").write_text("\n".join(services) + "\n")
    (directory / "queue").mkdir()
    (directory / "data").mkdir()
    _give(directory / "data", "postfix")
    made = subprocess.run(["postfix", "-c", directory, "check"], capture_output=True, check=False,
                          env={**os.environ, "MAIL_LOGTAG": "starttls"})
    case.assertEqual(made.returncode, 0, made.stderr)
    _serve(case, ["/usr/lib/postfix/sbin/master", "-c", directory, "-d"], [port])
    return {"smtp": port}


def _prosody(case):
    directory, port = _directory(case, "prosody"), free_port()
    configuration = directory / "prosody.cfg.lua"
    configuration.write_text(f"""
data_path = "{directory}"
pidfile = "{directory}/pid"
daemonize = false
run_as_root = true
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
s2s_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "tls" }}
modules_disabled = {{ "s2s" }}
c2s_require_encryption = true
authentication = "internal_hashed"
ssl = {{ certificate = "{directory}/cert.pem", key = "{directory}/key.pem" }}
log = {{ info = "*console" }}
VirtualHost "127.0.0.1"
""")
    _give(directory, "prosody")
    _serve(case, ["prosody", "-F", "--config", configuration], [port], user="prosody", cwd=directory)
    return {"xmpp": port}


def _vsftpd(case):
    directory, port = _directory(case), free_port()
    configuration = directory / "vsftpd.conf"
    (directory / "empty").mkdir()
    configuration.write_text(f"""listen=YES
background=NO
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=YES
secure_chroot_dir={directory}/empty
ssl_enable=YES
allow_anon_ssl=YES
rsa_cert_file={directory}/cert.pem
rsa_private_key_file={directory}/key.pem
seccomp_sandbox=NO
""")
    _serve(case, ["vsftpd", configuration], [port])
    return {"ftp": port}


_XMPP_OPEN = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
              b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='127.0.0.1'>")

# `tools` are what has to be there; `talks` what a client says through TLS, and what is in the server's answer.
PEERS = {
    "dovecot": types.SimpleNamespace(tools=["dovecot"], start=_dovecot, talks={
        "imap": (b"b1 LOGOUT\r\n", b"* BYE"), "pop3": (b"CAPA\r\nQUIT\r\n", b"USER"),
        "sieve": (b"LOGOUT\r\n", b"\"SASL\" \"PLAIN\"")}),
    "slapd": types.SimpleNamespace(tools=["slapd"], start=_slapd, talks={"ldap": (_LDAP_BIND, _LDAP_BOUND)}),
    "postgres": types.SimpleNamespace(tools=["postgres", "initdb"], start=_postgres, talks={
        "postgres": (_POSTGRES_START + _message(_POSTGRES_ASK), b"ssl true")}),
    "mariadb": types.SimpleNamespace(tools=["mariadbd", "mariadb-install-db"], start=_mariadb, talks={
        "mysql": (len(_MYSQL_LOGIN).to_bytes(3, "little") + b"\2" + _MYSQL_LOGIN, b"nobody")}),
    "postfix": types.SimpleNamespace(tools=["postfix"], start=_postfix, talks={
        "smtp": (b"EHLO me\r\nQUIT\r\n", b"221 ")}),
    "prosody": types.SimpleNamespace(tools=["prosody"], start=_prosody, talks={
        "xmpp": (_XMPP_OPEN + b"</stream:stream>", b"mechanisms")}),
    "vsftpd": types.SimpleNamespace(tools=["vsftpd"], start=_vsftpd, talks={"ftp": (b"QUIT\r\n", b"221 ")}),
}


def missing_peer_tools(peer):
    return [tool for tool in peer.tools if not (shutil.which(tool) or _postgres_tool(tool))]
