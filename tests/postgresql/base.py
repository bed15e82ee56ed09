"""The tests' database is quick to empty, and quick to commit to."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base, creation, operations
from django.db.backends.utils import CursorWrapper

Creation: Any = creation.DatabaseCreation  # its stub does not know the method that is changed here


class DatabaseCreation(Creation):
    """No commit waits for the disk: what a test stored need not outlive the server."""

    def _execute_create_test_db(
        self, cursor: CursorWrapper, parameters: dict[str, str], keepdb: bool = False
    ) -> None:
        super()._execute_create_test_db(cursor, parameters, keepdb)
        cursor.execute(f"ALTER DATABASE {parameters['dbname']} SET synchronous_commit TO off")


class DatabaseOperations(operations.DatabaseOperations):
    """Every test that commits empties all tables afterwards: with DELETE.

    Django's TRUNCATE gives each table new files, which costs a hundred times more where there are
    a few rows. Foreign keys are checked at the end of the transaction, so the order does not
    matter.
    """

    def sql_flush(
        self,
        style: Any,
        tables: Sequence[str],
        *,
        reset_sequences: bool = False,
        allow_cascade: bool = False,
    ) -> list[str]:
        if reset_sequences:
            return super().sql_flush(
                style, tables, reset_sequences=True, allow_cascade=allow_cascade
            )
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]


class DatabaseWrapper(base.DatabaseWrapper):
    creation_class = DatabaseCreation
    ops_class = DatabaseOperations
