"""TASKS_URL: what is read, what is said of a Redis, and that its password is said nowhere."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import get_exception_reporter_filter

from integrations import checks, queue
from integrations_center import broker
from tests.redis_server import redis_server

NOBODY = "redis://:s3cret-4711@127.0.0.1:1/0"
needs_redis = pytest.mark.needs("redis-server")


def read(monkeypatch, url):
    monkeypatch.setenv("TASKS_URL", url)
    return broker.tasks("TASKS_URL")["default"]


@pytest.fixture
def at(settings):
    """`at(url)`: from now on that Redis wakes workers."""

    def use(url):
        settings.TASKS = {"default": {"BACKEND": broker.CELERY, "OPTIONS": {"BROKER": url}}}

    return use


def test_without_it_jobs_wait_in_the_database(monkeypatch):
    assert read(monkeypatch, "")["BACKEND"] == "django_ox.backend.OxBackend"


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.example.com",
        "redis://:p%2Fw@redis.example.com:6380/2",
        "rediss://user:password@redis.example.com:6379/15",
        "redis://[::1]:6379/0",
    ],
)
def test_a_redis_wakes_workers_by_celery(monkeypatch, url):
    found = read(monkeypatch, url)

    assert (found["BACKEND"], found["OPTIONS"]["BROKER"]) == (broker.CELERY, url)


@pytest.mark.parametrize(
    "url",
    [
        "amqp://u:4711@h",
        "4711.example.com:6379",
        "redis://",
        "redis://h-4711:port/0",
        "redis://h-4711:0/0",
        "redis://h-4711:65536/0",
        "redis://[::1/4711",
        "redis://h/4711x",
        "redis://:p/4711@h/0",
        "redis://:4711?x@h/0",
        "redis://:4711#x@h/0",
        "redis://h/0?password=4711",
        "redis://:47 11@h/0",
    ],
)
def test_a_bad_address_is_named_but_not_repeated(monkeypatch, url):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(monkeypatch, url)

    assert str(refusal.value).startswith("TASKS_URL must be like redis://:password@")
    assert "47" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_without_celery_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(broker, "find_spec", lambda _: None)

    with pytest.raises(ImproperlyConfigured, match=r"needs Celery\. Install `requirements-scale"):
        read(monkeypatch, NOBODY)


def test_who_asks_for_all_is_told_that_redis_is_away(db, client, at):
    queue.beat(timezone.now())
    at(NOBODY)

    asked, in_full = client.get("/readyz"), client.get("/readyz?full=1")

    assert (asked.status_code, in_full.status_code) == (200, 503)
    assert "redis" not in asked.json()
    assert in_full.json()["redis"].startswith("Redis at 127.0.0.1:1 does not answer, so jobs begin")
    assert "4711" not in in_full.content.decode()


@needs_redis
def test_who_asks_for_all_is_told_that_redis_answers(db, client, at):
    queue.beat(timezone.now())
    with redis_server() as server:
        at(server.url)
        reply = client.get("/readyz?full=1")

    assert (reply.status_code, reply.json()["redis"]) == (200, "ok")


@needs_redis
@pytest.mark.parametrize("url", ["redis://127.0.0.1:{}/0", "redis://:wrong-4711@127.0.0.1:{}/0"])
def test_a_password_that_redis_refuses_is_told(at, url):
    with redis_server("--requirepass", "right") as server:
        at(url.format(server.port))
        said = broker.problem()

    assert said == f"Redis at 127.0.0.1:{server.port} refuses the password in TASKS_URL."


@needs_redis
@pytest.mark.parametrize(
    ("policy", "warns"), [("noeviction", False), ("allkeys-lru", True), ("volatile-ttl", True)]
)
def test_a_redis_that_forgets_queues_is_warned_of_before_it_is_used(at, policy, warns):
    with redis_server("--maxmemory-policy", policy) as server:
        at(server.url)
        found = checks.redis_keeps_its_queues()

    assert [policy in one.msg for one in found] == [True] * warns


def test_a_debug_page_does_not_show_the_address(at):
    at(NOBODY)

    shown = get_exception_reporter_filter(RequestFactory().get("/")).get_safe_settings()

    assert "4711" not in str(shown)
