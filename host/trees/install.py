"""Installs engine trees: one package list per suite, one download, then a build of each tree."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from .apt import Package, PrivateApt, Progress
from .build import build_tree, file_of
from .builds import current_build, discard_broken, installing, new_build, switch
from .catalogue import TREES, TreeSpec
from .errors import TreeError
from .failures import NOTHING_CHANGED, disk_errors
from .locate import Programs
from .skipped import is_skipped
from .sources import find_keyring, find_mirror
from .verify import compare, try_build

# Measured: lists and apt's caches of one suite take 110 MB, an unpacked tree 3 to 4 times its download.
SUITE_BYTES = 150_000_000
UNPACKED_PER_DOWNLOADED = 5


@dataclass(frozen=True)
class Plan:
    """A tree to build and the packages it is made of."""

    spec: TreeSpec
    packages: tuple[Package, ...]

    def versions(self) -> dict[str, str]:
        """Package names and versions, to compare with a manifest."""
        return {package.name: package.version for package in self.packages}


def install_trees(
    programs: Programs,
    names: Iterable[str],
    progress: Progress,
    *,
    refresh: bool = False,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """Install the trees that are missing or do not work; with `refresh`, also those
    that are damaged or have newer packages.

    Trees that a setting replaces by installed programs are left alone. Returns the names of the trees that
    were built. Raises TreeError; what was in use before is in use then, and a retry starts afresh.
    """
    wanted = [TREES[name] for name in names if not programs.external(name)]
    if not refresh and not _missing(programs.engines, wanted):
        return []
    built: list[str] = []
    with disk_errors(), installing(programs.engines, progress) as work:
        needed = wanted if refresh else _missing(programs.engines, wanted)
        for spec in needed:
            discard_broken(programs.engines, spec.name)
        suites = [(suite, list(specs)) for suite, specs in groupby(sorted(needed, key=_suite), key=_suite)]
        for number, (suite, specs) in enumerate(suites):
            part = _Part(progress, number / len(suites), 1 / len(suites))
            apt = _open_suite(work / suite, suite, programs.engines, environment, part)
            plans = _plan(apt, specs, programs.engines, refresh=refresh)
            if plans:
                built += _build(apt, plans, work / suite / "packages", programs.engines, part)
    progress("Engine trees are ready", 1.0)
    return built


class _Part:
    """Reports the progress of one suite as its share of the whole."""

    def __init__(self, progress: Progress, start: float, share: float) -> None:
        self._progress, self._start, self._share = progress, start, share

    def __call__(self, sentence: str, fraction: float) -> None:
        self._progress(sentence, self._start + fraction * self._share)


def _suite(spec: TreeSpec) -> str:
    return spec.suite


def _missing(engines: Path, specs: Iterable[TreeSpec]) -> list[TreeSpec]:
    """The trees without a complete build in use, or whose programs do not start."""
    builds = [(spec, current_build(engines, spec.name)) for spec in specs]
    return [spec for spec, build in builds if build is None or try_build(build.path, spec)]


def _open_suite(top: Path, suite: str, engines: Path, environment: Mapping[str, str] | None, part: _Part) -> PrivateApt:
    _check_space(engines, SUITE_BYTES)
    part(f"Fetching Debian's package lists ({suite})", 0.0)
    apt = PrivateApt(top, find_mirror(environment), find_keyring(), suite)
    apt.update()
    return apt


def _plan(apt: PrivateApt, specs: list[TreeSpec], engines: Path, *, refresh: bool) -> list[Plan]:
    def plan(spec: TreeSpec) -> Plan:
        resolved = apt.resolve(spec.packages)
        return Plan(spec, tuple(one for one in resolved if not is_skipped(one.name, spec.packages)))

    with ThreadPoolExecutor(2) as pool:
        plans = list(pool.map(plan, specs))
    return [plan for plan in plans if not (refresh and _is_current(plan, engines))]


def _is_current(plan: Plan, engines: Path) -> bool:
    build = current_build(engines, plan.spec.name)
    if build is None or build.manifest.versions() != plan.versions():
        return False
    return not compare(build.path, build.manifest) and not try_build(build.path, plan.spec)


def _build(apt: PrivateApt, plans: list[Plan], downloads: Path, engines: Path, part: _Part) -> list[str]:
    packages = {package.name: package for plan in plans for package in plan.packages}
    size = sum(package.size for package in packages.values())
    unpacked = sum(package.size for plan in plans for package in plan.packages) * UNPACKED_PER_DOWNLOADED
    _check_space(engines, size + unpacked)
    sentence = f"Downloading {len(packages)} packages ({size // 1_000_000} MB)"
    apt.download(packages.values(), downloads, lambda fraction: part(sentence, 0.15 + 0.35 * fraction))
    for number, plan in enumerate(plans):
        part(f"Building {plan.spec.title}", 0.5 + 0.5 * number / len(plans))
        now = datetime.now(UTC)
        build = new_build(engines, plan.spec.name, plan.versions()[plan.spec.packages[0]], now)
        build_tree(build, plan.spec, [file_of(package, downloads) for package in plan.packages], now)
        switch(engines, plan.spec.name, build)
    return [plan.spec.name for plan in plans]


def _check_space(directory: Path, needed: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise TreeError(
            f"Engine trees need {needed // 1_000_000} MB of free space and the disk has only "
            f"{free // 1_000_000} MB. {NOTHING_CHANGED}",
            f"Free some space on the disk that holds {directory}, then try again.",
        )
