"""A node's life without a site: made, started, restarted, given a new password, ended."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from cryptography import x509
from django.conf import settings
from pymysql.constants import ER

from datastores.sites.contract import Endpoint
from datastores.sites.local.certificates import CERTIFICATE_FILE, ensure_certificate
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.mysql import LocalMySQL, initialise, logins
from datastores.sites.local.mysql.initialise import InitialisationError
from datastores.sites.local.mysql.logins import platform_login, trusting
from host.authority import Authority
from host.paths import Home

from .conftest import Server, execute, running

pytestmark = pytest.mark.real
INSECURE_TRANSPORT = 3159


@pytest.fixture
def own(engine: LocalMySQL) -> Iterator[Server]:
    """A server that the test may stop."""
    with running(engine) as server:
        yield server


def test_a_client_is_in_by_tls(server: Server) -> None:
    assert server.run("SELECT CURRENT_USER(), DATABASE()") == [("hwadmin@%", "defaultdb")]
    assert server.run("SHOW SESSION STATUS LIKE 'Ssl_version'") == [("Ssl_version", "TLSv1.3")]
    assert server.probe().startswith("Logged in over TLS 1.3 in ")


def test_without_tls_nobody_gets_in(server: Server) -> None:
    server.run("SELECT 1")  # the password is cached now, so that a client without TLS gets as far as it can
    with pytest.raises(pymysql.MySQLError) as error:
        server.login(ssl=None, ssl_disabled=True)
    assert error.value.args[0] == INSECURE_TRANSPORT


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_1_2_or_newer(server: Server, version: ssl.TLSVersion) -> None:
    context = trusting(server.ca)
    context.minimum_version = context.maximum_version = version
    with server.login(ssl=context) as connection:
        assert execute(connection, "SHOW SESSION STATUS LIKE 'Ssl_version'")[0][1] == version.name.replace("_", ".")
    assert server.run("SELECT @@tls_version") == [("TLSv1.2,TLSv1.3",)]


def test_another_authority_is_noticed(server: Server, tmp_path: Path) -> None:
    other = Home(tmp_path / "home")
    other.make()
    with pytest.raises(ProbeFailure, match="can't be verified"):
        server.engine.probe(server.place, server.endpoint, Authority(other).certificate_file)
    with pytest.raises(pymysql.MySQLError, match="certificate verify failed"):
        server.login(ssl={"ca": str(Authority(other).certificate_file)})


def test_another_name_is_noticed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same server under a name that its certificate does not bear."""
    reach = logins._reach
    monkeypatch.setattr(logins, "_reach", lambda _, port, source=None: reach("localhost", port, source))
    with pytest.raises(ProbeFailure, match="bears another name"):
        server.engine.probe(server.place, Endpoint("db.example.test", server.access.port), server.ca)


def test_a_wrong_password_is_refused(server: Server) -> None:
    with pytest.raises(pymysql.MySQLError) as error:
        server.login(password="wrong")
    assert error.value.args[0] == ER.ACCESS_DENIED_ERROR


def test_many_wrong_logins_block_nobody(server: Server) -> None:
    for _ in range(120):
        with contextlib.suppress(pymysql.MySQLError):
            server.login(password="wrong")
    assert server.run("SELECT 1") == [(1,)]


def test_a_restart_keeps_data_password_and_identity(own: Server) -> None:
    own.run("CREATE TABLE kept (id INT PRIMARY KEY)")
    own.run("INSERT INTO kept VALUES (1)")
    identity = own.run("SELECT @@server_uuid")
    own.stop()
    assert not own.engine.ready(own.place)
    with pytest.raises(ProbeFailure, match="not running or still starting"):
        own.probe()
    own.engine.forget_locks(own.place)
    own.start()
    assert own.run("SELECT id FROM kept") == [(1,)]
    assert own.run("SELECT @@server_uuid") == identity
    assert own.probe().startswith("Logged in")


def test_a_killed_server_recovers_what_it_acknowledged(own: Server) -> None:
    own.run("CREATE TABLE kept (id INT PRIMARY KEY)")
    own.run("INSERT INTO kept VALUES (1)")
    assert own.engine.process_id(own.place) == own.process.pid
    own.process.kill()
    own.process.wait(10)
    own.start()
    assert own.run("SELECT id FROM kept") == [(1,)]


def test_a_new_password_counts_at_once_and_the_old_one_no_longer(own: Server) -> None:
    own.engine.set_password(own.place, "hwadmin", "another password")
    with pytest.raises(pymysql.MySQLError):
        own.login()
    assert own.run("SELECT 1", password="another password") == [(1,)]


def test_a_new_password_opens_what_the_tenant_has_locked(own: Server) -> None:
    own.run("ALTER USER hwadmin@'%' REQUIRE X509 ACCOUNT LOCK")
    own.engine.set_password(own.place, "hwadmin", own.access.password)
    assert own.run("SELECT 1") == [(1,)]


def test_a_super_admin_that_was_dropped_comes_back_with_its_rights(own: Server) -> None:
    grants = own.run("SHOW GRANTS")
    own.run("DROP USER hwadmin@'%'")
    own.engine.set_password(own.place, "hwadmin", own.access.password)
    assert own.run("SHOW GRANTS") == grants


def test_a_renewed_certificate_is_served_after_a_reload(own: Server) -> None:
    before = serial(own)
    (own.place.configuration / CERTIFICATE_FILE).unlink()
    assert ensure_certificate(own.place, Authority(settings.HOME))
    assert serial(own) == before
    own.engine.reload(own.place)
    assert serial(own) != before
    assert own.probe().startswith("Logged in")


def serial(server: Server) -> int:
    """Return the serial number of the certificate that clients get."""
    with server.login() as connection:
        certificate = connection._sock.getpeercert(binary_form=True)  # type: ignore[attr-defined]
    return x509.load_der_x509_certificate(certificate).serial_number


def test_every_node_has_an_identity_of_its_own(server: Server, own: Server) -> None:
    identities = [one.run("SELECT @@server_uuid, @@server_id")[0] for one in (server, own)]
    assert identities[0][0] != identities[1][0]
    assert identities[0][1] != identities[1][1]


def test_changes_are_logged_by_row_with_global_identifiers(server: Server) -> None:
    query = "SELECT @@log_bin, @@binlog_format, @@gtid_mode, @@enforce_gtid_consistency, @@sync_binlog"
    assert server.run(query) == [(1, "ROW", "ON", "ON", 1)]


def test_nothing_of_its_making_is_in_the_log_of_changes(own: Server) -> None:
    """Every store begins with the same, empty history, so that a standby can follow from the first change."""
    with platform_login(own.place) as platform:
        executed = execute(platform, "SELECT @@gtid_executed")[0][0]
    assert executed.endswith(":1")  # the password


def test_a_locked_server_does_not_hang_the_platform(own: Server) -> None:
    with own.login() as tenant:
        execute(tenant, "FLUSH TABLES WITH READ LOCK")
        began = time.monotonic()
        with pytest.raises(pymysql.MySQLError):
            own.engine.set_password(own.place, "hwadmin", "another password")
        assert time.monotonic() - began < 8
        assert own.probe().startswith("Logged in")


def test_a_failed_initialisation_says_why(
    engine: LocalMySQL,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(initialise.HASTY, "no_such_setting", "1")
    with pytest.raises(InitialisationError, match="unknown variable 'no_such_setting=1'"):
        engine.initialise(tmp_path / "data")
