"""Writes down what opens each data store's archive, to be kept on another machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from datastores.models import Archive
from host.files import write_private


class Command(BaseCommand):
    """One JSON object per line: folder, key, engine, organization and name."""

    help = "Write the keys of all archives into a file that only its owner can read."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="Where to write; keep it apart from the archive.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Write the file whole."""
        lines = [
            json.dumps(
                {
                    "folder": archive.name,
                    "key": archive.key,
                    "engine": archive.store.engine,
                    "organization": archive.store.organization.handle,
                    "name": archive.store.name,
                }
            )
            for archive in Archive.objects.select_related("store__organization")
        ]
        write_private(file, "".join(f"{line}\n" for line in lines))
        self.stdout.write(f"{len(lines)} keys are in {file}. Who has this file and the archive can read everything.")
