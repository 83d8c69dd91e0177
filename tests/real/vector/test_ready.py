"""pgvector is there before anybody asks: in the default database, and in every database that a tenant makes."""

from __future__ import annotations

import psycopg
import pytest

from tests.real.postgresql.conftest import Server

pytestmark = pytest.mark.real


def test_the_default_database_has_it(server: Server) -> None:
    with server.login() as admin:
        assert admin.execute("SELECT '[1,2,3]'::vector <-> '[1,2,4]'").fetchone() == (1.0,)


def test_every_new_database_has_it(server: Server) -> None:
    with server.login() as admin:
        admin.execute("CREATE DATABASE embeddings")
    with server.login(dbname="embeddings") as admin:
        assert admin.execute("SELECT '[1,2,3]'::vector <-> '[1,2,4]'").fetchone() == (1.0,)
        assert admin.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall() == [("plpgsql",), ("vector",)]


def test_it_belongs_to_the_platform(server: Server) -> None:
    with server.login() as admin, pytest.raises(psycopg.errors.InsufficientPrivilege):
        admin.execute("DROP EXTENSION vector")


def test_an_index_build_has_an_eighth_of_the_plan(server: Server) -> None:
    with server.login() as admin:
        assert admin.execute("SHOW maintenance_work_mem").fetchone() == ("128MB",)
        admin.execute(
            "CREATE TABLE many AS SELECT id, ARRAY[random(), random(), random()]::vector(3) AS place"
            " FROM generate_series(1, 20000) AS id"
        )
        admin.execute("ALTER TABLE many ALTER COLUMN place TYPE vector(3)")
        notices: list[str] = []
        admin.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        admin.execute("CREATE INDEX many_place ON many USING hnsw (place vector_l2_ops)")
        plan = admin.execute("EXPLAIN SELECT id FROM many ORDER BY place <-> '[0,0,0]' LIMIT 5").fetchall()
    assert "many_place" in str(plan)
    assert notices == [], "pgvector says so where a graph no longer fits into memory"
