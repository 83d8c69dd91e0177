"""``manage.py monitor``: watch the nodes of this machine, fail over, and restore redundancy."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from datastores.sites.local.monitor.watcher import Watcher


class Command(BaseCommand):
    """Runs until it is told to stop. A second one waits until the first has ended."""

    help = "Watch the nodes of this machine: fail over when a primary fails, replace nodes that are lost."

    def handle(self, *args: Any, **options: Any) -> None:
        """Watch."""
        watcher = Watcher()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: watcher.loop.stop())
        watcher.run()
