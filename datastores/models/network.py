"""Who may connect: the allow list of a data store."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from datastores.models.store import DataStore
from datastores.networks import EVERYBODY


class AllowedNetwork(models.Model):
    """One address or CIDR block that may connect. A store without any lets nobody in; a new one lets everybody in."""

    store = models.ForeignKey(DataStore, on_delete=models.CASCADE, related_name="allowed_networks")
    network = models.CharField(max_length=43, help_text="In canonical form, such as 192.0.2.0/24 or 2001:db8::/32.")
    note = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["store", "network"], name="allowed_network_once")]

    def __str__(self) -> str:
        return self.network

    @staticmethod
    def allow_everybody(store: DataStore) -> None:
        """Give a new store the open list that the specification asks for."""
        AllowedNetwork.objects.bulk_create(AllowedNetwork(store=store, network=network) for network in EVERYBODY)
