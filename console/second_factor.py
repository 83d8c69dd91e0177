"""Second factors: TOTP secrets are encrypted, and whether a session has proven one."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from console.encryption import decrypt, encrypt

COLUMN = "mfa_authenticator.data"  # bound to every encrypted value
METHOD = "mfa"  # as allauth names it in the session
REAL_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's, with our encryption for the secrets of authenticator apps and recovery codes."""

    def encrypt(self, text: str) -> str:
        """Encrypt on the way to the database."""
        return encrypt(text, COLUMN)

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt on the way from the database."""
        return decrypt(encrypted_text, COLUMN)


def is_proven(request: HttpRequest) -> bool:
    """Say whether the person has shown a second factor, or a passkey, in this session."""
    return any(record.get("method") == METHOD for record in get_authentication_records(request, request.user))


def has_one(user: Any) -> bool:
    """Say whether a person has set a second factor up."""
    return bool(is_mfa_enabled(user, REAL_FACTORS))


def added(request: HttpRequest, user: Any, authenticator: Authenticator, **_rest: Any) -> None:
    """Count the code or key that was just shown to set it up."""
    if authenticator.type in REAL_FACTORS:
        record_authentication(request, user, METHOD, id=authenticator.pk, type=authenticator.type)


def way_to_prove(request: HttpRequest) -> HttpResponse | None:
    """Return where an operator has to go first: to show the second factor, or to set one up. None when it is shown."""
    if not settings.OPERATORS_NEED_SECOND_FACTOR or is_proven(request):
        return None
    if has_one(request.user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
    messages.warning(request, "Operators need a second factor. Set up an authenticator app or a security key.")
    return redirect("mfa_index")
