"""Where allauth leads a person after it has done its part."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from console.middleware import client_address

# The page that follows says it all; a notice above it would only be noise.
SILENT = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Operators go on to the admin site after their first password, everybody else back to their account."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the page after a password was set or changed."""
        return reverse("admin:index" if getattr(request.user, "is_staff", False) else "account")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the person's address as the console sees it, behind trusted proxies, too: rate limits go by it."""
        return client_address(request) or "0.0.0.0"  # noqa: S104 - it stands for an unknown address

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Pass allauth's notices on, except those that tell what the page shows anyway."""
        if message_template not in SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)
