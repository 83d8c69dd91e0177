"""Projects and their components: the places of connections."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.permissions import NotAllowed
from console.requests import AuthedRequest
from datastores.presentation.roles import refused
from marketplace.actions import projects as actions
from marketplace.forms.projects import NamedForm
from marketplace.models import Project

LIST = ("Projects", "project-list")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("project:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List the projects; those who may can add one."""
    why = refused(request.member, "project:edit")
    form = _posted(request, why)
    if form.is_bound and form.is_valid():
        try:
            facts = form.cleaned_data
            made = actions.create_project(actor=request.actor, organization=request.member.organization, **facts)
        except actions.NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        else:
            return redirect("project", made.pk)
    mine = Project.objects.for_member(request.member, "project:view")
    counted = mine.annotate(
        component_count=Count("components", distinct=True), connection_count=Count("connections", distinct=True)
    )
    context = {"projects": counted, "form": form, "why": why, "crumbs": [("Projects", "")]}
    return render(request, "marketplace/projects.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("project:view")
def show(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a project with its components and connections; those who may can add a component."""
    project = _project(request, pk, "project:view")
    why = refused(request.member, "project:edit")
    form = _posted(request, why)
    if form.is_bound and form.is_valid():
        try:
            made = actions.create_component(actor=request.actor, project=project, **form.cleaned_data)
        except actions.NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        else:
            messages.success(request, f"The component “{made}” is there.")
            return redirect("project", pk)
    connections = list(project.connections.select_related("component", "listing"))
    components = [
        (component, [one for one in connections if one.component_id == component.pk])
        for component in project.components.all()
    ]
    context = {
        "project": project,
        "components": components,
        "shared": [one for one in connections if one.component_id is None],
        "form": form,
        "why": why,
        "crumbs": [(LIST[0], reverse(LIST[1])), (project.name, "")],
    }
    return render(request, "marketplace/project.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("project:edit")
def edit(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Rename a project or describe it anew."""
    project = _project(request, pk, "project:edit")
    form = NamedForm(request.POST or None, initial={"name": project.name, "description": project.description})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_project(actor=request.actor, project=project, **form.cleaned_data)
        except actions.NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        else:
            return redirect("project", pk)
    crumbs = [(LIST[0], reverse(LIST[1])), (project.name, reverse("project", args=[pk])), ("Change", "")]
    context = {"form": form, "project": project, "crumbs": crumbs}
    return render(request, "marketplace/project_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@permission_required("project:edit")
def delete(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete a project that has no connections."""
    project = _project(request, pk, "project:edit")
    actions.delete_project(actor=request.actor, project=project)
    messages.success(request, f"The project “{project.name}” is deleted.")
    return redirect("project-list")


@require_POST
@permission_required("project:edit")
def delete_component(request: AuthedRequest, pk: uuid.UUID, component: uuid.UUID) -> HttpResponse:
    """Delete a component that has no connections."""
    found = get_object_or_404(_project(request, pk, "project:edit").components, pk=component)
    actions.delete_component(actor=request.actor, component=found)
    messages.success(request, f"The component “{found.name}” is deleted.")
    return redirect("project", pk)


def _posted(request: AuthedRequest, why: str) -> NamedForm:
    """Return the form, filled where something was sent; sending needs the permission."""
    if request.method != "POST":
        return NamedForm()
    if why:
        raise NotAllowed("project:edit")
    return NamedForm(request.POST)


def _project(request: AuthedRequest, pk: uuid.UUID, permission: str) -> Project:
    return get_object_or_404(Project.objects.for_member(request.member, permission), pk=pk)
