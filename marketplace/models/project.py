"""Where connections are made: projects, and the components that belong to them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from console.models import Member, Organization, Person
from console.permissions import NotAllowed


class ProjectQuerySet(models.QuerySet["Project"]):
    """The questions that the product asks of projects."""

    def for_member(self, member: Member, permission: str) -> ProjectQuerySet:
        """Those of the member's organization; refused (403) where the role lacks ``permission``."""
        if not member.can(permission):
            raise NotAllowed(permission)
        return self.filter(organization_id=member.organization_id)


class Project(models.Model):
    """What a team works on. Its connections serve every component of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = (Lower("name"),)
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="project_name_once")]

    def __str__(self) -> str:
        return self.name


class Component(models.Model):
    """One deployable part of a project. Its own connections serve it alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="components")
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = (Lower("name"),)
        constraints = [models.UniqueConstraint("project", Lower("name"), name="component_name_once")]

    def __str__(self) -> str:
        return self.name
