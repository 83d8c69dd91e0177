"""``manage.py operator_link [e-mail]``: print a link that signs an operator in once, within a day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.actions.operators import make_operator_link, reset_second_factor
from console.errors import Refusal


class Command(BaseCommand):
    """Make a one-time sign-in link; the way back in for operators who forgot their password, too."""

    help = "Print a link that signs an operator in once, within a day. Their earlier unused links end."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose link it is; a new address makes a new operator."""
        parser.add_argument(
            "--reset-second-factor",
            action="store_true",
            help="forget the operator's authenticator apps, keys and recovery codes: for who lost them",
        )
        parser.add_argument(
            "email", nargs="?", default="", help="whose link; may be left out while there is one operator"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the address on standard output, and nothing else there."""
        try:
            link = make_operator_link(options["email"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.remedy}") from None
        if options["reset_second_factor"] and reset_second_factor(link.person):
            self.stderr.write("Their second factors are forgotten; the console asks for a new one.")
        self.stderr.write(f"Signs {link.person.email} in once, within 24 hours:")
        self.stdout.write(link.url)
