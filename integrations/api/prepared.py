"""Queries that every request of the API asks: their SQL is worked out once, not each time.

Working it out takes Django ten times as long as the database needs to answer.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Row = tuple[Any, ...]

# Stands for the id that is not known yet: an id is never negative.
ANY_ID = -2_000_000_000


class Prepared:
    """`Prepared(lambda user: Membership.objects.filter(user=user).values_list("role"))`."""

    def __init__(self, build: Callable[[int], QuerySet[Any, Any]]) -> None:
        self._build = build

    @cached_property
    def _sql(self) -> tuple[str, tuple[Any, ...]]:
        return self._build(ANY_ID).query.sql_with_params()

    def rows(self, id_: int) -> list[Row]:
        """The rows as the database's driver gives them."""
        sql, parameters = self._sql
        with connection.cursor() as cursor:
            cursor.execute(sql, [id_ if value == ANY_ID else value for value in parameters])
            return list(cursor.fetchall())

    def converted(self, rows: list[Row]) -> list[Row]:
        """The same rows as Django's fields read them."""
        compiler = self._build(ANY_ID).query.get_compiler(connection=connection)
        compiler.setup_query()
        return list(compiler.results_iter([rows], tuple_expected=True))
