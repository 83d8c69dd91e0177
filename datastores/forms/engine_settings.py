"""What a person may change of an engine, as a form per engine; most have none."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms

from datastores.engines.cache import Cache, CacheSettings, Eviction
from datastores.engines.cache.settings import MOST_REPLICA_LAG
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
    """Lua scripts, what happens when the memory is full, and in plans with standbys whether a write needs one."""

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
    min_replicas = forms.TypedChoiceField(
        label="Accept writes",
        coerce=int,
        help_text=(
            "A cache answers a write before its standbys have it, so a failover may lose the last instants. With a"
            " standby required, writes are refused (NOREPLICAS) while fewer have confirmed within the last"
            f" {MOST_REPLICA_LAG} seconds: less can be lost, and writes stop until a lost standby is replaced."
        ),
    )

    def __init__(self, *arguments: Any, standbys: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not standbys:
            del self.fields["min_replicas"]
            return
        needed = cast("forms.TypedChoiceField", self.fields["min_replicas"])
        needed.choices = [(number, _needing(number)) for number in range(standbys + 1)]


FORMS: Final[dict[str, type[CacheForm]]] = {Cache.slug: CacheForm}


def settings_form(store: DataStore, data: Any = None) -> forms.Form | None:
    """Return the form of the store's engine, filled with what counts now; None where nothing can be changed."""
    form = FORMS.get(store.engine)
    return form(data, initial=_current(store), standbys=store.plan.node_count - 1) if form else None


def _current(store: DataStore) -> dict[str, Any]:
    return CacheSettings.from_stored(store.settings).stored()


def _needing(standbys: int) -> str:
    if standbys == 0:
        return "Always"
    return f"While {standbys} standby is connected" if standbys == 1 else f"While {standbys} standbys are connected"
