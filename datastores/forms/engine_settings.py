"""What a person may change of an engine, as a form per engine; most have none."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from datastores.engines.cache import Cache, CacheSettings, Eviction
from datastores.models import DataStore

EVICTIONS: Final = {
    Eviction.NOEVICTION: "Refuse writes (noeviction)",
    Eviction.ALLKEYS_LRU: "Remove the least recently used key (allkeys-lru)",
    Eviction.ALLKEYS_LFU: "Remove the least often used key (allkeys-lfu)",
    Eviction.ALLKEYS_RANDOM: "Remove any key (allkeys-random)",
    Eviction.VOLATILE_LRU: "Of the keys that expire, the least recently used (volatile-lru)",
    Eviction.VOLATILE_LFU: "Of the keys that expire, the least often used (volatile-lfu)",
    Eviction.VOLATILE_RANDOM: "Of the keys that expire, any (volatile-random)",
    Eviction.VOLATILE_TTL: "Of the keys that expire, the one that expires first (volatile-ttl)",
}


class CacheForm(forms.Form):
    """Lua scripts, and what happens when the memory is full."""

    eviction = forms.ChoiceField(
        label="When the memory is full",
        choices=[(policy.value, words) for policy, words in EVICTIONS.items()],
        help_text="Queues and sessions need noeviction: nothing of theirs is ever removed. A pure cache is happiest with allkeys-lru.",
    )
    lua = forms.BooleanField(
        label="Lua scripts",
        required=False,
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
        help_text="EVAL, EVALSHA and SCRIPT. Queue libraries such as Sidekiq and BullMQ need them.",
    )


FORMS: Final[dict[str, type[forms.Form]]] = {Cache.slug: CacheForm}


def settings_form(store: DataStore, data: Any = None) -> forms.Form | None:
    """Return the form of the store's engine, filled with what counts now; None where nothing can be changed."""
    form = FORMS.get(store.engine)
    return form(data, initial=_current(store)) if form else None


def _current(store: DataStore) -> dict[str, Any]:
    return CacheSettings.from_stored(store.settings).stored()
