"""Where a person is signed in, signing out everywhere else, and being told of a new device."""

from __future__ import annotations

import pytest
from django.test import Client

from console.models import AuditEvent, KnownDevice, Notice, Person
from tests.access.cast import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/account/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1"


@pytest.fixture
def person(db: None) -> Person:
    """Somebody with a password."""
    return Person.objects.create_user("robin@heron.test", PASSWORD)


def sign_in(browser: Client, agent: str = FIREFOX) -> Client:
    """Sign in."""
    fields = {"login": "robin@heron.test", "password": PASSWORD}
    assert browser.post("/account/login/", fields, headers={"User-Agent": agent}).status_code == 302
    return browser


def test_lists_every_session_and_ends_the_others(person: Person) -> None:
    here, there = sign_in(Client()), sign_in(Client(), PHONE)
    page = here.get(PAGE).content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iOS" in page
    assert page.count("This one") == 1
    here.post(PAGE)
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert AuditEvent.objects.filter(action="person.sessions_ended").count() == 1


def test_the_first_device_is_no_news_the_second_is(person: Person) -> None:
    first = sign_in(Client())
    assert not Notice.objects.exists()
    sign_in(Client(), PHONE)
    notice = Notice.objects.get()
    assert notice.person == person
    assert "127.0.0.1 with Safari on iOS" in notice.sentence
    first.post("/account/logout/")
    sign_in(first)
    assert Notice.objects.count() == 1, "a known browser is no news, whenever it signs in again"


def test_the_cookie_itself_is_not_kept(person: Person) -> None:
    browser = sign_in(Client())
    token = browser.cookies["headwater_device"].value
    assert browser.cookies["headwater_device"]["httponly"]
    assert KnownDevice.objects.get().token_hash not in token
    assert not KnownDevice.objects.filter(token_hash=token).exists()


def test_one_browser_of_two_people_is_known_to_each_alone(person: Person) -> None:
    other = Person.objects.create_user("wren@heron.test", PASSWORD)
    browser = sign_in(Client())
    browser.post("/account/logout/")
    browser.post("/account/login/", {"login": other.email, "password": PASSWORD})
    assert KnownDevice.objects.filter(person=other).count() == 1
    assert not Notice.objects.exists()
