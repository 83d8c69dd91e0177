"""Logs as JSON lines, with the organization, store, operation and step where they are known."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

CONTEXT = ("organization", "store", "operation", "step")
# Django names the path of a request that it refuses; these paths hold a token that signs somebody in.
TOKEN = re.compile(r"(/operator/sign-in/|/password/reset/key/|/confirm-email/|/invitations/)[^/\s\"'\\]+")


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
        return TOKEN.sub(r"\1…", json.dumps(line, ensure_ascii=False))
