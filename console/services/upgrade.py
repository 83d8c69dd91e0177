"""Brings database and static files to the state of the code; does nothing where they are there already."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from host.files import write_private


def migrate() -> bool:
    """Apply the migrations that are missing; True where there were any."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=0)
    return True


def collect_static() -> bool:
    """Collect the static files where one of them changed; True then."""
    marker = settings.STATIC_ROOT.with_name("static.sha256")
    digest = _digest()
    if marker.exists() and marker.read_text() == digest and settings.STATIC_ROOT.is_dir():
        return False
    marker.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    write_private(marker, digest)
    return True


def _digest() -> str:
    found = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda one: str(one[0])):
            found.update(path.encode() + b"\0")
            with storage.open(path) as file:
                found.update(hashlib.sha256(file.read()).digest())
    return found.hexdigest()
