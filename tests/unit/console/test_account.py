"""``/account/`` and the audit of signing up, in and out."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from console.models import AuditEvent, Person
from tests.access.cast import PASSWORD, World

PAGE = "/account/"


def actions() -> list[str]:
    """Return what the trail tells, oldest first."""
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_person_changes_their_name(world: World) -> None:
    world.client("viewer").post(PAGE, {"name": "Robin"})
    assert Person.objects.get(email="viewer@cast.test").name == "Robin"
    event = AuditEvent.objects.get(action="person.renamed")
    assert (event.actor, event.organization_id) == ("viewer@cast.test", world.organization.pk)


def test_the_same_name_again_leaves_no_event(world: World) -> None:
    world.client("viewer").post(PAGE, {"name": ""})
    assert "person.renamed" not in actions()


def test_works_without_an_organization(newcomer: Person) -> None:
    client = Client()
    client.force_login(newcomer)
    assert client.get(PAGE).status_code == 200


def test_a_name_that_is_too_long_is_kept_and_refused(world: World) -> None:
    answer = world.client("viewer").post(PAGE, {"name": "x" * 121})
    assert answer.status_code == 422
    assert "x" * 121 in answer.content.decode()


def test_other_methods_are_refused(world: World) -> None:
    assert world.client("viewer").delete(PAGE).status_code == 405


def test_signing_up_leads_to_the_first_organization(client: Client, db: None) -> None:
    form = {"email": "Robin@Heron.test", "password1": PASSWORD}
    answer = client.post(reverse("account_signup"), form, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("organization-create")
    person = Person.objects.get(email="robin@heron.test")
    assert not person.is_staff
    assert {"person.signed_up", "person.signed_in"} <= set(actions())


def test_a_short_password_is_refused_beside_the_field(client: Client, db: None) -> None:
    answer = client.post(reverse("account_signup"), {"email": "robin@heron.test", "password1": "short"})
    assert "at least 10 characters" in answer.content.decode()
    assert not Person.objects.exists()


def test_signing_in_and_out_is_told(world: World) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": "Admin@Cast.test", "password": PASSWORD})
    client.post(reverse("account_logout"))
    told = AuditEvent.objects.filter(actor="admin@cast.test", organization_id=world.organization.pk)
    assert {"person.signed_in", "person.signed_out"} <= set(told.values_list("action", flat=True))
    assert set(told.filter(action="person.signed_in").values_list("address", flat=True)) == {"127.0.0.1"}


def test_a_wrong_password_is_told_and_never_written_down(world: World, client: Client) -> None:
    answer = client.post(reverse("account_login"), {"login": "admin@cast.test", "password": "hunter2hunter2"})
    event = AuditEvent.objects.get(action="person.sign_in_failed")
    assert answer.status_code == 200
    assert (event.object_name, event.address) == ("admin@cast.test", "127.0.0.1")
    assert "hunter2" not in str(event.__dict__)


def test_a_password_typed_into_the_wrong_field_is_not_written_down(client: Client, db: None) -> None:
    client.post(reverse("account_login"), {"login": "hunter2@secret.test", "password": "whatever-it-is"})
    assert "hunter2" not in str(list(AuditEvent.objects.values()))


def test_changing_the_password_is_told(world: World) -> None:
    form = {"oldpassword": PASSWORD, "password1": "staple battery horse", "password2": "staple battery horse"}
    answer = world.client("viewer").post(reverse("account_change_password"), form)
    assert answer["Location"] == PAGE
    assert "person.password_changed" in actions()


def test_a_person_who_is_made_inactive_is_out_at_once(world: World) -> None:
    client = world.client("viewer")
    Person.objects.filter(email="viewer@cast.test").update(is_active=False)
    assert client.get("/").status_code == 302


def test_too_many_attempts_are_slowed_down_in_words(client: Client, db: None) -> None:
    page = reverse("account_reset_password")
    answers = [client.post(page, {"email": "nobody@cast.test"}) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert "Wait a few minutes" in refused[0].content.decode()
