"""The settings of the database: what is read, and how many connections each process gets."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations_center import databases


def configured(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    return databases.configured("DATABASE_URL", "/a b/100%20/db.sqlite3")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:4711@h/db",
        "postgresql+psycopg://u:4711@h/db",
        "/data/4711.sqlite3",
        "sqlite:4711.sqlite3",
        "sqlite://4711.sqlite3",
        "sqlite://:memory:",
        "sqlite:///:memory:",
        "sqlite://",
        "sqlite:///",
        "sqlite:////data/4711/",
        "sqlite:////data/4711.sqlite3?mode=ro",
        "postgres://h-4711",
        "postgres://h-4711:port/db",
        "postgres://h-4711:0/db",
        "postgres://h-4711:65536/db",
        "postgres://[::1/4711",
        "postgres:4711",
        "postgres://me:p@4711@h/db",
        "postgres://me:p/4711@h/db",
        "postgres://me:1/4711@h/db",
        "postgres://me:4711%@h/db",
        "postgres://me:4711@h/db?nonsense=1",
        "'postgres://me:4711@h/db'",
    ],
)
def test_a_bad_address_is_named_but_not_repeated(monkeypatch, url, capfd, recwarn):
    with pytest.raises(ImproperlyConfigured) as refusal:
        configured(monkeypatch, url)

    assert str(refusal.value).startswith("DATABASE_URL ")
    assert "4711" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert [*capfd.readouterr(), *recwarn] == ["", ""]


def test_a_bad_address_is_told_with_examples(monkeypatch):
    with pytest.raises(ImproperlyConfigured) as refusal:
        configured(monkeypatch, "sqlite://db.sqlite3")

    assert str(refusal.value) == (
        "DATABASE_URL must start with sqlite:/// and name a file. "
        "Examples: postgres://user:password@127.0.0.1:5432/integrations, "
        "sqlite:////var/lib/integrations/db.sqlite3."
    )


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgres://%2Fvar%2Frun%2Fpostgresql/shop", "/var/run/postgresql", ""),
        ("postgres:///shop?host=/var/run/postgresql", "/var/run/postgresql", ""),
        ("postgresql:///shop", "", ""),
        ("postgres://[2001:db8::1]:5433/shop", "2001:db8::1", "5433"),
        ("postgres://me:a%3Fb#c?d@db.example.com/shop", "db.example.com", ""),
        ("postgres://a.example.com:1,b.example.com:2/shop", "a.example.com,b.example.com", "1,2"),
    ],
)
def test_postgresql_is_found_wherever_its_own_programs_find_it(monkeypatch, url, host, port):
    database = configured(monkeypatch, url)

    assert (database["HOST"], database["PORT"], database["NAME"]) == (host, port, "shop")


def test_a_path_of_sqlite_begins_in_the_projects_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    database = configured(monkeypatch, "sqlite:///data/a+b%20c.sqlite3")

    assert database["NAME"] == str(databases.BASE_DIR / "data" / "a+b c.sqlite3")


def test_sqlite_takes_turns_when_writing(monkeypatch, tmp_path):
    database = configured(monkeypatch, f"sqlite:///{tmp_path}/with%20space.sqlite3")

    assert database["NAME"] == f"{tmp_path}/with space.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_a_path_with_a_percent_sign_or_space_is_the_default_as_it_is(monkeypatch):
    assert configured(monkeypatch, "")["NAME"] == "/a b/100%20/db.sqlite3"


def test_postgresql_is_read_with_its_password(monkeypatch):
    database = configured(monkeypatch, "postgres://me:p%40ss@db.example.com:5433/shop")

    assert (database["USER"], database["PASSWORD"]) == ("me", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == (
        "db.example.com",
        "5433",
        "shop",
    )


def test_what_the_address_asks_of_the_driver_is_kept(monkeypatch):
    url = "postgres://db.example.com/shop?sslmode=require&connect_timeout=9"
    options = configured(monkeypatch, url)["OPTIONS"]

    assert (options["sslmode"], options["connect_timeout"]) == ("require", "9")
    assert options["prepare_threshold"] is None


def test_connections_are_lent_by_a_pool_with_the_share_of_a_command(monkeypatch):
    pool = configured(monkeypatch, "postgres://h/shop")["OPTIONS"]["pool"]

    assert (pool["min_size"], pool["max_size"]) == (0, 4)


@pytest.mark.parametrize(("connections", "processes"), [(10, 1), (40, 2), (40, 3), (97, 4)])
def test_the_shares_are_no_more_than_the_whole(connections, processes):
    web = databases.share_of_web(connections, processes)
    worker = databases.share_of_worker(connections)
    commands = databases.share_of_commands(connections)

    assert min(web, worker, commands) >= 1
    assert web * processes + worker + commands <= connections


def test_too_few_connections_are_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_CONNECTIONS", "9")

    with pytest.raises(ImproperlyConfigured) as refusal:
        databases.connections("DATABASE_CONNECTIONS")

    assert str(refusal.value) == (
        "DATABASE_CONNECTIONS must be a whole number between 10 and 999999, such as 40, not '9'."
    )


def test_a_process_takes_its_share_of_a_pool(settings, monkeypatch):
    options = {"pool": {"max_size": 4}}
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", options)

    databases.take(12)

    assert options == {"pool": {"max_size": 12}}
