"""Queries whose SQL is worked out once: for that Django takes longer than a database to answer.

Worth it for what every request or every test asks. What they ask is still written as a query
set; only its values change from one time to the next.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as database
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, QuerySet

Row = tuple[Any, ...]
Converter = Callable[[Any, Any, Any], Any]


class _Worked(NamedTuple):
    """`values` holds what is always the same, and in the places of the rest None."""

    sql: str
    values: list[Any]
    places: list[tuple[int, int]]  # of a parameter, and of the value that belongs there
    converters: list[tuple[int, list[Converter], Any]]


class Compiled:
    """`Compiled(lambda slug: Workspace.objects.filter(slug=slug).values_list("pk"), "?")`.

    The examples stand for the values while the SQL is worked out: each is of the right type,
    and like nothing else in the query, which must have each as it is.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *examples: Any) -> None:
        self._make = make
        self._examples = examples

    @cached_property
    def _worked(self) -> _Worked:
        query = self._make(*self._examples).query
        compiler = query.get_compiler(connection=database)
        sql, parameters = compiler.as_sql()
        examples = [_adapted(example) for example in self._examples]
        places = [
            (place, examples.index(one)) for place, one in enumerate(parameters) if one in examples
        ]
        if {belongs for _, belongs in places} != set(range(len(examples))):
            raise ValueError("An example does not stand in the query as it is.")
        columns = [column for column, *_ in compiler.select]
        converters = compiler.get_converters(columns)
        return _Worked(
            sql,
            list(parameters),
            places,
            [(place, found, column) for place, (found, column) in converters.items()],
        )

    def raw(self, *values: Any) -> list[Row]:
        """As the database's driver gives them."""
        with database.cursor() as cursor:
            cursor.execute(self._worked.sql, self._parameters(values))
            return list(cursor.fetchall())

    def each(self, many: Sequence[Sequence[Any]]) -> list[list[Row]]:
        """The rows for each of these values, in one question: a database far away is asked once."""
        found: list[list[Row]] = [[] for _ in many]
        if not many:
            return found
        asked = (f"SELECT {n}, one.* FROM ({self._worked.sql}) one" for n in range(len(many)))
        parameters = [one for values in many for one in self._parameters(values)]
        with database.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(asked), parameters)
            for number, *row in cursor.fetchall():
                found[number].append(tuple(row))
        return [self.converted(rows) for rows in found]

    def _parameters(self, values: Sequence[Any]) -> list[Any]:
        parameters = self._worked.values.copy()
        for place, belongs in self._worked.places:
            parameters[place] = _adapted(values[belongs])
        return parameters

    def converted(self, rows: list[Row]) -> list[Row]:
        """Raw rows as Django's fields read them."""
        if not self._worked.converters:
            return rows
        return [self._convert(row) for row in rows]

    def rows(self, *values: Any) -> list[Row]:
        return self.converted(self.raw(*values))

    def _convert(self, row: Row) -> Row:
        read = list(row)
        for place, converters, column in self._worked.converters:
            for convert in converters:
                read[place] = convert(read[place], column, database)
        return tuple(read)


class CompiledRows[M: Model]:
    """The same for instances: `narrow` makes the query out of all of a model's.

    They have these columns, and read any other when it is used.
    """

    def __init__(
        self,
        model: type[M],
        narrow: Callable[..., QuerySet[M]],
        *examples: Any,
        columns: Collection[str] = (),
    ) -> None:
        self.names = columns_of(model, columns)
        self._model = model
        self._compiled = Compiled(
            lambda *values: narrow(QuerySet(model), *values).values_list(*self.names),
            *examples,
        )

    def first(self, *values: Any) -> M | None:
        found = self._compiled.rows(*values)
        return self._made(found[0]) if found else None

    def all(self, *values: Any) -> list[M]:
        return [self._made(row) for row in self._compiled.rows(*values)]

    def _made(self, row: Row) -> M:
        return self._model.from_db(database.alias, self.names, row)


def columns_of(model: type[Model], among: Collection[str] = ()) -> list[str]:
    """The names of all its columns, or of these, in the order in which `from_db` takes them."""
    names = [field.attname for field in model._meta.concrete_fields]
    return [name for name in names if not among or name in among]


def insert(row: Model, *, turn: tuple[int, int] | None = None) -> bool:
    """What `save` does for a new row, unless the database has one that must be the only one.

    Who inserts with the same `turn` waits for whoever did until that one's transaction ends, so
    that ids appear in their order: PostgreSQL gives them before it commits. SQLite has one writer.
    """
    here = connections[DEFAULT_DB_ALIAS]
    takes_turns = turn is not None and here.vendor == "postgresql"
    sql, fields = _insertion(type(row), takes_turns=takes_turns)
    values = [field.get_db_prep_save(getattr(row, field.attname), here) for field in fields]
    values += turn if turn and takes_turns else ()
    with here.cursor() as cursor:
        cursor.execute(sql, values)
        inserted = cursor.fetchall()
    if not inserted:
        return False
    if row._meta.auto_field:
        ((row.pk,),) = inserted
    row._state.adding = False  # noqa: SLF001 - as Django does
    row._state.db = DEFAULT_DB_ALIAS  # noqa: SLF001
    return True


@cache
def _insertion(
    model: type[Model], *, takes_turns: bool = False
) -> tuple[str, list["Field[Any, Any]"]]:
    table = model._meta
    fields = [field for field in table.concrete_fields if field is not table.auto_field]
    names = ", ".join(_quoted(field.column) for field in fields)
    values = ", ".join("%s" for _ in fields)
    # What calls a function of its kind is run first, and once: the id is taken after it.
    given = f"SELECT {values} FROM (SELECT pg_advisory_xact_lock(%s, %s)) AS turn"
    rows = given if takes_turns else f"VALUES ({values})"
    into = f"INSERT INTO {_quoted(table.db_table)} ({names}) {rows}"
    return f"{into} ON CONFLICT DO NOTHING RETURNING {_quoted(table.pk.column)}", fields


def update(
    model: type[Model], values: Mapping[str, Any], *, returning: str = "id", **where: Any
) -> Row | None:
    """Give these values to the row of those, and return what it then has; None without one."""
    here = connections[DEFAULT_DB_ALIAS]
    changed, parameters = _pairs(model, values, here)
    found, more = _pairs(model, where, here)
    with here.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_quoted(model._meta.db_table)} SET {', '.join(changed)}"
            f" WHERE {' AND '.join(found)} RETURNING {_quoted(returning)}",
            [*parameters, *more],
        )
        return cast(Row | None, cursor.fetchone())


def update_each(rows: Sequence[Model], names: Collection[str]) -> None:
    """Write these columns of each, in one go. What `bulk_update` works out of a case for each
    row and column is far slower than to send the rows.
    """
    if not rows or not names:
        return
    here, model = connections[DEFAULT_DB_ALIAS], type(rows[0])
    table = model._meta
    fields = [cast("Field[Any, Any]", table.get_field(name)) for name in names]
    changed = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    values = [
        [*(one.get_db_prep_save(getattr(row, one.attname), here) for one in fields), row.pk]
        for row in rows
    ]
    with here.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {_quoted(table.db_table)} SET {changed} WHERE {_quoted(table.pk.column)} = %s",
            values,
        )


def delete(model: type[Model], **where: Any) -> None:
    """Delete rows at which nothing points, or nothing will when the transaction ends."""
    here = connections[DEFAULT_DB_ALIAS]
    found, parameters = _pairs(model, where, here)
    with here.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {_quoted(model._meta.db_table)} WHERE {' AND '.join(found)}", parameters
        )


def _pairs(
    model: type[Model], values: Mapping[str, Any], here: BaseDatabaseWrapper
) -> tuple[list[str], list[Any]]:
    fields = _fields(model)
    return (
        [f"{_quoted(fields[name].column)} = %s" for name in values],
        [fields[name].get_db_prep_save(value, here) for name, value in values.items()],
    )


@cache
def _fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {field.attname: field for field in model._meta.concrete_fields}


@cache
def _quoted(name: str | None) -> str:
    return database.ops.quote_name(str(name))


def _adapted(value: Any) -> Any:
    """As the driver takes it."""
    if isinstance(value, datetime):
        return database.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not database.features.has_native_uuid_field:
        return value.hex
    return value
