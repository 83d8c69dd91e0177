"""The audit trail as CSV and JSON, for those who keep it elsewhere: the same events and words as on the page."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from console.models import AuditEvent

COLUMNS = ("at", "actor", "action", "object_type", "object_id", "object_name", "address", "detail")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that hands back what is written, so that a CSV can be sent row by row."""

    def write(self, text: str) -> str:
        """Return the row."""
        return text


def record_of(event: AuditEvent) -> dict[str, Any]:
    """Return one event; its detail holds what it was before and after, and never a secret."""
    return {name: getattr(event, name) for name in COLUMNS} | {"at": event.at.isoformat()}


def as_csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    """Return the lines, headings first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for event in events:
        row = record_of(event) | {"detail": json.dumps(event.detail, ensure_ascii=False)}
        yield writer.writerow([plain(row[name]) for name in COLUMNS])


def as_json(events: Iterable[AuditEvent]) -> Iterator[str]:
    """Return a JSON array, an event to a line."""
    separator = "[\n"
    for event in events:
        yield separator + json.dumps(record_of(event), ensure_ascii=False)
        separator = ",\n"
    yield "]\n" if separator != "[\n" else "[]\n"


def plain(value: Any) -> str:
    """Return a value that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
