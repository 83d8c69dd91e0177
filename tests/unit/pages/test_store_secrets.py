"""/databases/<id>/reveal/ and ca.pem: what is shown, to whom, and what the trail keeps."""

from __future__ import annotations

import pytest
from django.test import Client

from console.models import AuditEvent
from console.permissions import Role
from datastores.models import DataStore
from tests.unit.pages.conftest import PASSWORD, SignIn

HTMX = {"HX-Request": "true"}
TEXT = {"Accept": "text/plain"}


def url(store: DataStore, what: str = "password") -> str:
    """Return where a secret is asked for."""
    return f"/databases/{store.pk}/reveal/?what={what}"


def trail() -> list[str]:
    """Return what the trail tells about passwords."""
    return list(AuditEvent.objects.filter(action__contains="password").order_by("id").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("password", PASSWORD),
        ("uri", f"postgresql://hwadmin:{PASSWORD}@localhost"),
        ("snippets", f"&quot;{PASSWORD}&quot;"),
    ],
)
def test_reveal_answers_the_field_alone(sign_in: SignIn, running: DataStore, what: str, shown: str) -> None:
    answer = sign_in(Role.DEVOPS).post(url(running, what), headers=HTMX)
    body = answer.content.decode()
    assert shown in body
    assert "<html" not in body
    assert "delay:60s" in body, "it hides again by itself"
    assert "no-store" in answer["Cache-Control"]
    assert trail() == ["store.password_revealed"]


@pytest.mark.parametrize("what", ["password", "uri", "snippets"])
def test_hiding_answers_the_field_masked(sign_in: SignIn, running: DataStore, what: str) -> None:
    answer = sign_in(Role.DEVOPS).get(f"/databases/{running.pk}/", {"field": what}, headers=HTMX)
    assert "********" in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert trail() == []


def test_reveal_without_a_script_answers_the_page_with_that_field(sign_in: SignIn, running: DataStore) -> None:
    answer = sign_in(Role.ADMIN).post(url(running))
    body = answer.content.decode()
    assert body.count(PASSWORD) == 1
    assert "postgresql://hwadmin:********@" in body
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("password", PASSWORD),
        ("uri", f":{PASSWORD}@"),
        ("snippet-psql", f"PGPASSWORD={PASSWORD}"),
        ("snippet-env", PASSWORD),
    ],
)
def test_copy_answers_plain_text_and_is_written_down(sign_in: SignIn, running: DataStore, what: str, text: str) -> None:
    answer = sign_in(Role.ADMIN).post(url(running, what), {"purpose": "copy"}, headers=TEXT)
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"]
    assert text in answer.content.decode()
    assert trail() == ["store.password_copied"]


def test_the_trail_never_holds_the_password(sign_in: SignIn, running: DataStore) -> None:
    sign_in(Role.ADMIN).post(url(running))
    event = AuditEvent.objects.get(action="store.password_revealed")
    assert PASSWORD not in str(event.detail) + event.object_name + event.actor
    assert event.address == "127.0.0.1"


@pytest.mark.parametrize("what", ["nonsense", "snippet-cobol"])
def test_an_unknown_secret_is_not_found_and_leaves_no_trace(sign_in: SignIn, running: DataStore, what: str) -> None:
    assert sign_in(Role.ADMIN).post(url(running, what), {"purpose": "copy"}).status_code == 404
    assert trail() == []


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER, Role.BILLING_ADMIN])
def test_roles_without_the_right_get_nothing(sign_in: SignIn, running: DataStore, role: Role) -> None:
    answer = sign_in(role).post(url(running))
    assert answer.status_code == 403
    assert PASSWORD not in answer.content.decode()
    assert trail() == []


def test_others_and_plain_links_get_nothing(outsider: Client, sign_in: SignIn, running: DataStore) -> None:
    assert outsider.post(url(running)).status_code == 404
    assert sign_in(Role.ADMIN).get(url(running)).status_code == 405
    assert trail() == []


def test_a_store_without_an_address_reveals_nothing(sign_in: SignIn, store: DataStore) -> None:
    assert sign_in(Role.ADMIN).post(url(store), {"purpose": "copy"}).status_code == 409
    assert trail() == []


def test_the_certificate_is_a_file(sign_in: SignIn, running: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from datastores.sites.local.site import LocalSite

    monkeypatch.setattr(LocalSite, "ca_certificate", lambda _self: "-----BEGIN CERTIFICATE-----\n")
    answer = sign_in(Role.DEVELOPER).get(f"/databases/{running.pk}/ca.pem")
    assert answer["Content-Disposition"] == 'attachment; filename="ca.pem"'
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE-----")
    assert sign_in(Role.VIEWER).get(f"/databases/{running.pk}/ca.pem").status_code == 403
