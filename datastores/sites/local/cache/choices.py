"""Keeps beside a node's configuration what a person has chosen, for changes that know only the node."""

from __future__ import annotations

import json

from datastores.engines.cache.settings import CacheSettings
from datastores.sites.local.engine import Place
from host.files import write_private

CHOICES_FILE = "choices.json"


def write_choices(place: Place, settings: CacheSettings) -> None:
    """Note the choices that the node runs with."""
    write_private(place.configuration / CHOICES_FILE, json.dumps(settings.stored()) + "\n", durable=True)


def read_choices(place: Place) -> CacheSettings:
    """Return the noted choices; the defaults before any were noted."""
    path = place.configuration / CHOICES_FILE
    return CacheSettings.from_stored(json.loads(path.read_text())) if path.exists() else CacheSettings()
