"""Brings a data store back from its archive and its key alone: no console, no database of the console's."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from datastores.sites.local.archive.offline import OfflineError, Restored, restore


class Command(BaseCommand):
    """Needs the engine trees (``manage.py engines install``), the archive's folder, and the file of ``archive_keys``."""

    help = "Restore a data store from its archive's folder and key, without the console."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take archive, keys, target and moment."""
        parser.add_argument(
            "archive",
            type=Path,
            help="The folder of the data store's archive; for one in a bucket (HEADWATER_ARCHIVE_…), its name.",
        )
        parser.add_argument("--keys", type=Path, required=True, help="The file that `manage.py archive_keys` wrote.")
        parser.add_argument("--to", type=Path, required=True, help="A directory that does not exist yet.")
        parser.add_argument("--port", type=int, required=True, help="The port on which it will be served.")
        parser.add_argument(
            "--moment", help="UTC, such as '2026-11-26 14:05:10'; left out: everything that is archived."
        )

    def handle(self, *args: Any, archive: Path, keys: Path, to: Path, port: int, **options: Any) -> None:
        """Restore, replay, and print how to start the server."""
        moment = _moment(options["moment"])
        try:
            done = restore(archive.absolute(), _key(keys, archive.name), to.absolute(), port, moment)
        except OfflineError as error:
            raise CommandError(str(error)) from None
        self._tell(done, to)

    def _tell(self, done: Restored, to: Path) -> None:
        until = f" up to {done.recovered_to:%Y-%m-%d %H:%M:%S} UTC" if done.recovered_to else ""
        self.stdout.write(f"Restored backup {done.label} and its log{until} into {to}.")
        self.stdout.write("All logins and passwords are as they were. Start the server with:")
        self.stdout.write(shlex.join(done.command))


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        raise CommandError(f"{text!r} is no moment; write it as 2026-11-26 14:05:10.") from None


def _key(keys: Path, folder: str) -> str:
    for line in keys.read_text().splitlines():
        entry = json.loads(line)
        if entry["folder"] == folder:
            return str(entry["key"])
    raise CommandError(f"{keys} has no key of {folder}.")
