"""Which standbys the next backup of a primary may copy: written down when it begins, since the work itself knows no rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from datastores.sites.local.engine import Place
from host.files import write_private


def offer(file: Path, standbys: Sequence[Place]) -> None:
    """Write them down; none: no file."""
    if standbys:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, json.dumps([asdict(standby) for standby in standbys], default=str))
    else:
        file.unlink(missing_ok=True)


def offered(file: Path) -> list[Place]:
    """Return what was written down."""
    try:
        listed = json.loads(file.read_text())
    except FileNotFoundError:
        return []
    return [Place(each["name"], Path(each["directory"]), Path(each["sockets"]), each["port"]) for each in listed]
