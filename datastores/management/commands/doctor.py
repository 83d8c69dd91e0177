"""Compares rows with processes, ports, directories and edge slots of this machine; repairs on request."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import machine


class Command(BaseCommand):
    """Exit status 0: nothing to do, or all repaired; 1: differences remain."""

    help = "Compare the rows with what this machine holds; --repair puts right what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --repair."""
        parser.add_argument("--repair", action="store_true", help="Put right what can be put right.")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        """Print each difference; repair, then look again."""
        findings = examine(machine())
        for finding in findings:
            self.stdout.write(f"- {finding.sentence}\n  {finding.remedy}")
            if repair:
                finding.repair()
        left = examine(machine()) if repair and findings else findings
        if not left:
            self.stdout.write(
                "Rows and machine agree." if not findings else f"{len(findings)} repaired; rows and machine agree."
            )
            return
        self.stdout.write(f"{len(left)} {'difference remains' if len(left) == 1 else 'differences remain'}.")
        if not repair:
            self.stdout.write("Run `manage.py doctor --repair` to put right what can be put right.")
        sys.exit(1)
