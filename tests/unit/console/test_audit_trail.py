"""The trail is append-only in the database itself, and logs keep sign-in tokens out."""

from __future__ import annotations

import json
import logging

import pytest
from django.db import DatabaseError, connection, transaction

from console import audit, wording
from console.audit import PLATFORM
from console.logging import JSONFormatter
from console.models import AuditEvent


@pytest.fixture
def event(db: None) -> AuditEvent:
    """One event."""
    return audit.record("store.created", actor=PLATFORM, organization=None)


def test_an_event_can_not_be_changed(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="append-only: UPDATE"), transaction.atomic():
        AuditEvent.objects.update(actor="somebody else")
    event.refresh_from_db()
    assert event.actor == "platform"


def test_an_event_can_not_be_deleted(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="append-only: DELETE"), transaction.atomic():
        event.delete()
    assert AuditEvent.objects.count() == 1


def test_the_trail_can_not_be_emptied(event: AuditEvent) -> None:
    with connection.cursor() as cursor:  # the test database has this one switched off, see tests/conftest.py
        cursor.execute("ALTER TABLE console_auditevent ENABLE ALWAYS TRIGGER console_auditevent_no_truncate")
        with pytest.raises(DatabaseError, match="append-only: TRUNCATE"), transaction.atomic():
            cursor.execute("TRUNCATE console_auditevent")


def test_replication_mode_does_not_slip_past(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'console_auditevent_append_only'")
        assert cursor.fetchone() == ("A",), "A: fires in every mode; the console's login may not switch modes"


def test_every_action_reads_as_words() -> None:
    assert wording.words("organization.created") == "created the organization"
    assert wording.words("thing.half_done") == "thing half done"


def test_the_log_keeps_tokens_out() -> None:
    path = "/operator/sign-in/s3cr3t-T0ken/"
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Gone: %s", (path,), None)
    line = JSONFormatter().format(record)
    assert "s3cr3t" not in line
    assert json.loads(line)["message"] == "Gone: /operator/sign-in/…/"
