"""``manage.py status``: how every service and data store of this installation stands."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.services.installation import Installation
from datastores.management.overview import Line, overview
from host.supervisor import SupervisionError
from host.trees import TreeError

COLUMNS = "{:<28} {:<16} {:<20} {:>8} {:>9}"


class Command(BaseCommand):
    """Exit status 0: console and edge run, and every data store that should; 1 otherwise."""

    help = "Show every service: state, since when (UTC), process id and memory (PSS)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the table."""
        try:
            lines = overview(Installation.from_settings())
        except (SupervisionError, TreeError) as error:
            raise CommandError(f"{error.sentence} {error.remedy}") from error
        self.stdout.write(COLUMNS.format("SERVICE", "STATE", "SINCE (UTC)", "PID", "MEMORY"))
        for line in lines:
            self.stdout.write(_row(line))
        console = sum(line.memory for line in lines if line.of_console)
        self.stdout.write(f"Console and edge take {console / 2**20:.0f} MiB.")
        if not all(line.well for line in lines):
            sys.exit(1)


def _row(line: Line) -> str:
    since = f"{line.since:%Y-%m-%d %H:%M:%S}" if line.since else ""
    memory = f"{line.memory / 2**20:.1f} MiB" if line.memory else ""
    return COLUMNS.format(line.name, line.state, since, line.pid or "", memory).rstrip()
