"""Dumps the console's own database into the archive, encrypted; or restores such a dump."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.errors import Refusal
from console.services import console_backup


class Command(BaseCommand):
    """Beat does the same each day. A database of ``DATABASE_URL`` is backed up by whoever runs it."""

    help = "Back up the console's own database, encrypted; --fetch gets dumps from the bucket, --restore FILE puts one back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --restore and --fetch."""
        parser.add_argument("--fetch", action="store_true", help="Bring the newest dumps out of the bucket first.")
        parser.add_argument("--restore", type=Path, metavar="FILE", help="A file of the archive's folder `console`.")

    def handle(self, *args: Any, restore: Path | None, fetch: bool, **options: Any) -> None:
        """Dump, fetch dumps, or restore."""
        if not settings.OWN_DATABASE:
            raise CommandError("DATABASE_URL names a database that this installation does not run: back it up there.")
        try:
            if fetch:
                self.stdout.write(f"The newest dumps are in {console_backup.fetch(settings.HOME)}.")
            elif restore:
                console_backup.restore(settings.HOME, restore)
                self.stdout.write("The console's database is as the dump has it. Start the console again with `up`.")
            else:
                self.stdout.write(f"The console's database is backed up in {console_backup.back_up(settings.HOME)}.")
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.remedy}") from None
