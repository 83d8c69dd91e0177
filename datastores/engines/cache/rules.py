"""What a login may do: the access rules of every kind of login, derived by one pure function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from datastores.engines.cache.settings import CacheSettings

PREFIX = re.compile(r"[A-Za-z0-9:._{}/@-]{0,64}")


@dataclass(frozen=True)
class Scope:
    """What a login is held to that the platform made for one application: keys and channels that begin with ``prefix``."""

    prefix: str = ""
    writes: bool = True

    def __post_init__(self) -> None:
        """Refuse a prefix that the engine would read as a pattern or as another rule."""
        if not PREFIX.fullmatch(self.prefix):
            raise ValueError(f"{self.prefix!r} can't be a key prefix")


class LoginKind(Enum):
    """Who logs in."""

    PLATFORM = "platform"  # over the Unix socket: settings, passwords, replication, snapshots
    PROBE = "probe"  # over TLS, to see what a client sees
    STANDBY = "standby"  # over TLS, from another node of the same store: to receive everything
    CANARY = "canary"  # over TLS, to write rows while the primary changes
    TENANT = "tenant"  # the super admin and every login that it stands for: all have the same rules


CANARY_KEY = "headwater:canary"
# The specification's first list: refused for every tenant, with all sub-commands.
REFUSED = (
    "bgrewriteaof",
    "cluster",
    "command",
    "debug",
    "failover",
    "migrate",
    "role",
    "slaveof",
    "acl",
    "bgsave",
    "config",
    "lastsave",
    "monitor",
    "replicaof",
    "save",
    "shutdown",
)
# The second list: refused where Lua scripting is turned off.
SCRIPTING = ("eval", "eval_ro", "evalsha", "evalsha_ro", "script")
# Also on the second list, and refused whatever the setting says (FEATURES section 3).
FUNCTIONS = ("fcall", "fcall_ro", "function")
# The engine marks these as dangerous for a server that many share. Here one tenant has it alone, and
# clients of Redis OSS use them: INFO shows maxclients, RESTORE checks its payload (sanitize-dump-payload).
HARMLESS_TO_OTHERS = ("flushall", "flushdb", "info", "keys", "restore", "sort", "sort_ro", "swapdb")
# Containers of administrative sub-commands, whose HELP is in no category; refused as a whole.
ADMINISTRATIVE = ("commandlog", "latency", "module", "slowlog")
# The debugger stops the server for everybody, or makes a copy of the process.
DEBUGGER = "script|debug"


def access_rules(kind: LoginKind, settings: CacheSettings) -> tuple[str, ...]:
    """Return the rules of a login in the engine's own notation, without its password.

    Invariant: a tenant has no command of the category *admin*, none of ``REFUSED`` and ``FUNCTIONS`` with
    any sub-command, and none of ``SCRIPTING`` unless Lua scripting is on. Rules count from left to right, so
    refusals stand last. A command that a later version adds is refused if the engine calls it
    administrative or dangerous; the test that goes through every command shows any other.

    Inside a script the caller's own rules count, so a script can do nothing that its caller can't.
    """
    if kind is LoginKind.PLATFORM:
        return ("~*", "&*", "+@all")
    if kind is LoginKind.PROBE:
        return ("resetkeys", "resetchannels", "-@all", "+ping")
    if kind is LoginKind.STANDBY:
        return ("resetkeys", "resetchannels", "-@all", "+psync", "+replconf", "+ping")
    if kind is LoginKind.CANARY:
        return (f"~{CANARY_KEY}", "resetchannels", "-@all", "+select", "+zadd", "+zrangebyscore", "+zremrangebyscore")
    scripting = (*_allow(SCRIPTING), f"-{DEBUGGER}") if settings.lua else ()
    return (
        "~*",
        "&*",
        "+@all",
        "-@admin",
        "-@dangerous",
        "-@scripting",
        *_allow(HARMLESS_TO_OTHERS),
        *scripting,
        *_refuse(REFUSED),
        *_refuse(FUNCTIONS),
        *_refuse(ADMINISTRATIVE),
    )


# Without keys of their own in the command, these reach or show everybody's.
BEYOND_A_PREFIX = ("dbsize", "flushall", "flushdb", "keys", "randomkey", "scan", "swapdb")


def scoped_rules(scope: Scope, settings: CacheSettings) -> tuple[str, ...]:
    """Return the rules of a login that is held to a scope.

    Invariant: it has no command that a tenant lacks; with a prefix none that reaches a key outside it or shows one's
    name; without ``writes`` none that the engine says writes, no scripts and no publishing.
    """
    if not (scope.prefix or not scope.writes):
        return access_rules(LoginKind.TENANT, settings)
    tenant = access_rules(LoginKind.TENANT, settings)[2:]
    keys = f"~{scope.prefix}*" if scope.writes else f"%R~{scope.prefix}*"
    beyond = _refuse(BEYOND_A_PREFIX) if scope.prefix else ()
    reading = () if scope.writes else ("-@write", *_refuse((*SCRIPTING, "publish", "spublish", "swapdb")))
    return ("resetkeys", "resetchannels", keys, f"&{scope.prefix}*", *tenant, *reading, *beyond)


def _allow(commands: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"+{command}" for command in commands)


def _refuse(commands: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"-{command}" for command in commands)
