"""A new password for the super admin."""

from __future__ import annotations

from typing import ClassVar

from datastores.operations.outcomes import Done, Fail, Outcome
from datastores.operations.procedure import step
from datastores.sites.local.procedures.replication import ReplicationProcedure


class ResetPassword(ReplicationProcedure):
    """The server takes the new password first; the page shows it in the same commit that ends the operation."""

    kind = "reset_password"
    title: ClassVar[str] = "Reset the super admin password"
    first = "apply"

    @step("Give the server the new password")
    def apply(self) -> Outcome:
        """Set it, then make it the one that is shown. Run twice, it sets the same password twice."""
        store = self.store
        for node in self.nodes_with_logins():
            self.engine.set_password(self.place_at(node), store.admin_user, store.next_admin_password)
        store.admin_password, store.next_admin_password = store.next_admin_password, ""
        store.save(update_fields=["admin_password", "next_admin_password"])
        return Done("The super admin has a new password. Sessions that are open stay open until they reconnect.")

    def failed(self, failure: Fail) -> None:
        """The server runs as before: a password that could not be set is no failure of the store."""
