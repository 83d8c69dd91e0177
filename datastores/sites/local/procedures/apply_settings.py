"""New engine settings for a running data store."""

from __future__ import annotations

from typing import ClassVar

from datastores.operations.outcomes import Done, Fail, Outcome
from datastores.operations.procedure import step
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.procedures.replication import ReplicationProcedure


class ApplySettings(ReplicationProcedure):
    """Files of the next start first, then the running server; the page shows the settings when both have them."""

    kind = "apply_settings"
    title: ClassVar[str] = "Change engine settings"
    first = "apply"

    @step("Give the server the new settings")
    def apply(self) -> Outcome:
        """Write them and let the server follow. Run twice, it sets the same values twice."""
        store = self.store
        store.settings = self.memo["settings"]
        for node in self.nodes():
            node.store = store  # so that the files are written from the new settings
            configure_node(self.machine, node)
            self.engine.adopt_settings(self.place_at(node), store.settings)
        store.save(update_fields=["settings"])
        return Done("The server follows the new settings. No client was cut.")

    def failed(self, failure: Fail) -> None:
        """The server runs as before: settings that could not be changed are no failure of the store."""
