"""Noticing a sign-in with a new device: a browser carries a random cookie, a person has a list of those seen."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from console.agents import in_words
from console.middleware import Answer, client_address
from console.models import KnownDevice, Person
from console.notices import Kind, notify_person

COOKIE = "headwater_device"
AGE = timedelta(days=400)
NEW = "new_device"  # the attribute of a request whose answer sets the cookie


def signed_in(request: HttpRequest, person: Person) -> None:
    """Remember the browser; tell the person of one that was never seen, unless it is the first of all."""
    token = request.COOKIES.get(COOKIE) or secrets.token_urlsafe(32)
    setattr(request, NEW, token)
    first = not KnownDevice.objects.filter(person=person).exists()
    _device, made = KnownDevice.objects.get_or_create(
        person=person, token_hash=hashlib.sha256(token.encode()).hexdigest()
    )
    if made and not first:
        agent = in_words(request.headers.get("User-Agent", ""))
        notify_person(
            person,
            Kind.SIGN_IN,
            "Sign-in with a new device",
            f"Somebody signed in to your account from {client_address(request) or 'an unknown address'} with {agent}. "
            "If that was not you, end all sessions and change your password.",
            path=reverse("usersessions_list"),
        )


class DeviceMiddleware:
    """Give the browser its cookie in the answer to a sign-in."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then set the cookie where somebody signed in."""
        response = self.get_response(request)
        if token := getattr(request, NEW, ""):
            response.set_cookie(
                COOKIE,
                token,
                max_age=AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
