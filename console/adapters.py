"""Where allauth leads a person after it has done its part."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Operators go on to the admin site after their first password, everybody else back to their account."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the page after a password was set or changed."""
        return reverse("admin:index" if getattr(request.user, "is_staff", False) else "account")
