"""The stable address of a data store: a slot of the edge that it keeps for life."""

from __future__ import annotations

from django.db import models

from datastores.models.store import DataStore


class EdgeSlot(models.Model):
    """A port that the edge listens on. While ``store`` is set the slot is the store's; ``open`` is what the edge must do.

    Rows stay after a store is deleted: ``released_at`` lets the longest unused port be given out first, so that
    a forgotten client does not soon meet another tenant's server.
    """

    number = models.PositiveIntegerField(unique=True)
    port = models.PositiveIntegerField(unique=True)
    store = models.OneToOneField(DataStore, null=True, blank=True, on_delete=models.PROTECT, related_name="slot")
    server_port = models.PositiveIntegerField(
        null=True, blank=True, help_text="The primary's internal port; empty: maintenance."
    )
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"slot {self.number} on port {self.port}"
