"""Celery tasks of the Marketplace: each is short, holds no memory, and may be lost or run twice."""

from __future__ import annotations

from celery import shared_task

from marketplace.actions.drift import check_due_logins
from marketplace.actions.rotation import watch_rotations


@shared_task(name="marketplace.check_logins")
def check_logins() -> None:
    """Notice logins that were changed or dropped outside the console."""
    check_due_logins()


@shared_task(name="marketplace.watch_rotations")
def watch() -> None:
    """Retire the logins that nobody uses any more."""
    watch_rotations()
