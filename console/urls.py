"""Every address of the console; the applications above it plug theirs in by the setting ``PAGE_URLS``."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from console import styleguide
from console.views import (
    account,
    activity,
    environments,
    health,
    invitations,
    members,
    notices,
    operators,
    organizations,
    overview,
    sessions,
    tiers,
    webhooks,
)

urlpatterns = [
    path("", overview.show, name="overview"),
    path("activity/", activity.index, name="activity"),
    path("activity/export.<slug:form>", activity.export, name="activity-export"),
    path("settings/", organizations.settings, name="settings"),
    path("settings/environments/", environments.index, name="environments"),
    path("settings/environments/<int:pk>/", environments.edit, name="environment-edit"),
    path("settings/environments/<int:pk>/delete/", environments.delete, name="environment-delete"),
    path("settings/members/", members.index, name="members"),
    path("settings/members/invite/", invitations.invite, name="member-invite"),
    path("settings/members/invitations/<uuid:pk>/", invitations.show, name="member-invitation"),
    path("settings/members/invitations/<uuid:pk>/revoke/", invitations.revoke, name="member-invitation-revoke"),
    path("settings/members/leave/", members.leave, name="member-leave"),
    path("settings/members/<int:pk>/role/", members.role, name="member-role"),
    path("settings/members/<int:pk>/remove/", members.remove, name="member-remove"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("settings/delete/", organizations.delete, name="organization-delete"),
    path("settings/roles/", members.roles, name="roles"),
    path("settings/plan/", tiers.show, name="plan"),
    path("settings/notifications/", notices.mail, name="notification-settings"),
    path("settings/notifications/webhooks/add/", webhooks.add, name="webhook-add"),
    path("settings/notifications/webhooks/<uuid:pk>/", webhooks.show, name="webhook"),
    path("settings/notifications/webhooks/<uuid:pk>/reveal/", webhooks.reveal, name="webhook-reveal"),
    path("settings/notifications/webhooks/<uuid:pk>/test/", webhooks.test, name="webhook-test"),
    path("settings/notifications/webhooks/<uuid:pk>/remove/", webhooks.remove, name="webhook-remove"),
    path("notifications/", notices.index, name="notices"),
    path("notifications/read/", notices.read, name="notices-read"),
    path("organizations/create/", organizations.create, name="organization-create"),
    path("organizations/handle/", organizations.propose_handle, name="organization-handle"),
    path("organizations/switch/", organizations.switch, name="organization-switch"),
    path("account/", account.index, name="account"),
    path("account/", include("allauth.account.urls")),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/sessions/", sessions.index, name="usersessions_list"),
    path("account/connections/", include("allauth.socialaccount.urls")),
    path("account/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("operator/sign-in/<str:token>/", operators.sign_in, name="operator-sign-in"),
    path("operator/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    *(path("", include(module)) for module in settings.PAGE_URLS),
]
handler403 = "console.views.errors.forbidden"
handler404 = "console.views.errors.not_found"
handler500 = "console.views.errors.server_error"
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide.view, name="styleguide"))
