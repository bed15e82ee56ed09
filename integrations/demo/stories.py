"""Fills an empty workspace with a connection in every state, for the demo.

The states are come by honestly: values are saved and tested against the sandbox. Only the
times of earlier tests are moved back, so that there is a history to look at.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import requests
from django.db import connection as database
from django.utils import timezone

from integrations.models import ConnectionTest, IntegrationConnection, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import candidates, saving, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from providers.sandbox import google_ads, meta, reddit, youtube

AT_ONCE = 6
NAME = "Acme Studio (demo)"
HEALTHY = "ya29.healthy"
After = Callable[[Workspace, str], None]


@dataclass(frozen=True)
class Story:
    """What happened to one connection: its values, how often they were tested, and then.

    `signs_in_as` is who signed in at the stand-in, instead of pasting a credential.
    """

    provider: str
    values: Mapping[str, str]
    tests: int = 1
    signs_in_as: str = ""
    then: After = lambda _workspace, _provider: None


def _now(values: Mapping[str, str]) -> After:
    """These values came later, and were tested once."""

    def act(workspace: Workspace, provider: str) -> None:
        _save(workspace, provider, values)
        _test(workspace, provider)

    return act


def _switched_off(workspace: Workspace, provider: str) -> None:
    saving.change_connection(workspace, provider, Changes(is_enabled=False), by=None)


def _reported(workspace: Workspace, provider: str) -> None:
    text = "The nightly report found no rows for three days."
    changes = Changes(status="error", reported_error=text)
    saving.change_connection(workspace, provider, changes, by=None)


def _grew_old(workspace: Workspace, provider: str) -> None:
    saved = IntegrationConnection.objects.filter(workspace=workspace, provider=provider)
    saved.update(proven_at=timezone.now() - timedelta(days=3))


STORIES = (
    Story(
        "meta",
        {
            "access_token": "EAAsixtydays",
            "account_id": "act_1001",
            "pixel_id": "2002",
            "app_id": meta.APP_ID,
            "app_secret": meta.APP_SECRET,
        },
        tests=9,
    ),
    Story(
        "google_ads",
        {"access_token": HEALTHY, "account_id": next(iter(google_ads.CUSTOMERS))},
        tests=6,
        then=_now({"access_token": "ya29.expired"}),
    ),
    Story("linkedin", {"access_token": "AQhealthy"}, tests=3, then=_switched_off),
    Story("fiverr", {"account_id": "acme_studio", "live_lookup": "on"}),
    Story(
        "x",
        {"access_token": "AAAAhealthy", "account_id": "acme"},
        tests=4,
        then=_now({"account_id": "acme_gone"}),
    ),
    Story(
        "youtube", {"access_token": youtube.api_key("healthy"), "account_id": youtube.CHANNEL}, 7
    ),
    Story("ga4", {"access_token": HEALTHY, "account_id": "1001"}, tests=5),
    Story(
        "search_console",
        {"access_token": HEALTHY, "account_id": "sc-domain:acme.example"},
        tests=5,
        then=_reported,
    ),
    Story("stripe", {"access_token": "rk_live_healthy"}, tests=8),
    Story("calendly", {}, tests=3, signs_in_as="healthy", then=_grew_old),
    Story("upwork", {}, tests=2, signs_in_as="upw-healthy"),
    Story(
        "reddit",
        {
            "client_id": reddit.CLIENT_ID,
            "client_secret": reddit.CLIENT_SECRET,
            "reddit_username": "acme",
            "account_id": "marketing",
        },
        tests=0,
    ),
    Story("crm", {"vendor": "hubspot"}, tests=0),
)


def fill(workspace: Workspace) -> None:
    """Tell every story in one workspace."""
    Workspace.objects.filter(pk=workspace.pk).update(name=NAME)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(_tell, workspace, story) for story in STORIES]:
            done.result()


def _tell(workspace: Workspace, story: Story) -> None:
    try:
        if story.signs_in_as:
            _sign_in(workspace, story.provider, story.signs_in_as)
        else:
            _save(workspace, story.provider, story.values)
        for _ in range(story.tests):
            _test(workspace, story.provider)
        story.then(workspace, story.provider)
        _spread(workspace, story.provider)
    finally:
        database.close()


def _save(workspace: Workspace, provider: str, values: Mapping[str, str]) -> None:
    method = rows.find(workspace, provider).platform.method_for(values).slug
    changes = Changes(config=values, auth_method=method)
    saving.change_connection(workspace, provider, changes, by=None)


def _sign_in(workspace: Workspace, provider: str, person: str) -> None:
    """What a person's browser does between Continue and the callback."""
    version = rows.find(workspace, provider).version
    url = signing_in.begin(
        workspace, provider, Changes(), user=None, session_key=provider, base_version=version
    )
    approved = requests.get(url, params={"as": person}, allow_redirects=False, timeout=10)
    callback = dict(parse_qsl(urlsplit(approved.headers["Location"]).query))
    app = rows.find(workspace, provider).platform.sign_ins[0].app.slug
    back = signing_in.come_back(app, callback, session_key=provider)
    if back.candidate is None:
        return
    candidates.prove(back.candidate)
    back.candidate.refresh_from_db()
    if accounts := back.candidate.accounts:
        candidates.choose_account(back.candidate, accounts[0][0])
        candidates.prove(back.candidate)


def _test(workspace: Workspace, provider: str) -> None:
    connection = rows.find(workspace, provider)
    testing.test_connection(connection, trigger=Trigger.SCHEDULE)


def _spread(workspace: Workspace, provider: str) -> None:
    """One test every six hours, the newest just now."""
    tests = ConnectionTest.objects.filter(
        connection__workspace=workspace, connection__provider=provider
    )
    for age, test in enumerate(tests):
        earlier = timedelta(hours=6) * age
        test.started_at -= earlier
        test.finished_at = test.finished_at - earlier if test.finished_at else None
        test.save(update_fields=["started_at", "finished_at"])
