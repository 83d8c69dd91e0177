"""The program that makes a restored directory ready to be replayed: ``python -m datastores.sites.local.binlogs.unpack FILE``.

FILE says as JSON: ``archive`` (folder), ``key``, ``data`` (directory), ``moment`` (ISO 8601 or null), ``only_backup``, and
``reply`` (where to write what is to be replayed). The backup itself says from which file of the log on it is needed.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from datastores.sites.local.binlogs import chain as chains
from datastores.sites.local.binlogs.folder import Folder
from datastores.sites.local.binlogs.transactions import Transactions

NOTE_FILE: Final = "headwater.json"  # in a backup: what it has at least, and where the log goes on
NOT_REACHED: Final = "The log does not reach that moment."


def unpack(order: dict[str, Any]) -> str:
    """Do it; returns what is wrong, empty where all is well."""
    data, reply = Path(order["data"]), Path(order["reply"])
    try:
        note = json.loads((data / NOTE_FILE).read_text())
        chain, first = chains.Chain(Transactions.parse(note["executed"])), int(note["log"])
    except (OSError, ValueError, KeyError):
        return chains.DAMAGED
    moment = datetime.fromisoformat(order["moment"]) if order["moment"] else None
    if not order["only_backup"]:
        reached = chains.build(Folder(Path(order["archive"]), order["key"]), data, chain, first, moment)
        if moment and not reached:
            return chain.ended or NOT_REACHED
    (data / NOTE_FILE).unlink()
    chain.save(reply)
    return ""


if __name__ == "__main__":
    if wrong := unpack(json.loads(Path(sys.argv[1]).read_text())):
        sys.exit(wrong)
