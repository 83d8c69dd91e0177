"""``/operator/sign-in/<token>/`` and ``manage.py operator_link``."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.actions.operators import first_operator_link, make_operator_link
from console.models import AuditEvent, OneTimeSignIn, Person


@pytest.fixture
def page(db: None) -> str:
    """The path of a fresh link of the first operator."""
    return urlsplit(make_operator_link().url).path


def test_opening_the_page_does_not_use_the_link_up(client: Client, page: str) -> None:
    client.get(page)
    client.head(page)
    assert "_auth_user_id" not in client.session
    assert client.post(page).status_code == 302


def test_the_button_signs_in_once_and_leads_to_a_password(client: Client, page: str) -> None:
    assert client.post(page)["Location"] == reverse("account_set_password")
    assert client.get(reverse("admin:index"))["Location"] == reverse("mfa_index"), "and then to a second factor"
    again = Client().post(page)
    assert again.status_code == 410
    assert "manage.py operator_link" in again.content.decode()
    told = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"operator.link_made", "operator.signed_in", "person.signed_in"} <= told


def test_the_first_password_leads_to_the_operators_front_page(client: Client, page: str) -> None:
    client.post(page)
    form = {"password1": "correct horse battery", "password2": "correct horse battery"}
    answer = client.post(reverse("account_set_password"), form)
    assert answer["Location"] == reverse("admin:index")
    assert AuditEvent.objects.filter(action="person.password_set").exists()


def test_an_operator_with_a_password_goes_straight_on(client: Client, page: str) -> None:
    operator = Person.objects.get()
    operator.set_password("correct horse battery")
    operator.save()
    assert client.post(page)["Location"] == reverse("admin:index")


def test_a_link_ends_after_a_day(client: Client, page: str) -> None:
    OneTimeSignIn.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.post(page).status_code == 410
    assert "_auth_user_id" not in client.session


def test_a_newer_link_ends_the_earlier_one(client: Client, page: str) -> None:
    newer = urlsplit(make_operator_link().url).path
    assert client.post(page).status_code == 410
    assert client.post(newer).status_code == 302


def test_other_methods_are_refused(client: Client, page: str) -> None:
    assert client.put(page).status_code == 405


def test_the_database_keeps_only_a_hash(page: str) -> None:
    token = page.rstrip("/").rsplit("/", 1)[1]
    assert token not in str(OneTimeSignIn.objects.values().get())
    assert token not in str(list(AuditEvent.objects.values()))


def run(*arguments: str) -> str:
    """Run the command and return its standard output."""
    out = StringIO()
    call_command("operator_link", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_prints_the_address_only(client: Client, db: None) -> None:
    link = run("ops@heron.test").strip()
    assert link.count("\n") == 0
    assert client.post(urlsplit(link).path).status_code == 302
    assert Person.objects.get(email="ops@heron.test").is_superuser


def test_the_command_asks_whose_link_it_is_where_that_is_open(db: None) -> None:
    run("one@heron.test")
    run("two@heron.test")
    with pytest.raises(CommandError, match="more than one operator"):
        run()


def test_the_command_makes_nobody_an_operator_who_is_somebody(db: None) -> None:
    Person.objects.create_user("robin@heron.test")
    with pytest.raises(CommandError, match="not an active operator"):
        run("Robin@Heron.test")
    assert not Person.objects.get().is_staff


def test_up_prints_a_link_until_an_operator_has_signed_in(client: Client, db: None) -> None:
    first, second = first_operator_link(), first_operator_link()
    assert first
    assert second
    assert first.person == second.person
    client.post(urlsplit(second.url).path)
    assert first_operator_link() is None
