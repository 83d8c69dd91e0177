"""Logging in to a real node: TLS and nothing else, the right certificate, passwords that no file shows."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from redis.exceptions import NoPermissionError

from datastores.engines.cache import CacheSettings
from datastores.sites.contract import Endpoint
from datastores.sites.local.cache.names import PLATFORM, PROBE, platform_password, probe_password
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE, ensure_certificate
from datastores.sites.local.engine import ProbeFailure
from host.authority import Authority
from host.files import write_private
from host.paths import Home
from host.waiting import wait_until
from tests.real.postgresql.conftest import free_port

from .conftest import HOBBYIST, Server, running

pytestmark = pytest.mark.real


def test_a_client_logs_in_with_full_verification(tenant: redis.Redis) -> None:
    assert tenant.set("key", "value")
    assert tenant.get("key") == "value"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_bears_the_names_that_clients_use(server: Server, host: str) -> None:
    with server.login(host=host) as client:
        assert client.ping()


def test_plain_text_is_refused(server: Server) -> None:
    with socket.create_connection(("localhost", server.access.port), timeout=5) as plain:
        plain.sendall(b"PING\r\n")
        try:
            answer = plain.recv(64)
        except ConnectionResetError:
            answer = b""
    assert b"PONG" not in answer
    with pytest.raises(redis.ConnectionError):
        server.login(ssl=False).ping()


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
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        _handshake(server, old)


@pytest.mark.parametrize("user", ["hwadmin", "default", PLATFORM, PROBE])
def test_a_wrong_password_is_refused(server: Server, user: str) -> None:
    with pytest.raises(redis.AuthenticationError):
        server.login(username=user, password="wrong").ping()


def test_without_a_login_nothing_works(server: Server) -> None:
    with pytest.raises(redis.AuthenticationError), server.login(username=None, password=None, protocol=2) as nobody:
        nobody.get("key")


def test_the_probe_may_ping_and_nothing_else(server: Server) -> None:
    with server.login(username=PROBE, password=probe_password(server.place)) as probe:
        assert probe.ping()
        for command in (("GET", "key"), ("INFO",), ("KEYS", "*"), ("PUBLISH", "a", "b"), ("EVAL", "return 1", 0)):
            with pytest.raises(NoPermissionError):
                probe.execute_command(*command)


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


def test_a_new_password_replaces_the_old_one_and_open_sessions_stay(server: Server) -> None:
    old, new = server.access.password, "Ä new ' one\\"
    with server.login() as session:
        assert session.ping()
        server.engine.set_password(server.place, "hwadmin", new)
        server.engine.set_password(server.place, "hwadmin", new)  # any step may run twice
        assert session.ping()
    with pytest.raises(redis.AuthenticationError):
        server.login().ping()
    assert server.login(password=new).ping()
    server.restart()
    assert server.login(password=new).ping()
    server.engine.set_password(server.place, "hwadmin", old)
    assert server.login().ping()


def test_an_unknown_login_can_not_get_a_password(server: Server) -> None:
    for name in ("nobody", PLATFORM, PROBE, "default"):
        with pytest.raises(LookupError):
            server.engine.set_password(server.place, name, "password")


def test_no_file_and_no_log_holds_a_password(server: Server) -> None:
    needles = [server.access.password.encode()]
    for path in [*server.place.directory.rglob("*"), server.log]:
        if path.is_file():
            assert not [needle for needle in needles if needle in path.read_bytes()], path
    platform = platform_password(server.place).encode()
    holding = [
        path.name for path in server.place.directory.rglob("*") if path.is_file() and platform in path.read_bytes()
    ]
    assert holding == ["platform.key"]


def test_all_of_the_configuration_is_private_and_outside_the_data(server: Server) -> None:
    files = [path for path in server.place.configuration.iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"valkey.conf", "logins.acl", "platform.key", "probe.key", KEY_FILE}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert server.place.sockets.stat().st_mode & 0o777 == 0o700


def test_passwords_stay_when_the_node_is_configured_anew(server: Server) -> None:
    server.engine.configure(server.place, HOBBYIST)
    server.restart()
    assert server.login().ping()


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
    with pytest.raises(ProbeFailure, match="bears another name"):
        server.probe()
    assert ensure_certificate(server.place, authority)
    server.engine.reload(server.place)
    assert server.probe()


def test_the_probe_says_that_a_script_blocks_the_server(server: Server) -> None:
    with server.login() as culprit, server.login() as helper:
        connection = culprit.connection_pool.get_connection()
        connection.send_command("EVAL", "while true do end", 0)
        began = time.monotonic()
        with pytest.raises(ProbeFailure):
            server.probe()  # within the first five seconds the server answers nobody
        assert time.monotonic() - began < 10
        assert wait_until(lambda: "SCRIPT KILL" in _failure(server), 10)
        assert helper.execute_command("SCRIPT", "KILL")
    assert server.probe()


def test_the_engines_own_process_id_and_a_clean_stop(server: Server) -> None:
    with running(server.engine, CacheSettings()) as other:
        assert other.engine.process_id(other.place) == other.process.pid
        log = other.log
    assert other.process.returncode == 0
    assert "Valkey is now ready to exit" in log.read_text()
    assert other.engine.process_id(other.place) is None
    assert not other.engine.ready(other.place)


def _failure(server: Server) -> str:
    try:
        server.probe()
    except ProbeFailure as failure:
        return str(failure)
    return ""


def _handshake(server: Server, context: ssl.SSLContext) -> str | None:
    plain = socket.create_connection(("localhost", server.access.port), timeout=5)
    with context.wrap_socket(plain, server_hostname="localhost") as client:
        return client.version()


def _served(server: Server) -> bytes | None:
    plain = socket.create_connection(("localhost", server.access.port), timeout=5)
    with ssl.create_default_context(cafile=str(server.ca)).wrap_socket(plain, server_hostname="localhost") as client:
        return client.getpeercert(binary_form=True)
