"""What the pages of one data store share: finding it, its heading and its tabs."""

from __future__ import annotations

import functools
import uuid
from typing import Any, Final

from django.shortcuts import get_object_or_404
from django.urls import reverse

from console.requests import AuthedRequest
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Operation
from datastores.presentation.controls import controls_of
from datastores.presentation.rows import engine_label
from datastores.presentation.sections import enter
from datastores.presentation.states import sentence_of
from datastores.sites.registry import driver_of
from datastores.uses import Question, uses_of

TABS: Final = (
    ("store", "Overview", "store:view"),
    ("store-databases", "Databases", "store:view"),
    ("store-backups", "Backups", "store:view"),
    ("store-nodes", "Nodes", "store:view"),
    ("store-settings", "Advanced Settings", "store:view"),
    ("store-activity", "Activity", "activity:view"),
)
# What the last answer to a page's questions for news says: take the whole page, once.
WHOLE_PAGE: Final = {"HX-Retarget": "#content", "HX-Reselect": "#content", "HX-Reswap": "outerHTML show:none"}


def store_of(request: AuthedRequest, pk: uuid.UUID, permission: str) -> DataStore:
    """Return a data store of the member's organization, 404 where it is somebody else's or deleted."""
    return get_object_or_404(DataStore.objects.for_member(request.member, permission).with_facts(), pk=pk)


def deleted_store(request: AuthedRequest, pk: uuid.UUID) -> DataStore | None:
    """Return the store if it was the organization's and is gone."""
    organization = request.member.organization_id
    return DataStore.objects.filter(pk=pk, organization_id=organization, state=DataStore.State.DELETED).first()


def latest_operation(store: DataStore) -> Operation | None:
    """Return the operation that the page tells of: the running one, else the last one; backups have their own tab."""
    operation = store.operations.foreground().order_by("-created_at").first()
    if operation:
        operation.store = store  # with its facts, so that nothing is asked for twice
    return operation


def lists_databases(store: DataStore) -> bool:
    """Say whether the logical databases can be listed: a store outlives the offer of its engine."""
    return store.engine in ENGINES


def page_context(request: AuthedRequest, store: DataStore, tab: str, *, busy: bool) -> dict[str, Any]:
    """Return heading, tabs and controls, the same on every tab."""
    label, icon = engine_label(store.engine)
    section = enter(request, store.engine)
    return {
        "store": store,
        "state": sentence_of(store),
        "has_archive": driver_of(store).backs_up(store),
        "uses": functools.cache(lambda: uses_of(Question(store))),  # asked for by the pages that end something
        "engine_label": label,
        "engine_icon": icon,
        "controls": controls_of(store, request.member, busy=busy),
        "tabs": [
            {"label": title, "url": reverse(name, args=[store.pk]), "current": name == tab}
            for name, title, permission in TABS
            if request.member.can(permission) and (name != "store-databases" or lists_databases(store))
        ],
        "crumbs": [(section.label, section.url), (store.name, "")],
    }
