"""Celery tasks: each is short, holds no memory, and may be lost or run twice."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from datastores.actions import open_due, open_due_drills, trials
from datastores.models import Operation
from datastores.operations import doorbell, runner
from datastores.sites.registry import DRIVERS

SOON_SECONDS = 5.0
LATE_SECONDS = 0.01  # after it is due, never just before


@shared_task(name=doorbell.RUN)
def run_operation(operation_id: str) -> None:
    """Run an operation's steps until it waits, ends or has had its turn; then ring for its return, if that is soon.

    Only whoever ran it rings, so that rings don't multiply. What waits for longer, beat rings for.
    """
    pk = UUID(operation_id)
    if runner.run(pk) and (seconds := runner.seconds_until_due(pk)) is not None and seconds < SOON_SECONDS:
        doorbell.ring(pk, max(0.0, seconds + LATE_SECONDS))


@shared_task(name="datastores.ring_due")
def ring_due() -> None:
    """Ring for everything whose time has come: waits that are over, leases that ran out, rings that were lost."""
    for pk in Operation.objects.due().order_by("due_at").values_list("pk", flat=True)[:200]:
        doorbell.ring(pk)


@shared_task(name="datastores.keep_ready")
def keep_ready() -> None:
    """Let every site prepare what makes the next Create fast."""
    for driver in DRIVERS.values():
        driver.keep_ready()


@shared_task(name="datastores.renew_certificates")
def renew_certificates() -> None:
    """Let every site renew the certificates that end soon."""
    for driver in DRIVERS.values():
        driver.renew_certificates()


@shared_task(name="datastores.walk_trials")
def walk_trials() -> None:
    """Remind of trials that end soon, and end those whose time has come."""
    trials.walk()


@shared_task(name="datastores.keep_archives")
def keep_archives() -> None:
    """Let every site look at how far its stores' archives reach."""
    for driver in DRIVERS.values():
        driver.keep_archives()


@shared_task(name="datastores.back_up_due")
def back_up_due() -> None:
    """Open the backups and proofs whose time has come, as far as the installation lets them run at once."""
    open_due()


@shared_task(name="datastores.watch")
def watch() -> None:
    """Let every site measure whether clients can log in, so that a page shows evidence and not hope."""
    for driver in DRIVERS.values():
        driver.watch()


@shared_task(name="datastores.monthly_drills")
def monthly_drills() -> None:
    """Open the monthly failure drills that are due in these ten minutes."""
    open_due_drills(timezone.now())
