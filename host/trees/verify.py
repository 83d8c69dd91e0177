"""Proves that an engine tree is good: its files are those that were built, and its programs start."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .builds import current_build
from .catalogue import TREES, TreeSpec, Trial
from .errors import TreeError
from .locate import Programs
from .manifest import Manifest, hash_tree

TRIAL_SECONDS = 20


@dataclass(frozen=True)
class Verification:
    """The result for one tree, good without problems. `external`: a setting names other programs."""

    tree: str
    problems: tuple[str, ...]
    external: bool = False


def verify(programs: Programs, tree: str) -> Verification:
    """Hash every file of the tree in use against its manifest and start its programs."""
    spec = TREES[tree]
    if programs.external(tree):
        return Verification(tree, tuple(_try_all(programs, spec)), external=True)
    build = current_build(programs.engines, tree)
    if build is None:
        return Verification(tree, ("The tree is not installed, or not completely.",))
    return Verification(tree, (*compare(build.path, build.manifest), *_try_all(programs, spec)))


def compare(build: Path, manifest: Manifest) -> list[str]:
    """What differs between a build and its manifest, a sentence for each file."""
    actual = hash_tree(build)
    missing = [f"{path} is missing." for path in manifest.files if path not in actual]
    added = [f"{path} does not belong to the tree." for path in actual if path not in manifest.files]
    noted = manifest.files.items()
    changed = [f"{path} was changed." for path, sha256 in noted if actual.get(path, sha256) != sha256]
    return [*missing, *changed, *added]


def try_build(build: Path, spec: TreeSpec) -> list[str]:
    """Start the programs of a build that is not in use yet; a sentence for each that does not work."""
    problems = []
    for trial in spec.trials:
        candidates = [build / directory / trial.program for directory in spec.directories]
        program = next((candidate for candidate in candidates if candidate.is_file()), None)
        problem = try_program(program, trial) if program else f"There is no program {trial.program}."
        problems += [problem] if problem else []
    return problems


def try_program(program: Path, trial: Trial) -> str | None:
    """Start one program in an empty environment; a sentence where it does not say what is expected."""
    try:
        done = subprocess.run(
            [program, *trial.arguments],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TRIAL_SECONDS,
            stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"},
            cwd="/",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{trial.program} does not start: {error}"
    said = f"{done.stdout}\n{done.stderr}"
    if trial.expected in said:
        return None
    return f"{trial.program} does not work: it ended with {done.returncode} and said: {said.strip()[:200]}"


def _try_all(programs: Programs, spec: TreeSpec) -> list[str]:
    problems = []
    for trial in spec.trials:
        try:
            problem = try_program(programs.program(spec.name, trial.program), trial)
        except TreeError as error:
            problem = error.sentence
        problems += [problem] if problem else []
    return problems
