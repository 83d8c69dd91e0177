"""The installation's own certificate authority: made once, signs the server certificates of its nodes."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .keys import read_or_make
from .paths import Home

AUTHORITY_DAYS = 3652  # ten years
# The longest life that browsers and operating systems accept of a server certificate since 2020.
SERVER_DAYS = 397
CLOCK_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True)
class ServerCertificate:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Authority:
    """An EC P-256 key that never leaves the secrets directory, and the certificate that clients verify with.

    Both files are made at first use; processes that race agree on one pair, because the certificate is made
    from whichever key file won.
    """

    home: Home

    @property
    def certificate_file(self) -> Path:
        """The CA certificate, PEM. It is public."""
        path = self.home.secrets / "ca.pem"
        read_or_make(path, lambda: _self_signed(self._key()))
        return path

    @property
    def certificate(self) -> x509.Certificate:
        """The CA certificate, parsed."""
        return x509.load_pem_x509_certificate(self.certificate_file.read_bytes())

    def issue(self, common_name: str, names: Sequence[str], *, for_client: bool = False) -> ServerCertificate:
        """Return a new key with a certificate for these DNS names and IP addresses, valid 397 days.

        It proves a server to its clients, or (``for_client``) a client to its server; never both.
        """
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if for_client else ExtendedKeyUsageOID.SERVER_AUTH
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.certificate
        builder = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]), key, SERVER_DAYS)
            .issuer_name(issuer.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName(map(general_name, names)), critical=False)
            .add_extension(_identifier_of(issuer), critical=False)
        )
        return ServerCertificate(_pem(builder.sign(self._key(), hashes.SHA256())), _private_pem(key))

    def _key(self) -> ec.EllipticCurvePrivateKey:
        path = self.home.secrets / "ca.key"
        text = read_or_make(path, lambda: _private_pem(ec.generate_private_key(ec.SECP256R1())))
        key = serialization.load_pem_private_key(text.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{path} does not hold an elliptic curve key")
        return key


def general_name(name: str) -> x509.GeneralName:
    """Return an IP address as such and anything else as a DNS name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _self_signed(key: ec.EllipticCurvePrivateKey) -> str:
    # The name differs per installation: trust stores with several authorities look them up by name.
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Headwater"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Headwater CA {secrets.token_hex(4)}"),
        ]
    )
    itself = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = (
        _builder(subject, key, AUTHORITY_DAYS)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(itself, critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256()))


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now - CLOCK_TOLERANCE + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _identifier_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    extension = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(extension.value)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
