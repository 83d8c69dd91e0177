"""How often the delivery endpoint answers: counted in the cache that every worker shares."""

from __future__ import annotations

import logging
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
SECONDS: Final = 60
MOST_PER_TOKEN: Final = 120  # a minute; a deployment asks once
MOST_FAILURES: Final = 20  # a minute and address


def over(key: str, most: int) -> bool:
    """Count one more and say whether it is more than ``most`` within a minute.

    Where the cache does not answer nothing is counted: deployments go on, and tokens of 256 bits can't be guessed.
    """
    name = f"delivery:{key}"
    try:
        cache.add(name, 0, SECONDS)
        return cache.incr(name) > most
    except ValueError:  # it ran out between the two
        return False
    except (RedisError, OSError):
        log.warning("The cache did not answer, so deliveries are not counted.")
        return False
