"""A connection's page: one environment with its keys, files, tokens and rotation, and how to use it all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.conf import settings

from console.models import Environment, Member
from datastores.engines.contract import Snippet
from datastores.engines.registry import ENGINES
from datastores.models import DataStore
from datastores.models.credential import SEE_CRITICAL
from datastores.presentation.roles import refused
from datastores.presentation.states import Badge
from datastores.presentation.tenancy import badge_of
from datastores.sites.registry import driver_of
from marketplace.actions.connections import rotation_of
from marketplace.actions.rotation import sharers_of
from marketplace.bindings import component_config, component_yaml
from marketplace.guides import guides
from marketplace.models import Binding, Connection, Rotation
from marketplace.names import variables

MASK: Final = "••••••••••••"


@dataclass(frozen=True)
class EnvironmentTab:
    """One environment of the organization, as a tab."""

    environment: Environment
    binding: Binding | None
    current: bool


@dataclass(frozen=True)
class Use:
    """How to use the connection: snippets of configuration, and a guide per language."""

    variables: dict[str, str]
    component_yaml: str
    component_config: str
    guides: list[Snippet] = field(default_factory=list)


@dataclass(frozen=True)
class BindingView:
    """One environment: the keys with their values, whether the login works, who shares it, and its rotation."""

    binding: Binding
    badge: Badge
    keys: list[tuple[str, str, str]]  # key, variable, value or "" for the password
    gone: str
    why_not_reveal: str
    why_not_rotate: str
    rotation: Rotation | None
    sharers: list[Binding]


def tabs_of(connection: Connection, chosen: str) -> list[EnvironmentTab]:
    """Return the environments; the chosen one is current, else the first with credentials."""
    bindings = {binding.environment_id: binding for binding in connection.bindings.select_related("environment")}
    environments = list(connection.organization.environments.all())
    wanted = next((one for one in environments if str(one.pk) == chosen), None)
    wanted = wanted or next((one for one in environments if one.pk in bindings), None) or environments[0]
    return [EnvironmentTab(one, bindings.get(one.pk), one == wanted) for one in environments]


def view_of(binding: Binding, member: Member) -> BindingView:
    """Return what the page shows of one environment to a member."""
    names = variables(settings.VARIABLE_PREFIX, binding.connection.name)
    endpoint = driver_of(binding.store).endpoint(binding.store)
    gone = (
        "" if endpoint else "The data store is gone or has no address: nothing can connect with these values any more."
    )
    if binding.store.state == DataStore.State.DELETED:
        endpoint = None
    values = {
        "HostName": endpoint.host if endpoint else "gone",
        "Port": str(endpoint.port) if endpoint else "gone",
        "Username": binding.username,
        "Password": "",
        "DatabaseName": binding.database,
    }
    critical = refused(member, SEE_CRITICAL) if binding.environment.critical else ""
    return BindingView(
        binding=binding,
        badge=badge_of(binding),
        keys=[(key, names[key], value) for key, value in values.items()],
        gone=gone,
        why_not_reveal=critical or refused(member, "connection:reveal") or gone,
        why_not_rotate=critical or refused(member, "connection:rotate"),
        rotation=rotation_of(binding),
        sharers=[one for one in sharers_of(binding) if one.pk != binding.pk],
    )


def use_of(connection: Connection, engine_slug: str, reference: str) -> Use:
    """Return the guides, which are the same in every environment."""
    names = variables(settings.VARIABLE_PREFIX, connection.name)
    engine = ENGINES.get(engine_slug)
    return Use(
        variables=names,
        component_yaml=component_yaml(connection=connection.name, reference=reference),
        component_config=component_config(reference=reference, connection_id=str(connection.pk), variables=names),
        guides=guides(engine, names) if engine else [],
    )
