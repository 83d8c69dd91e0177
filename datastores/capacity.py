"""Decides whether a data store fits on a site in full sizing, where every plan gets its memory and disk. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """An amount of memory (MiB) and of disk (GiB): what a site has, what a store takes, or what is left."""

    ram_mib: int
    storage_gib: int


def need(*, ram_gib: int, storage_gib: int, node_count: int) -> Room:
    """Return what a plan takes: every node is as large as the plan says."""
    return Room(ram_gib * 1024 * node_count, storage_gib * node_count)


def left(total: Room, taken: Iterable[Room]) -> Room:
    """Return what is free; nothing where more is taken than there is, such as after an operator lowered the total."""
    ram, storage = total.ram_mib, total.storage_gib
    for room in taken:
        ram, storage = ram - room.ram_mib, storage - room.storage_gib
    return Room(max(0, ram), max(0, storage))


def shortage(free: Room, wanted: Room) -> str:
    """Return in a sentence what is missing, empty where ``wanted`` fits into ``free``. Memory comes first."""
    if wanted.ram_mib > free.ram_mib:
        return f"{_gib(free.ram_mib)} GiB of RAM are free here; this plan needs {_gib(wanted.ram_mib)}."
    if wanted.storage_gib > free.storage_gib:
        return f"{free.storage_gib} GiB of storage are free here; this plan needs {wanted.storage_gib}."
    return ""


def _gib(mib: int) -> str:
    """Write MiB as GiB with at most one decimal, rounded down: what is free is never overstated."""
    tenths = mib * 10 // 1024
    return f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
