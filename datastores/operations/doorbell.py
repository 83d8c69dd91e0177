"""Ringing a worker: a lost ring costs a second, a second ring nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from kombu.exceptions import OperationalError

from console.celery import app

log = logging.getLogger(__name__)
RUN = "datastores.run_operation"


def ring(operation_id: UUID) -> None:
    """Ask a worker to run the operation now. Never raises: beat rings whatever is due, every second."""
    try:
        app.send_task(RUN, args=[str(operation_id)], retry=False, ignore_result=True, expires=30)
    except (OperationalError, OSError) as error:
        log.warning("The broker did not take a ring (%s); beat will ring again.", type(error).__name__)
