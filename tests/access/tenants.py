"""The reviewed table of databases and credentials. Nobody answers where the store's server would be: 422."""

from __future__ import annotations

import uuid
from typing import Any

from datastores.models import Credential
from tests.access.cast import World
from tests.access.row import GET, POST, Row

IMPORT = {"use": "created", "name": "shop", "environment": "{environment}", "username": "app", "password": "x"}
LOGIN = {"name": "shop", "environment": "{environment}", "rights": "read_only"}
CREDENTIAL = uuid.UUID(int=61)
CRITICAL = uuid.UUID(int=62)
MEASURED = "it writes down only what was measured"


def _store(world: World) -> list[Any]:
    return [world.store.pk]


def _credential(world: World) -> list[Any]:
    return [world.store.pk, CREDENTIAL]


def _critical(world: World) -> list[Any]:
    return [world.store.pk, CRITICAL]


def kept(world: World) -> None:
    """Keep a credential for Development, and one for Production."""
    for pk, environment in ((CREDENTIAL, "Development"), (CRITICAL, "Production")):
        Credential.objects.create(
            pk=pk, store=world.store, database="defaultdb", kind="created", username="app", password="not-real",
            name=f"app in {environment}", environment=world.organization.environments.get(name=environment),
        )  # fmt: skip


# fmt: off
TENANTS = [
    #                                     adm dev dvl bil vie out anon
    Row("store-uses", GET,               "200 200 200 200 200 404 in", arguments=_store),
    Row("store-uses", POST,              "405", arguments=_store),
    Row("store-database-create", GET,    "405", arguments=_store),
    Row("store-database-create", POST,   "422 422 403 403 403 404 in", {"name": "shop"}, arguments=_store),
    Row("store-database-delete", GET,    "200 403 403 403 403 404 in", arguments=_store, query="?database=shop"),
    Row("store-database-delete", POST,   "422 403 403 403 403 404 in", {"confirm_name": "shop"}, arguments=_store,
        query="?database=shop"),
    Row("store-credential-import", GET,  "200 200 403 403 403 404 in", arguments=_store),
    Row("store-credential-import", POST, "422 422 403 403 403 404 in", IMPORT, arguments=_store),
    Row("store-credential-create", GET,  "200 200 403 403 403 404 in", arguments=_store),
    Row("store-credential-create", POST, "422 422 403 403 403 404 in", LOGIN, arguments=_store),
    Row("store-credential-delete", GET,  "200 200 403 403 403 404 in", arguments=_credential, before=kept),
    Row("store-credential-delete", POST, "302 302 403 403 403 404 in", arguments=_credential, before=kept),
    Row("store-credential-check", GET,   "405", arguments=_credential),
    Row("store-credential-check", POST,  "302 302 302 302 302 404 in", arguments=_credential, before=kept,
        silent=MEASURED),
    # Production is not shown to Developers, nor to those who may use nothing.
    Row("store-credential-check", POST,  "302 302 404 404 404 404 in", arguments=_critical, before=kept,
        silent=MEASURED),
    Row("store-credential-repair", GET,  "200 200 403 403 403 404 in", arguments=_credential, before=kept),
    Row("store-credential-repair", POST, "422 422 403 403 403 404 in", {"password": "y"}, arguments=_credential,
        before=kept),
]
