"""The operators' site: what needs attention, every change audited, no secret on any page."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.models import AuditEvent, Delivery, Notice, Organization, Person
from datastores.models import Cloud, DataStore, Failover, Operation, PlanPrice, ServicePlan
from tests.access.cast import World
from tests.operators import operator_browser

SECRET = "not-a-real-password"


@pytest.fixture
def operator(world: World) -> Client:
    """An operator's browser."""
    return operator_browser(Person.objects.create_superuser("operator@cast.test"))


def told(action: str) -> AuditEvent:
    """Return the one event of ``action``."""
    return AuditEvent.objects.get(action=action, actor="operator@cast.test")


def test_the_front_page_tells_what_needs_attention(operator: Client, world: World) -> None:
    world.store.set_state(DataStore.State.UNREACHABLE, "No answer since 14:02.")
    page = operator.get(reverse("admin:index")).content.decode()
    assert "The server did not start." in page
    assert reverse("admin:datastores_operation_change", args=[world.operation.pk]) in page
    assert "No answer since 14:02." in page


def test_a_failure_that_was_mended_since_needs_no_attention(operator: Client, world: World) -> None:
    failed = world.operation
    Operation.objects.create(
        store=world.store,
        kind=failed.kind,
        step=failed.step,
        state="done",
        deadline=failed.deadline,
    )
    assert "Nothing needs attention" in operator.get(reverse("admin:index")).content.decode()


def test_no_page_shows_a_secret(operator: Client, world: World) -> None:
    objects = {
        "console_organization": world.organization.pk,
        "console_person": world.people["admin"].pk,
        "console_auditevent": AuditEvent.objects.latest("id").pk,
        "datastores_datastore": world.store.pk,
        "datastores_node": world.store.nodes.get().pk,
        "datastores_edgeslot": world.store.slot.pk,
        "datastores_operation": world.operation.pk,
    }
    hashes = world.people["admin"].password
    for model, key in objects.items():
        for name, arguments in (("changelist", []), ("change", [key]), ("history", [key])):
            answer = operator.get(reverse(f"admin:{model}_{name}", args=arguments), follow=True)
            page = answer.content.decode()
            assert answer.status_code == 200, (model, name)
            assert SECRET not in page, (model, name)
            assert hashes not in page, (model, name)


def test_the_stores_list_reads_no_encrypted_column(operator: Client, django_assert_num_queries: object) -> None:
    DataStore.objects.update(admin_password="unreadable without its key")
    assert operator.get(reverse("admin:datastores_datastore_changelist")).status_code == 200


def test_a_change_of_a_price_is_told(operator: Client) -> None:
    plan = ServicePlan.objects.get(slug="hobbyist")
    page = reverse("admin:datastores_serviceplan_change", args=[plan.pk])
    form = operator.get(page).context["adminform"].form
    data = {field.html_name: field.value() for field in form}
    formset = operator.get(page).context["inline_admin_formsets"][0].formset
    data |= {field.html_name: field.value() for field in formset.management_form}
    for row in formset.forms:
        data |= {field.html_name: "" if field.value() is None else field.value() for field in row}
    data["prices-0-hourly"] = "9.9900"
    assert operator.post(page, {key: value for key, value in data.items() if value is not False}).status_code == 302
    assert PlanPrice.objects.filter(plan=plan, hourly="9.99").exists()
    assert "USD per hour" in told("operator.changed").detail["what"]


def test_additions_and_deletions_are_told(operator: Client) -> None:
    operator.post(reverse("admin:datastores_cloud_add"), {"slug": "private", "name": "Private", "position": 9})
    cloud = Cloud.objects.get(slug="private")
    assert told("operator.added").object_name == "Private"
    operator.post(reverse("admin:datastores_cloud_delete", args=[cloud.pk]), {"post": "yes"})
    assert told("operator.deleted").object_name == "Private"
    assert not Cloud.objects.filter(slug="private").exists()


def test_members_see_what_operators_change(operator: Client, world: World) -> None:
    page = reverse("admin:console_organization_change", args=[world.organization.pk])
    management = {
        f"{prefix}-{part}": "0"
        for prefix in ("memberships", "environments")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    operator.post(page, {"name": "Acme Renamed", "handle": "acme", "tier": "free", **management})
    assert Organization.objects.get(handle="acme").name == "Acme Renamed"
    assert told("operator.changed").organization_id == world.organization.pk


def test_retry_lets_a_failed_operation_go_on(operator: Client, world: World) -> None:
    operator.post(reverse("admin:datastores_operation_retry", args=[world.operation.pk]))
    world.operation.refresh_from_db()
    assert world.operation.state == Operation.State.WAITING
    assert told("operation.retried").organization_id == world.organization.pk


def test_cancel_ends_what_works_and_tells_what_can_not_be(operator: Client, world: World) -> None:
    cancel = reverse("admin:datastores_operation_cancel", args=[world.operation.pk])
    refused = operator.post(cancel, follow=True).content.decode()
    assert "can&#x27;t be cancelled: it has ended" in refused
    Operation.objects.update(state=Operation.State.WAITING)
    operator.post(cancel)
    world.operation.refresh_from_db()
    assert world.operation.state == Operation.State.CANCELLED
    assert told("operation.cancelled").object_name == "orders"


def test_retry_and_cancel_are_posts(operator: Client, world: World) -> None:
    for name in ("retry", "cancel"):
        page = reverse(f"admin:datastores_operation_{name}", args=[world.operation.pk])
        assert operator.get(page).status_code == 405


def test_failed_operations_come_first(operator: Client, world: World) -> None:
    newer = Operation.objects.create(
        store=world.store,
        kind="power_off",
        step="x",
        state="done",
        sentence="Ready.",
        deadline=world.operation.deadline,
    )
    page = operator.get(reverse("admin:datastores_operation_changelist")).content.decode()
    assert page.index(str(world.operation.pk)) < page.index(str(newer.pk))


def test_chosen_operations_are_retried_together(operator: Client, world: World) -> None:
    form = {"action": "retry_chosen", "_selected_action": [str(world.operation.pk)]}
    operator.post(reverse("admin:datastores_operation_changelist"), form)
    world.operation.refresh_from_db()
    assert world.operation.state == Operation.State.WAITING


def test_an_operator_with_few_rights_can_not_make_operators(world: World) -> None:
    from django.contrib.auth.models import Permission

    person = Person.objects.create_user("helper@cast.test", is_staff=True)
    person.user_permissions.add(*Permission.objects.filter(codename__in=("view_person", "change_person")))
    client = operator_browser(person)
    page = reverse("admin:console_person_change", args=[person.pk])
    assert client.get(page).status_code == 200
    client.post(
        page,
        {
            "name": "Me",
            "is_active": "on",
            "is_superuser": "on",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    person.refresh_from_db()
    assert not person.is_superuser
    answer = client.post(reverse("admin:datastores_operation_retry", args=[world.operation.pk]))
    assert answer.status_code == 403


def test_only_admins_that_write_the_trail_are_registered() -> None:
    from console.operators import OperatorAdmin

    assert all(isinstance(each, OperatorAdmin) for each in admin.site._registry.values())


def test_an_operator_gives_an_organization_the_paid_tier(operator: Client, world: World) -> None:
    world.client("admin").post("/settings/plan/")
    assert "Acme asks for the paid tier." in operator.get(reverse("admin:index")).content.decode()
    page = reverse("admin:console_organization_change", args=[world.organization.pk])
    inlines = {
        f"{prefix}-{name}": value
        for prefix in ("memberships", "environments")
        for name, value in (("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0"))
    }
    answer = operator.post(page, {"name": "Acme", "handle": "acme", "tier": "paid"} | inlines)
    assert answer.status_code == 302
    world.organization.refresh_from_db()
    assert (world.organization.tier, world.organization.upgrade_asked_at) == ("paid", None)
    assert told("organization.tier_changed").detail == {"tier": "Free → Paid"}
    assert "asks for the paid tier" not in operator.get(reverse("admin:index")).content.decode()


def test_the_front_page_counts_what_there_is(operator: Client, world: World) -> None:
    world.store.set_state(DataStore.State.RUNNING)
    page = operator.get(reverse("admin:index")).content.decode()
    assert "<dd>1 running</dd>" in page
    assert "1 data stores, 1 GiB RAM and 8 GiB storage promised" in page
    assert "2, 0 of them paid" in page


def test_mails_that_were_given_up_need_attention(operator: Client, world: World) -> None:
    notice = Notice.objects.create(person=world.people["admin"], kind="test", tone="info", subject="x", sentence="y")
    Delivery.objects.create(notice=notice, recipient=world.people["admin"], state="failed", tried_at=timezone.now())
    assert "1 mails could not be delivered" in operator.get(reverse("admin:index")).content.decode()


def test_stuck_work_is_taken_over(operator: Client, world: World) -> None:
    late = timezone.now() - timedelta(hours=1)
    Operation.objects.filter(pk=world.operation.pk).update(state="waiting", deadline=late, attempts=6, due_at=late)
    assert "late" in operator.get(reverse("admin:index")).content.decode().lower()
    operator.post(reverse("admin:datastores_operation_take_over", args=[world.operation.pk]))
    operation = Operation.objects.get(pk=world.operation.pk)
    assert operation.attempts == 0
    assert operation.deadline > timezone.now()
    assert told("operation.taken_over").object_name == "orders"
    Operation.objects.update(state="done")
    answer = operator.post(reverse("admin:datastores_operation_take_over", args=[operation.pk]), follow=True)
    assert "it has ended" in answer.content.decode()


def test_writes_on_one_node_come_first_and_need_attention(operator: Client, world: World) -> None:
    healthy = world.store
    alone = DataStore.objects.get(pk=healthy.pk)
    alone.pk, alone.name, alone._state.adding = None, "zebra", True
    alone.id, alone.guarantee_suspended_since = uuid.uuid4(), timezone.now() - timedelta(hours=3)
    alone.save()
    listed = operator.get(reverse("admin:datastores_datastore_changelist")).context["cl"].queryset
    assert [store.name for store in listed] == ["zebra", "orders"]
    front = operator.get(reverse("admin:index")).content.decode()
    assert "zebra (Acme): the primary alone acknowledges writes, since" in front
    DataStore.objects.filter(pk=alone.pk).update(engine="cache")
    assert "acknowledges writes" not in operator.get(reverse("admin:index")).content.decode()


def test_a_failover_is_looked_at_and_not_changed(operator: Client, world: World) -> None:
    row = Failover.objects.create(store=world.store, kind="failover", cause="The process ended.", outage_ms=53.4)
    listed = operator.get(reverse("admin:datastores_failover_changelist")).content.decode()
    assert "53 ms" in listed
    assert "not measured" in listed  # how long redundancy took
    page = operator.get(reverse("admin:datastores_failover_change", args=[row.pk]))
    assert "The process ended." in page.content.decode()
    assert operator.post(reverse("admin:datastores_failover_change", args=[row.pk]), {"cause": "x"}).status_code == 403
    assert SECRET not in page.content.decode()
