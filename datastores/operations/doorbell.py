"""Ringing a worker: a lost ring costs three seconds, a second ring nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from kombu.exceptions import OperationalError

from console.celery import app

log = logging.getLogger(__name__)
RUN = "datastores.run_operation"
EXPIRES_SECONDS = 30


def ring(operation_id: UUID, after: float = 0.0) -> None:
    """Ask a worker to run the operation now, or in some seconds. Never raises: beat rings whatever is due all the time."""
    try:
        app.send_task(
            RUN,
            args=[str(operation_id)],
            countdown=after,
            retry=False,
            ignore_result=True,
            expires=after + EXPIRES_SECONDS,
        )
    except (OperationalError, OSError) as error:
        log.warning("The broker did not take a ring (%s); beat will ring again.", type(error).__name__)
