"""From a plan and a person's choices to the cache's settings: pure, with the reason of every figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

Setting = str | int | bool

DATABASES = 16  # what clients of Redis OSS expect; counted as one database, since they share everything
# Seven tenths hold data. The rest is for what lies beside it: pages that are copied while a child process
# rewrites the append-only file, buffers and TLS state of clients, the replication backlog, fragmentation.
DATA_SHARE = 0.7
# Of the data's memory, what all clients' buffers may take together before the largest client is cut:
# a client that asks for much and reads nothing must not push the server over the plan's memory.
CLIENTS_SHARE = "25%"
# A standby that did not confirm for this many seconds does not count for the writes that need one.
MOST_REPLICA_LAG = 10
BACKLOG_MIB = (16, 256)  # a standby that was away for shorter than this many written MiB need not start anew
DEVELOPMENT_BACKLOG_MIB = 1
# Valkey's own files and listeners (32, and 96 for its event loop's margin), and the platform's connections.
RESERVED_FILES = 32 + 96 + 64


class Eviction(StrEnum):
    """What happens when the memory is full: the engine's own names."""

    NOEVICTION = "noeviction"
    ALLKEYS_LRU = "allkeys-lru"
    ALLKEYS_LFU = "allkeys-lfu"
    ALLKEYS_RANDOM = "allkeys-random"
    VOLATILE_LRU = "volatile-lru"
    VOLATILE_LFU = "volatile-lfu"
    VOLATILE_RANDOM = "volatile-random"
    VOLATILE_TTL = "volatile-ttl"


@dataclass(frozen=True)
class CacheSettings:
    """What a person may choose on the Advanced Settings tab.

    lua        whether EVAL, EVALSHA, their read-only variants and SCRIPT work (FEATURES section 3: on)
    eviction   what happens when the memory is full; writes fail by default, so that no queue loses entries
    min_replicas  standbys that must be connected, or writes are refused. A cache's standbys confirm after the client
               was told: this bounds what a failover may lose to the last seconds, it does not rule it out
    """

    lua: bool = True
    eviction: Eviction = Eviction.NOEVICTION
    min_replicas: int = 0

    @classmethod
    def from_stored(cls, stored: Mapping[str, object]) -> CacheSettings:
        """Read what ``stored`` returned; what is missing has its default. Raises ValueError."""
        lua = stored.get("lua", True)
        if not isinstance(lua, bool):
            raise ValueError(f"{lua!r} is neither true nor false")  # noqa: TRY004 - data, not a caller's mistake
        return cls(
            lua=lua,
            eviction=Eviction(str(stored.get("eviction", Eviction.NOEVICTION))),
            min_replicas=int(str(stored.get("min_replicas", 0))),
        )

    def for_plan(self, standbys: int) -> CacheSettings:
        """Return itself. Raises ValueError where a write would need more standbys than the plan has."""
        if not 0 <= self.min_replicas <= standbys:
            raise ValueError(f"{self.min_replicas} is not a number of standbys between 0 and {standbys}")
        return self

    def stored(self) -> dict[str, object]:
        """Return plain values for a JSON field."""
        return asdict(self) | {"eviction": self.eviction.value}


def max_memory_mib(ram_gib: int) -> int:
    """Memory for data, in MiB, out of the plan's GiB."""
    return int(ram_gib * 1024 * DATA_SHARE)


def open_files(clients: int) -> int:
    """Files that the server's process must be able to open, so that ``clients`` connections fit."""
    return clients + RESERVED_FILES


def server_settings(
    *,
    ram_gib: int,
    clients: int,
    development: bool,
    settings: CacheSettings,
    standbys: int = 0,
) -> dict[str, Setting]:
    """Return the settings that follow from plan and choices, for valkey.conf.

    A plan with fewer ``standbys`` than were chosen to be needed for a write lowers that choice. ``maxclients`` and ``maxmemory`` are the plan's in both sizings: neither is taken before it is used. In
    *development* only the replication backlog is small, the one buffer whose size is fixed.
    """
    memory = max_memory_mib(ram_gib)
    least, most = BACKLOG_MIB
    backlog = DEVELOPMENT_BACKLOG_MIB if development else min(most, max(least, memory // 64))
    return {
        "maxclients": clients,
        "maxmemory": f"{memory}mb",
        "maxmemory-policy": settings.eviction.value,
        "maxmemory-clients": CLIENTS_SHARE,
        "repl-backlog-size": f"{backlog}mb",
        "min-replicas-to-write": min(settings.min_replicas, standbys),
        **ALWAYS,
    }


ALWAYS: dict[str, Setting] = {
    "databases": DATABASES,
    # Every command is in the file before it is answered, so a killed process loses nothing; the disk has it
    # within a second, which is what a power failure can cost. The one exception: while a sync of an earlier
    # second is still running, Valkey answers for up to two seconds before it writes.
    "appendonly": True,
    "appendfsync": "everysec",
    "aof-use-rdb-preamble": True,
    "aof-timestamp-enabled": True,  # by these a restore finds the second that it is to end with
    "aof-load-truncated": True,  # a torn last entry was never answered
    "save": "",  # the append-only files begin with a snapshot, and backups are copies of them
    "stop-writes-on-bgsave-error": False,
    "repl-diskless-sync": True,
    "repl-diskless-sync-delay": 0,  # or a new standby waits for five seconds
    "repl-diskless-load": "disabled",  # a standby keeps what it has until all of the copy has come
    "repl-ping-replica-period": 1,  # how often a standby hears of an idle primary, and so what its lag is measured by
    "replica-read-only": True,
    "replica-serve-stale-data": True,  # readers go on during a failover; one far behind gets none (see succession)
    "min-replicas-max-lag": MOST_REPLICA_LAG,
    # Nobody changes these, not even the platform; nobody loads code or looks into the process.
    "enable-protected-configs": "no",
    "enable-debug-command": "no",
    "enable-module-command": "no",
    "lua-enable-insecure-api": False,
    "sanitize-dump-payload": True,  # RESTORE takes bytes from tenants
    "tcp-backlog": 1024,
    "tcp-keepalive": 60,
    "timeout": 0,  # pools and subscribers stay as long as they like
    # Keys and values never appear in the log, not even in a crash report.
    "hide-user-data-from-log": True,
    "loglevel": "notice",
    "always-show-logo": False,
    "crash-memcheck-enabled": False,
    "daemonize": False,
}
