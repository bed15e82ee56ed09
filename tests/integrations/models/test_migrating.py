"""A database of the version before secrets had a table of their own, brought to the present one."""

from types import SimpleNamespace

import pytest

from tests.integrations.models import stored_copy
from tests.integrations.models.contents import PLAIN, UNREADABLE

pytestmark = pytest.mark.database  # a scratch one, of the kind that the tests run on

SEALED = ("connections", "sign_ins", "apps", "candidates", "attempts")


@pytest.fixture(scope="module")
def held():
    """What was in it, in plain, by kind and id. What no test can prove is no alarm any more."""
    held = stored_copy.held()
    for row in held["connections"].values():
        if row["auth_method"] == "public_page":
            row["light"], row["attention"] = "grey", None
    return held


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """What is in it once it is migrated, with the keys it needs but one, then all of them."""
    with stored_copy.restored(tmp_path_factory.mktemp("before")) as database:
        stored_copy.migrate(database)
        after = stored_copy.read(database)
        with_lost_key = stored_copy.read(database, stored_copy.ALL_KEYS)
        stored_copy.migrate(database)
        again = stored_copy.read(database)
    return SimpleNamespace(after=after, with_lost_key=with_lost_key, again=again)


def workspace_of(contents, slug):
    return next(int(pk) for pk, row in contents["workspaces"].items() if row["slug"] == slug)


def in_workspace(contents, slug):
    """`{kind: rows}` with secrets of one workspace."""
    wanted = workspace_of(contents, slug)
    connections = contents["connections"]

    def is_there(row):
        return row.get("workspace_id") or connections[row["connection_id"]]["workspace_id"]

    return {
        kind: {pk: row for pk, row in contents[kind].items() if is_there(row) == wanted}
        for kind in SEALED
    }


def secrets_of(rows):
    return {pk: row["secrets"] for pk, row in rows.items()}


def readable(held, kind):
    """Rows whose key is known: all but those of one workspace."""
    lost = in_workspace(held, "lost-key")[kind]
    return {pk: row for pk, row in held[kind].items() if pk not in lost}


def test_no_row_is_lost(held, migrated):
    counts = {kind: len(rows) for kind, rows in migrated.after.items()}

    assert counts == {kind: len(rows) for kind, rows in held.items()}


@pytest.mark.parametrize("kind", SEALED)
def test_every_secret_reads_as_before(held, migrated, kind):
    expected = secrets_of(readable(held, kind))

    assert {pk: migrated.after[kind][pk]["secrets"] for pk in expected} == expected


@pytest.mark.parametrize("kind", SEALED)
def test_what_stands_beside_the_secrets_is_as_before(held, migrated, kind):
    assert {pk: migrated.after[kind][pk] for pk in readable(held, kind)} == readable(held, kind)


@pytest.mark.parametrize("kind", PLAIN)
def test_rows_without_secrets_are_as_before(held, migrated, kind):
    assert migrated.after[kind] == held[kind]


@pytest.mark.parametrize("kind", SEALED)
def test_what_the_older_key_sealed_reads(held, migrated, kind):
    sealed = in_workspace(held, "older-key")[kind]

    assert any(secrets_of(sealed).values())
    assert {pk: migrated.after[kind][pk] for pk in sealed} == sealed


@pytest.mark.parametrize("kind", SEALED)
def test_what_a_lost_key_sealed_stays_and_says_that_it_cannot_be_read(held, migrated, kind):
    sealed = {
        pk for pk, secrets in secrets_of(in_workspace(held, "lost-key")[kind]).items() if secrets
    }

    assert sealed
    assert {migrated.after[kind][pk]["secrets"] for pk in sealed} == {UNREADABLE}


def test_a_connection_of_a_lost_key_asks_for_attention_with_its_status_as_before(held, migrated):
    before = in_workspace(held, "lost-key")["connections"]
    after = {pk: migrated.after["connections"][pk] for pk in before}
    words = {row["provider"]: (row["is_unreadable"], row["attention"]) for row in after.values()}

    assert {pk: row["status"] for pk, row in after.items()} == {
        pk: row["status"] for pk, row in before.items()
    }
    assert words["linkedin"] == words["upwork"] == (True, "unreadable")


@pytest.mark.parametrize("kind", [*SEALED, *PLAIN])
def test_with_the_lost_key_back_everything_is_as_before(held, migrated, kind):
    assert migrated.with_lost_key[kind] == held[kind]


def test_damaged_bytes_stay_damaged_and_stop_nothing(held, migrated):
    damaged = [pk for pk, row in held["connections"].items() if row["secrets"] == UNREADABLE]

    assert len(damaged) == 1
    assert migrated.after["connections"][damaged[0]]["secrets"] == UNREADABLE


def test_api_tokens_open_what_they_opened(held, migrated):
    assert migrated.after["opened"] == held["opened"]


def test_migrating_twice_changes_nothing(migrated):
    assert migrated.again == migrated.after
