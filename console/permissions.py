"""What each role may do: one readable table, and one question asked of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.core.exceptions import PermissionDenied


class Role(StrEnum):
    """A member's role in an organization."""

    ADMIN = "admin"
    DEVOPS = "devops"
    DEVELOPER = "developer"
    BILLING_ADMIN = "billing_admin"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        """The role as a page writes it."""
        return {"devops": "DevOps", "billing_admin": "Billing Admin"}.get(self.value, self.value.capitalize())


EVERYBODY: Final = frozenset(Role)
BUILDERS: Final = frozenset({Role.ADMIN, Role.DEVOPS, Role.DEVELOPER})
KEEPERS: Final = frozenset({Role.ADMIN, Role.DEVOPS})
BILLERS: Final = frozenset({Role.ADMIN, Role.DEVOPS, Role.BILLING_ADMIN})
ADMINS: Final = frozenset({Role.ADMIN})

# permission -> (who has it, what it allows in words for the settings page)
TABLE: Final[dict[str, tuple[frozenset[Role], str]]] = {
    "organization:view": (EVERYBODY, "See the organization, its members and environments"),
    "organization:edit": (ADMINS, "Rename the organization"),
    "organization:delete": (ADMINS, "Delete the organization"),
    "member:edit": (ADMINS, "Invite members, change their roles and remove them"),
    "environment:edit": (ADMINS, "Add, rename and mark environments"),
    "webhook:edit": (ADMINS, "Add and change webhooks"),
    "usage:view": (BILLERS, "See hours and costs"),
    "tier:ask": (frozenset({Role.ADMIN, Role.BILLING_ADMIN}), "Ask the operators for the paid tier"),
    "activity:view": (BILLERS, "See who did what"),
    "store:view": (EVERYBODY, "See data stores, their plans and their state"),
    "store:create": (KEEPERS, "Create data stores"),
    "store:connect": (BUILDERS, "See connection details without the password, and snippets"),
    "store:reveal": (KEEPERS, "Reveal and copy the super admin password"),
    "store:power": (KEEPERS, "Power data stores off and on"),
    "store:switch_over": (KEEPERS, "Switch over to a standby, restart and replace nodes"),
    "store:drill": (ADMINS, "Run failure drills"),
    "store:reset_password": (KEEPERS, "Reset the super admin password"),
    "store:change_plan": (KEEPERS, "Change the plan of data stores"),
    "store:network": (KEEPERS, "Change which addresses may connect to data stores"),
    "store:configure": (KEEPERS, "Change engine settings of data stores"),
    "store:extend": (KEEPERS, "Have reviewed extensions created in databases"),
    "store:back_up": (KEEPERS, "Back up, prove and restore data stores"),
    "store:protect": (ADMINS, "Switch deletion protection"),
    "store:delete": (ADMINS, "Delete data stores"),
    "database:create": (KEEPERS, "Create databases in data stores"),
    "database:delete": (ADMINS, "Delete databases of data stores"),
    "credential:view": (EVERYBODY, "See which credentials there are, without their passwords"),
    "credential:edit": (KEEPERS, "Import, make, repair and delete credentials"),
    "credential:use_critical": (KEEPERS, "See and use credentials of critical environments, such as Production"),
    "marketplace:view": (EVERYBODY, "See and search the Marketplace"),
    "marketplace:edit": (KEEPERS, "Add databases to the Marketplace, describe and remove them"),
    "project:view": (EVERYBODY, "See projects and components"),
    "project:edit": (BUILDERS, "Create, change and delete projects and components"),
    "connection:view": (EVERYBODY, "See connections, without their passwords"),
    "connection:edit": (BUILDERS, "Create and delete connections, and choose their credentials"),
    "connection:reveal": (BUILDERS, "Reveal and download the values of connections, and make delivery tokens"),
    "connection:rotate": (KEEPERS, "Rotate the logins of connections"),
    "operation:retry": (KEEPERS, "Retry work that failed"),
}


def allows(role: Role | str, permission: str) -> bool:
    """Say whether ``role`` has ``permission``. An unknown permission raises KeyError."""
    return Role(role) in TABLE[permission][0]


def roles_with(permission: str) -> list[Role]:
    """Return the roles that have ``permission``, in the order of :class:`Role`."""
    return [role for role in Role if allows(role, permission)]


class NotAllowed(PermissionDenied):
    """A role lacks a permission. The page that answers (403) says which roles have it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission
