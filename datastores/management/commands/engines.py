"""``manage.py engines``: install, list, verify and prune the engine trees."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from datastores.management.progress import ProgressLine
from host.trees import (
    TREES,
    Programs,
    TreeError,
    complete_builds,
    current_build,
    install_trees,
    prune_trees,
    verify,
)

ACTIONS = {
    "install": "install the trees that are missing or do not work",
    "list": "show every build and which one is in use",
    "verify": "compare every file with its hash and start the programs",
    "prune": "delete all builds but the one in use and the one before",
}


class Command(BaseCommand):
    """Exit status 0: done, or all is well; 1: a tree is missing or not as it should be."""

    help = "Manage the engine trees: private, rootless copies of the database servers from Debian's packages."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the action and the trees."""
        described = "; ".join(f"{name}: {text}" for name, text in ACTIONS.items())
        parser.add_argument("action", choices=ACTIONS, help=described)
        parser.add_argument("trees", nargs="*", metavar="tree", help=f"{', '.join(TREES)}; all when left out")
        parser.add_argument(
            "--refresh", action="store_true", help="install: also what is damaged or has newer packages"
        )

    def handle(self, *args: Any, action: str, trees: list[str], refresh: bool, **options: Any) -> None:
        """Do one of the four."""
        if unknown := set(trees) - set(TREES):
            raise CommandError(f"There is no engine tree {min(unknown)}. There are: {', '.join(TREES)}.")
        programs = Programs(settings.HOME.engines)
        wanted = trees or list(TREES)
        try:
            if action == "install":
                self._install(programs, wanted, refresh=refresh)
            elif action == "list":
                self._list(programs, wanted)
            elif action == "verify":
                self._verify(programs, wanted)
            else:
                deleted = prune_trees(programs.engines, wanted, ProgressLine(self.stderr))
                self.stdout.write("".join(f"Deleted {path}\n" for path in deleted) or "Nothing to delete.", ending="")
        except TreeError as error:
            raise CommandError(f"{error.sentence} {error.remedy}") from error

    def _install(self, programs: Programs, trees: list[str], *, refresh: bool) -> None:
        progress = ProgressLine(self.stderr)
        built = install_trees(programs, trees, progress, refresh=refresh)
        self.stdout.write(f"Installed: {', '.join(built)}." if built else "Every tree is there and works.")

    def _list(self, programs: Programs, trees: list[str]) -> None:
        for tree in trees:
            if programs.external(tree):
                self.stdout.write(f"{tree:12} installed programs, by {TREES[tree].setting}")
                continue
            current = current_build(programs.engines, tree)
            builds = complete_builds(programs.engines, tree)
            for build in builds:
                used = "in use" if current and build.path == current.path else ""
                self.stdout.write(
                    f"{tree:12} {build.path.name:40} {build.manifest.built_at:%Y-%m-%d %H:%M} {used}".rstrip()
                )
            if not builds:
                self.stdout.write(f"{tree:12} not installed")

    def _verify(self, programs: Programs, trees: list[str]) -> None:
        results = [verify(programs, tree) for tree in trees]
        for result in results:
            self.stdout.write(
                f"{result.tree:12} {'as it should be' if not result.problems else ' '.join(result.problems)}"
            )
        if any(result.problems for result in results):
            sys.exit(1)
