"""The engine itself, under the name by which Django looks for it.

SQLite lets one writer in at a time. Who finds it busy asks again after 1, 2, 5 … 100 ms, and
whoever happens to ask first gets in, so that of several writers one waits for seconds. Here the
writers of a process queue up, and only the first of them asks SQLite.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db.backends.sqlite3 import base

from integrations_center.databases import SQLITE_WAIT_SECONDS
from integrations_center.sqlite.turns import Turns

TURNS = Turns(SQLITE_WAIT_SECONDS)
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
Wrapper: Any = base.DatabaseWrapper  # its stub knows none of the methods that are changed here


class DatabaseWrapper(Wrapper):
    """A transaction is a turn, from its begin to its end."""

    has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        with self.wrap_database_errors:
            TURNS.take()
        self.has_turn = True
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        if self.has_turn:
            self.has_turn = False
            TURNS.end()

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=Cursor)


class Cursor(base.SQLiteCursorWrapper):
    """Outside a transaction, each statement that writes is a turn."""

    def execute(self, query: str, params: Any = None) -> Any:
        with self._turn(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        with self._turn(query):
            return super().executemany(query, param_list)

    def _turn(self, query: str) -> AbstractContextManager[None]:
        alone = not self.connection.in_transaction and query.startswith(WRITES)
        return TURNS if alone else nullcontext()
