"""Queries that are asked every second."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler


class Repeated:
    """A query that never changes: its SQL is worked out once, which costs several times what asking it does."""

    def __init__(self, rows: Callable[[], QuerySet[Any, Any]]) -> None:
        self._rows = rows

    def ask(self) -> Iterable[Sequence[Any]]:
        """Return the rows of now, as ``values_list`` does."""
        statement, parameters = self._statement
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            found = cursor.fetchall()
        return self._compiler.results_iter([found])

    @functools.cached_property
    def _compiler(self) -> SQLCompiler:
        compiler: SQLCompiler = self._rows().query.get_compiler(DEFAULT_DB_ALIAS)
        return compiler

    @functools.cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        return self._compiler.as_sql()
