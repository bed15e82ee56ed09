"""Marks: the database writes down which workspace a changed connection is of.

Triggers, so that no way of writing goes past them, be it a bulk update or a hand at the database.
A proof that is renewed before it could have run out is no change: each check would be one. They
are made anew after each migration, since SQLite drops those of a table that it remakes.
"""

from datetime import timedelta
from hashlib import sha256

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# No platform's proof lasts less: one that is this much newer may follow one that had run out.
SHORTEST_PROOF = timedelta(hours=6)
CONNECTIONS = "integrations_integrationconnection"
MARKS = "integrations_standingmark"
NAME = "mark_standing"
# What a connection's light is made of, and its end.
COLUMNS = (
    *("workspace_id", "provider", "auth_method", "version", "is_default", "status", "is_complete"),
    *("key_id", "sign_in_id", "sign_in_key_id", "config", "hints", "failing_since", "reported_at"),
    *("taken_back_at", "unanswered_since", "expires_at", "proof_stand_in"),
)
LATER = {
    "sqlite": "julianday(NEW.proven_at) - julianday(OLD.proven_at) >= {days}",
    "postgresql": "NEW.proven_at - OLD.proven_at >= interval '{seconds} seconds'",
}
DIFFERS = {"sqlite": "NEW.{0} IS NOT OLD.{0}", "postgresql": "NEW.{0} IS DISTINCT FROM OLD.{0}"}
EXISTING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
}


def keep(using: str = DEFAULT_DB_ALIAS) -> None:
    """Make them where they are not there as they are written here."""
    database = connections[using]
    if database.vendor not in LATER or CONNECTIONS not in database.introspection.table_names():
        return
    if MARKS not in database.introspection.table_names():
        return  # a migration before there were marks
    wanted = dict(_statements(database.vendor))
    with database.cursor() as cursor:
        cursor.execute(EXISTING[database.vendor], [CONNECTIONS])
        there = {name for (name,) in cursor.fetchall() if name.startswith(NAME)}
        if there == set(wanted):
            return
        for name in there:
            on = f" ON {CONNECTIONS}" if database.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{on}")
        if database.vendor == "postgresql":
            cursor.execute(FUNCTION)
        for statement in wanted.values():
            cursor.execute(statement)


def are_kept(database: BaseDatabaseWrapper) -> bool:
    """Whether all of them are there."""
    with database.cursor() as cursor:
        cursor.execute(EXISTING[database.vendor], [CONNECTIONS])
        return {name for (name,) in cursor.fetchall()} >= {
            name for name, _ in _statements(database.vendor)
        }


FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO {MARKS} (workspace_id) VALUES (OLD.workspace_id);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO {MARKS} (workspace_id) VALUES (NEW.workspace_id);
  END IF;
  RETURN NULL;
END $$"""


def _statements(vendor: str) -> list[tuple[str, str]]:
    """Each with a name that tells what it does from what an earlier version did."""
    changed = [DIFFERS[vendor].format(one) for one in COLUMNS]
    seconds = round(SHORTEST_PROOF.total_seconds())
    later = LATER[vendor].format(days=seconds / 86400, seconds=seconds)
    changed += [
        "(NEW.proven_at IS NULL) <> (OLD.proven_at IS NULL)",
        "NEW.proven_at < OLD.proven_at",
        later,
    ]
    when = {"insert": "", "delete": "", "update": f" WHEN ({' OR '.join(changed)})"}
    return [_statement(vendor, event, condition) for event, condition in when.items()]


def _statement(vendor: str, event: str, condition: str) -> tuple[str, str]:
    if vendor == "postgresql":
        does = f"EXECUTE FUNCTION {NAME}()"
    else:
        rows = [row for row, others in (("OLD", "insert"), ("NEW", "delete")) if event != others]
        inserts = (
            f"INSERT INTO {MARKS} (workspace_id) VALUES ({row}.workspace_id);" for row in rows
        )
        does = f"BEGIN {' '.join(inserts)} END"
    body = f"AFTER {event.upper()} ON {CONNECTIONS} FOR EACH ROW{condition} {does}"
    name = f"{NAME}_{event}_{sha256((body + FUNCTION).encode()).hexdigest()[:8]}"
    return name, f"CREATE TRIGGER {name} {body}"
