"""The file of a cache's logins: who may log in with which password's digest, and what each may do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from datastores.engines.cache import Cache, CacheSettings
from datastores.engines.cache.rules import LoginKind, access_rules
from datastores.sites.local.cache.names import (
    CANARY,
    DEFAULT,
    PLATFORM,
    PROBE,
    STANDBY,
    canary_password,
    platform_password,
    probe_password,
    standby_password,
)
from datastores.sites.local.engine import Place
from host.files import write_private

LOGINS_FILE = "logins.acl"
OWN = frozenset({DEFAULT, PLATFORM, PROBE, STANDBY, CANARY})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
LINE = re.compile(r"user (?P<name>\S+) .*")
DIGEST = re.compile(r" #(?P<digest>[0-9a-f]{64})(?= |$)")


@dataclass(frozen=True)
class Login:
    """One login. ``digest`` is SHA-256 of its password in hexadecimal; without one nobody can log in with it."""

    name: str
    kind: LoginKind
    digest: str = ""

    def rules(self, settings: CacheSettings) -> tuple[str, ...]:
        """Return everything that ACL SETUSER needs, from a clean slate."""
        password = (f"#{self.digest}",) if self.digest else ("resetpass",)
        return ("reset", "on", *password, *access_rules(self.kind, settings))


def digest_of(password: str) -> str:
    """Return what the server keeps of a password. Generated ones are long, so that no salt is needed."""
    return hashlib.sha256(password.encode()).hexdigest()


def standard_logins(place: Place, passwords: Mapping[str, str]) -> list[Login]:
    """Return the logins of a node: the platform's own, and the tenant's by name with their digests."""
    tenants = {Cache.admin_user: ""} | {name: passwords[name] for name in sorted(passwords)}
    return [*own_logins(place), *(Login(name, LoginKind.TENANT, digest) for name, digest in tenants.items())]


def own_logins(place: Place) -> list[Login]:
    """Return the platform's, the probe's, the standbys' and the canary's."""
    return [
        Login(PLATFORM, LoginKind.PLATFORM, digest_of(platform_password(place))),
        Login(PROBE, LoginKind.PROBE, digest_of(probe_password(place))),
        Login(STANDBY, LoginKind.STANDBY, digest_of(standby_password(place.name))),
        Login(CANARY, LoginKind.CANARY, digest_of(canary_password())),
    ]


def write_logins(place: Place, logins: list[Login], settings: CacheSettings) -> bool:
    """Write the file that the server reads at its start; whether it changed. The nameless login stays off."""
    lines = [f"user {DEFAULT} reset off"]
    for login in logins:
        if not NAME.fullmatch(login.name):
            raise ValueError(f"{login.name!r} can't be a login's name")
        lines.append(" ".join(("user", login.name, *login.rules(settings))))
    return write_private(place.configuration / LOGINS_FILE, "\n".join(lines) + "\n")


def tenant_digests(place: Place) -> dict[str, str]:
    """Return the tenant's logins of the file with their digests, empty for one without; none before it is written."""
    path = place.configuration / LOGINS_FILE
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if (match := LINE.fullmatch(line)) and match["name"] not in OWN:
            digest = DIGEST.search(line)
            found[match["name"]] = digest["digest"] if digest else ""
    return found
