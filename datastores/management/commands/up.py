"""``manage.py up``: start everything, print the address, and stay until Ctrl-C."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.errors import Refusal
from console.services import foreground
from console.services.installation import Installation
from console.services.lock import ConsoleLock
from console.services.programs import WEB
from datastores.management.progress import ProgressLine
from datastores.management.starting import Started, prepare_home, start
from datastores.sites.local.edge import EdgeError
from host.supervisor import SupervisionError
from host.trees import TreeError

FAILURES = (Refusal, TreeError, SupervisionError, EdgeError)
STOPPED_BY_SIGNAL = 130


class Command(BaseCommand):
    """Exit status 0: it runs, also where it ran already; 1: it could not be started."""

    help = "Start console and data stores. Ctrl-C stops the console; data stores go on."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --detach."""
        parser.add_argument("--detach", action="store_true", help="Return once everything runs.")

    def handle(self, *args: Any, detach: bool, **options: Any) -> None:
        """Start, or say that it runs."""
        try:
            prepare_home()
            lock = ConsoleLock.take(settings.HOME)
            if lock is None:
                self.stdout.write(f"Headwater already runs, or is just being started, at {settings.CONSOLE_URL}.")
                return
            installation = Installation.from_settings()
            if installation.already_runs():
                self.stdout.write(f"Headwater already runs at {settings.CONSOLE_URL}; stop it with `manage.py down`.")
                return
            started = self._start(installation)
        except FAILURES as error:
            raise CommandError(f"{error.sentence} {error.remedy}") from error
        if not detach:
            foreground.block()
        self._announce(started)
        if not detach:
            self._stay(lock)

    def _start(self, installation: Installation) -> Started:
        progress = ProgressLine(self.stderr)
        try:
            return start(installation, progress.say, progress)
        except KeyboardInterrupt:
            installation.stop(progress.say)
            sys.exit(STOPPED_BY_SIGNAL)
        except FAILURES:
            if installation.trees.installed("runit") and not installation.serves_pages():
                installation.stop(lambda _sentence: None)  # half a console helps nobody
            raise

    def _announce(self, started: Started) -> None:
        self.stdout.write(f"\nHeadwater runs at {started.url}")
        if started.link:
            self.stdout.write(f"Sign in once as operator ({started.link.person.email}): {started.link.url}")

    def _stay(self, lock: ConsoleLock) -> None:
        self.stdout.write("Ctrl-C stops the console; data stores go on.")
        self.stdout.flush()
        lock.keep_over_exec()
        program = [
            sys.executable,
            foreground.__file__,
            str(settings.HOME.services / WEB),
            str(settings.BASE_DIR),
        ]
        os.execv(program[0], program)  # noqa: S606 - this very program goes on as the one that waits
