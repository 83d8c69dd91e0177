"""Finds an engine's program: where the operator's setting says, else in its tree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .catalogue import TREES, TreeSpec
from .errors import TreeError

CURRENT = "current"


class Programs:
    """Programs of the engine trees below one directory (`Home.engines`)."""

    def __init__(self, engines: Path, environment: Mapping[str, str] | None = None) -> None:
        self.engines = engines.absolute()
        self._environment = os.environ if environment is None else environment

    def program(self, tree: str, name: str) -> Path:
        """Absolute path of a program, by way of the tree's `current` link, so that it outlives an update.

        Raises TreeError where the tree is not installed or has no such program.
        """
        spec = TREES[tree]
        for directory in self.directories(spec):
            candidate = directory / name
            if os.access(candidate, os.X_OK) and candidate.is_file():
                return candidate
        if self._environment.get(spec.setting):
            raise TreeError(
                f"There is no program {name} in the directories that {spec.setting} names.",
                f"Correct {spec.setting}, or remove it and install the engine tree {tree}.",
            )
        raise TreeError(
            f"The engine tree {tree} is not installed."
            if not self.installed(tree)
            else f"The engine tree {tree} has no program {name}.",
            f"Install it: manage.py engines install {tree}",
        )

    def installed(self, tree: str) -> bool:
        """Whether the tree can be used: built and put in use, or replaced by a setting."""
        return bool(self._environment.get(TREES[tree].setting)) or (self.engines / tree / CURRENT).is_dir()

    def tree_directory(self, tree: str) -> Path | None:
        """The directory that the tree's programs must be able to read; None where a setting replaces it."""
        return None if self.external(tree) else self.engines / tree / CURRENT

    def external(self, tree: str) -> bool:
        """Whether a setting points to installed programs, so that no tree is needed."""
        return bool(self._environment.get(TREES[tree].setting))

    def directories(self, spec: TreeSpec) -> list[Path]:
        """Where the tree's programs are looked up. A setting holds one directory, or several with colons."""
        setting = self._environment.get(spec.setting)
        if setting:
            return [Path(part).absolute() for part in setting.split(":") if part]
        return [self.engines / spec.name / CURRENT / directory for directory in spec.directories]
