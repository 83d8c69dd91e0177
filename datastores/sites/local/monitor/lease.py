"""Who watches: one process at a time. A second one waits, and takes over when the first has not renewed its lease."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from datastores.models import MonitorLease

LENGTH = timedelta(seconds=5)


class Lease:
    """This process's claim. What it does without a lease any more harms nobody: operations have leases of their own."""

    def __init__(self, site_kind: str) -> None:
        self._site_kind = site_kind
        self._holder = uuid.uuid4()
        self._process = f"{socket.gethostname()[:60]} {os.getpid()}"

    def hold(self) -> bool:
        """Take or renew it; False while another process holds it."""
        return self._renew() or self._take()

    def _renew(self) -> bool:
        """The usual case, in one statement."""
        mine = MonitorLease.objects.filter(site_kind=self._site_kind, holder=self._holder)
        return mine.update(until=timezone.now() + LENGTH) > 0

    def _take(self) -> bool:
        now = timezone.now()
        mine = {"holder": self._holder, "process": self._process, "until": now + LENGTH, "taken_at": now}
        with transaction.atomic():
            held = MonitorLease.objects.select_for_update().filter(site_kind=self._site_kind).first()
            if held is None:
                _, made = MonitorLease.objects.get_or_create(site_kind=self._site_kind, defaults=mine)
                return made
            if held.until > now and not _is_dead(held.process):
                return False
            MonitorLease.objects.filter(pk=held.pk).update(**mine)
            return True

    def release(self) -> None:
        """Give it back at a clean end, so that the next process need not wait."""
        MonitorLease.objects.filter(site_kind=self._site_kind, holder=self._holder).delete()


def _is_dead(process: str) -> bool:
    """Whether the holder was a process of this very machine that is gone: then nobody has to wait for its lease."""
    host, _, pid = process.rpartition(" ")
    if host != socket.gethostname()[:60] or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's, so it is there
        pass
    return False
