"""One small client per engine for the conformance suite: the engine's own driver, TLS, full verification."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from typing import Any

import psycopg
import pymysql
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from datastores.models import DataStore
from datastores.sites.local.machine import machine


class Client(ABC):
    """A session of a tenant's login, good for one word under one key."""

    refused: tuple[type[Exception], ...]

    def __init__(self, store: DataStore, *, password: str | None = None, tls: bool = True) -> None:
        store = DataStore.objects.select_related("slot").get(pk=store.pk)
        self.host, self.port, self.tls = settings.EDGE_HOST, store.slot.port, tls
        self.user, self.password = store.admin_user, password or store.admin_password
        self.database, self.ca = store.default_database, str(machine().ca_file)
        self.session = self.connect()

    @abstractmethod
    def connect(self) -> Any:
        """Log in and ask something; raises one of ``refused``."""

    @abstractmethod
    def keep(self, word: str) -> None:
        """Write a word."""

    @abstractmethod
    def kept(self) -> str:
        """Read it again."""

    @abstractmethod
    def ask(self) -> None:
        """Ask the smallest question, to see that the session lives."""

    def close(self) -> None:
        """End the session."""
        self.session.close()


class PostgreSQLClient(Client):
    """psycopg."""

    refused = (psycopg.OperationalError,)

    def connect(self) -> psycopg.Connection[Any]:
        """Connect with verify-full, or without TLS at all."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.database,
            sslmode="verify-full" if self.tls else "disable",
            sslrootcert=self.ca,
            connect_timeout=5,
            autocommit=True,
        )

    def keep(self, word: str) -> None:
        """Write a word."""
        self.session.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        self.session.execute("INSERT INTO kept VALUES (%s)", [word])

    def kept(self) -> str:
        """Read it again."""
        return str(self.session.execute("SELECT word FROM kept").fetchone()[0])

    def ask(self) -> None:
        """Ask for one."""
        self.session.execute("SELECT 1")


class MySQLClient(Client):
    """PyMySQL."""

    refused = (pymysql.err.OperationalError, ssl.SSLError)

    def connect(self) -> Any:
        """Connect with identity verification, or without TLS at all."""
        tls: dict[str, Any] = {"ssl_ca": self.ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.database,
            connect_timeout=5,
            autocommit=True,
            **(tls if self.tls else {"ssl_disabled": True}),
        )

    def keep(self, word: str) -> None:
        """Write a word."""
        with self.session.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS kept (word varchar(80))")
            cursor.execute("INSERT INTO kept VALUES (%s)", [word])

    def kept(self) -> str:
        """Read it again."""
        with self.session.cursor() as cursor:
            cursor.execute("SELECT word FROM kept")
            return str(cursor.fetchone()[0])

    def ask(self) -> None:
        """Ask for one."""
        with self.session.cursor() as cursor:
            cursor.execute("SELECT 1")


class CacheClient(Client):
    """redis-py."""

    refused = (redis.RedisError, OSError)

    def connect(self) -> Any:
        """Connect with verification, or without TLS at all; the client is lazy, so ask at once."""
        tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": self.ca, "ssl_check_hostname": True}
        session = redis.Redis(
            host=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            socket_timeout=5,
            single_connection_client=True,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            **(tls if self.tls else {}),
        )
        session.ping()
        return session

    def keep(self, word: str) -> None:
        """Write a word."""
        self.session.set("kept", word)

    def kept(self) -> str:
        """Read it again."""
        return str(self.session.get("kept"))

    def ask(self) -> None:
        """Ping."""
        self.session.ping()


CLIENTS: dict[str, type[Client]] = {
    "postgresql": PostgreSQLClient,
    "postgresql-vector": PostgreSQLClient,
    "mysql": MySQLClient,
    "cache": CacheClient,
}
