"""What people are told about a data store's disk: nearly full, writes stopped, writes back."""

from __future__ import annotations

from django.urls import reverse

from console.notices import Kind, Tone, notify
from console.templatetags.ui import size as in_words
from datastores.engines.registry import ENGINES
from datastores.models import DataStore
from datastores.storage import READ_ONLY_PERCENT, WRITABLE_PERCENT


def warn(store: DataStore, step: int, *, used: int, size: int) -> None:
    """Tell that ``step`` percent are reached."""
    if step == READ_ONLY_PERCENT:
        subject = f"{store.name} is read-only: its disk is nearly full"
        engine = ENGINES.get(store.engine)
        text = (
            f"Writes are stopped so that the server stays up. Nothing is lost, and reading goes on. "
            f"{engine.when_full if engine else ''} Writes come back by themselves below {WRITABLE_PERCENT} %."
        )
    else:
        subject = f"{store.name}: {step} % of its storage is in use"
        text = (
            f"Delete what is no longer needed, or move to a larger plan. "
            f"At {READ_ONLY_PERCENT} % writes are stopped so that the server stays up."
        )
    _tell(store, subject, text, used, size)


def relieve(store: DataStore, *, used: int, size: int) -> None:
    """Tell that writes work again."""
    subject, text = f"{store.name} takes writes again", "There is room again; nothing needs to be done."
    _tell(store, subject, text, used, size, tone="success")


def _tell(store: DataStore, subject: str, text: str, used: int, size: int, tone: Tone | None = None) -> None:
    notify(
        store.organization,
        Kind.DISK,
        subject,
        f"{in_words(used)} of {in_words(size)} are in use. {text}",
        tone=tone,
        path=reverse("store", args=[store.pk]),
    )
