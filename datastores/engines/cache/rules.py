"""What a login may do: the access rules of every kind of login, derived by one pure function."""

from __future__ import annotations

from enum import Enum

from datastores.engines.cache.settings import CacheSettings


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


def _allow(commands: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"+{command}" for command in commands)


def _refuse(commands: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"-{command}" for command in commands)
