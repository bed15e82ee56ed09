"""Requests share few connections, wait for one briefly, and outlive a restart of the server."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from tests import postgres

OF_WEB = 6  # of the ten in the settings, for the one process that answers requests
MANY = 40

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture(scope="module")
def cluster():
    with postgres.cluster() as cluster:
        yield cluster


def environment(url):
    return os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.integrations_center.pooled.settings",
    }


@contextmanager
def served(url):
    """gunicorn with one process, as the documentation starts it."""
    port = postgres.free_port()
    options = {
        "config": "python:integrations_center.gunicorn_config",
        "bind": f"127.0.0.1:{port}",
        "worker-class": "gthread",
        "threads": MANY + 10,
        "log-level": "error",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            *flags,
            "--no-control-socket",
            "integrations_center.wsgi",
        ],
        env=environment(url),
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            postgres.until(lambda: get(f"http://127.0.0.1:{port}/pid").ok)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def site(cluster):
    with served(cluster.url) as url:
        yield url


def get(url):
    return requests.get(url, timeout=20)


@pytest.fixture
def platform():
    """Listens, accepts whom the test lets in, and says nothing until it is closed."""
    with socket.create_server(("127.0.0.1", 0), backlog=MANY) as listener:
        yield listener


@contextmanager
def requests_at(url, platform, count):
    """So many requests that have come as far as the platform; afterwards, their replies."""
    replies = []
    with ThreadPoolExecutor(count) as threads:
        asked = [threads.submit(get, f"{url}/{platform.getsockname()[1]}") for _ in range(count)]
        accepted = [platform.accept()[0] for _ in asked]
        yield replies
        for one in accepted:
            one.close()
        replies += [one.result().status_code for one in asked]


def test_requests_that_wait_for_a_platform_hold_no_connection(site, cluster, platform):
    with requests_at(f"{site}/waiting", platform, MANY) as replies:
        beside_them = get(f"{site}/pid")
        used = cluster.connections()

    assert beside_them.status_code == 200
    assert used <= OF_WEB
    assert replies == [200] * MANY


def test_more_requests_than_connections_wait_for_each_other(site, cluster):
    with ThreadPoolExecutor(MANY) as threads:
        replies = list(threads.map(get, [f"{site}/pid"] * MANY * 2))

    assert {reply.status_code for reply in replies} == {200}
    assert cluster.connections() <= OF_WEB


def test_who_waits_too_long_is_told_to_come_again(site, platform):
    with requests_at(f"{site}/holding", platform, OF_WEB):
        page, api = get(f"{site}/pid"), get(f"{site}/api/pid")

    assert (page.status_code, api.status_code) == (503, 503)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "5"
    assert "<h1>Too busy just now</h1>" in page.text
    assert api.json() == {
        "detail": "The database is busy or not there. Try again in a few seconds.",
        "code": "unavailable",
    }


def test_the_next_request_after_a_restart_is_answered_by_the_same_process(site, cluster):
    before = get(f"{site}/pid").text
    cluster.stop()
    without = get(f"{site}/pid")
    cluster.start()

    after = get(f"{site}/pid")

    assert without.status_code == 503
    assert (after.status_code, after.text) == (200, before)


def test_a_restart_between_two_requests_is_not_noticed(site, cluster):
    with ThreadPoolExecutor(OF_WEB) as threads:
        list(threads.map(get, [f"{site}/pid"] * OF_WEB))
    cluster.stop()
    cluster.start()

    assert [get(f"{site}/pid").status_code for _ in range(OF_WEB)] == [200] * OF_WEB


@pytest.mark.needs("pgbouncer")
def test_everything_works_through_a_pgbouncer_that_shares_by_transaction(cluster):
    with postgres.bouncer(cluster, size=2) as url:
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, env=environment(url), check=True, timeout=60)
        with served(url) as site, ThreadPoolExecutor(MANY) as threads:
            replies = list(threads.map(get, [f"{site}/permissions"] * MANY))
            used = cluster.connections("bounced")

    assert {reply.status_code for reply in replies} == {200}
    assert {int(reply.text) > 50 for reply in replies} == {True}
    assert used <= 2


def test_check_says_when_the_server_offers_fewer_connections_than_promised():
    with postgres.cluster(max_connections=12) as small:
        check = [sys.executable, "manage.py", "check"]
        said = subprocess.run(
            check,
            env=environment(small.url),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    assert "PostgreSQL has 9 connections to offer, and DATABASE_CONNECTIONS is 10." in said.stderr


def test_check_says_nothing_when_it_offers_enough(cluster):
    check = [sys.executable, "manage.py", "check"]
    said = subprocess.run(
        check, env=environment(cluster.url), capture_output=True, text=True, check=True, timeout=60
    )

    assert "DATABASE_CONNECTIONS" not in said.stderr
