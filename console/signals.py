"""Signing up, in and out, as told by Django and allauth, written into the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from console import audit
from console.audit import Actor
from console.middleware import client_address, current_member
from console.models import Organization, Person


def _organization(request: Any) -> Organization | None:
    """Return the organization the person looks at, so that its members see the event in their Activity."""
    member = current_member(request) if hasattr(request, "user") and hasattr(request, "session") else None
    return member.organization if member else None


def _record(action: str, request: HttpRequest | None, person: Person) -> None:
    actor = Actor(person=person, address=client_address(request) if request is not None else None)
    audit.record(action, actor=actor, organization=_organization(request), subject=person)


def signed_in(request: HttpRequest | None, user: Person, **_rest: Any) -> None:
    """Record a sign-in, by password or by link."""
    _record("person.signed_in", request, user)


def signed_out(request: HttpRequest | None, user: Person | None, **_rest: Any) -> None:
    """Record a sign-out; an anonymous session that ends tells nothing."""
    if user is not None:
        _record("person.signed_out", request, user)


def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_rest: Any) -> None:
    """Record a failed sign-in at an account that exists.

    What was typed is kept only where it is a known address: people type passwords into the wrong field.
    """
    typed = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    person = Person.objects.filter(email=typed).first()
    actor = Actor(address=client_address(request) if request is not None else None, label="somebody unknown")
    audit.record("person.sign_in_failed", actor=actor, organization=None, subject=person)


def connect() -> None:
    """Listen to the signals; called once when the application is ready."""
    auth.user_logged_in.connect(signed_in, dispatch_uid="audit-signed-in")
    auth.user_logged_out.connect(signed_out, dispatch_uid="audit-signed-out")
    auth.user_login_failed.connect(sign_in_failed, dispatch_uid="audit-sign-in-failed")
    for signal, action in (
        (account.user_signed_up, "person.signed_up"),
        (account.password_set, "person.password_set"),
        (account.password_changed, "person.password_changed"),
        (account.password_reset, "person.password_reset"),
        (account.email_added, "person.email_added"),
        (account.email_changed, "person.email_changed"),
        (account.email_removed, "person.email_removed"),
    ):
        signal.connect(_listener(action), weak=False, dispatch_uid=f"audit-{action}")
    account.email_confirmed.connect(email_confirmed, dispatch_uid="audit-email-confirmed")


def _listener(action: str) -> Any:
    """Return a receiver that records ``action``."""

    def record(request: HttpRequest | None, user: Person, **_rest: Any) -> None:
        _record(action, request, user)

    return record


def email_confirmed(request: HttpRequest | None, email_address: Any, **_rest: Any) -> None:
    """Record that an address was confirmed; its person need not be signed in."""
    _record("person.email_confirmed", request, email_address.user)
