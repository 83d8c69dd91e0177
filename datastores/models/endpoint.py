"""The stable address of a data store: a slot of the edge that it keeps for life."""

from __future__ import annotations

from django.db import models

from datastores.models.store import DataStore


class EdgeSlot(models.Model):
    """A port that the edge listens on. While ``store`` is set the slot is the store's, and leads to its primary; while
    ``reader_of`` is set it is that store's second address, which spreads reads over the standbys.

    Rows stay after a store is deleted: ``released_at`` lets the longest unused port be given out first, so that
    a forgotten client does not soon meet another tenant's server.
    """

    number = models.PositiveIntegerField(unique=True)
    port = models.PositiveIntegerField(unique=True)
    store = models.OneToOneField(DataStore, null=True, blank=True, on_delete=models.PROTECT, related_name="slot")
    server_port = models.PositiveIntegerField(
        null=True, blank=True, help_text="The primary's internal port; empty: maintenance."
    )
    reader_of = models.OneToOneField(
        DataStore,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reader_slot",
        help_text="The store whose standbys serve reads here.",
    )
    reader_ports = models.JSONField(
        default=list, blank=True, help_text="Internal ports of the nodes that serve reads; empty: maintenance."
    )
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"slot {self.number} on port {self.port}"
