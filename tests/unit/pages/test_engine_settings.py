"""The cache's settings on Advanced Settings: what the form shows, what a change asks for, and of whom."""

from __future__ import annotations

import pytest

from console.models import AuditEvent
from console.permissions import Role
from datastores.models import DataStore, Operation, ServicePlan
from tests.unit.pages.conftest import SignIn

CHANGED = {"lua": False, "eviction": "allkeys-lru", "min_replicas": 0}


@pytest.fixture
def cache(running: DataStore) -> DataStore:
    """A running cache, as rows."""
    running.engine = "cache"
    running.save()
    return running


def url(store: DataStore, more: str = "engine/") -> str:
    return f"/databases/{store.pk}/settings/{more}"


def test_the_defaults_are_shown(sign_in: SignIn, cache: DataStore) -> None:
    form = sign_in(Role.ADMIN).get(url(cache, "")).context["engine_form"]
    assert form.initial == {"lua": True, "eviction": "noeviction", "min_replicas": 0}
    assert "min_replicas" not in form.fields, "its plan has no standbys"


def test_a_plan_with_standbys_may_need_some_for_a_write(sign_in: SignIn, cache: DataStore) -> None:
    cache.plan = ServicePlan.objects.get(name="Premium-4")
    cache.save()
    browser = sign_in(Role.ADMIN)
    assert "While 2 standbys are connected" in browser.get(url(cache, "")).content.decode()
    assert browser.post(url(cache), {"eviction": "noeviction", "min_replicas": "3"}).status_code == 422
    browser.post(url(cache), {"eviction": "noeviction", "min_replicas": "1"})
    assert Operation.objects.get().memo["settings"]["min_replicas"] == 1


def test_a_plan_without_standbys_can_not_need_any(sign_in: SignIn, cache: DataStore) -> None:
    sign_in(Role.ADMIN).post(url(cache), {"eviction": "noeviction", "min_replicas": "1"})
    assert Operation.objects.get().memo["settings"]["min_replicas"] == 0


def test_other_engines_have_no_such_card(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    assert browser.get(url(running, "")).context["engine_form"] is None
    assert browser.post(url(running), {"eviction": "allkeys-lru"}).status_code == 404


def test_a_change_is_work_on_a_running_store(sign_in: SignIn, cache: DataStore) -> None:
    answer = sign_in(Role.DEVOPS).post(url(cache), {"eviction": "allkeys-lru"})
    assert answer["Location"] == f"/databases/{cache.pk}/"
    operation = Operation.objects.get()
    assert (operation.kind, operation.memo) == ("apply_settings", {"settings": CHANGED})
    cache.refresh_from_db()
    assert cache.settings == {}, "the page shows what the server follows"
    assert AuditEvent.objects.get(action="store.settings_changed").detail == CHANGED


def test_a_store_that_is_off_has_it_when_it_starts(sign_in: SignIn, cache: DataStore) -> None:
    cache.set_state(DataStore.State.POWERED_OFF)
    browser = sign_in(Role.ADMIN)
    assert browser.post(url(cache), {"eviction": "allkeys-lru"})["Location"] == url(cache, "")
    cache.refresh_from_db()
    assert cache.settings == CHANGED
    assert Operation.objects.count() == 0
    assert browser.get(url(cache, "")).context["engine_form"].initial == CHANGED


@pytest.mark.parametrize("eviction", ["", "nonsense"])
def test_an_unknown_policy_is_said_beside_the_field(sign_in: SignIn, cache: DataStore, eviction: str) -> None:
    answer = sign_in(Role.ADMIN).post(url(cache), {"eviction": eviction})
    assert answer.status_code == 422
    assert "eviction" in answer.context["engine_form"].errors
    assert Operation.objects.count() == 0


def test_a_store_that_is_being_made_refuses(sign_in: SignIn, cache: DataStore) -> None:
    cache.set_state(DataStore.State.CREATING)
    assert sign_in(Role.ADMIN).post(url(cache), {"eviction": "allkeys-lru"}).status_code == 409
    assert not AuditEvent.objects.filter(action="store.settings_changed").exists()


def test_other_roles_see_why_they_can_t(sign_in: SignIn, cache: DataStore) -> None:
    browser = sign_in(Role.DEVELOPER)
    assert "Needs the role Admin or DevOps; yours is Developer." in browser.get(url(cache, "")).content.decode()
    assert browser.post(url(cache), {"eviction": "allkeys-lru"}).status_code == 403
