"""Sets of transactions as MySQL writes them: ``uuid:1-5:7,uuid:tag:1``, counted, merged and read from its log."""

from __future__ import annotations

import re
from typing import Final

INTERVAL: Final = re.compile(r"(\d+)(?:-(\d+))?")
OWNER: Final = re.compile(r"#\d+")


def count(transactions: str) -> int:
    """Return how many transactions a set holds."""
    total = 0
    for part in re.split(r"[,:\s]+", transactions):
        if match := INTERVAL.fullmatch(part):
            first, last = int(match[1]), int(match[2] or match[1])
            total += last - first + 1
    return total


def without_owners(owned: str) -> str:
    """Return ``@@GLOBAL.gtid_owned`` as a set: it names after each transaction the session that is about to commit it."""
    return OWNER.sub("", owned)


def plain(transactions: str) -> str:
    """Return the set on one line."""
    return transactions.replace("\n", "")
