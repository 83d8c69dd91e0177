"""What a PostgreSQL node's configuration and sandbox need to know of its archive."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from datastores.engines.postgresql.settings import Setting
from datastores.schedule import LOG_SECONDS
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive.pgbackrest import (
    ARCHIVE_FILE,
    RESTORE_FILE,
    STANZA,
    WORK_DIRECTORY,
    pgbackrest,
)
from datastores.sites.local.postgresql.archive.repository import folder_of

WORDS_FILE: Final = "push.log"
# $1: where its words go; the rest: the command. A server that is being stopped waits for its archive, so that one which
# does not answer is given two more seconds then, not the minute that it has otherwise. Who watches for that stands elsewhere:
# for as long as a process has the data directory as its own, the server counts as running.
PUSH: Final = (
    'words=$1; shift; timeout 60 "$@" >"$words" 2>&1 & push=$!; '
    '(data=$PWD; cd /; while sleep 1; do grep -qs ^stopping "$data/postmaster.pid" && sleep 2 && kill $push; done) '
    ">/dev/null 2>&1 & watch=$!; "
    'wait $push; code=$?; kill $watch; [ $code -eq 0 ] || { cat "$words" >&2; exit 1; }'
)


def archive_settings(place: Place) -> dict[str, Setting]:
    """Return the settings by which a node archives its log; none for a node without an archive.

    The command ends well even where the archive is broken for long: it keeps a bounded queue (see ``queue_mib``). It
    ends soon, because a server that is stopped waits for it; and it leaves its words in a file, for ``last_words``.
    """
    file = place.configuration / ARCHIVE_FILE
    if not file.exists():
        return {}
    push = [str(pgbackrest()), f"--config={file}", f"--stanza={STANZA}", "archive-push"]
    script = ["sh", "-c", PUSH, "push", str(place.directory / WORK_DIRECTORY / WORDS_FILE), *push]
    return {
        "archive_mode": True,
        "archive_command": f"{shlex.join(script).replace('%', '%%')} %p",
        "archive_timeout": f"{LOG_SECONDS}s",
    }


def written_by_server(place: Place) -> list[Path]:
    """Return the directories outside the node's data that its server must write to: its archive and its queue."""
    repository = folder_of(place.configuration / ARCHIVE_FILE)
    work = [place.directory / WORK_DIRECTORY] if (place.configuration / ARCHIVE_FILE).exists() else []
    return [*work, repository] if repository else work


def read_by_server(place: Place) -> list[Path]:
    """Return the archive that a node is being restored from."""
    repository = folder_of(place.configuration / RESTORE_FILE)
    return [repository] if repository else []


def last_words(place: Place) -> str:
    """Return what the newest try to archive a log file had to say; empty where it said nothing, as when it took too long."""
    try:
        return (place.directory / WORK_DIRECTORY / WORDS_FILE).read_text(errors="replace")
    except FileNotFoundError:
        return ""
