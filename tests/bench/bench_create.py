"""Click on Create -> first TLS query through the URI, with and without the warm pool, beside the bare floor.

The click is an HTTP POST of the wizard's last page to a real installation (gunicorn, Celery, runit, HAProxy). The
clock stops when a client that verifies everything has its first answer. The floor is the bare
`start -> first TLS query` of an initialised data directory, measured in turn with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import django
import httpx
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from tests.bench.floor_postgresql import bare_start_seconds  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402
from tests.installation import make_environment, manage  # noqa: E402

RUNS = 10
GOALS = {"warm": 1.0, "empty": 2.5}  # seconds
PASSWORD = "correct horse battery staple"


def sign_up(client: httpx.Client) -> None:
    """Make a person and an organization, as a newcomer does."""
    post(client, "/account/signup/", {"email": "bench@example.test", "password1": PASSWORD})
    post(client, "/organizations/create/", {"name": "Bench"})


def post(client: httpx.Client, path: str, data: dict[str, str]) -> httpx.Response:
    """Open a form, then send it with its hidden fields."""
    form = client.get(path, follow_redirects=True)
    form.raise_for_status()
    answer = client.post(path, data=hidden_fields(form.text) | data, follow_redirects=True, headers={"Referer": str(form.url)})
    answer.raise_for_status()
    return answer


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden inputs of a page."""
    inputs = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    pairs = ((re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in inputs)
    return {name[1]: value[1] for name, value in pairs if name and value}


@contextlib.contextmanager
def console(pool: int) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """Start an installation with a warm pool of ``pool`` directories and sign in."""
    home = Path(tempfile.mkdtemp(prefix="hwb-", dir="/tmp"))
    environment = make_environment(home, HEADWATER_WARM_POOL=str(pool))
    try:
        started = manage(environment, "up", "--detach", seconds=240)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        with httpx.Client(base_url=f"http://localhost:{environment['HEADWATER_PORT']}", timeout=30) as client:
            sign_up(client)
            yield client, environment
    finally:
        manage(environment, "down", "--all")
        shutil.rmtree(home, ignore_errors=True)
