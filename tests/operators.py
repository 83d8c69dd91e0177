"""Operators' browsers for tests: signed in, with a second factor shown."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from console.models import Person
from console.second_factor import METHOD


def operator_browser(person: Person) -> Client:
    """Return a browser in which an operator has signed in with password and code."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, METHOD)
    request.session.save()
    return client
