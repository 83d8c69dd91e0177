"""Sign-in by OpenID Connect against a real provider: a process of its own that speaks the protocol over HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from console.models import AuditEvent, Person
from host.waiting import wait_until
from tests.access.cast import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/account/oidc/oidc/login/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A running provider."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    try:
        assert wait_until(lambda: _answers(url), 20)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(autouse=True)
def configured(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the provider as an operator does by environment variables."""
    app = {
        "provider_id": "oidc",
        "name": "Heron SSO",
        "client_id": "headwater",
        "secret": "shared-secret",
        "settings": {"server_url": issuer},
    }
    monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", {"openid_connect": {"APPS": [app]}})


def sign_in(browser: Client, issuer: str, subject: str, **claims: object) -> str:
    """Sign in at the provider and come back; return where the console led."""
    httpx.put(f"{issuer}/users/{quote(subject)}", json=claims).raise_for_status()
    away = browser.post(LOGIN)["Location"]
    assert away.startswith(f"{issuer}/oauth2/authorize?")
    back = httpx.post(away, data={"sub": subject}).headers["location"]
    parts = urlsplit(back)
    assert parts.path == "/account/oidc/oidc/login/callback/"
    return str(browser.get(f"{parts.path}?{parts.query}").headers.get("Location", ""))


def who(browser: Client) -> str:
    """Return the address of who is signed in."""
    found = browser.session.get("_auth_user_id")
    return Person.objects.get(pk=found).email if found else ""


def test_the_page_offers_it() -> None:
    assert "Sign in with Heron SSO" in Client().get("/account/login/").content.decode()


def test_a_newcomer_gets_an_account(issuer: str) -> None:
    browser = Client()
    assert sign_in(browser, issuer, "s-1", email="ada@heron.test", email_verified=True, name="Ada") == "/"
    assert who(browser) == "ada@heron.test"
    assert not Person.objects.get(email="ada@heron.test").has_usable_password()
    assert {"person.signed_up", "person.signed_in"} <= set(AuditEvent.objects.values_list("action", flat=True))
    again = Client()
    sign_in(again, issuer, "s-1", email="ada@heron.test", email_verified=True)
    assert Person.objects.count() == 1
    assert who(again) == "ada@heron.test"


def test_a_verified_address_is_the_person_who_has_it_here(issuer: str) -> None:
    person = Person.objects.create_user("robin@heron.test", PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    browser = Client()
    sign_in(browser, issuer, "s-2", email="robin@heron.test", email_verified=True)
    assert who(browser) == "robin@heron.test"
    assert AuditEvent.objects.filter(action="person.connection_added").count() == 1


def test_an_address_that_nobody_verified_takes_no_account_over(issuer: str) -> None:
    person = Person.objects.create_user("robin@heron.test", PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    browser = Client()
    sign_in(browser, issuer, "s-3", email="robin@heron.test", email_verified=False)
    assert who(browser) == ""


def test_an_answer_that_nobody_asked_for_signs_nobody_in() -> None:
    browser = Client()
    answer = browser.get("/account/oidc/oidc/login/callback/?code=stolen&state=made-up")
    assert answer.status_code == 401
    assert who(browser) == ""
