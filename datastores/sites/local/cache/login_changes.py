"""Changes the logins of a running cache, and of its next start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from datastores.engines.cache import CacheSettings
from datastores.sites.local.cache.logins import Login, standard_logins, write_logins
from datastores.sites.local.cache.sessions import Platform, insistent_session
from datastores.sites.local.engine import Place


def change_logins(place: Place, passwords: Mapping[str, str], settings: CacheSettings) -> None:
    """Write the file first: a server that is restarted in between has the new logins as well."""
    logins = standard_logins(place, passwords)
    write_logins(place, logins, settings)
    with insistent_session(place) as platform:
        set_logins(platform, logins, settings)


def set_logins(platform: Platform, logins: Iterable[Login], settings: CacheSettings) -> None:
    """Let the running server have these logins; others stay as they are."""
    for login in logins:
        platform.ask("ACL", "SETUSER", login.name, *login.rules(settings))
