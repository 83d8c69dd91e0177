"""Writes numbered rows into a cache through its own address: members of one sorted set, in the last of its databases.

A cache has no corner that its tenant can't see. The set is there during a change of the primary only. Where the tenant
chose to have keys evicted, a full memory may evict it as any other, and its rows then count as lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from datastores.engines.cache.rules import CANARY_KEY
from datastores.engines.cache.settings import DATABASES
from datastores.sites.contract import Endpoint
from datastores.sites.local.cache.names import CANARY, canary_password
from datastores.sites.local.canary import Canary

ANSWER_SECONDS = 2.0


class CacheCanary(Canary):
    """One kept connection."""

    def __init__(self, endpoint: Endpoint, ca: Path) -> None:
        self._endpoint, self._ca = endpoint, ca
        self._client: redis.Redis | None = None

    def write(self, number: int) -> None:
        """Add one member, whose score is its number."""
        self._ask("ZADD", CANARY_KEY, number, number)

    def numbers(self, first: int, last: int) -> set[int]:
        """Read them."""
        return {int(member) for member in self._ask("ZRANGEBYSCORE", CANARY_KEY, first, last)}

    def forget(self, first: int, last: int) -> None:
        """Remove them; the set goes with its last member."""
        self._ask("ZREMRANGEBYSCORE", CANARY_KEY, first, last)

    def hang_up(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ask(self, *words: str | int) -> Any:
        if self._client is None:
            self._client = self._connected()
        return self._client.execute_command(*words)  # type: ignore[no-untyped-call]

    def _connected(self) -> redis.Redis:
        return redis.Redis(
            host=self._endpoint.host,
            port=self._endpoint.port,
            db=DATABASES - 1,
            username=CANARY,
            password=canary_password(),
            protocol=2,
            ssl=True,
            ssl_ca_certs=str(self._ca),
            ssl_check_hostname=True,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )
