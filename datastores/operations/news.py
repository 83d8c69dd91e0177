"""Telling the organization of work that failed and of servers that stopped answering."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from console.notices import Kind, notify
from datastores.models import DataStore, Operation
from datastores.operations.outcomes import Fail

KINDS = {"back_up": Kind.BACKUP, "prove": Kind.PROOF}  # the others are failures, simply


def tell_failure(operation: Operation, title: str, failure: Fail) -> None:
    """Write the notice in the transaction that records the failure: each failure is told once, of what is tried again
    by itself at most one an hour."""
    store = operation.store
    if store is not None:
        notify(
            store.organization,
            KINDS.get(operation.kind, Kind.FAILURE),
            f"{store.name}: “{title}” failed",
            f"{failure.sentence} {failure.remedy}".strip(),
            tone="danger",
            path=reverse("store-backups" if operation.background else "store", args=[store.pk]),
            key=f"{operation.kind}:{store.pk}:{timezone.now():%Y-%m-%dT%H}" if operation.background else "",
        )


def tell_silence(store: DataStore, evidence: str) -> None:
    """Tell that a server stopped answering, at most once an hour for each data store."""
    notify(
        store.organization,
        Kind.FAILURE,
        f"{store.name} does not answer",
        f"{evidence} What is on disk is left as it is; the platform goes on trying. The page shows when it answers again.",
        path=reverse("store", args=[store.pk]),
        key=f"silent:{store.pk}:{timezone.now():%Y-%m-%dT%H}",
    )
