"""Creating connections through their page: places, names, environments, and what a role may use."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from console.models import Environment, Organization
from console.permissions import Role
from datastores.models import Credential, DataStore
from marketplace.models import Binding, Component, Connection, Listing, Project
from tests.unit.pages.conftest import SignIn


@pytest.fixture
def listing(running: DataStore, organization: Organization) -> Listing:
    """Two databases with a credential for each environment; the first is offered as “orders”, the second as “archive”."""
    for database in ("defaultdb", "archive"):
        for environment in organization.environments.all():
            Credential.objects.create(
                store=running, database=database, kind="made", rights="read_only", username=f"{database}_{environment}",
                password="not-real", name=f"{database} in {environment}", environment=environment,
            )  # fmt: skip
    Listing.objects.create(organization=organization, store=running, database="archive", name="archive").index()
    made = Listing.objects.create(organization=organization, store=running, database="defaultdb", name="orders")
    made.index()
    return made


@pytest.fixture
def project(organization: Organization) -> Project:
    """A project with one component."""
    made = Project.objects.create(organization=organization, name="Shop")
    Component.objects.create(project=made, name="web")
    return made


def body(project: Project, listing: Listing, **changes: Any) -> dict[str, Any]:
    """Return a whole form: the listing's own credentials in both environments."""
    chosen = {
        f"environment_{one.environment_id}": str(one.pk) for one in Credential.objects.filter(database=listing.database)
    }
    return {"name": "orders", "description": "", "place": f"project:{project.pk}"} | chosen | changes


def test_every_environment_gets_its_own_copy(sign_in: SignIn, project: Project, listing: Listing) -> None:
    browser = sign_in(Role.DEVOPS)
    assert browser.post(f"/connections/create/{listing.pk}/", body(project, listing)).status_code == 302
    bindings = {binding.environment.name: binding for binding in Binding.objects.select_related("environment")}
    assert {name: one.username for name, one in bindings.items()} == {
        "Development": "defaultdb_Development",
        "Production": "defaultdb_Production",
    }
    Credential.objects.all().delete()
    assert {one.secret for one in Binding.objects.select_related("store")} == {"not-real"}
    page = browser.get(f"/connections/{Connection.objects.get().pk}/").content.decode()
    assert "not-real" not in page
    assert "CHOREO_ORDERS_PASSWORD" in page
    assert "credentials that were deleted since" in page


def test_another_database_in_one_environment(sign_in: SignIn, project: Project, listing: Listing) -> None:
    other = Credential.objects.get(name="archive in Development")
    component = project.components.get()
    changes = {f"environment_{other.environment_id}": str(other.pk), "place": f"component:{component.pk}"}
    answer = sign_in(Role.DEVOPS).post(f"/connections/create/{listing.pk}/", body(project, listing, **changes))
    assert answer.status_code == 302
    assert Connection.objects.get().component == component
    assert {one.database for one in Binding.objects.all()} == {"archive", "defaultdb"}


def test_a_developer_uses_development_only(sign_in: SignIn, project: Project, listing: Listing) -> None:
    browser = sign_in(Role.DEVELOPER)
    page = browser.get(f"/connections/create/{listing.pk}/").content.decode()
    assert "Needs the role Admin or DevOps; yours is Developer." in page
    assert "defaultdb_Production" not in page
    browser.post(f"/connections/create/{listing.pk}/", body(project, listing))
    assert [one.environment.name for one in Binding.objects.select_related("environment")] == ["Development"]
    tab = browser.get(f"/databases/{listing.store_id}/databases/").content.decode()
    assert "defaultdb_Production" not in tab
    assert "not shown to your role" in tab


def test_names_with_the_same_variables_are_refused(sign_in: SignIn, project: Project, listing: Listing) -> None:
    browser, url = sign_in(Role.ADMIN), f"/connections/create/{listing.pk}/"
    assert browser.post(url, body(project, listing)).status_code == 302
    answer = browser.post(url, body(project, listing, name="Orders!", description="kept"))
    assert answer.status_code == 422
    assert "CHOREO_ORDERS_… already" in answer.content.decode()
    assert 'value="kept"' in answer.content.decode()


@pytest.mark.parametrize("change", ["none", "foreign", "wrong environment"])
def test_what_does_not_fit_is_refused(
    sign_in: SignIn,
    project: Project,
    listing: Listing,
    change: str,
) -> None:
    development = Environment.objects.get(name="Development")
    field = f"environment_{development.pk}"
    production = Credential.objects.get(name="defaultdb in Production")
    value = {"none": "", "foreign": "00000000-0000-0000-0000-000000000001", "wrong environment": str(production.pk)}
    changes = {field: value[change], f"environment_{production.environment_id}": ""}
    answer = sign_in(Role.ADMIN).post(f"/connections/create/{listing.pk}/", body(project, listing, **changes))
    assert answer.status_code == 422
    assert not Connection.objects.exists()


def test_a_listing_that_was_removed_or_is_elsewhere_is_not_connected_to(
    sign_in: SignIn,
    outsider: Client,
    project: Project,
    listing: Listing,
) -> None:
    assert outsider.get(f"/connections/create/{listing.pk}/").status_code == 404
    browser = sign_in(Role.ADMIN)
    Listing.objects.update(removed_at="2026-01-01T00:00Z")
    assert browser.post(f"/connections/create/{listing.pk}/", body(project, listing)).status_code == 404
