"""``manage.py seed_demo``: fill an organization with believable data, for screenshots and for trying things out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.errors import Refusal
from datastores.demo import seed


class Command(BaseCommand):
    """Make the demonstration organization."""

    help = "Make the organization Blue Heron with five people, four real data stores and two months of usage."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the data stores be left out."""
        parser.add_argument("--without-stores", action="store_true", help="make no servers, only rows")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make it and print how to sign in."""
        try:
            demo = seed(with_stores=not options["without_stores"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.remedy}") from None
        self.stdout.write(f"{demo.organization} is there. Everybody's password: {demo.password}")
        for person in demo.people:
            self.stdout.write(f"  {person.email}")
        if demo.stores:
            self.stdout.write("The worker makes its data stores now; without a running console they wait.")
