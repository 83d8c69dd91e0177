"""The environments of an organization: list, add, change."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.actions import environments as actions
from console.actions.environments import NameTaken
from console.forms.organization import EnvironmentForm
from console.permissions import NotAllowed
from console.requests import AuthedRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("organization:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List the environments; those who may edit can add one."""
    organization = request.member.organization
    may_edit = request.member.can("environment:edit")
    if request.method == "POST" and not may_edit:
        raise NotAllowed("environment:edit")
    form = EnvironmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_environment(actor=request.actor, organization=organization, **form.cleaned_data)
        except NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        else:
            messages.success(request, f"The environment {made.name} is there.")
            return redirect("environments")
    context = {
        "form": form,
        "organization": organization,
        "environments": organization.environments.all(),
        "may_edit": may_edit,
        "tab": "environments",
    }
    return render(request, "console/environments.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("environment:edit")
def edit(request: AuthedRequest, pk: int) -> HttpResponse:
    """Rename an environment or mark it critical."""
    environment = get_object_or_404(request.member.organization.environments, pk=pk)
    facts = {"name": environment.name, "critical": environment.critical}
    form = EnvironmentForm(request.POST or None, initial=facts)
    if request.method == "POST" and form.is_valid():
        try:
            if actions.change_environment(actor=request.actor, environment=environment, **form.cleaned_data):
                messages.success(request, "Saved.")
        except NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        else:
            return redirect("environments")
    context = {"form": form, "environment": environment, "users": actions.users_of(environment)}
    return render(request, "console/environment_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@permission_required("environment:edit")
def delete(request: AuthedRequest, pk: int) -> HttpResponse:
    """Delete an environment that nothing is for."""
    environment = get_object_or_404(request.member.organization.environments, pk=pk)
    actions.delete_environment(actor=request.actor, environment=environment)
    messages.success(request, f"The environment {environment.name} is deleted.")
    return redirect("environments")
