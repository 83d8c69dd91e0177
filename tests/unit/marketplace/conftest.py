"""The cast of the page tests, here too."""

from __future__ import annotations

from tests.unit.pages.conftest import outsider, running, sign_in

__all__ = ["outsider", "running", "sign_in"]
