"""Backups of the console's own database: a dump each day, encrypted with a key that lies among the other keys."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection

from console.errors import Refusal
from console.services import console_copy
from console.services.database import ROLE, SERVICE
from host.files import write_private
from host.keys import read_or_make
from host.paths import Home
from host.trees import Programs

KEY_FILE = "console-archive.key"
KEPT = 14  # dumps
LONGEST_SECONDS = 3600
SUFFIX = ".dump"
EVERY = timedelta(hours=24)
CLOCK = "%Y%m%dT%H%M%S"


def back_up(home: Home, now: datetime | None = None) -> Path:
    """Dump the console's database into the archive, encrypted; remove all but the newest 14. Returns the file.

    It is copied into the bucket where one is named. Raises :class:`Refusal` where it can't be dumped, or not be copied.
    """
    directory = home.archive / "console"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ended = _call(home, "pg_dump", "--format=custom", "--compress=zstd:3", _database())
    if ended.returncode != 0:
        raise Refusal("The console's database could not be dumped.", "Look at its log; nothing was changed.")
    file = directory / f"{(now or datetime.now(UTC)):{CLOCK}}{SUFFIX}"
    write_private(file, _cipher(home).encrypt(ended.stdout).decode())
    for old in sorted(directory.glob(f"*{SUFFIX}"))[:-KEPT]:
        old.unlink()
    if settings.ARCHIVE_BUCKET:
        console_copy.copy(home, settings.ARCHIVE_BUCKET, home.secrets / KEY_FILE, KEPT)
        write_private(_copied(home), f"{file.stem}\n")
    return file


def fetch(home: Home) -> Path:
    """Bring the newest dumps back out of the bucket; returns their folder. Raises :class:`Refusal`."""
    if settings.ARCHIVE_BUCKET is None:
        raise Refusal("No bucket is named.", "Set HEADWATER_ARCHIVE_ENDPOINT and its companions.")
    return console_copy.fetch(home, settings.ARCHIVE_BUCKET, home.secrets / KEY_FILE)


def restore(home: Home, file: Path) -> None:
    """Replace the content of the console's database by a dump's, whole or not at all. Raises :class:`Refusal`."""
    try:
        dump = _cipher(home).decrypt(file.read_bytes())
    except InvalidToken:
        raise Refusal(
            f"{file} can't be opened with {home.secrets / KEY_FILE}: it is damaged, or was made with another key.",
            "Put the key file of that installation in its place. Nothing was changed.",
        ) from None
    options = ("--clean", "--if-exists", "--single-transaction", "--no-owner", f"--dbname={_database()}")
    if _call(home, "pg_restore", *options, words=dump).returncode != 0:
        raise Refusal(
            "The dump could not be restored.", "Stop the console (web, worker, beat) first. Nothing was changed."
        )


def is_due(home: Home, now: datetime) -> bool:
    """Say whether the newest dump is a day old or not in the bucket that is named, or there is none."""
    newest = newest_at(home)
    if newest and settings.ARCHIVE_BUCKET and _copied(home).read_text().strip() != f"{newest:{CLOCK}}":
        return True
    return newest is None or now - newest >= EVERY


def newest_at(home: Home) -> datetime | None:
    """Return when the newest dump was made."""
    newest = max((file.stem for file in (home.archive / "console").glob(f"*{SUFFIX}")), default="")
    return datetime.strptime(newest, CLOCK).replace(tzinfo=UTC) if newest else None


def _copied(home: Home) -> Path:
    """Return the file that names the newest dump which is in the bucket."""
    file = home.console / "copied-dump"
    file.touch(mode=0o600)
    return file


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _cipher(home: Home) -> Fernet:
    return Fernet(read_or_make(home.secrets / KEY_FILE, lambda: Fernet.generate_key().decode()))


def _call(home: Home, name: str, *arguments: str, words: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    where = (f"--host={home.run / SERVICE}", "--port=5432", f"--username={ROLE}")
    return subprocess.run(
        [str(Programs(home.engines).program("postgresql", name)), *where, *arguments],
        check=False,
        input=words,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        cwd="/",
        timeout=LONGEST_SECONDS,
    )
