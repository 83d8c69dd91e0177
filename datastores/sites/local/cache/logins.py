"""The file of a cache's logins: who may log in with which password's digest, and what each may do."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from datastores.engines.cache import Cache, CacheSettings
from datastores.engines.cache.rules import LoginKind, Scope, access_rules, scoped_rules
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
SCOPES_FILE = "scopes.json"  # which of the logins are held to a scope
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
LINE = re.compile(r"user (?P<name>\S+) .*")
DIGEST = re.compile(r" #(?P<digest>[0-9a-f]{64})(?= |$)")


@dataclass(frozen=True)
class Login:
    """One login. ``digest`` is SHA-256 of its password in hexadecimal; without one nobody can log in with it."""

    name: str
    kind: LoginKind
    digest: str = ""
    scope: Scope | None = None

    def rules(self, settings: CacheSettings) -> tuple[str, ...]:
        """Return everything that ACL SETUSER needs, from a clean slate."""
        password = (f"#{self.digest}",) if self.digest else ("resetpass",)
        may = scoped_rules(self.scope, settings) if self.scope else access_rules(self.kind, settings)
        return ("reset", "on", *password, *may)


def digest_of(password: str) -> str:
    """Return what the server keeps of a password. Generated ones are long, so that no salt is needed."""
    return hashlib.sha256(password.encode()).hexdigest()


def standard_logins(place: Place, passwords: Mapping[str, str]) -> list[Login]:
    """Return the logins of a node: the platform's own, and the tenant's by name with their digests."""
    tenants = {Cache.admin_user: ""} | {name: passwords[name] for name in sorted(passwords)}
    tenants_own = (Login(name, LoginKind.TENANT, digest) for name, digest in tenants.items())
    return [*own_logins(place), *tenants_own, *scoped_logins(place)]


def own_logins(place: Place) -> list[Login]:
    """Return the platform's, the probe's, the standbys' and the canary's."""
    return [
        Login(PLATFORM, LoginKind.PLATFORM, digest_of(platform_password(place))),
        Login(PROBE, LoginKind.PROBE, digest_of(probe_password(place))),
        Login(STANDBY, LoginKind.STANDBY, digest_of(standby_password(place.name))),
        Login(CANARY, LoginKind.CANARY, digest_of(canary_password())),
    ]


def scoped_logins(place: Place) -> list[Login]:
    """Return the logins of the node that are held to a scope."""
    path = place.configuration / SCOPES_FILE
    kept = json.loads(path.read_text()) if path.exists() else {}
    return [
        Login(name, LoginKind.TENANT, facts["digest"], Scope(facts["prefix"], facts["writes"]))
        for name, facts in sorted(kept.items())
    ]


def keep_scoped(place: Place, logins: Iterable[Login]) -> None:
    """Write down the logins that are held to a scope; the file of logins follows at its next writing."""
    kept = {
        login.name: {"digest": login.digest, "prefix": login.scope.prefix, "writes": login.scope.writes}
        for login in logins
        if login.scope
    }
    write_private(place.configuration / SCOPES_FILE, json.dumps(kept, indent=1) + "\n")


def write_logins(place: Place, logins: list[Login], settings: CacheSettings) -> bool:
    """Write the file that the server reads at its start; whether it changed. The nameless login stays off."""
    lines = [f"user {DEFAULT} reset off"]
    for login in logins:
        if not NAME.fullmatch(login.name):
            raise ValueError(f"{login.name!r} can't be a login's name")
        lines.append(" ".join(("user", login.name, *login.rules(settings))))
    return write_private(place.configuration / LOGINS_FILE, "\n".join(lines) + "\n", durable=True)


def tenant_digests(place: Place) -> dict[str, str]:
    """Return the tenant's logins of the file with their digests, empty for one without; none before it is written.

    Those that are held to a scope are not among them.
    """
    path = place.configuration / LOGINS_FILE
    apart = OWN | {login.name for login in scoped_logins(place)}
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if (match := LINE.fullmatch(line)) and match["name"] not in apart:
            digest = DIGEST.search(line)
            found[match["name"]] = digest["digest"] if digest else ""
    return found
