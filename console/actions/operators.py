"""One-time sign-in links of operators: made on the machine, redeemed once in a browser."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from console import audit
from console.audit import PLATFORM, Actor
from console.errors import Refusal
from console.models import OneTimeSignIn, Person

FIRST_OPERATOR = "operator@localhost"


@dataclass(frozen=True)
class OperatorLink:
    """A link and whose it is. The address holds the token: print it for the operator, never log it."""

    person: Person
    url: str


def link_address(token: str) -> str:
    """Return the full address of a token's page."""
    console: str = settings.CONSOLE_URL
    return console + reverse("operator-sign-in", args=[token])


def find_operator(email: str) -> Person:
    """Return the operator with ``email``, or the only one; where there is none yet, make the first.

    Raises :class:`Refusal` where the choice is not clear, or where the address is no operator's.
    """
    operators = Person.objects.filter(is_staff=True, is_active=True).order_by("pk")
    wanted = email.strip().lower()
    if not wanted:
        found = list(operators[:2])
        if len(found) > 1:
            raise Refusal(
                "There is more than one operator.",
                "Say whose link it is: `manage.py operator_link <e-mail>`.",
            )
        return found[0] if found else Person.objects.create_superuser(FIRST_OPERATOR)
    if operator := operators.filter(email=wanted).first():
        return operator
    if Person.objects.filter(email=wanted).exists():
        raise Refusal(
            f"{wanted} belongs to a person who is not an active operator.",
            "Another operator can make them one in the admin site, or choose another address.",
        )
    return Person.objects.create_superuser(wanted)


@transaction.atomic
def make_operator_link(email: str = "") -> OperatorLink:
    """Make a link that signs an operator in once, within a day; their earlier unused links end."""
    operator = find_operator(email)
    token = OneTimeSignIn.make(operator)
    audit.record("operator.link_made", actor=PLATFORM, organization=None, subject=operator)
    return OperatorLink(operator, link_address(token))


@transaction.atomic
def reset_second_factor(person: Person) -> bool:
    """Forget an operator's second factors: the way back for who lost them. Returns whether there was any."""
    removed, _ = Authenticator.objects.filter(user=person).delete()
    if removed:
        audit.record("operator.second_factor_reset", actor=PLATFORM, organization=None, subject=person)
    return bool(removed)


def first_operator_link() -> OperatorLink | None:
    """Return a fresh link while no operator has ever signed in, and None afterwards: for the end of `up`."""
    operators = Person.objects.filter(is_staff=True)
    if operators.filter(last_login__isnull=False).exists():
        return None
    first = operators.filter(is_active=True).order_by("pk").first()
    return make_operator_link(first.email if first else "")


@transaction.atomic
def redeem_operator_link(*, token: str, address: str | None) -> Person | None:
    """Use a link up and return whose it is; None for one that is unknown, used or older than a day."""
    person = OneTimeSignIn.redeem(token)
    if person is None:
        return None
    audit.record("operator.signed_in", actor=Actor(person=person, address=address), organization=None, subject=person)
    return person
