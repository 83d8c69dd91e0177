"""Telling the applications that an organization's tier has changed; they listen in their ``AppConfig.ready``."""

from __future__ import annotations

from django.dispatch import Signal

# Sent in the transaction of the change, with ``organization`` (as it is now) and ``actor``.
tier_changed = Signal()
