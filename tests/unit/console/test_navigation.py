"""The left navigation: what a role may open, and which entry is the page's own."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from django.urls import resolve

from console import navigation
from console.models import Member
from console.navigation import Entry
from console.permissions import Role


def current(path: str, role: Role = Role.ADMIN) -> list[str]:
    """Return the labels of the entries that are current on ``path``."""
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    groups = navigation.groups(request, Member(role=role.value))
    return [item.label for group in groups for item in group.items if item.current]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "Overview"),
        ("/activity/", "Activity"),
        ("/settings/", "Settings"),
        ("/settings/environments/", "Settings"),
        ("/databases/", "Databases"),
        ("/databases/create/", "Databases"),
    ],
)
def test_exactly_one_entry_is_current(path: str, label: str) -> None:
    assert current(path) == [label]


def test_pages_outside_have_no_current_entry() -> None:
    assert current("/account/") == []


def test_an_entry_that_the_role_may_not_open_is_left_out() -> None:
    request = RequestFactory().get("/")
    groups = navigation.groups(request, Member(role=Role.VIEWER.value))
    labels = [item.label for group in groups for item in group.items]
    assert "Activity" not in labels
    assert "Settings" in labels


def test_entries_keep_their_order_and_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})
    navigation.register(Entry("Late", "activity", "x", position=9), Entry("Inner", "settings", "x", 5, group="Group"))
    navigation.register(Entry("Early", "overview", "x", position=1))
    groups = navigation.groups(RequestFactory().get("/"), Member(role=Role.ADMIN.value))
    assert [(group.label, [item.label for item in group.items]) for group in groups] == [
        ("", ["Early"]),
        ("Group", ["Inner"]),
        ("", ["Late"]),
    ]
