"""How much memory and disk this machine has for data stores."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from django.db.models import Sum

from datastores.capacity import Room
from datastores.models import DataStore, Site
from datastores.storage import GIB
from host.paths import Home

MIB: Final = 1024**2
# What stays for the operating system, the console and the edge.
SYSTEM_SHARE: Final = 8  # an eighth of the memory …
SYSTEM_LEAST_MIB: Final = 1024  # … and no less than this
DISK_SHARE: Final = 20  # a twentieth of the file system: a full one would stop every store at once
# Limits of this process's control group: version 2, then 1. Inside a container they are the machine.
CONTROL_GROUP: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def room_of(site: Site, home: Home) -> Room:
    """Return what data stores may take: the operator's figures, measured ones where a figure was left empty."""
    return Room(
        ram_mib=measured_ram_mib() if site.ram_mib is None else site.ram_mib,
        storage_gib=measured_storage_gib(site, home) if site.storage_gib is None else site.storage_gib,
    )


def measured_ram_mib() -> int:
    """Return the memory of this machine, or of the container, less what the system needs."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    total = min([physical, *_limits()]) // MIB
    return max(0, total - max(SYSTEM_LEAST_MIB, total // SYSTEM_SHARE))


def available_memory() -> int:
    """Return how much memory programs could take now without any other being pushed out, in bytes; as the kernel reckons."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024


def measured_storage_gib(site: Site, home: Home) -> int:
    """Return the disk below the nodes' directory: what is free, and what data stores hold of it already."""
    directory = home.nodes if home.nodes.exists() else Path("/")
    disk = os.statvfs(directory)
    held = DataStore.objects.present().filter(region__site=site).aggregate(bytes=Sum("disk_used_bytes"))["bytes"] or 0
    reserve = disk.f_blocks * disk.f_frsize // DISK_SHARE
    return max(0, disk.f_bavail * disk.f_frsize + held - reserve) // GIB


def _limits() -> list[int]:
    limits = []
    for path in CONTROL_GROUP:
        with contextlib.suppress(OSError, ValueError):  # absent, or the word "max"
            limits.append(int(path.read_text()))
    return limits
