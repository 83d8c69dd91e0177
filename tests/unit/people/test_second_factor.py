"""Second factors end to end in the pages: set up, asked for, lost; secrets encrypted; operators need one."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.test import Client

from console.actions.operators import make_operator_link, reset_second_factor
from console.models import AuditEvent, Person
from tests.access.cast import PASSWORD
from tests.unit.people.authenticator import code

pytestmark = pytest.mark.django_db
FACTOR = "/account/second-factor/"


@pytest.fixture(autouse=True)
def commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what waits for a commit happen at once: the test's own transaction never commits."""
    monkeypatch.setattr(transaction, "on_commit", lambda act, **_options: act())


@pytest.fixture
def person(db: None) -> Person:
    """Somebody with a password."""
    return Person.objects.create_user("robin@heron.test", PASSWORD)


def sign_in(email: str = "robin@heron.test") -> tuple[Client, str]:
    """Sign in with the password; return the browser and where it was led."""
    browser = Client()
    answer = browser.post("/account/login/", {"login": email, "password": PASSWORD})
    return browser, answer["Location"]


def set_up(browser: Client) -> str:
    """Set up an authenticator app; return its secret."""
    assert browser.get(f"{FACTOR}totp/activate/")["Location"].startswith("/account/reauthenticate/")
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    page = browser.get(f"{FACTOR}totp/activate/").content.decode()
    found = re.search(r'class="copy-value">([A-Z2-7]{16,})<', page)
    assert found is not None, page[-3000:]
    answer = browser.post(f"{FACTOR}totp/activate/", {"code": code(found[1])})
    assert answer["Location"] == f"{FACTOR}recovery-codes/"
    return found[1]


def recovery_codes(browser: Client) -> list[str]:
    """Return the unused codes that the page shows."""
    return re.findall(r"<li>(\w{8,})</li>", browser.get(f"{FACTOR}recovery-codes/").content.decode())


def test_a_code_is_asked_for_after_the_password(person: Person) -> None:
    browser, landed = sign_in()
    assert landed == "/"
    secret = set_up(browser)
    other, landed = sign_in()
    assert landed == f"{FACTOR}authenticate/"
    assert other.get("/")["Location"].startswith("/account/login/"), "the password alone lets nobody in"
    assert "Type the code" in other.get(landed).content.decode()
    assert other.post(landed, {"code": "000000"}).status_code == 200
    Authenticator.objects.update(last_used_at=None)
    assert other.post(landed, {"code": code(secret)}).status_code in {200, 302}


def test_a_recovery_code_lets_in_once(person: Person) -> None:
    browser, _ = sign_in()
    set_up(browser)
    codes = recovery_codes(browser)
    assert len(codes) == 10
    other, landed = sign_in()
    assert other.post(landed, {"code": codes[0]})["Location"] == "/"
    third, landed = sign_in()
    assert third.post(landed, {"code": codes[0]}).status_code == 200
    assert len(recovery_codes(browser)) == 9


def test_secrets_are_encrypted_and_everything_is_recorded(person: Person) -> None:
    browser, _ = sign_in()
    secret = set_up(browser)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        stored = str(cursor.fetchone())
    assert secret not in stored
    assert '"1:' in stored, "encrypted with a numbered key"
    browser.post(f"{FACTOR}totp/deactivate/")
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"person.factor_added", "person.factor_removed"} <= actions
    assert not AuditEvent.objects.filter(detail__icontains=secret).exists()


def test_a_wrong_code_is_recorded(person: Person) -> None:
    browser, _ = sign_in()
    set_up(browser)
    other, landed = sign_in()
    other.post(landed, {"code": "123456"})
    assert AuditEvent.objects.filter(action="person.factor_failed", object_name="robin@heron.test").exists()


def test_an_operator_without_one_is_led_to_it_and_then_let_in() -> None:
    Person.objects.create_superuser("op@heron.test", PASSWORD)
    browser, _ = sign_in("op@heron.test")
    assert browser.get("/operator/")["Location"] == FACTOR
    assert "Operators need a second factor" in browser.get(FACTOR).content.decode()
    set_up(browser)
    assert browser.get("/operator/").status_code == 200


def test_an_operator_with_one_shows_it_after_a_sign_in_link() -> None:
    operator = Person.objects.create_superuser("op@heron.test", PASSWORD)
    browser, _ = sign_in("op@heron.test")
    secret = set_up(browser)
    other = Client()
    other.post(make_operator_link(operator.email).url.removeprefix("http://localhost:8000"))
    asked = other.get("/operator/")["Location"]
    assert asked.startswith(f"{FACTOR}reauthenticate/?next=")
    assert other.post("/operator/").status_code == 302
    codes = recovery_codes(browser)
    assert other.post(asked, {"code": codes[0]})["Location"] == "/operator/"
    assert other.get("/operator/").status_code == 200
    assert secret


def test_who_lost_it_starts_again() -> None:
    operator = Person.objects.create_superuser("op@heron.test", PASSWORD)
    browser, _ = sign_in("op@heron.test")
    set_up(browser)
    assert reset_second_factor(operator)
    assert not reset_second_factor(operator)
    other, landed = sign_in("op@heron.test")
    assert landed == "/"
    assert other.get("/operator/")["Location"] == FACTOR
    assert AuditEvent.objects.filter(action="operator.second_factor_reset").count() == 1
