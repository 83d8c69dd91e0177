"""Logging in to a real node: TLS and nothing else, the right certificate, passwords that no log shows."""

from __future__ import annotations

import socket
import ssl
import struct
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from datastores.sites.contract import Endpoint
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE, ensure_certificate
from datastores.sites.local.engine import ProbeFailure
from host.authority import Authority
from host.files import write_private
from host.paths import Home
from host.waiting import wait_until

from .conftest import Server, free_port, running

pytestmark = pytest.mark.real
SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's protocol, section "SSLRequest"


def test_a_client_logs_in_with_full_verification(server: Server) -> None:
    with server.login() as connection:
        tls = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.execute(tls).fetchone() == (True, "TLSv1.3")
        row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("hwadmin", "defaultdb")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_bears_the_names_that_clients_use(server: Server, host: str) -> None:
    with server.login(host=host) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_plain_text_is_refused(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        server.login(sslmode="disable")


def test_tls_1_1_is_refused_and_strict_clients_accept_the_certificate(server: Server) -> None:
    strict = ssl.create_default_context(cafile=str(server.ca))
    strict.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python 3.13 does by default
    assert _handshake(server, strict) == "TLSv1.3"
    strict.maximum_version = ssl.TLSVersion.TLSv1_2
    assert _handshake(server, strict) == "TLSv1.2"
    old = ssl.create_default_context(cafile=str(server.ca))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        _handshake(server, old)


def test_the_probe_tells_what_it_measured(server: Server) -> None:
    assert server.probe().startswith("Logged in over TLS 1.3 in ")


def test_the_probe_says_which_part_failed(server: Server, tmp_path: Path) -> None:
    other = Home(tmp_path)
    other.make()
    stranger = Authority(other).certificate_file
    with pytest.raises(ProbeFailure, match="can't be verified"):
        server.engine.probe(server.place, server.endpoint, stranger)
    with pytest.raises(ProbeFailure, match="Nothing listens"):
        server.engine.probe(server.place, Endpoint("localhost", free_port()), server.ca)


def test_a_new_password_replaces_the_old_one_and_stays_out_of_the_log(server: Server) -> None:
    old, new = server.access.password, "Ä new ' one\\"
    server.engine.set_password(server.place, "hwadmin", new)
    server.engine.set_password(server.place, "hwadmin", new)  # any step may run twice
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.login(password=old)
    with server.login(password=new) as admin, pytest.raises(psycopg.Error):
        admin.execute("CREATE ROLE hwadmin PASSWORD 'tenant-secret'")
    server.engine.set_password(server.place, "hwadmin", old)
    log = server.log.read_text()
    assert "already exists" in log
    assert not [secret for secret in (old, new, "tenant-secret", "SCRAM-SHA-256$") if secret in log]


def test_a_tenant_sees_no_statement_of_the_platform(server: Server) -> None:
    with server.login() as admin:
        query = "SELECT DISTINCT query FROM pg_stat_activity WHERE usename = 'headwater'"
        server.engine.set_password(server.place, "hwadmin", server.access.password)
        assert all("PASSWORD" not in row[0] for row in admin.execute(query).fetchall())


def test_a_renewed_certificate_is_served_after_a_reload(server: Server) -> None:
    before = _served(server)
    (server.place.configuration / CERTIFICATE_FILE).unlink()
    assert ensure_certificate(server.place, Authority(settings.HOME))
    server.engine.reload(server.place)
    assert wait_until(lambda: _served(server) != before, 5)
    assert server.probe()


def test_the_probe_notices_a_certificate_of_another_name(server: Server) -> None:
    authority = Authority(settings.HOME)
    issued = authority.issue("other", ["other.test"])
    write_private(server.place.configuration / KEY_FILE, issued.key)
    write_private(server.place.configuration / CERTIFICATE_FILE, issued.certificate)
    server.engine.reload(server.place)
    assert wait_until(lambda: _failure(server) == "The server's certificate bears another name.", 5)
    assert ensure_certificate(server.place, authority)
    server.engine.reload(server.place)
    assert wait_until(lambda: _failure(server) == "", 5)


def test_the_engines_own_process_id_and_a_clean_stop(server: Server) -> None:
    with running(server.engine) as other:
        assert other.engine.process_id(other.place) == other.process.pid
        log = other.log
    assert other.process.returncode == 0
    assert "database system is shut down" in log.read_text()
    assert other.engine.process_id(other.place) is None
    assert not other.engine.ready(other.place)


def _failure(server: Server) -> str:
    try:
        server.probe()
    except ProbeFailure as failure:
        return str(failure)
    return ""


def _upgraded(server: Server, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("localhost", server.access.port), timeout=5)
    plain.sendall(SSL_REQUEST)
    assert plain.recv(1) == b"S"
    return context.wrap_socket(plain, server_hostname="localhost")


def _handshake(server: Server, context: ssl.SSLContext) -> str | None:
    with _upgraded(server, context) as client:
        return client.version()


def _served(server: Server) -> bytes | None:
    with _upgraded(server, ssl.create_default_context(cafile=str(server.ca))) as client:
        return client.getpeercert(binary_form=True)
