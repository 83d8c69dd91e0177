"""Changes the logins of a running cache, and of its next start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from datastores.engines.cache import CacheSettings
from datastores.sites.local.cache.logins import Login, standard_logins, write_logins
from datastores.sites.local.cache.names import DEFAULT
from datastores.sites.local.cache.sessions import Platform, insistent_session
from datastores.sites.local.engine import Place


def change_logins(place: Place, passwords: Mapping[str, str], settings: CacheSettings) -> None:
    """Write the file first: a server that is restarted in between has the new logins as well."""
    logins = standard_logins(place, passwords)
    write_logins(place, logins, settings)
    with insistent_session(place) as platform:
        have_logins(platform, logins, settings)


def have_logins(platform: Platform, logins: Iterable[Login], settings: CacheSettings) -> None:
    """Let the running server have these logins and no others: one that was away may not know that a login is gone."""
    wanted = {login.name: login for login in logins}
    set_logins(platform, wanted.values(), settings)
    for name in set(platform.ask("ACL", "USERS")) - wanted.keys() - {DEFAULT}:
        platform.ask("ACL", "DELUSER", name)


def set_logins(platform: Platform, logins: Iterable[Login], settings: CacheSettings) -> None:
    """Let the running server have these logins; others stay as they are."""
    for login in logins:
        platform.ask("ACL", "SETUSER", login.name, *login.rules(settings))
