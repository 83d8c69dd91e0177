"""Changes the logins of a running cache, and of its next start."""

from __future__ import annotations

from collections.abc import Mapping

from datastores.engines.cache import CacheSettings
from datastores.sites.local.cache.logins import standard_logins, write_logins
from datastores.sites.local.cache.sessions import insistent_session
from datastores.sites.local.engine import Place


def change_logins(place: Place, passwords: Mapping[str, str], settings: CacheSettings) -> None:
    """Write the file first: a server that is restarted in between has the new logins as well."""
    logins = standard_logins(place, passwords)
    write_logins(place, logins, settings)
    with insistent_session(place) as platform:
        for login in logins:
            platform.ask("ACL", "SETUSER", login.name, *login.rules(settings))
