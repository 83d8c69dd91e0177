"""The authority and the server certificates: made once, strictly valid, renewed in time."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pytest_django import Settings

from datastores.sites.local import certificates
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE, ensure_certificate, server_names
from datastores.sites.local.engine import Place
from host.authority import Authority
from host.paths import Home


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    home = Home(tmp_path / "home")
    home.make()
    return Authority(home)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("node-1", tmp_path / "node-1", tmp_path / "run", 1)


def handshake(place: Place, authority: Authority, name: str) -> str | None:
    """Shake hands in memory with a strict client, as Python 3.13 is by default."""
    client = ssl.create_default_context(cafile=str(authority.certificate_file))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(place.configuration / CERTIFICATE_FILE, place.configuration / KEY_FILE)
    left, right = socket.socketpair()
    with left, right, ThreadPoolExecutor(1) as other:
        accepted = other.submit(server.wrap_socket, right, server_side=True)
        try:
            with client.wrap_socket(left, server_hostname=name) as tls:
                return tls.version()
        finally:
            left.close()
            accepted.exception(timeout=5)


@pytest.fixture
def edge_host(settings: Settings) -> str:
    settings.EDGE_HOST = "db.example.test"
    return "db.example.test"


def test_processes_that_race_agree_on_one_authority(authority: Authority) -> None:
    with ThreadPoolExecutor(8) as many:
        seen = set(many.map(lambda _: authority.certificate_file.read_text(), range(8)))
    assert len(seen) == 1
    assert not list(authority.home.secrets.glob(".*"))


def test_the_key_is_the_owners_alone_and_lasts_ten_years(authority: Authority) -> None:
    certificate = authority.certificate
    assert (authority.home.secrets / "ca.key").stat().st_mode & 0o777 == 0o600
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=3652)


@pytest.mark.parametrize("name", ["db.example.test", "localhost", "127.0.0.1", "::1"])
def test_a_strict_client_accepts_every_name(
    place: Place,
    authority: Authority,
    edge_host: str,
    name: str,
) -> None:
    assert edge_host in server_names()
    ensure_certificate(place, authority)
    assert handshake(place, authority, name) == "TLSv1.3"


def test_a_strict_client_refuses_another_name(place: Place, authority: Authority) -> None:
    ensure_certificate(place, authority)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(place, authority, "elsewhere.test")


def test_a_server_certificate_can_not_sign(place: Place, authority: Authority) -> None:
    ensure_certificate(place, authority)
    certificate = read(place)
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca) == (True, False)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=397)


def test_a_good_certificate_is_left_alone(place: Place, authority: Authority) -> None:
    assert ensure_certificate(place, authority)
    before = read(place)
    assert not ensure_certificate(place, authority)
    assert read(place) == before


def test_it_is_renewed_before_it_ends(
    place: Place,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ensure_certificate(place, authority)
    monkeypatch.setattr(certificates, "RENEW_BEFORE", timedelta(days=398))
    assert ensure_certificate(place, authority)


def test_it_is_replaced_when_the_address_of_the_site_changes(
    place: Place,
    authority: Authority,
    settings: Settings,
) -> None:
    ensure_certificate(place, authority)
    settings.EDGE_HOST = "moved.example.test"
    assert ensure_certificate(place, authority)
    assert handshake(place, authority, "moved.example.test") == "TLSv1.3"


@pytest.mark.parametrize("name", [CERTIFICATE_FILE, KEY_FILE])
def test_a_pair_that_a_crash_left_apart_is_replaced(
    place: Place,
    authority: Authority,
    tmp_path: Path,
    name: str,
) -> None:
    other = Place("node-2", tmp_path / "node-2", tmp_path / "run", 2)
    ensure_certificate(place, authority)
    ensure_certificate(other, authority)
    (place.configuration / name).write_bytes((other.configuration / name).read_bytes())
    assert ensure_certificate(place, authority)
    assert handshake(place, authority, "localhost") == "TLSv1.3"


def read(place: Place) -> x509.Certificate:
    return x509.load_pem_x509_certificate((place.configuration / CERTIFICATE_FILE).read_bytes())
