"""Sends what is due: mails and webhooks out of the outbox, with retries that back off.

A delivery is claimed by one conditional UPDATE that also sets its next time, so a sender that is killed costs one
waiting time and never the delivery. A kill between sending and saving sends twice; the webhook's id is the same then.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.utils import timezone

from console import webhooks
from console.models import Delivery, Notice

log = logging.getLogger(__name__)
MAIL_SECONDS = 5
TURN_SECONDS = 8.0  # a run ends after this long, so that a slow receiver does not keep the worker
CLAIM = timedelta(seconds=60)  # longer than any attempt
# After the n-th failed attempt: seconds until the next; after the last one the delivery is given up (about 17 hours).
PAUSES = (10, 60, 300, 1_800, 7_200, 21_600, 32_400)
Outcome = tuple[bool, int | None, str]  # delivered, status, problem


def pause_after(attempts: int) -> timedelta | None:
    """Return how long to wait after that many failed attempts; None when it is time to give up."""
    return timedelta(seconds=PAUSES[attempts - 1]) if attempts <= len(PAUSES) else None


def deliver_due() -> int:
    """Send what is due, for a few seconds; return how many were tried."""
    began, tried = time.monotonic(), 0
    while time.monotonic() - began < TURN_SECONDS and (delivery := _claim()):
        deliver(delivery)
        tried += 1
    return tried


def _claim() -> Delivery | None:
    """Take the longest waiting delivery that nobody else takes."""
    due = Delivery.objects.due().select_related("notice__organization", "webhook", "recipient")
    for delivery in due[:20]:
        mine = Delivery.objects.due().filter(pk=delivery.pk, attempts=delivery.attempts)
        if mine.update(attempts=F("attempts") + 1, due_at=timezone.now() + CLAIM):
            delivery.attempts += 1
            return delivery
    return None


def deliver(delivery: Delivery) -> None:
    """Try once and write down how it went."""
    try:
        delivered, status, problem = _post(delivery) if delivery.webhook else _mail(delivery)
    except Exception as error:  # whatever it is, the others must be sent
        log.exception("Delivery %s failed.", delivery.pk)
        delivered, status, problem = False, None, type(error).__name__
    now, pause = timezone.now(), pause_after(delivery.attempts)
    state = Delivery.State.DELIVERED if delivered else Delivery.State.WAITING if pause else Delivery.State.FAILED
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state, tried_at=now, due_at=now + (pause or CLAIM), status=status, problem=problem[:200]
    )


def _post(delivery: Delivery) -> Outcome:
    hook = delivery.webhook
    assert hook is not None  # noqa: S101 - the caller looked
    try:
        status = webhooks.post(hook, delivery.pk, webhooks.payload(delivery.notice))
    except webhooks.NotDelivered as problem:
        return False, None, str(problem)
    return (True, status, "") if 200 <= status < 300 else (False, status, f"The server answered {status}.")


def _mail(delivery: Delivery) -> Outcome:
    """Send one mail to one person, so that none sees the others' addresses."""
    person = delivery.recipient
    if person is None or not person.is_active:
        return True, None, "Nobody to send it to."
    connection = get_connection(timeout=MAIL_SECONDS)
    message = EmailMessage(
        settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + delivery.notice.subject,
        _body(delivery.notice),
        to=[person.email],
        connection=connection,
    )
    try:
        message.send()
    except OSError as error:  # smtplib's errors are OSErrors, too
        return False, None, f"The mail server did not take it ({type(error).__name__})."
    return True, None, ""


def _body(notice: Notice) -> str:
    address = f"\n\n{settings.CONSOLE_URL}{notice.path}" if notice.path else ""
    whose = f"\n\nOrganization: {notice.organization}" if notice.organization else ""
    return f"{notice.sentence}{whose}{address}\n"
