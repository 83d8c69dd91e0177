"""Who may do what, on every route, as the reviewed table says; a route that is not in the table fails."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import reverse

from console.models import AuditEvent, Person
from tests.access.cast import CAST, World, make_world
from tests.access.routes import Route, all_routes
from tests.access.row import POST, Row
from tests.access.table import TABLE
from tests.operators import operator_browser

OPERATORS = "admin"  # the namespace of the operators' site
ROUTES = all_routes()
OPERATOR_ROUTES = [route for route in ROUTES if route.namespace == OPERATORS and route.name]


@pytest.fixture
def world(db: None) -> World:
    """The cast and what they try to reach."""
    return make_world()


def address(row: Row, world: World) -> str:
    """Return the row's full address in ``world``."""
    return reverse(row.route, args=row.arguments(world)) + row.query


def word(response: HttpResponseBase) -> str:
    """Return the answer as the table writes it."""
    to_sign_in = response.status_code == 302 and response.headers["Location"].startswith(reverse(settings.LOGIN_URL))
    return "in" if to_sign_in and "next=" in response.headers["Location"] else str(response.status_code)


def test_every_route_has_a_row_for_reading_and_for_writing() -> None:
    named = {(route.label, method) for route in ROUTES if route.namespace != OPERATORS for method in ("GET", "POST")}
    listed = {(row.route, row.method) for row in TABLE}
    assert named - listed == set(), "routes that nobody reviewed; add them to tests/access/table.py"
    assert listed - named == set(), "rows of routes that do not exist"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.route}")
def test_answers_as_the_table_says(row: Row, world: World) -> None:
    row.before(world)
    known = {"organization": world.organization.pk, "environment": world.environment.pk}
    body = {key.format(**known): value.format(**known) for key, value in (row.body or {}).items()}
    found: dict[str, str] = {}
    for who in CAST:
        with transaction.atomic():  # each person meets the same world
            client, events = world.client(who), AuditEvent.objects.count()
            send = client.post if row.method == POST else client.get
            response = send(address(row, world), body)
            found[who] = word(response)
            recorded = AuditEvent.objects.count() - events
            transaction.set_rollback(True)
        cache.clear()  # nor does anybody run into another one's rate limit
        succeeded = response.status_code < 400 and found[who] != "in"
        if row.method == POST and succeeded and not row.silent:
            assert recorded, f"{who} changed something on {row.route} and the audit trail does not tell"
    expected = {who: row.expected(position) for position, who in enumerate(CAST)}
    assert found == expected


def test_a_get_never_writes_the_trail(world: World) -> None:
    client = world.client("admin")
    events = AuditEvent.objects.count()
    for row in TABLE:
        if row.method != POST:
            client.get(address(row, world))
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("route", OPERATOR_ROUTES, ids=lambda route: route.label)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_operators_site_is_closed_to_everybody_else(route: Route, method: str, world: World) -> None:
    path = reverse(route.label, kwargs=operator_arguments(route))
    found = {who: word(getattr(world.client(who), method)(path)) for who in CAST}
    assert found == dict.fromkeys(CAST, "403") | {"anonymous": "in"}, path


def operator_arguments(route: Route) -> dict[str, object]:
    """Return arguments that fit; the page of an application is a regular expression over their names."""
    return {"app_label": "datastores"} if route.name == "app_list" else dict(route.arguments)


def test_operators_open_every_list_and_form(world: World) -> None:
    operator = Person.objects.create_superuser("operator@cast.test")
    client = operator_browser(operator)
    opened = {
        route.label: client.get(reverse(route.label)).status_code
        for route in OPERATOR_ROUTES
        if route.name and route.name.endswith(("_changelist", "_add", "index"))
    }
    refused = {label for label, status in opened.items() if status == 403}
    assert set(opened.values()) == {200, 403}
    assert refused == {
        f"admin:{model}_add"
        for model in (
            "console_organization",
            "console_person",
            "console_auditevent",
            "datastores_datastore",
            "datastores_node",
            "datastores_archive",
            "datastores_backup",
            "datastores_proof",
            "datastores_edgeslot",
            "datastores_failover",
            "datastores_monitorlease",
            "datastores_operation",
        )
    }
