"""The reviewed table of the Marketplace, of projects, connections and deliveries."""

from __future__ import annotations

import uuid
from typing import Any

from marketplace.models import Binding, Component, Connection, DeliveryToken, Listing, Project, Rotation
from tests.access.cast import World
from tests.access.row import GET, POST, Row
from tests.access.tenants import CREDENTIAL, CRITICAL, MEASURED, kept

LISTING, PROJECT, COMPONENT = uuid.UUID(int=63), uuid.UUID(int=64), uuid.UUID(int=65)
CONNECTION, BINDING = uuid.UUID(int=66), uuid.UUID(int=67)
TOKEN = 60
NOT_HERE = "the token is another's, so nothing is handed out"
DESCRIBED = {"name": "Orders", "summary": "All orders", "labels": "shop", "overview": "# Orders"}
NAMED = {"name": "Checkout", "description": ""}
CREATE = {"name": "orders", "place": f"project:{PROJECT}", "environment_{environment}": str(CREDENTIAL)}


def listed(world: World) -> None:
    """Offer the default database, with a project that may connect to it."""
    kept(world)
    Listing.objects.create(
        pk=LISTING, organization=world.organization, store=world.store, database="defaultdb", name="orders"
    ).index()
    project = Project.objects.create(pk=PROJECT, organization=world.organization, name="Shop")
    Component.objects.create(pk=COMPONENT, project=project, name="Web")


def connected(world: World) -> None:
    """Connect the project, in Development and in Production."""
    listed(world)
    connection = Connection.objects.create(
        pk=CONNECTION, organization=world.organization, project_id=PROJECT, listing_id=LISTING, name="orders"
    )
    for pk, credential in ((BINDING, CREDENTIAL), (uuid.UUID(int=68), CRITICAL)):
        found = world.store.credentials.get(pk=credential)
        Binding.objects.create(
            pk=pk, connection=connection, environment=found.environment, credential=found,
            credential_name=found.name, **found.copied_login(),
        )  # fmt: skip
    DeliveryToken.objects.create(
        pk=TOKEN, binding_id=BINDING, name="pipeline", token_hash=DeliveryToken.hash("hwt_x"), beginning="hwt_x"
    )


def rotating(world: World) -> None:
    """Rotate the super admin: the old login stays, so nobody is asked to retire it."""
    connected(world)
    Rotation.objects.create(
        store=world.store, database="defaultdb", old_username="hwadmin", new_username="app", keeps_old=True,
        started_by="admin@cast.test",
    )  # fmt: skip


def _store(world: World) -> list[Any]:
    return [world.store.pk]


def _in(environment: str, *more: Any) -> Any:
    return lambda world: [CONNECTION, world.organization.environments.get(name=environment).pk, *more]


def _listing(_world: World) -> list[Any]:
    return [LISTING]


def _project(_world: World) -> list[Any]:
    return [PROJECT]


def _component(_world: World) -> list[Any]:
    return [PROJECT, COMPONENT]


def _connection(_world: World) -> list[Any]:
    return [CONNECTION]


DEV, PROD = _in("Development"), _in("Production")

# fmt: off
CONNECTIONS = [
    #                                     adm dev dvl bil vie out anon
    Row("environment-delete", GET,       "405", arguments=lambda world: [world.environment.pk]),
    Row("environment-delete", POST,      "302 403 403 403 403 404 in", arguments=lambda world: [world.environment.pk]),
    Row("environment-delete", POST,      "409 403 403 403 403 404 in", arguments=lambda world: [world.environment.pk],
        before=kept),
    Row("marketplace", GET,              "200 200 200 200 200 200 in", before=listed, query="?q=ord"),
    Row("marketplace", POST,             "405"),
    Row("listing", GET,                  "200 200 200 200 200 404 in", arguments=_listing, before=listed),
    Row("listing", POST,                 "405", arguments=_listing),
    Row("listing-edit", GET,             "200 200 403 403 403 404 in", arguments=_listing, before=listed),
    Row("listing-edit", POST,            "302 302 403 403 403 404 in", DESCRIBED, arguments=_listing, before=listed),
    Row("listing-remove", GET,           "405", arguments=_listing),
    Row("listing-remove", POST,          "302 302 403 403 403 404 in", arguments=_listing, before=listed),
    Row("listing-add", GET,              "405", arguments=_store),
    Row("listing-add", POST,             "302 302 403 403 403 404 in", arguments=_store, before=kept,
        query="?database=defaultdb"),
    # without a credential for it
    Row("listing-add", POST,             "409 409 403 403 403 404 in", arguments=_store, query="?database=defaultdb"),
    Row("project-list", GET,             "200 200 200 200 200 200 in"),
    Row("project-list", POST,            "302 302 302 403 403 302 in", NAMED),
    Row("project", GET,                  "200 200 200 200 200 404 in", arguments=_project, before=listed),
    Row("project", POST,                 "302 302 302 403 403 404 in", NAMED, arguments=_project, before=listed),
    Row("project-edit", GET,             "200 200 200 403 403 404 in", arguments=_project, before=listed),
    Row("project-edit", POST,            "302 302 302 403 403 404 in", NAMED, arguments=_project, before=listed),
    Row("project-delete", GET,           "405", arguments=_project),
    Row("project-delete", POST,          "302 302 302 403 403 404 in", arguments=_project, before=listed),
    Row("component-delete", GET,         "405", arguments=_component),
    Row("component-delete", POST,        "302 302 302 403 403 404 in", arguments=_component, before=listed),
    Row("connection-list", GET,          "200 200 200 200 200 200 in", before=connected),
    Row("connection-list", POST,         "405"),
    Row("connection-create", GET,        "200 200 200 403 403 404 in", arguments=_listing, before=listed),
    Row("connection-create", POST,       "302 302 302 403 403 404 in", CREATE, arguments=_listing, before=listed),
    Row("connection", GET,               "200 200 200 200 200 404 in", arguments=_connection, before=connected),
    Row("connection", POST,              "405", arguments=_connection),
    Row("connection-delete", GET,        "200 200 200 403 403 404 in", arguments=_connection, before=connected),
    Row("connection-delete", POST,       "302 302 302 403 403 404 in", {"confirm_name": "orders"},
        arguments=_connection, before=connected),
    Row("connection-choose", GET,        "200 200 200 403 403 404 in", arguments=DEV, before=connected),
    Row("connection-choose", POST,       "302 302 302 403 403 404 in", {"credential": str(CREDENTIAL)},
        arguments=DEV, before=connected),
    # Production is for Admin and DevOps.
    Row("connection-choose", POST,       "302 302 403 403 403 404 in", {"credential": str(CRITICAL)},
        arguments=PROD, before=connected),
    Row("connection-reveal", GET,        "405", arguments=DEV),
    Row("connection-reveal", POST,       "200 200 200 403 403 404 in", arguments=DEV, before=connected),
    Row("connection-reveal", POST,       "200 200 403 403 403 404 in", arguments=PROD, before=connected),
    Row("connection-check", GET,         "405", arguments=DEV),
    Row("connection-check", POST,        "302 302 302 302 302 404 in", arguments=DEV, before=connected,
        silent=MEASURED),
    Row("connection-download", GET,      "405", arguments=_in("Development", "env")),
    Row("connection-download", POST,     "200 200 200 403 403 404 in", arguments=_in("Development", "env"),
        before=connected),
    Row("connection-download", POST,     "200 200 403 403 403 404 in", arguments=_in("Production", "secret"),
        before=connected),
    Row("connection-token-create", GET,  "405", arguments=DEV),
    Row("connection-token-create", POST, "200 200 200 403 403 404 in", {"name": "ci"}, arguments=DEV, before=connected),
    Row("connection-token-create", POST, "200 200 403 403 403 404 in", {"name": "ci"}, arguments=PROD,
        before=connected),
    Row("connection-token-revoke", GET,  "405", arguments=_in("Development", TOKEN)),
    Row("connection-token-revoke", POST, "302 302 302 403 403 404 in", arguments=_in("Development", TOKEN),
        before=connected),
    Row("connection-rotate", GET,        "200 200 403 403 403 404 in", arguments=DEV, before=connected),
    # 422: nobody answers where the store's server would be
    Row("connection-rotate", POST,       "422 422 403 403 403 404 in", arguments=DEV, before=connected),
    Row("connection-retire", GET,        "405", arguments=DEV),
    Row("connection-retire", POST,       "302 302 403 403 403 404 in", arguments=DEV, before=rotating),
    Row("delivery", GET,                 "401", arguments=lambda _: [BINDING], before=connected),
    Row("delivery", POST,                "405", arguments=lambda _: [BINDING]),
]
