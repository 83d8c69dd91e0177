"""Handing out a connection's values: to people who reveal or download them, and to deployments by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Member
from datastores.engines.contract import Access
from datastores.engines.registry import ENGINES
from datastores.models import Credential
from datastores.sites.registry import driver_of
from marketplace.actions.connections import refuse_critical
from marketplace.models import Binding, DeliveryToken
from marketplace.names import Values, variables

How = Literal["revealed", "copied", "downloaded"]


@dataclass(frozen=True)
class Delivery:
    """What a deployment gets: the values by key and by variable, the service URI, and the authority's certificate."""

    values: Values
    variables: dict[str, str]
    uri: str
    ca: str


def delivery_of(binding: Binding) -> Delivery:
    """Put a connection's values of one environment together. Raises :class:`Refusal` where the data store is gone."""
    store = binding.store
    driver, engine = driver_of(store), ENGINES.get(store.engine)
    endpoint = driver.endpoint(store)
    if engine is None or endpoint is None:
        raise Refusal(f"The data store “{store}” is gone or has no address, so there is nothing to connect to.")
    values = Values(endpoint.host, endpoint.port, binding.username, binding.secret, binding.database)
    names = variables(settings.VARIABLE_PREFIX, binding.connection.name)
    access = Access(values.host, values.port, values.username, values.password, values.database)
    named = {names[key]: value for key, value in values.by_key().items()}
    return Delivery(values, named, engine.uri(access), driver.ca_certificate())


@transaction.atomic
def hand_out(*, actor: Actor, member: Member, binding: Binding, how: How, what: str) -> Delivery:
    """Return the values for a person, and record who asked for them."""
    refuse_critical(member, binding.environment)
    found = delivery_of(binding)
    connection = binding.connection
    _used(binding)
    record(
        f"connection.{how}", actor=actor, organization=connection.organization, subject=connection,
        environment=binding.environment.name, what=what,
    )  # fmt: skip
    return found


@transaction.atomic
def create_token(*, actor: Actor, member: Member, binding: Binding, name: str) -> str:
    """Make a token and return it: this is the only time that anybody sees it."""
    refuse_critical(member, binding.environment)
    token = DeliveryToken.generate()
    DeliveryToken.objects.create(
        binding=binding, name=name, token_hash=DeliveryToken.hash(token), beginning=token[: len("hwt_") + 6],
        created_by=actor.person,
    )  # fmt: skip
    connection = binding.connection
    record(
        "connection.token_created", actor=actor, organization=connection.organization, subject=connection,
        environment=binding.environment.name, token=name,
    )  # fmt: skip
    return token


@transaction.atomic
def revoke_token(*, actor: Actor, member: Member, token: DeliveryToken) -> None:
    """End a token at once. Twice changes nothing."""
    binding = token.binding
    refuse_critical(member, binding.environment)
    if not DeliveryToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    record(
        "connection.token_revoked", actor=actor, organization=binding.connection.organization,
        subject=binding.connection, environment=binding.environment.name, token=token.name,
    )  # fmt: skip


@transaction.atomic
def deliver(*, token: DeliveryToken, address: str | None) -> Delivery:
    """Return the values for a deployment, and record which token asked from where."""
    binding = token.binding
    found = delivery_of(binding)
    now = timezone.now()
    DeliveryToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address)
    _used(binding)
    record(
        "connection.delivered", actor=Actor(address=address, label=f"token “{token.name}”"),
        organization=binding.connection.organization, subject=binding.connection,
        environment=binding.environment.name,
    )  # fmt: skip
    return found


def _used(binding: Binding) -> None:
    if binding.credential_id:
        Credential.objects.filter(pk=binding.credential_id).update(last_used_at=timezone.now())
