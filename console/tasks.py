"""Celery tasks of the console: each is short, holds no memory, and may be lost or run twice."""

from __future__ import annotations

from celery import shared_task
from django.core.cache import cache

from console import delivery

LOCK, LOCK_SECONDS = "console.deliver", 60


@shared_task(name="console.deliver")
def deliver() -> None:
    """Send notices that are due. One worker thread at a time: slow receivers must not take them all."""
    if cache.add(LOCK, "1", LOCK_SECONDS):
        try:
            delivery.deliver_due()
        finally:
            cache.delete(LOCK)
