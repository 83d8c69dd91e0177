"""Logs as JSON lines, with the organization, store, operation and step where they are known."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

CONTEXT = ("organization", "store", "operation", "step")


class JSONFormatter(logging.Formatter):
    """One JSON object per record. Nothing but the message and the named context is taken from a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: str(getattr(record, key)) for key in CONTEXT if hasattr(record, key)})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
