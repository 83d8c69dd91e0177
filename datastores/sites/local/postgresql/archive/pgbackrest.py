"""pgBackRest's configuration and commands. Its key stands in a file that only the owner can read, never in a command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings as installation

from datastores.sites.local.archive.asking import ask
from datastores.sites.local.archive.contract import ArchiverError, Progress, Stored
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive import meanings
from datastores.sites.local.postgresql.archive.repository import folder_of, patience, repository_settings
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE
from host.files import write_private
from host.jobs import Command
from host.trees import Programs, TreeError

meaning = meanings.meaning
ARCHIVE_FILE: Final = "pgbackrest.conf"  # of a node that archives
BACKUP_FILE: Final = "backup.conf"  # of a primary with standbys, while it is backed up
RESTORE_FILE: Final = "restore.conf"  # of a node that is being restored, from another store's archive perhaps
SERVICES_FILE: Final = "services.conf"
STANZA: Final = "store"  # each store has a repository of its own
WORK_DIRECTORY: Final = "archive"  # locks
ANSWER_SECONDS: Final = 20
ERASE_SECONDS: Final = 300  # a thousand names of a bucket take one request
OTHER_ERROR: Final = 99  # pgBackRest's code for a repository that could not be read
# Of a node's own log that could not be archived, before the oldest of it is given up: a sixteenth of the disk,
# at least 256 MiB and at most 8 GiB. The store goes on; the window begins anew with the next backup.
QUEUE_PART, LEAST_QUEUE_MIB, MOST_QUEUE_MIB = 16, 256, 8192
# A connection in replication mode takes none of the tenants' (see ``logins``); libpq takes the mode from a service.
SERVICE: Final = "platform"
SERVICES: Final = f"[{SERVICE}]\nreplication=database\n"


def queue_mib(storage_gib: int) -> int:
    """Return how much log a node keeps while its archive takes none, in MiB."""
    return min(MOST_QUEUE_MIB, max(LEAST_QUEUE_MIB, storage_gib * 1024 // QUEUE_PART))


def write_configuration(name: str, place: Place, vault: Vault, *, queue: int = LEAST_QUEUE_MIB) -> Path:
    """Write a configuration file of a node for one vault; returns it. ``queue`` is in MiB."""
    work = place.directory / WORK_DIRECTORY
    for directory in (place.configuration, work, *([] if vault.bucket else [vault.directory])):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        **repository_settings(vault, place.configuration),
        "repo1-cipher-type": "aes-256-cbc",
        "repo1-cipher-pass": vault.key,
        "repo1-bundle": "y",  # small files together: a new store has a thousand of them
        "repo1-retention-full": 9_999_999,  # what expires is decided by the platform
        "expire-auto": "n",
        "compress-type": "zst",
        "compress-level": 3,
        "process-max": 2,
        "start-fast": "y",
        "archive-push-queue-max": f"{queue}MiB",
        "archive-timeout": 120,
        "spool-path": work,
        "lock-path": work,
        "log-path": work,
        "log-level-file": "off",
        "log-level-console": "warn",
        "log-timestamp": "n",
    }
    node = _server(1, place)
    file = place.configuration / name
    sections = {"global": settings, **patience(vault), STANZA: node}
    write_private(file, "".join(_section(section, values) for section, values in sections.items()))
    write_private(place.configuration / SERVICES_FILE, SERVICES)
    return file


def write_backup_configuration(place: Place, standbys: Sequence[Place]) -> None:
    """Write what a backup needs beside the node's own configuration, so that it copies from a standby that can be had."""
    file = place.configuration / BACKUP_FILE
    if not standbys:
        file.unlink(missing_ok=True)
        return
    servers = (_server(number, standby) for number, standby in enumerate(standbys, start=2))
    more = {"backup-standby": "prefer"} | {name: value for server in servers for name, value in server.items()}
    # The node's own server stands in the last section.
    write_private(file, (place.configuration / ARCHIVE_FILE).read_text() + _lines(more))


def command(file: Path, *arguments: str) -> Command:
    """Return a call of pgBackRest with one configuration file."""
    environment = {"PGSERVICEFILE": str(file.with_name(SERVICES_FILE)), "PGSERVICE": SERVICE, "LC_ALL": "C"}
    return Command([str(pgbackrest()), f"--config={file}", f"--stanza={STANZA}", *arguments], environment)


def pgbackrest() -> Path:
    """Return the program, in the build that is in use now: a confined server may start only what it was shown.

    Raises TreeError where it is not installed.
    """
    return Programs(installation.HOME.engines).program("postgresql", "pgbackrest").resolve()


def installed() -> bool:
    """Say whether this machine has it."""
    try:
        return pgbackrest().exists()
    except TreeError:
        return False


def make_stanza(file: Path, seconds: float = ANSWER_SECONDS) -> None:
    """Make the archive's own description where there is none yet; works while the server is down. Raises ArchiverError."""
    folder = folder_of(file)
    if folder and (folder / "archive" / STANZA / "archive.info").exists():
        return
    answer(command(file, "--no-online", "stanza-create"), seconds)


def erase(file: Path) -> None:
    """Delete everything that a repository holds; done again, it goes on. Raises ArchiverError."""
    answer(command(file, "stop"))  # pgBackRest itself asks for it: nothing may work on what is deleted
    answer(command(file, "--force", "stanza-delete"), ERASE_SECONDS)


def names(file: Path, path: str) -> list[str]:
    """List the names in a folder of the repository, such as ``archive/store``. Raises ArchiverError."""
    if folder := folder_of(file):
        return [entry.name for entry in (folder / path).iterdir()] if (folder / path).is_dir() else []
    return answer(command(file, "repo-ls", path)).splitlines()


def catalogue(file: Path) -> list[Stored]:
    """List the complete backups, oldest first. Raises ArchiverError."""
    return [
        Stored(
            label=backup["label"],
            began=datetime.fromtimestamp(backup["timestamp"]["start"], UTC),
            # In whole seconds, cut off: only the next second is certainly later than the backup's end.
            finished=datetime.fromtimestamp(backup["timestamp"]["stop"] + 1, UTC),
            size_bytes=backup["info"]["size"],
            stored_bytes=backup["info"]["repository"]["delta"],
            damaged=bool(backup.get("error")),
        )
        for stanza in _info(file)
        for backup in stanza["backup"]
    ]


def progress(file: Path) -> Progress | None:
    """Say how far a running backup is."""
    for stanza in _info(file):
        held = stanza["status"].get("lock", {}).get("backup", {})
        if held.get("held") and held.get("size"):
            return Progress(int(held.get("size-cplt", 0)), int(held["size"]))
    return None


def answer(call: Command, seconds: float = ANSWER_SECONDS) -> str:
    """Run something short and return what it says. Raises ArchiverError."""
    ended = ask(call, seconds)
    if ended.returncode != 0:
        raise ArchiverError(meaning(ended.stdout + ended.stderr))
    return ended.stdout


def _info(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer(command(file, "info", "--output=json")) or "[]")
    for stanza in found:
        if stanza["status"]["code"] == OTHER_ERROR:  # it could not be read: that is not an archive without backups
            raise ArchiverError(meaning(" ".join(each["status"].get("message", "") for each in stanza["repo"])))
    return found


def _server(number: int, place: Place) -> dict[str, object]:
    settings = {
        "path": place.data,
        "port": place.port,
        "socket-path": place.sockets,
        "user": PLATFORM,
        "database": PLATFORM_DATABASE,
    }
    return {f"pg{number}-{name}": value for name, value in settings.items()}


def _section(name: str, settings: Mapping[str, object]) -> str:
    return f"[{name}]\n{_lines(settings)}"


def _lines(settings: Mapping[str, object]) -> str:
    return "".join(f"{key}={value}\n" for key, value in settings.items())
