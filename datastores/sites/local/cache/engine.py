"""The life of a cache node on this machine: made, configured, started, logged in to."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import redis

from datastores.engines.cache import Cache, CacheSettings
from datastores.engines.cache.settings import open_files
from datastores.extensions import LogicalDatabase
from datastores.sites.contract import Endpoint
from datastores.sites.local.cache import databases, probing, tenants
from datastores.sites.local.cache import read_only as switching
from datastores.sites.local.cache.choices import read_choices, write_choices
from datastores.sites.local.cache.configuration import MADE_FILE, NOTE, PROCESS_FILE, write_configuration, written_limit
from datastores.sites.local.cache.login_changes import change_logins
from datastores.sites.local.cache.logins import digest_of, standard_logins, tenant_digests, write_logins
from datastores.sites.local.cache.part import read_part, write_part
from datastores.sites.local.cache.programs import confined_server
from datastores.sites.local.cache.replication import ReplicatingCache
from datastores.sites.local.cache.sessions import FullError, insistent_session, session
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE
from datastores.sites.local.databases import DatabaseKeeper
from datastores.sites.local.engine import LocalEngine, Place, Sizing
from host.files import write_private
from host.locks import remove_stale
from host.supervisor import ServiceSpec


class LocalCache(ReplicatingCache, LocalEngine, DatabaseKeeper, tenants.CacheTenancy):
    """Valkey 8."""

    slug: ClassVar[str] = Cache.slug
    version: ClassVar[str] = "8"

    def initialise(self, data: Path) -> None:
        """Make a directory without data: the server fills it at its first start. Without this file it does not start."""
        data.mkdir(mode=0o700, parents=True)
        (data / MADE_FILE).parent.mkdir(mode=0o700)
        write_private(data / MADE_FILE, NOTE)

    def configure(self, place: Place, sizing: Sizing, settings: CacheSettings | None = None) -> None:
        """Write settings and logins; they count from the next start. Passwords that were set stay.

        Without ``settings`` those of the data store count, or where it has none those of the last time.
        """
        place.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)
        stored = CacheSettings.from_stored(sizing.settings) if sizing.settings else None
        chosen = settings or stored or read_choices(place)
        write_choices(place, chosen)
        write_configuration(place, sizing, chosen)
        write_part(place, read_part(place))  # the limit that it names follows from the plan
        write_logins(place, standard_logins(place, tenant_digests(place)), chosen)

    def service(self, place: Place) -> ServiceSpec:
        """Return the server's command. SIGTERM is a clean stop: everything is on disk."""
        return ServiceSpec(
            name=place.name,
            command=confined_server(place),
            working_directory=place.data,
            environment={"LC_ALL": "C"},
            stop_signal=signal.SIGTERM,
            owned_directory=place.data,
            open_files=open_files(written_limit(place)),
        )

    def ready(self, place: Place) -> bool:
        """Say whether the server answers the platform now; "full" is an answer, "loading" is none."""
        try:
            with session(place):
                return True
        except FullError:
            return True
        except (redis.RedisError, FileNotFoundError):  # the latter: a node that was not configured yet
            return False

    def set_password(self, place: Place, user: str, password: str) -> None:
        """Give a login a new password; its digest alone is written and sent. Raises LookupError for an unknown login.

        Sessions that are open stay open.
        """
        passwords = tenant_digests(place)
        if user not in passwords:
            raise LookupError(f"the cache has no login {user}")
        change_logins(place, passwords | {user: digest_of(password)}, read_choices(place))

    def adopt_settings(self, place: Place, settings: Mapping[str, object]) -> None:
        """Let a running server follow new choices at once. No client is cut."""
        self.apply_settings(place, CacheSettings.from_stored(settings))

    def apply_settings(self, place: Place, settings: CacheSettings) -> None:
        """Let a running server follow new choices at once, and the next start too. No client is cut."""
        write_choices(place, settings)
        change_logins(place, tenant_digests(place), settings)
        with insistent_session(place) as platform:
            switching.follow_choices(place, platform)
            platform.ask("CONFIG", "SET", "min-replicas-to-write", settings.min_replicas)

    def set_read_only(self, place: Place, *, read_only: bool) -> bool:
        """Refuse what grows, or not (see ``read_only.set_read_only``)."""
        return switching.set_read_only(place, read_only=read_only)

    def databases(self, place: Place) -> list[LogicalDatabase]:
        """Return the one database (see ``databases.databases``)."""
        return databases.databases(place)

    def reload(self, place: Place) -> None:
        """Have the running server read its certificate again."""
        with insistent_session(place) as platform:
            platform.ask(
                "CONFIG",
                "SET",
                "tls-cert-file",
                str(place.configuration / CERTIFICATE_FILE),
                "tls-key-file",
                str(place.configuration / KEY_FILE),
            )

    def probe(self, place: Place, endpoint: Endpoint, ca: Path) -> str:
        """Log in at the stable address (see ``probing.probe``)."""
        return probing.probe(place, endpoint, ca)

    def process_id(self, place: Place) -> int | None:
        """Return the process id that the server wrote at its start; the process may be gone."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((place.data / PROCESS_FILE).read_text())
        return None

    def forget_locks(self, place: Place) -> None:
        """Remove the note of the process id: another process may have it by now."""
        remove_stale([place.data / PROCESS_FILE], place.data)
