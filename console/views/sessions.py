"""Where a person is signed in, and signing out everywhere else."""

from __future__ import annotations

from allauth.usersessions.views import ListUserSessionsView

from console.forms.sessions import EndSessionsForm


class SessionsView(ListUserSessionsView):  # type: ignore[misc]
    """allauth's page, with an audit event when sessions end."""

    form_class = EndSessionsForm


index = SessionsView.as_view()
