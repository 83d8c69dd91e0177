"""The reviewed table: what every route answers to every kind of person.

The columns are those of ``CAST``: Admin, DevOps, Developer, Billing Admin, Viewer, an outsider (Admin of
another organization), and somebody who is not signed in. One number stands for all; ``in`` leads to sign-in.
A POST that is answered with success must leave an audit event, unless ``silent`` says why it changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from console.models import Organization
from datastores.models import Archive, DataStore, EdgeSlot, Node, ServicePlan
from datastores.networks import fingerprint
from tests.access.cast import PASSWORD, World
from tests.access.connections import CONNECTIONS
from tests.access.row import GET, POST, Arguments, Row
from tests.access.tenants import TENANTS

STANDBY = uuid.UUID(int=2)


def _environment(world: World) -> list[Any]:
    return [world.environment.pk]


def _store(world: World) -> list[Any]:
    return [world.store.pk]


def _operation(world: World) -> list[Any]:
    return [world.store.pk, world.operation.pk]


def _invitation(world: World) -> list[Any]:
    return [world.invitation.pk]


def _token(world: World) -> list[Any]:
    return [world.invitation.token]


def _viewer(world: World) -> list[Any]:
    return [world.organization.memberships.get(role="viewer").pk]


def _number(_world: World) -> list[Any]:
    return [1]


def _provider(_world: World) -> list[Any]:
    return ["oidc"]


def _webhook(world: World) -> list[Any]:
    return [world.webhook.pk]


def _paid(world: World) -> None:
    Organization.objects.update(tier="paid")


def _cache(world: World) -> None:
    world.store.engine = "cache"
    world.store.save()


def _state(state: DataStore.State) -> Callable[[World], object]:
    return lambda world: world.store.set_state(state)


def _standby(world: World) -> None:
    """Give the store a plan with a standby that has every acknowledged write."""
    world.store.plan = ServicePlan.objects.get(slug="business-4")
    world.store.save()
    Node.objects.create(
        id=STANDBY,
        store=world.store,
        number=2,
        role=Node.Role.STANDBY,
        state=Node.State.UP,
        counted=True,
        following=True,
    )


def _without_address(world: World) -> None:
    """Leave the edge of the machine that runs the tests alone."""
    EdgeSlot.objects.filter(store=world.store).update(store=None)


def _deleted(world: World) -> None:
    """Delete the store, with an archive that is kept."""
    archive = Archive.of(world.store)
    now = timezone.now()
    archive.backups.create(label="20261125-033000F", state="complete", began_at=now, finished_at=now)
    archive.keep_until, archive.kept_password = now + timedelta(days=7), "kept"
    archive.save()
    EdgeSlot.objects.filter(store=world.store).update(store=None)
    world.store.set_state(DataStore.State.DELETED)


def _step(name: str) -> Arguments:
    return lambda _: [name]


NEW = {"name": "Blue Heron", "handle": "blue-heron"}
NETWORKS = {
    "who": "listed",
    "add": "192.0.2.5 Office",
    "seen": fingerprint([]),
    "entry-TOTAL_FORMS": "0",
    "entry-INITIAL_FORMS": "0",
}
DRILL = {"fault": "drill_kill", "confirm_name": "orders"}
STAGING = {"name": "Staging"}
DRAFT = "?type=postgresql&name=invoices&cloud=aws&region=eu-central-1&plan=hobbyist"
HOOK = {"url": "https://hooks.example.com/", "kinds": "failure"}
MAIL: dict[str, str] = {}  # nothing is mailed any more
OWN_VIEW = "it changes only what the member has seen"
SESSION_ONLY = "it changes only which organization the session looks at"
LED_ON = "people who are signed in are led on"
NOTHING_VALID = "an empty form changes nothing"
REVIEW_ONLY = "it shows what a list would change and saves nothing"
NO_STAGE = "nobody is in the middle of signing in"
AGAIN = "it asks for the password once more first"
NO_ACCOUNT = "nobody has this address, so nothing is sent or changed"

# fmt: off
CONSOLE = [
    #                                   adm dev dvl bil vie out anon
    Row("overview", GET,               "200 200 200 200 200 200 in"),
    Row("overview", POST,              "405"),
    Row("activity", GET,               "200 200 403 200 403 200 in"),
    Row("activity", POST,              "405"),
    Row("activity-export", GET,        "200 200 403 200 403 200 in", arguments=_step("csv")),
    Row("activity-export", POST,       "405", arguments=_step("csv")),
    Row("settings", GET,               "200 200 200 200 200 200 in"),
    Row("settings", POST,              "302 403 403 403 403 302 in", NEW),
    Row("environments", GET,           "200 200 200 200 200 200 in"),
    Row("environments", POST,          "302 403 403 403 403 302 in", STAGING),
    Row("environment-edit", GET,       "200 403 403 403 403 404 in", arguments=_environment),
    Row("environment-edit", POST,      "302 403 403 403 403 404 in", STAGING, arguments=_environment),
    Row("members", GET,                "200 200 200 200 200 200 in"),
    Row("members", POST,               "405"),
    Row("member-invite", GET,          "200 403 403 403 403 200 in"),
    Row("member-invite", POST,         "302 403 403 403 403 302 in", {"email": "new@cast.test", "role": "viewer"}),
    Row("member-invitation", GET,      "200 403 403 403 403 404 in", arguments=_invitation),
    Row("member-invitation", POST,     "405", arguments=_invitation),
    Row("member-invitation-revoke", GET, "405", arguments=_invitation),
    Row("member-invitation-revoke", POST, "302 403 403 403 403 404 in", arguments=_invitation),
    Row("member-role", GET,            "405", arguments=_viewer),
    Row("member-role", POST,           "302 403 403 403 403 404 in", {"role": "developer"}, arguments=_viewer),
    Row("member-remove", GET,          "200 403 403 403 403 404 in", arguments=_viewer),
    Row("member-remove", POST,         "302 403 403 403 403 404 in", arguments=_viewer),
    Row("member-leave", GET,           "200 200 200 200 200 200 in"),
    # 409: the last Admin stays
    Row("member-leave", POST,          "409 302 302 302 302 409 in"),
    # It is for the outsider; everybody else is told so.
    Row("invitation", GET,             "403 403 403 403 403 200 200", arguments=_token),
    Row("invitation", POST,            "403 403 403 403 403 302 in", arguments=_token),
    Row("organization-delete", GET,    "405"),
    # 422: Acme has a data store; Elsewhere has another name
    Row("organization-delete", POST,   "422 403 403 403 403 422 in", {"confirm_name": "Acme"}),
    Row("roles", GET,                  "200 200 200 200 200 200 in"),
    Row("roles", POST,                 "405"),
    Row("plan", GET,                   "200 200 200 200 200 200 in"),
    Row("plan", POST,                  "302 403 403 302 403 302 in"),
    Row("notices", GET,                "200 200 200 200 200 200 in"),
    Row("notices", POST,               "405"),
    Row("notices-read", GET,           "405"),
    Row("notices-read", POST,          "302 302 302 302 302 302 in", silent=OWN_VIEW),
    Row("notification-settings", GET,  "200 200 200 200 200 200 in"),
    Row("notification-settings", POST, "302 302 302 302 302 302 in", MAIL),
    Row("webhook-add", GET,            "200 403 403 403 403 200 in"),
    Row("webhook-add", POST,           "302 403 403 403 403 302 in", HOOK),
    Row("webhook", GET,                "200 403 403 403 403 404 in", arguments=_webhook),
    Row("webhook", POST,               "302 403 403 403 403 404 in", HOOK, arguments=_webhook),
    Row("webhook-reveal", GET,         "405", arguments=_webhook),
    Row("webhook-reveal", POST,        "200 403 403 403 403 404 in", arguments=_webhook),
    Row("webhook-test", GET,           "405", arguments=_webhook),
    Row("webhook-test", POST,          "302 403 403 403 403 404 in", arguments=_webhook),
    Row("webhook-remove", GET,         "405", arguments=_webhook),
    Row("webhook-remove", POST,        "302 403 403 403 403 404 in", arguments=_webhook),
    Row("organization-create", GET,    "409 200 200 200 200 409 in"),
    Row("organization-create", POST,   "409 302 302 302 302 409 in", NEW),
    Row("organization-handle", GET,    "200 200 200 200 200 200 in", query="?name=Acme"),
    Row("organization-handle", POST,   "405"),
    Row("organization-switch", GET,    "405"),
    Row("organization-switch", POST,   "302 302 302 302 302 404 in", {"organization": "{organization}"},
        silent=SESSION_ONLY),
    Row("healthz", GET,                "200"),
    Row("healthz", POST,               "405"),
    Row("metrics", GET,                "401"),
    Row("metrics", POST,               "405"),
    Row("operator-sign-in", GET,       "200", arguments=lambda _: ["unknown-token"]),
    Row("operator-sign-in", POST,      "410", arguments=lambda _: ["unknown-token"]),
]

ACCOUNT = [
    #                                                 adm dev dvl bil vie out anon
    Row("account", GET,                              "200 200 200 200 200 200 in"),
    Row("account", POST,                             "302 302 302 302 302 302 in", {"name": "Robin"}),
    Row("account_login", GET,                        "302 302 302 302 302 302 200"),
    Row("account_login", POST,                       "302 302 302 302 302 302 200",
        {"login": "admin@cast.test", "password": "wrong"}, silent=LED_ON),
    Row("account_logout", GET,                       "200 200 200 200 200 200 302"),
    Row("account_logout", POST,                      "302", silent="ends no session of somebody without one"),
    Row("account_inactive", GET,                     "200"),
    Row("account_inactive", POST,                    "405"),
    Row("account_signup", GET,                       "302 302 302 302 302 302 200"),
    Row("account_signup", POST,                      "302",
        {"email": "new@cast.test", "password1": PASSWORD}, silent=LED_ON),
    Row("account_reauthenticate", GET,               "200 200 200 200 200 200 in"),
    Row("account_reauthenticate", POST,              "302 302 302 302 302 302 in", {"password": PASSWORD},
        silent="it changes only how fresh the session is"),
    Row("account_email", GET,                        "200 200 200 200 200 200 in"),
    Row("account_email", POST,                       "302 302 302 302 302 302 in",
        {"action_add": "", "email": "second@cast.test"}),
    Row("account_email_verification_sent", GET,      "200"),
    Row("account_email_verification_sent", POST,     "405"),
    Row("account_confirm_email", GET,                "200", arguments=lambda _: ["unknown"]),
    Row("account_confirm_email", POST,               "404", arguments=lambda _: ["unknown"]),
    Row("account_change_password", GET,              "200 200 200 200 200 200 in"),
    Row("account_change_password", POST,             "302 302 302 302 302 302 in",
        {"oldpassword": PASSWORD, "password1": "staple battery horse",
         "password2": "staple battery horse"}),
    Row("account_set_password", GET,                 "302 302 302 302 302 302 in"),
    Row("account_set_password", POST,                "302 302 302 302 302 302 in",
        silent="who has a password is led to the page that changes it"),
    Row("account_reset_password", GET,               "200"),
    Row("account_reset_password", POST,              "302", {"email": "nobody@cast.test"},
        silent=NO_ACCOUNT),
    Row("account_reset_password_done", GET,          "200"),
    Row("account_reset_password_done", POST,         "405"),
    Row("account_reset_password_from_key", GET,      "200", arguments=lambda _: ["1", "unknown"]),
    Row("account_reset_password_from_key", POST,     "200", arguments=lambda _: ["1", "unknown"],
        silent=NOTHING_VALID),
    Row("account_reset_password_from_key_done", GET, "200"),
    Row("account_reset_password_from_key_done", POST, "405"),
    Row("mfa_index", GET,                            "200 200 200 200 200 200 in"),
    Row("mfa_index", POST,                           "405 405 405 405 405 405 in"),
    Row("mfa_authenticate", GET,                     "302"),
    Row("mfa_authenticate", POST,                    "302", silent=NO_STAGE),
    Row("mfa_reauthenticate", GET,                   "302 302 302 302 302 302 in"),
    Row("mfa_reauthenticate", POST,                  "302 302 302 302 302 302 in", silent=NOTHING_VALID),
    Row("mfa_activate_totp", GET,                    "302 302 302 302 302 302 in"),
    Row("mfa_activate_totp", POST,                   "302 302 302 302 302 302 in", silent=AGAIN),
    Row("mfa_deactivate_totp", GET,                  "404 404 404 404 404 404 in"),
    Row("mfa_deactivate_totp", POST,                 "404 404 404 404 404 404 in"),
    Row("mfa_view_recovery_codes", GET,              "404 404 404 404 404 404 in"),
    Row("mfa_view_recovery_codes", POST,             "405 405 405 405 405 405 in"),
    Row("mfa_generate_recovery_codes", GET,          "302 302 302 302 302 302 in"),
    Row("mfa_generate_recovery_codes", POST,         "302 302 302 302 302 302 in", silent=AGAIN),
    Row("mfa_download_recovery_codes", GET,          "404 404 404 404 404 404 in"),
    Row("mfa_download_recovery_codes", POST,         "404 404 404 404 404 404 in"),
    Row("mfa_list_webauthn", GET,                    "200 200 200 200 200 200 in"),
    Row("mfa_list_webauthn", POST,                   "405 405 405 405 405 405 in"),
    Row("mfa_add_webauthn", GET,                     "302 302 302 302 302 302 in"),
    Row("mfa_add_webauthn", POST,                    "302 302 302 302 302 302 in", silent=AGAIN),
    Row("mfa_reauthenticate_webauthn", GET,          "302 302 302 302 302 302 in"),
    Row("mfa_reauthenticate_webauthn", POST,         "302 302 302 302 302 302 in", silent=NOTHING_VALID),
    Row("mfa_remove_webauthn", GET,                  "302 302 302 302 302 302 in", arguments=_number),
    Row("mfa_remove_webauthn", POST,                 "302 302 302 302 302 302 in", arguments=_number, silent=AGAIN),
    Row("mfa_edit_webauthn", GET,                    "302 302 302 302 302 302 in", arguments=_number),
    Row("mfa_edit_webauthn", POST,                   "302 302 302 302 302 302 in", arguments=_number, silent=AGAIN),
    Row("mfa_login_webauthn", GET,                   "302"),
    Row("mfa_login_webauthn", POST,                  "302", silent=NOTHING_VALID),
    Row("usersessions_list", GET,                    "200 200 200 200 200 200 in"),
    Row("usersessions_list", POST,                   "302 302 302 302 302 302 in"),
    Row("socialaccount_login_cancelled", GET,        "200"),
    Row("socialaccount_login_cancelled", POST,       "405"),
    Row("socialaccount_login_error", GET,            "401"),
    Row("socialaccount_login_error", POST,           "405"),
    Row("socialaccount_signup", GET,                 "302"),
    Row("socialaccount_signup", POST,                "302", silent=NO_STAGE),
    Row("socialaccount_connections", GET,            "200 200 200 200 200 200 in"),
    Row("socialaccount_connections", POST,           "200 200 200 200 200 200 in", silent=NOTHING_VALID),
    Row("openid_connect_login", GET,                 "404", arguments=_provider),
    Row("openid_connect_login", POST,                "404", arguments=_provider),
    Row("openid_connect_callback", GET,              "404", arguments=_provider),
    Row("openid_connect_callback", POST,             "404", arguments=_provider),
    Row("account_confirm_login_code", GET,           "302"),
    Row("account_confirm_login_code", POST,          "302", silent=NOTHING_VALID),
]

DATASTORES = [
    #                                   adm dev dvl bil vie out anon
    Row("usage", GET,                  "200 200 403 200 403 200 in"),
    Row("usage", POST,                 "405"),
    Row("usage-export", GET,           "200 200 403 200 403 200 in"),
    Row("usage-export", POST,          "405"),
    Row("store-plan", GET,             "200 200 403 403 403 404 in", arguments=_store),
    Row("store-plan", POST,            "302 302 403 403 403 404 in", {"plan": "startup-4"}, arguments=_store,
        before=_paid),
    Row("store-list", GET,             "200 200 200 200 200 200 in"),
    Row("store-list", POST,            "405"),
    Row("vector-store-list", GET,      "200 200 200 200 200 200 in"),
    Row("vector-store-list", POST,     "405"),
    Row("store-create", GET,           "302 302 403 403 403 302 in"),
    Row("store-create", POST,          "405"),
    Row("store-create-step", GET,      "200 200 403 403 403 200 in", arguments=_step("type")),
    Row("store-create-step", POST,     "422 422 403 403 403 422 in", arguments=_step("type")),
    Row("store-create-review", GET,    "200 200 403 403 403 200 in", query=DRAFT),
    Row("store-create-review", POST,   "302 302 403 403 403 302 in", query=DRAFT),
    Row("store", GET,                  "200 200 200 200 200 404 in", arguments=_store),
    Row("store", POST,                 "405", arguments=_store),
    Row("store-operation", GET,        "302 302 302 302 302 302 in", arguments=_store),
    Row("store-operation", POST,       "405", arguments=_store),
    Row("store-databases", GET,        "200 200 200 200 200 404 in", arguments=_store),
    Row("store-databases", POST,       "405", arguments=_store),
    Row("store-extension-create", GET, "405", arguments=_store),
    # 422: nobody answers where the store's server would be
    Row("store-extension-create", POST, "422 422 403 403 403 404 in", {"extension": "pg_stat_statements"},
        arguments=_store, query="?database=defaultdb"),
    Row("store-backups", GET,          "200 200 200 200 200 404 in", arguments=_store),
    Row("store-backups", POST,         "405", arguments=_store),
    Row("store-back-up", GET,          "405", arguments=_store),
    Row("store-back-up", POST,         "302 302 403 403 403 404 in", arguments=_store),
    Row("store-prove", GET,            "405", arguments=_store),
    # 409: there is no backup that could be proved
    Row("store-prove", POST,           "409 409 403 403 403 404 in", arguments=_store),
    Row("store-backup-time", GET,      "405", arguments=_store),
    Row("store-backup-time", POST,     "302 302 403 403 403 404 in", {"time": "03:30"}, arguments=_store),
    Row("store-restore", GET,          "200 200 403 403 403 404 in", arguments=_store),
    Row("store-restore", POST,         "422 422 403 403 403 404 in", arguments=_store),
    Row("store-restore-node", GET,     "405", arguments=_store),
    Row("store-restore-node", POST,    "422 422 403 403 403 404 in", {"confirm_name": "orders"}, arguments=_store),
    Row("store-bring-back", GET,       "405", arguments=_store),
    Row("store-bring-back", POST,      "302 302 403 403 403 404 in", arguments=_store, before=_deleted),
    Row("store-nodes", GET,            "200 200 200 200 200 404 in", arguments=_store),
    Row("store-nodes", POST,           "405", arguments=_store),
    Row("store-switch-over", GET,      "405", arguments=_store),
    Row("store-switch-over", POST,     "302 302 403 403 403 404 in", arguments=_store, before=_standby),
    Row("store-restart", GET,          "405", arguments=_store),
    Row("store-restart", POST,         "302 302 403 403 403 404 in", arguments=_store),
    Row("store-replace-node", GET,     "405", arguments=_store),
    Row("store-replace-node", POST,    "302 302 403 403 403 404 in", {"node": str(STANDBY)}, arguments=_store,
        before=_standby),
    Row("store-drill", GET,            "405", arguments=_store),
    Row("store-drill", POST,           "302 403 403 403 403 404 in", DRILL, arguments=_store, before=_standby),
    Row("store-monthly-drill", GET,    "405", arguments=_store),
    Row("store-monthly-drill", POST,   "302 403 403 403 403 404 in", {"monthly": "on"}, arguments=_store,
        before=_standby),
    Row("store-settings", GET,         "200 200 200 200 200 404 in", arguments=_store),
    Row("store-settings", POST,        "405", arguments=_store),
    Row("store-networks", GET,         "200 200 403 403 403 404 in", arguments=_store),
    Row("store-networks", POST,        "200 200 403 403 403 404 in", NETWORKS, arguments=_store,
        silent=REVIEW_ONLY, before=_without_address),
    Row("store-networks-save", GET,    "405", arguments=_store),
    Row("store-networks-save", POST,   "302 302 403 403 403 404 in", NETWORKS, arguments=_store,
        before=_without_address),
    Row("store-engine-settings", GET,  "405", arguments=_store),
    Row("store-engine-settings", POST, "302 302 403 403 403 404 in", {"eviction": "allkeys-lru"},
        arguments=_store, before=_cache),
    Row("store-activity", GET,         "200 200 403 200 403 404 in", arguments=_store),
    Row("store-activity", POST,        "405", arguments=_store),
    Row("store-ca", GET,               "200 200 200 403 403 404 in", arguments=_store),
    Row("store-ca", POST,              "405", arguments=_store),
    Row("store-reveal", GET,           "405", arguments=_store),
    Row("store-reveal", POST,          "200 200 403 403 403 404 in", arguments=_store),
    Row("store-reset-password", GET,   "405", arguments=_store),
    Row("store-reset-password", POST,  "302 302 403 403 403 404 in", arguments=_store),
    Row("store-power-off", GET,        "405", arguments=_store),
    Row("store-power-off", POST,       "302 302 403 403 403 404 in", arguments=_store),
    Row("store-power-on", GET,         "405", arguments=_store),
    Row("store-power-on", POST,        "302 302 403 403 403 404 in", arguments=_store,
        before=_state(DataStore.State.POWERED_OFF)),
    Row("store-protection", GET,       "405", arguments=_store),
    Row("store-protection", POST,      "302 403 403 403 403 404 in", {"protected": "on"}, arguments=_store),
    Row("store-delete", GET,           "405", arguments=_store),
    Row("store-delete", POST,          "302 403 403 403 403 404 in", {"confirm_name": "orders"},
        arguments=_store),
    Row("operation-retry", GET,        "405", arguments=_operation),
    Row("operation-retry", POST,       "302 302 403 403 403 404 in", arguments=_operation),
]

# fmt: on
TABLE = [*CONSOLE, *ACCOUNT, *DATASTORES, *TENANTS, *CONNECTIONS]
