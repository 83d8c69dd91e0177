"""Who may call a view: decorators that turn a request into that of a member who has the permission."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from console.permissions import TABLE, NotAllowed
from console.requests import AuthedRequest, MemberRequest

P = ParamSpec("P")
MemberView = Callable[Concatenate[AuthedRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Lead to sign-in, and back to where the person wanted to go (after a POST: home)."""
    after = request.get_full_path() if request.method in {"GET", "HEAD"} else reverse("overview")
    return redirect_to_login(after)


def member_required(view: MemberView[P]) -> View[P]:
    """Anonymous people sign in first; those without an organization create one."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        if cast("MemberRequest", request).member is None:
            return redirect("organization-create")
        return view(cast("AuthedRequest", request), *args, **kwargs)

    return guarded


def permission_required(permission: str) -> Callable[[MemberView[P]], View[P]]:
    """As :func:`member_required`, and the role must have ``permission`` (otherwise 403)."""
    TABLE[permission]  # a permission that does not exist fails at import, not on a request

    def decorate(view: MemberView[P]) -> View[P]:
        @wraps(view)
        def guarded(request: AuthedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.member.can(permission):
                raise NotAllowed(permission)
            return view(request, *args, **kwargs)

        return member_required(guarded)

    return decorate
