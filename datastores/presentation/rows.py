"""Data stores as rows of a list."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from datastores.engines.contract import Engine
from datastores.engines.registry import ENGINES
from datastores.models import DataStore
from datastores.models.store import DataStoreQuerySet
from datastores.presentation.states import MOVING, Badge, badge_of
from datastores.presentation.storage import disk_badge
from datastores.presentation.trials import trial_badge
from datastores.sites.registry import driver_of


@dataclass(frozen=True)
class StoreRow:
    """One line: what it is, where it is, how it is and how it is reached."""

    pk: uuid.UUID
    name: str
    engine: str
    icon: str
    plan: str
    cloud: str
    region: str
    region_code: str
    badge: Badge
    disk: Badge | None  # that its disk fills, or that writes are stopped
    trial: Badge | None  # what is left of a free trial
    moving: bool
    endpoint: str  # host:port; empty until there is one, or where it is not shown


def with_row_facts(stores: DataStoreQuerySet) -> DataStoreQuerySet:
    """Select what a row shows in one query, and leave the passwords where they are."""
    return stores.with_facts().defer("admin_password", "next_admin_password")


def rows_of(stores: Iterable[DataStore], *, with_endpoints: bool) -> list[StoreRow]:
    """Return the rows; the stores come with their facts, so this asks the database nothing."""
    return [_row(store, with_endpoints=with_endpoints) for store in stores]


def engine_label(slug: str) -> tuple[str, str]:
    """Return an engine's name and icon; a store outlives the offer of its engine."""
    engine: Engine | None = ENGINES.get(slug)
    return (engine.label, engine.icon) if engine else (slug, "database")


def _row(store: DataStore, *, with_endpoints: bool) -> StoreRow:
    shown = with_endpoints and store.state != DataStore.State.CREATING  # it answers only afterwards
    endpoint = driver_of(store).endpoint(store) if shown else None
    label, icon = engine_label(store.engine)
    region = store.region
    return StoreRow(
        pk=store.pk,
        name=store.name,
        engine=label,
        icon=icon,
        plan=store.plan.name,
        cloud=region.cloud.name,
        region=region.name,
        region_code=region.code,
        badge=badge_of(store),
        disk=disk_badge(store),
        trial=trial_badge(store),
        moving=store.state in MOVING,
        endpoint=f"{endpoint.host}:{endpoint.port}" if endpoint else "",
    )
