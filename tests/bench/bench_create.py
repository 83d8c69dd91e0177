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
from typing import Any
from urllib.parse import urlsplit

import django
import psycopg
import pymysql
import redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()
logging.getLogger("httpx").setLevel(logging.WARNING)

from host.waiting import wait_until  # noqa: E402
from tests.bench.floor import bare_start_seconds  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402
from tests.console_client import ConsoleClient, hidden_fields  # noqa: E402
from tests.installation import make_environment, manage  # noqa: E402

RUNS = 10
GOALS = {"postgresql": (1.0, 2.5), "mysql": (1.6, 4.5), "cache": (0.6, 0.6)}  # seconds, with and without the warm pool
POSTGRESQL_GOAL = 4, 0.5  # and at most 4 times the floor plus 0.5 s


@contextlib.contextmanager
def console(pool: int, slots: int = 40, **settings: str) -> Iterator[tuple[ConsoleClient, Path]]:
    """Start an installation with a warm pool of ``pool`` directories and sign in; yields the client and the home."""
    home = Path(tempfile.mkdtemp(prefix="hwb-", dir="/tmp"))
    environment = make_environment(home, HEADWATER_WARM_POOL=str(pool), **settings)
    first = int(environment["HEADWATER_EDGE_FIRST_PORT"])
    environment |= {"HEADWATER_EDGE_SLOTS": str(slots), "HEADWATER_NODE_FIRST_PORT": str(first + slots)}
    try:
        started = manage(environment, "up", "--detach", seconds=240)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        with ConsoleClient(f"http://localhost:{environment['HEADWATER_PORT']}") as client:
            client.sign_up()
            for engine in ("postgresql", "mysql"):
                shelf = f"pool/{engine}-[0-9]*/[0-9]*"
                wait_until(lambda shelf=shelf: len(list(home.glob(shelf))) >= pool, 180)  # type: ignore[misc]
            yield client, home
    finally:
        manage(environment, "down", "--all")
        shutil.rmtree(home, ignore_errors=True)


def click_to_query(client: ConsoleClient, name: str, engine: str) -> float:
    """Send the review page and return the seconds until a verifying client has an answer.

    Host, port and user follow from the page's address; the password is copied as a person would, as soon as there is one.
    """
    review = client.http.get(client.review(name, engine)).raise_for_status()
    fields = hidden_fields(review.text)
    began = time.perf_counter()
    page = client.http.post(str(review.url), data=fields, headers={"Referer": str(review.url)}).headers["Location"]
    deadline = began + 60
    while time.perf_counter() < deadline:
        if seconds := _answered(client, page, fields["csrfmiddlewaretoken"], engine, began):
            return seconds
        time.sleep(0.01)
    raise RuntimeError(client.state(page))


def _answered(client: ConsoleClient, page: str, token: str, engine: str, began: float) -> float | None:
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
    while time.perf_counter() - began < 60:
        with contextlib.suppress(psycopg.OperationalError, pymysql.err.OperationalError, redis.RedisError, OSError):
            ask(engine, copied.text, str(client.ca))
            return time.perf_counter() - began
        time.sleep(0.005)
    return None


def ask(engine: str, uri: str, ca: str) -> None:
    """Log in through a service URI, verifying everything, and ask the smallest question."""
    parts = urlsplit(uri)
    if engine == "cache":
        with redis.from_url(uri, ssl_ca_certs=ca, ssl_check_hostname=True) as session:
            session.ping()
    elif engine == "mysql":
        account: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port,
            "user": parts.username,
            "password": parts.password,
        }
        with pymysql.connect(**account, ssl_ca=ca, ssl_verify_cert=True, ssl_verify_identity=True) as session:
            session.ping(reconnect=False)
    else:
        with psycopg.connect(parts._replace(query=f"sslmode=verify-full&sslrootcert={ca}").geturl()) as session:
            session.execute("SELECT 1")


def measure(pool: int) -> dict[str, tuple[list[float], list[float]]]:
    """Return seconds of clicks and of bare starts per engine, taken in turn."""
    taken: dict[str, tuple[list[float], list[float]]] = {}
    with console(pool) as (client, _):
        for engine in GOALS:
            clicks, floors = taken.setdefault(engine, ([], []))
            for run in range(RUNS + 1):
                time.sleep(0.5)
                clicks.append(click_to_query(client, f"{engine} {run}", engine))
                floors.append(bare_start_seconds(engine))
            clicks.pop(0)  # the first one warms the console's own caches
            floors.pop(0)
    return taken


def main() -> None:
    """Print the rows of all engines in one table."""
    warm, empty = measure(pool=RUNS + 2), measure(pool=0)
    rows = []
    times, plus = POSTGRESQL_GOAL
    of_floor = times * statistics.median(warm["postgresql"][1]) + plus
    goals = GOALS | {"postgresql": (min(GOALS["postgresql"][0], of_floor), GOALS["postgresql"][1])}
    for engine, (warm_goal, empty_goal) in goals.items():
        floor = f"{engine}: bare start"
        rows += [
            Row(floor, warm[engine][1] + empty[engine][1]),
            Row(f"{engine}: click, warm pool", warm[engine][0], goal=warm_goal, baseline=floor),
            Row(f"{engine}: click, empty pool", empty[engine][0], goal=empty_goal, baseline=floor),
        ]
    report("Create: click to first TLS query", rows)


if __name__ == "__main__":
    main()
