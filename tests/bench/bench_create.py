"""Click on Create -> first TLS query through the URI, with and without the warm pool, beside the bare floor.

The click is an HTTP POST of the wizard's last page to a real installation (gunicorn, Celery, runit, HAProxy). The
clock stops when a client that verifies everything has its first answer. The floor is the bare
`start -> first TLS query` of an initialised data directory, measured in turn with it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()
logging.getLogger("httpx").setLevel(logging.WARNING)

from host.waiting import wait_until  # noqa: E402
from tests.bench.floor_postgresql import bare_start_seconds  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402
from tests.console_client import ConsoleClient, hidden_fields  # noqa: E402
from tests.installation import make_environment, manage  # noqa: E402

RUNS = 10
GOALS = {"warm": 1.0, "empty": 2.5}  # seconds


@contextlib.contextmanager
def console(pool: int) -> Iterator[ConsoleClient]:
    """Start an installation with a warm pool of ``pool`` directories and sign in."""
    home = Path(tempfile.mkdtemp(prefix="hwb-", dir="/tmp"))
    environment = make_environment(home, HEADWATER_WARM_POOL=str(pool))
    try:
        started = manage(environment, "up", "--detach", seconds=240)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        with ConsoleClient(f"http://localhost:{environment['HEADWATER_PORT']}") as client:
            client.sign_up()
            wait_until(lambda: len(list(home.glob("pool/*/[0-9]*"))) >= pool, 120)
            yield client
    finally:
        manage(environment, "down", "--all")
        shutil.rmtree(home, ignore_errors=True)


def click_to_query(client: ConsoleClient, name: str) -> float:
    """Send the review page and return the seconds until a verifying client has an answer.

    Host, port and user follow from the page's address; the password is copied as a person would, as soon as there is one.
    """
    review = client.http.get(client.review(name)).raise_for_status()
    fields = hidden_fields(review.text)
    began = time.perf_counter()
    page = client.http.post(str(review.url), data=fields, headers={"Referer": str(review.url)}).headers["Location"]
    deadline = began + 60
    while time.perf_counter() < deadline:
        if seconds := _answered(client, page, fields["csrfmiddlewaretoken"], began):
            return seconds
        time.sleep(0.01)
    raise RuntimeError(client.state(page))


def _answered(client: ConsoleClient, page: str, token: str, began: float) -> float | None:
    """Copy the URI and ask through it; None while either does not work yet."""
    copied = client.http.post(
        f"{page}reveal/?what=uri",
        data={"purpose": "copy", "csrfmiddlewaretoken": token},
        headers={"Referer": str(client.http.base_url)},
    )
    if not copied.is_success:
        return None
    if not client.ca.exists():
        client.download_ca(page)
    dsn = client.verified(copied.text)
    while time.perf_counter() - began < 60:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(dsn) as session:
            session.execute("SELECT 1")
            return time.perf_counter() - began
        time.sleep(0.005)
    return None


def measure(pool: int) -> tuple[list[float], list[float]]:
    """Return seconds of clicks and of bare starts, taken in turn. The pool is given time to fill before each click."""
    clicks, floors = [], []
    with console(pool) as client:
        for run in range(RUNS + 1):
            time.sleep(0.5)
            clicks.append(click_to_query(client, f"run-{run}"))
            floors.append(bare_start_seconds())
    return clicks[1:], floors[1:]  # the first one warms the console's own caches


def main() -> None:
    """Print both tables' rows in one."""
    warm, warm_floor = measure(pool=RUNS + 2)
    empty, empty_floor = measure(pool=0)
    floor = statistics.median(warm_floor)
    report(
        "Create: click to first TLS query",
        [
            Row("bare start, first TLS query", warm_floor + empty_floor),
            Row(
                "click, warm pool",
                warm,
                goal=min(GOALS["warm"], 4 * floor + 0.5),
                baseline="bare start, first TLS query",
            ),
            Row("click, empty pool", empty, goal=GOALS["empty"], baseline="bare start, first TLS query"),
        ],
    )


if __name__ == "__main__":
    main()
