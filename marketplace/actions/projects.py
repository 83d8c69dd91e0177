"""Projects and their components."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Organization
from marketplace.models import Component, Project


class NameTaken(Refusal):
    """Something of that name is there already; forms show it beside the field."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is {what} with this name already.", "Choose another one.")


def create_project(*, actor: Actor, organization: Organization, name: str, description: str) -> Project:
    """Make a project. Raises :class:`NameTaken`; case does not matter."""
    try:
        with transaction.atomic():
            project = Project.objects.create(
                organization=organization, name=name, description=description, created_by=actor.person
            )
            record("project.created", actor=actor, organization=organization, subject=project)
    except IntegrityError:
        raise NameTaken("a project") from None
    return project


def change_project(*, actor: Actor, project: Project, name: str, description: str) -> None:
    """Rename a project or describe it anew. Raises :class:`NameTaken`."""
    try:
        with transaction.atomic():
            Project.objects.filter(pk=project.pk).update(name=name, description=description)
            record("project.changed", actor=actor, organization=project.organization, subject=project, name=name)
    except IntegrityError:
        raise NameTaken("a project") from None


def create_component(*, actor: Actor, project: Project, name: str, description: str) -> Component:
    """Make a component of a project. Raises :class:`NameTaken`."""
    try:
        with transaction.atomic():
            component = Component.objects.create(project=project, name=name, description=description)
            record(
                "component.created", actor=actor, organization=project.organization, subject=component,
                project=project.name,
            )  # fmt: skip
    except IntegrityError:
        raise NameTaken("a component in this project") from None
    return component


def delete_project(*, actor: Actor, project: Project) -> None:
    """Delete a project with its components. Raises :class:`Refusal` while connections are made in it."""
    _delete(project, "The project")
    record("project.deleted", actor=actor, organization=project.organization, subject=None, name=project.name)


def delete_component(*, actor: Actor, component: Component) -> None:
    """Delete a component. Raises :class:`Refusal` while connections are made in it."""
    project = component.project
    _delete(component, "The component")
    record("component.deleted", actor=actor, organization=project.organization, subject=project, name=component.name)


def _delete(what: Project | Component, called: str) -> None:
    try:
        with transaction.atomic():
            what.delete()
    except ProtectedError:
        raise Refusal(
            f"{called} “{what}” was not deleted: it has connections, which applications use.",
            "Delete the connections first.",
        ) from None
