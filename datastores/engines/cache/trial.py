"""Logs in to a cache over TLS as a client does."""

from __future__ import annotations

import ssl

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from datastores.engines import trial
from datastores.engines.contract import Access

SECONDS = 5.0
FULL = "max number of clients"


def try_login(access: Access, ca_pem: str) -> None:
    """Log in and PING; raises LoginFailure."""
    client = redis.Redis(
        host=access.host,
        port=access.port,
        username=access.user,
        password=access.password,
        ssl=True,
        ssl_ca_data=ca_pem,
        ssl_check_hostname=True,
        ssl_min_version=ssl.TLSVersion.TLSv1_2,
        single_connection_client=False,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        raise _meaning(error, access) from None
    finally:
        client.close()


def _meaning(error: Exception, access: Access) -> trial.LoginFailure:
    if isinstance(error, redis.exceptions.NoPermissionError):
        return trial.no_right(access.user, access.database, "Choose a login that may use the cache.")
    if isinstance(error, redis.AuthenticationError) or "WRONGPASS" in str(error):
        return trial.wrong_password(access.user)
    return trial.full() if FULL in str(error) else trial.unreachable(f"{access.host}:{access.port}")
