"""The mails about a data store's disk: nearly full, writes stopped, writes back."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

from console.models import Person
from console.permissions import roles_with
from console.templatetags.ui import size as in_words
from datastores.engines.registry import ENGINES
from datastores.models import DataStore
from datastores.storage import READ_ONLY_PERCENT, WRITABLE_PERCENT

MAIL_SECONDS: Final = 5  # the watch waits for the mail server no longer


def warn(store: DataStore, step: int, *, used: int, size: int) -> None:
    """Tell that ``step`` percent are reached; raises OSError where the mail server does not take it."""
    if step == READ_ONLY_PERCENT:
        subject = f"{store.name} is read-only: its disk is nearly full"
        engine = ENGINES.get(store.engine)
        text = (
            f"Writes are stopped so that the server stays up. Nothing is lost, and reading goes on. "
            f"{engine.when_full if engine else ''} Writes come back by themselves below {WRITABLE_PERCENT} %."
        )
    else:
        subject = f"{store.name}: {step} % of its storage is in use"
        text = (
            f"Delete what is no longer needed, or move to a larger plan. "
            f"At {READ_ONLY_PERCENT} % writes are stopped so that the server stays up."
        )
    _send(store, subject, text, used, size)


def relieve(store: DataStore, *, used: int, size: int) -> None:
    """Tell that writes work again; raises OSError as ``warn`` does."""
    _send(store, f"{store.name} takes writes again", "There is room again; nothing needs to be done.", used, size)


def _send(store: DataStore, subject: str, text: str, used: int, size: int) -> None:
    """Send one mail to each keeper, so that none sees the others' addresses."""
    address = f"{settings.CONSOLE_URL}{reverse('store', args=[store.pk])}"
    body = f"{in_words(used)} of {in_words(size)} are in use.\n\n{text}\n\n{address}\n"
    connection = get_connection(timeout=MAIL_SECONDS)
    connection.send_messages(
        [
            EmailMessage(
                settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + subject, body, to=[person.email], connection=connection
            )
            for person in _keepers(store)
        ]
    )


def _keepers(store: DataStore) -> list[Person]:
    """Return who may power the store off and on: Admins and DevOps."""
    roles = [role.value for role in roles_with("store:power")]
    mine = store.organization.memberships.filter(role__in=roles, person__is_active=True)
    return [member.person for member in mine.select_related("person")]
