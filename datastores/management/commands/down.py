"""``manage.py down``: stop the console; with ``--all`` the data stores too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.services.installation import Installation
from datastores.sites.local.revival import stop_all
from host.supervisor import SupervisionError
from host.trees import TreeError


class Command(BaseCommand):
    """Exit status 0: it is stopped, also where it was already; 1: something still runs."""

    help = "Stop the console. Data stores and their addresses go on, unless --all is given."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --all."""
        parser.add_argument("--all", action="store_true", help="Stop the data stores too, cleanly.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Stop the programs first, so that nothing starts a node behind our back."""
        installation = Installation.from_settings()
        try:
            installation.stop(self.stdout.write)
            if options["all"]:
                self.stdout.write("Stopping data stores and edge")
                stop_all()
        except (SupervisionError, TreeError) as error:
            raise CommandError(f"{error.sentence} {error.remedy}") from error
        self.stdout.write(
            "Console and data stores are stopped; `up` brings them back."
            if options["all"]
            else "The console is stopped; data stores go on."
        )
