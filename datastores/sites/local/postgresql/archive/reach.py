"""What a PostgreSQL node's configuration and sandbox need to know of its archive."""

from __future__ import annotations

import shlex
from pathlib import Path

from datastores.engines.postgresql.settings import Setting
from datastores.schedule import LOG_SECONDS
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive.pgbackrest import (
    ARCHIVE_FILE,
    RESTORE_FILE,
    STANZA,
    WORK_DIRECTORY,
    pgbackrest,
    repository_of,
)


def archive_settings(place: Place) -> dict[str, Setting]:
    """Return the settings by which a node archives its log; none for a node without an archive.

    The command ends well even where the archive is broken for long: it keeps a bounded queue (see ``queue_mib``).
    """
    file = place.configuration / ARCHIVE_FILE
    if not file.exists():
        return {}
    words = [str(pgbackrest()), f"--config={file}", f"--stanza={STANZA}", "archive-push"]
    return {
        "archive_mode": True,
        "archive_command": f"{shlex.join(words).replace('%', '%%')} %p",
        "archive_timeout": f"{LOG_SECONDS}s",
    }


def written_by_server(place: Place) -> list[Path]:
    """Return the directories outside the node's data that its server must write to: its archive and its queue."""
    repository = repository_of(place.configuration / ARCHIVE_FILE)
    return [place.directory / WORK_DIRECTORY, repository] if repository else []


def read_by_server(place: Place) -> list[Path]:
    """Return the archive that a node is being restored from."""
    repository = repository_of(place.configuration / RESTORE_FILE)
    return [repository] if repository else []
