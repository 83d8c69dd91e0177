"""Adding, renaming and marking the environments of an organization."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError
from django.db.models.deletion import Collector

from console import audit
from console.audit import Actor
from console.errors import Refusal
from console.models import Environment, Organization


class NameTaken(Refusal):
    """The organization has an environment of that name; forms show it beside the field."""

    def __init__(self) -> None:
        super().__init__("The organization already has an environment with this name.", "Choose another one.")


def add_environment(*, actor: Actor, organization: Organization, name: str, critical: bool) -> Environment:
    """Add an environment behind the others. Raises :class:`NameTaken`; case does not matter."""
    last = organization.environments.aggregate(last=Max("position"))["last"]
    try:
        with transaction.atomic():
            environment = Environment.objects.create(
                organization=organization,
                name=name,
                critical=critical,
                position=0 if last is None else last + 1,
            )
            audit.record(
                "environment.created",
                actor=actor,
                organization=organization,
                subject=environment,
                critical=critical,
            )
    except IntegrityError:
        raise NameTaken from None
    return environment


def change_environment(*, actor: Actor, environment: Environment, name: str, critical: bool) -> bool:
    """Rename an environment or mark it critical. Returns whether anything changed; raises NameTaken."""
    wanted: dict[str, str | bool] = {"name": name, "critical": critical}
    stored = Environment.objects.select_related("organization").get(pk=environment.pk)
    before = {field: getattr(stored, field) for field in wanted}
    changed = {field: value for field, value in wanted.items() if value != before[field]}
    if not changed:
        return False
    for field, value in changed.items():
        setattr(stored, field, value)
    try:
        with transaction.atomic():
            stored.save(update_fields=list(changed))
            audit.record(
                "environment.changed",
                actor=actor,
                organization=stored.organization,
                subject=stored,
                **{
                    field: f"{before[field]} → {value}" if field == "name" else value
                    for field, value in changed.items()
                },
            )
    except IntegrityError:
        raise NameTaken from None
    return True


def users_of(environment: Environment) -> list[str]:
    """Return what keeps an environment from being deleted, in words: the credentials and connections that are for it."""
    collector = Collector(using="default")
    try:
        collector.collect([environment])
    except ProtectedError as error:
        return sorted(f"{row._meta.verbose_name}: {row}" for row in error.protected_objects)
    return []


def delete_environment(*, actor: Actor, environment: Environment) -> None:
    """Delete an environment that nothing is for. Raises :class:`Refusal` otherwise, and for the last one."""
    organization = environment.organization
    if organization.environments.count() == 1:
        raise Refusal("The last environment can't be deleted.", "Rename it instead.")
    try:
        with transaction.atomic():
            audit.record(
                "environment.deleted",
                actor=actor,
                organization=organization,
                subject=environment,
                critical=environment.critical,
            )
            environment.delete()
    except ProtectedError:
        raise Refusal(
            f"{environment} was not deleted: credentials or connections are for it.", "Delete or move those first."
        ) from None
