"""Telling people what they should know: in the page, by mail and by webhook.

One function for every application::

    notify(organization, Kind.FAILOVER, "orders failed over", "A standby took over in 0.2 s. …", path=…)

It only writes rows, in the transaction of what it tells of: nothing is told of what was rolled back, nothing
is sent while a transaction is open, and what was committed is sent sooner or later (``console.delivery``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from django.conf import settings
from django.db import IntegrityError, transaction

from console.models import Delivery, Notice, Organization, Person
from console.permissions import ADMINS, KEEPERS, Role

Tone = Literal["info", "success", "warning", "danger"]
LONGEST_SUBJECT, LONGEST_SENTENCE = 140, 500


class Kind(StrEnum):
    """What a notice is about."""

    FAILURE = "failure"
    FAILOVER = "failover"
    BACKUP = "backup"
    PROOF = "proof"
    DISK = "disk"
    LOGIN = "login"
    TRIAL = "trial"
    MEMBERS = "members"
    SIGN_IN = "sign_in"
    TEST = "test"

    @property
    def label(self) -> str:
        """The kind as a page writes it."""
        return KINDS[self].label


@dataclass(frozen=True)
class Facts:
    """A kind in words: what it tells, how it looks, and the roles that get a mail."""

    label: str
    meaning: str
    tone: Tone
    mailed: frozenset[Role]


KINDS: Final[dict[Kind, Facts]] = {
    Kind.FAILURE: Facts("Failures", "Work that failed, and data stores that stopped answering", "danger", KEEPERS),
    Kind.FAILOVER: Facts("Failovers", "A standby took over, or a node was replaced", "warning", KEEPERS),
    Kind.BACKUP: Facts("Backups", "A backup that failed or is late, and one that works again", "warning", KEEPERS),
    Kind.PROOF: Facts("Restore proofs", "A backup was restored and compared, or could not be", "info", KEEPERS),
    Kind.DISK: Facts("Disk", "A disk is filling, writes stopped or came back", "warning", KEEPERS),
    Kind.LOGIN: Facts("Logins", "A login was changed or dropped outside the console", "warning", KEEPERS),
    Kind.TRIAL: Facts(
        "Trials", "A trial is about to end or has ended", "warning", frozenset({*KEEPERS, Role.BILLING_ADMIN})
    ),
    Kind.MEMBERS: Facts("Members", "Somebody joined or left", "info", ADMINS),
    Kind.SIGN_IN: Facts("Sign-in", "Somebody signed in to your account with a new device", "warning", frozenset()),
    Kind.TEST: Facts("Test", "A test that somebody asked for", "info", frozenset()),
}
# What an organization can subscribe to; a sign-in concerns one person alone, a test is sent on demand.
SUBSCRIBABLE: Final = tuple(kind for kind in Kind if kind not in {Kind.SIGN_IN, Kind.TEST})


def notify(
    organization: Organization,
    kind: Kind | str,
    subject: str,
    sentence: str,
    *,
    tone: Tone | None = None,
    path: str = "",
    key: str = "",
) -> Notice | None:
    """Tell an organization. ``subject`` is one short line, ``sentence`` says what happened and what to do.

    ``path`` is the page of the console that it speaks of, such as ``reverse("store", …)``. ``tone`` is the kind's
    unless another is given: a good end is "success". With a ``key`` the same thing is told once, ever; the second
    time returns None. Neither text may hold a secret.
    """
    kind = Kind(kind)
    with transaction.atomic():
        notice = _write(organization, None, kind, subject, sentence, tone=tone, path=path, key=key)
        if notice is None:
            return None
        webhooks = [hook for hook in organization.webhooks.defer("secret") if kind.value in hook.kinds]
        Delivery.objects.bulk_create(Delivery(notice=notice, webhook=hook) for hook in webhooks)
        _mail(notice, _mailed(organization, kind))
    return notice


def notify_person(person: Person, kind: Kind, subject: str, sentence: str, *, path: str = "") -> Notice | None:
    """Tell one person alone, in the page and by mail."""
    with transaction.atomic():
        notice = _write(None, person, kind, subject, sentence, tone=None, path=path, key="")
        if notice is not None:
            _mail(notice, [person])
    return notice


def _write(
    organization: Organization | None,
    person: Person | None,
    kind: Kind,
    subject: str,
    sentence: str,
    *,
    tone: Tone | None,
    path: str,
    key: str,
) -> Notice | None:
    if key and Notice.objects.filter(key=key).exists():
        return None
    try:
        with transaction.atomic():
            return Notice.objects.create(
                organization=organization,
                person=person,
                kind=kind.value,
                tone=tone or KINDS[kind].tone,
                subject=subject[:LONGEST_SUBJECT],
                sentence=sentence[:LONGEST_SENTENCE],
                path=path,
                key=key,
            )
    except IntegrityError:
        if key and Notice.objects.filter(key=key).exists():
            return None
        raise


def _mailed(organization: Organization, kind: Kind) -> list[Person]:
    """Return who gets a mail: the kind's roles, without those who muted it."""
    roles = [role.value for role in KINDS[kind].mailed]
    members = organization.memberships.filter(role__in=roles, person__is_active=True)
    return [member.person for member in members.select_related("person") if kind.value not in member.muted]


def _mail(notice: Notice, people: Iterable[Person]) -> None:
    """Put a mail for each into the outbox; where no mail server is configured there is nothing to send."""
    if settings.MAIL_CONFIGURED:
        Delivery.objects.bulk_create(Delivery(notice=notice, recipient=person) for person in people)
