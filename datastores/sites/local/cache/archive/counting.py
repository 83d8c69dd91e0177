"""Counts a cache's keys, and compares a restored copy with what was counted at the source.

The server counts every change of its data, every key that ran out and every key that it gave up. So a copy that was restored
to a later moment has, in each numbered database, as many keys as were counted, give or take what changed since then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from datastores.sites.local.archive.contract import Comparison
from datastores.sites.local.cache.names import PLATFORM, socket_file
from datastores.sites.local.cache.programs import program
from datastores.sites.local.cache.sessions import Platform
from datastores.sites.local.engine import Place
from host.jobs import Command

SECTIONS: Final = ("server", "keyspace", "stats", "persistence")
# $1: the client, $2: the socket, $3: the file with the password, which only the shell's own printf sees.
SCRIPT: Final = """
    { printf 'AUTH %s %s\\n' "$4" "$(cat "$3")"; for section in server keyspace stats persistence; do
        printf 'INFO %s\\n' "$section"; done; } | "$1" -s "$2"
"""


def count(place: Place) -> Command:
    """Return what counts the keys: the server knows their number."""
    files = (str(socket_file(place)), str(place.configuration / "platform.key"))
    return Command(["sh", "-c", SCRIPT, "count", str(program("valkey-cli")), *files, PLATFORM])


def counted(output: str) -> dict[str, Any]:
    """Return the manifest that ``count`` came to; empty where the server did not answer."""
    facts = dict(line.split(":", 1) for line in output.splitlines() if ":" in line and not line.startswith("#"))
    keys = {name: words for name, words in facts.items() if name.startswith("db") and name[2:].isdigit()}
    figures = {name[2:]: int(words.split(",")[0].removeprefix("keys=")) for name, words in keys.items()}
    if "run_id" not in facts:
        return {}
    return {"keys": figures, "run": facts["run_id"].strip(), "changes": _changes(facts)}


def counted_now(platform: Platform) -> dict[str, Any]:
    """Return the same of a running server."""
    facts: dict[str, Any] = {}
    for section in SECTIONS:
        facts |= platform.ask("INFO", section)
    keys = {name[2:]: int(each["keys"]) for name, each in facts.items() if name.startswith("db") and name[2:].isdigit()}
    return {"keys": keys, "run": facts["run_id"], "changes": _changes(facts)}


def compare(manifest: Mapping[str, Any], now: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
    """Hold a copy against the manifest. Numbered databases may have been swapped, so that their names don't count.

    Where the server was restarted since, nobody knows how much has changed: then the keys are only counted.
    """
    if not copy:
        return Comparison(problems=["the copy's keys could not be counted"])
    found = [int(keys) for keys in copy["keys"].values()]
    problems: list[str] = []
    if manifest and manifest["run"] == now.get("run") and now["changes"] >= manifest["changes"]:
        problems = _differences(manifest["keys"].values(), found, int(now["changes"] - manifest["changes"]))
    return Comparison(len(found), sum(found), problems)


def _differences(counted: Iterable[int], found: Iterable[int], changed: int) -> list[str]:
    before, after = (sorted(keys, reverse=True) for keys in (counted, found))
    length = max(len(before), len(after))
    problems = []
    for keys, there in zip(_padded(before, length), _padded(after, length), strict=True):
        if not keys - changed <= there <= keys + changed:
            least = max(0, keys - changed)
            wanted = f"{keys:,}" if not changed else f"{least:,} to {keys + changed:,}"
            problems.append(f"a database has {there:,} keys instead of {wanted}")
    return problems


def _padded(keys: list[int], length: int) -> list[int]:
    return [*keys, *[0] * (length - len(keys))]


def _changes(facts: Mapping[str, Any]) -> int:
    """Return how often anything was changed, ran out or was given up since the server was started."""
    names = ("rdb_changes_since_last_save", "expired_keys", "evicted_keys")
    return sum(int(facts[name]) for name in names)
