"""How much memory a service takes: the proportional set size of its process and everything below it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def proportional_set_size(pids: Iterable[int]) -> int:
    """Return the PSS in bytes: pages that n processes share count 1/n each, so that sums are right.

    Source: `Pss` of /proc/<pid>/smaps_rollup. Processes that are gone, or another user's, count nothing.
    """
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def with_descendants(roots: Iterable[int]) -> dict[int, set[int]]:
    """Return each root with the pids of itself and all its descendants, from one look at /proc."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: dict[int, set[int]] = {}
    for root in roots:
        family, frontier = {root}, [root]
        while frontier:
            frontier = [child for pid in frontier for child in children.get(pid, []) if child not in family]
            family.update(frontier)
        found[root] = family
    return found
