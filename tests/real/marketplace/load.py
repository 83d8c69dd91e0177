"""A pooled client under continuous load, which takes its login from where the connection's values are delivered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Self

import psycopg
from psycopg_pool import ConnectionPool

LIFETIME = 0.5  # seconds after which the pool replaces a connection


class Load:
    """Threads that write and read through one pool until they are stopped; every failure is kept."""

    def __init__(self, values: Callable[[], dict[str, Any]], *, threads: int = 4) -> None:
        self.done = 0
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            kwargs=values, min_size=threads, max_size=threads + 2, max_lifetime=LIFETIME, open=False
        )
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        self._pool.open(wait=True)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
        self._pool.close()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                with self._pool.connection(timeout=10) as connection:
                    connection.execute("INSERT INTO kept (word) VALUES ('x')")
                    connection.execute("SELECT count(*) FROM kept").fetchone()
                with self._lock:
                    self.done += 1
            except Exception as error:
                self.failures.append(repr(error))
            time.sleep(0.005)
