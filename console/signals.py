"""Signing up, in and out, as told by Django and allauth, written into the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from console import audit, devices, second_factor
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
    if request is not None:
        devices.signed_in(request, user)


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
    for signal, action in (
        (mfa.authenticator_added, "person.factor_added"),
        (mfa.authenticator_removed, "person.factor_removed"),
        (mfa.authenticator_reset, "person.recovery_codes_made"),
        (social.social_account_removed, "person.connection_removed"),
    ):
        signal.connect(_factor_listener(action), weak=False, dispatch_uid=f"audit-{action}")
    social.social_account_added.connect(connected, dispatch_uid="audit-connected")
    mfa.authenticator_added.connect(second_factor.added, dispatch_uid="second-factor-added")
    mfa.authentication_failed.connect(factor_failed, dispatch_uid="audit-factor-failed")
    account.email_confirmed.connect(email_confirmed, dispatch_uid="audit-email-confirmed")


def _listener(action: str) -> Any:
    """Return a receiver that records ``action``."""

    def record(request: HttpRequest | None, user: Person, **_rest: Any) -> None:
        _record(action, request, user)

    return record


def _factor_listener(action: str) -> Any:
    """Return a receiver that records ``action`` with the kind of the second factor or connection."""

    def record(request: HttpRequest | None, **rest: Any) -> None:
        thing: Any = rest.get("authenticator") or rest.get("socialaccount")
        person = thing.user
        kind = getattr(thing, "type", "") or getattr(thing, "provider", "")
        actor = Actor(person=person, address=client_address(request) if request is not None else None)
        audit.record(action, actor=actor, organization=_organization(request), subject=person, kind=str(kind))

    return record


def connected(request: HttpRequest, sociallogin: Any, **_rest: Any) -> None:
    """Record that an account of an identity provider signs a person in from now on."""
    person = sociallogin.user
    actor = Actor(person=person, address=client_address(request))
    audit.record(
        "person.connection_added",
        actor=actor,
        organization=_organization(request),
        subject=person,
        kind=sociallogin.account.provider,
    )


def factor_failed(request: HttpRequest, user: Person, **_rest: Any) -> None:
    """Record a second factor that was wrong."""
    actor = Actor(address=client_address(request), label="somebody unknown")
    audit.record("person.factor_failed", actor=actor, organization=None, subject=user)


def email_confirmed(request: HttpRequest | None, email_address: Any, **_rest: Any) -> None:
    """Record that an address was confirmed; its person need not be signed in."""
    _record("person.email_confirmed", request, email_address.user)
