"""Server certificates of nodes: made with the node, renewed before they end or when names change."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from datastores.sites.local.engine import Place
from host.authority import Authority, ServerCertificate, general_name
from host.files import write_private

CERTIFICATE_FILE = "server.crt"
KEY_FILE = "server.key"
RENEW_BEFORE = timedelta(days=30)


def ensure_certificate(place: Place, authority: Authority) -> bool:
    """Make sure that the node has a good certificate; true where a new one was written.

    The engine reads the new one at its next start or when it is asked to reload.
    """
    place.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = server_names()
    certificate, key = place.configuration / CERTIFICATE_FILE, place.configuration / KEY_FILE
    if _is_good(certificate, key, names, authority):
        return False
    _write_pair(certificate, key, authority.issue(place.name, names))
    return True


def ensure_client_certificate(certificate: Path, key: Path, name: str, authority: Authority) -> None:
    """Make sure that these files hold a good certificate with which a client proves that it is ``name``."""
    if not _is_good(certificate, key, [name], authority):
        _write_pair(certificate, key, authority.issue(name, [name], for_client=True))


def _write_pair(certificate: Path, key: Path, issued: ServerCertificate) -> None:
    # The key first: a crash in between leaves a pair that does not match, which the next call replaces.
    write_private(key, issued.key, durable=True)
    write_private(certificate, issued.certificate, durable=True)


def server_names() -> list[str]:
    """Return the names and addresses by which clients reach this machine's data stores."""
    wanted = [settings.EDGE_HOST, "localhost", "127.0.0.1", "::1", socket.gethostname()]
    return list(dict.fromkeys(name for name in wanted if name and name.isascii()))


def _is_good(certificate_file: Path, key_file: Path, names: list[str], authority: Authority) -> bool:
    """Whether the pair belongs together, is the authority's, bears these names and lasts long enough."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        certificate.verify_directly_issued_by(authority.certificate)
        borne = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return (
        key.public_key() == certificate.public_key()
        and set(borne) == {general_name(name) for name in names}
        and certificate.not_valid_after_utc - datetime.now(UTC) > RENEW_BEFORE
    )
