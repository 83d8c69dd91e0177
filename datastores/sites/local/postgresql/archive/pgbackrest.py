"""pgBackRest's configuration and commands. Its key stands in a file that only the owner can read, never in a command."""

from __future__ import annotations

import configparser
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings as installation

from datastores.sites.local.archive.contract import ArchiverError, Progress, Stored
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE
from host.files import write_private
from host.jobs import Command
from host.trees import Programs, TreeError

ARCHIVE_FILE: Final = "pgbackrest.conf"  # of a node that archives
RESTORE_FILE: Final = "restore.conf"  # of a node that is being restored, from another store's archive perhaps
SERVICES_FILE: Final = "services.conf"
STANZA: Final = "store"  # each store has a repository of its own
WORK_DIRECTORY: Final = "archive"  # locks
ANSWER_SECONDS: Final = 20
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
    for directory in (place.configuration, work, vault.directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "repo1-path": vault.directory,
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
    node = {
        "pg1-path": place.data,
        "pg1-port": place.port,
        "pg1-socket-path": place.sockets,
        "pg1-user": PLATFORM,
        "pg1-database": PLATFORM_DATABASE,
    }
    file = place.configuration / name
    write_private(file, _section("global", settings) + _section(STANZA, node))
    write_private(place.configuration / SERVICES_FILE, SERVICES)
    return file


def repository_of(file: Path) -> Path | None:
    """Return the folder that a configuration file leads to; None where there is no such file."""
    parser = configparser.ConfigParser(interpolation=None)
    if not parser.read(file):
        return None
    return Path(parser["global"]["repo1-path"])


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


def make_stanza(file: Path) -> None:
    """Make the archive's own description where there is none yet; works while the server is down. Raises ArchiverError."""
    repository = repository_of(file)
    if repository and (repository / "archive" / STANZA / "archive.info").exists():
        return
    answer(command(file, "--no-online", "stanza-create"))


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


def answer(call: Command) -> str:
    """Run something short and return what it says. Raises ArchiverError."""
    try:
        ended = subprocess.run(
            call.arguments,
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", **call.environment},
            cwd="/",
            umask=0o077,
            timeout=ANSWER_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise ArchiverError(f"The archive did not answer within {ANSWER_SECONDS} seconds.") from None
    if ended.returncode != 0:
        raise ArchiverError(meaning(ended.stdout + ended.stderr))
    return ended.stdout


# What pgBackRest's messages contain, and what that means. The first that is found counts.
MEANINGS: Final = (
    ("No space left", "The disk of the archive is full."),
    ("Permission denied", "The archive can't be written: permission denied."),
    ("unable to flush", "The archive can't be opened with its key, or its files are damaged."),
    ("CryptoError", "The archive can't be opened with its key, or its files are damaged."),
    ("FormatError", "A file of the archive is damaged."),
    ("ChecksumError", "A file of the archive is damaged: its checksum is wrong."),
    ("invalid checksum", "A file of the archive is damaged: its checksum is wrong."),
    ("is not the expected", "A file of the archive is damaged: it is not the one that was stored."),
    ("LZ4F", "A file of the archive is damaged."),
    ("zst error", "A file of the archive is damaged."),
    ("unexpected EOF", "A file of the archive is cut off."),
    ("FileMissingError", "A file of the archive is missing."),
    ("unable to open missing file", "A file of the archive is missing."),
    ("FileOpenError", "A file of the archive can't be opened."),
    ("BackupSetInvalidError", "The archive does not have that backup."),
    ("unable to find a valid backup", "The archive has no backup that fits."),
    ("LockAcquireError", "Another backup of this data store is running."),
    ("unable to connect", "The server did not answer."),
    ("DbConnectError", "The server did not answer."),
    ("terminating connection", "The server was stopped."),
    ("was not archived before", "The log did not arrive in the archive in time."),
    ("shutting down", "The server was stopped."),
)


def meaning(words: str) -> str:
    """Translate its last words; unknown ones are not shown, since nobody checked what they reveal."""
    return next((sentence for part, sentence in MEANINGS if part in words), "The archiver refused; the log says why.")


def _info(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer(command(file, "info", "--output=json")) or "[]")
    return found


def _section(name: str, settings: dict[str, Any]) -> str:
    return "".join([f"[{name}]\n", *(f"{key}={value}\n" for key, value in settings.items())])
