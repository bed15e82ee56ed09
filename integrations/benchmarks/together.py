"""Test all: every platform behind a sandbox that takes its time, beside the slowest of them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from integrations import platforms
from integrations.benchmarks import Measure, milliseconds, scratch
from integrations.models import ConnectionTest, TestOutcome, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs, testing
from providers.sandbox import calendly, fiverr, google, meta, reddit, upwork, youtube
from providers.sandbox import x as x_platform
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.crm import hubspot
from providers.sandbox.server import Answer, Asked, Server, prefixed

ROUNDS = 3
MOST_OVER_SLOWEST = 1.25
GOOGLE = {
    "client_id": google.CLIENT_ID,
    "client_secret": google.CLIENT_SECRET,
    "refresh_token": google.refresh_token("healthy"),
}
HEALTHY: Mapping[str, Mapping[str, str]] = {
    "meta": {
        "access_token": "EAAhealthy",
        "account_id": "act_1001",
        "pixel_id": "2001",
        "app_id": meta.APP_ID,
        "app_secret": meta.APP_SECRET,
    },
    "google_ads": GOOGLE | {"account_id": "1000000001"},
    "linkedin": {"access_token": "AQhealthy", "account_id": "1001"},
    "upwork": {
        "client_id": upwork.CLIENT_ID,
        "client_secret": upwork.CLIENT_SECRET,
        "refresh_token": "upr-healthy",
    },
    "fiverr": {
        "base_url": "https://data.acme.example",
        "access_token": fiverr.KEY,
        "account_id": fiverr.USERNAME,
    },
    "x": {
        "api_key": "sandbox0api0key",
        "api_key_secret": x_platform.API_SECRET,
        "account_id": "acme",
    },
    "reddit": {
        "client_id": reddit.CLIENT_ID,
        "client_secret": reddit.CLIENT_SECRET,
        "refresh_token": "rdr-healthy",
        "account_id": "marketing",
        "reddit_username": "acme",
    },
    "youtube": {"access_token": youtube.api_key("healthy"), "account_id": youtube.CHANNEL},
    "ga4": GOOGLE | {"account_id": "1001"},
    "search_console": GOOGLE | {"account_id": "https://www.acme.example/"},
    "stripe": {"access_token": "rk_test_healthy"},
    "calendly": {"access_token": calendly.token_of("healthy"), "account_id": calendly.ACME},
    "crm": {"vendor": "hubspot", "access_token": f"{hubspot.PREFIX}healthy"},
}


def measure(answer_ms: int) -> list[Measure]:
    """All at once, and the one that takes longest alone, in turn."""
    workspace = Workspace.objects.create(name="Together", slug="together")
    with _slow_sandbox(answer_ms / 1000):
        for slug, values in HEALTHY.items():
            _save(workspace, slug, values)
        took = _run(workspace)
        slowest = max(took, key=lambda slug: took[slug])
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append(milliseconds(lambda: _test(workspace, slowest)))
            together.append(milliseconds(lambda: _run(workspace)))
    name = platforms.get(slowest).name
    ratio = round(median(together) / median(alone), 2)
    return [
        Measure(f"A test of {name}, the slowest, with {answer_ms} ms an answer", *_ms(alone)),
        Measure(f"Test all, {len(HEALTHY)} platforms", *_ms(together)),
        Measure("Test all over the slowest", ratio, "times", limit=MOST_OVER_SLOWEST),
    ]


def _ms(times: list[float]) -> tuple[float, str]:
    return round(median(times), 1), "ms"


@contextmanager
def _slow_sandbox(seconds: float) -> Iterator[None]:
    answers = prefixed({slug: platform.answer for slug, platform in PLATFORMS.items()})

    def slowly(asked: Asked) -> Answer:
        time.sleep(seconds)
        return answers(asked)

    with Server(slowly) as server:
        origins = {
            slug: dict.fromkeys(platforms.get(slug).hosts, f"{server.url}/{slug}")
            for slug in HEALTHY
        }
        with scratch.platforms_at(origins):
            yield


def _save(workspace: Workspace, slug: str, values: Mapping[str, str]) -> None:
    method = platforms.get(slug).method_for(values).slug
    changes = Changes(config=values, auth_method=method)
    saved = saving.change_connection(workspace, slug, changes, by=None)
    if not saved.connection.is_complete:
        raise RuntimeError(f"Something that {slug} requires is missing.")


def _test(workspace: Workspace, slug: str) -> None:
    connection = rows.find(workspace, slug)
    _passed(slug, testing.test_connection(connection, trigger=Trigger.COMMAND))


def _run(workspace: Workspace) -> dict[str, int]:
    """How many milliseconds the test of each platform took."""
    run = runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)
    tests = {item.connection.provider: item.test for item in run.items.all()}
    return {slug: _passed(slug, test).duration_ms for slug, test in tests.items()}


def _passed(slug: str, test: ConnectionTest | None) -> ConnectionTest:
    if not test or test.outcome != TestOutcome.PASSED:
        raise RuntimeError(f"The test of {slug} did not pass: {test and test.message}")
    return test
