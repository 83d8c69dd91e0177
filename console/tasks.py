"""Celery tasks of the console: each is short, holds no memory, and may be lost or run twice."""

from __future__ import annotations

from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings
from django.core.cache import cache

from console import delivery
from console.services import console_backup

LOCK, LOCK_SECONDS = "console.deliver", 60


@shared_task(name="console.back_up")
def back_up() -> None:
    """Back up the console's own database once a day; asked each hour."""
    now = datetime.now(UTC)
    if settings.OWN_DATABASE and console_backup.is_due(settings.HOME, now):
        console_backup.back_up(settings.HOME, now)


@shared_task(name="console.deliver")
def deliver() -> None:
    """Send notices that are due. One worker thread at a time: slow receivers must not take them all."""
    if cache.add(LOCK, "1", LOCK_SECONDS):
        try:
            delivery.deliver_due()
        finally:
            cache.delete(LOCK)
