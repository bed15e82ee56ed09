"""Fills an empty workspace with a connection in every state, for the demo.

What happened to each is the `story` that the platform's stand-in tells. The states are come by
honestly: values are saved and tested against the sandbox. Only the times of earlier tests are
moved back, so that there is a history to look at, and the days before them are told in sums.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import requests
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from integrations.demo import past, records
from integrations.models import ConnectionTest, IntegrationConnection, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import candidates, saving, several, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.watching import wishes
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.stand_in import Story

AT_ONCE = 6
WEEK = timedelta(days=7)
NAME = "Acme Studio (demo)"
OWNER = "dana"


def make_owner() -> None:
    """Without a password: the demo's log-in page lets everybody in as them."""
    User.objects.create_superuser(OWNER, first_name="Dana", last_name="Demo")


def fill(workspace: Workspace) -> None:
    """Tell every story in one workspace."""
    Workspace.objects.filter(pk=workspace.pk).update(name=NAME)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = [pool.submit(_tell, workspace, slug, one.story) for slug, one in PLATFORMS.items()]
        for done in told:
            done.result()
    past.add_incidents(workspace, User.objects.filter(username=OWNER).first())
    past.add_channel(workspace)


def _tell(workspace: Workspace, provider: str, story: Story) -> None:
    try:
        if story.signs_in_as:
            _sign_in(workspace, provider, story.signs_in_as)
        else:
            _save(workspace, provider, story.values)
        for _ in range(story.tests):
            _test(workspace, provider)
        _go_on(workspace, provider, story)
        _spread(workspace, provider)
        for name, values in story.beside.items():
            _add(workspace, provider, name, values)
        for one in rows.of_platform(workspace, provider):
            records.remember(one, story)
    finally:
        database.close()


def _go_on(workspace: Workspace, provider: str, story: Story) -> None:
    """What came after the first tests."""
    if story.later:
        _save(workspace, provider, story.later)
        _test(workspace, provider)
    if story.reported:
        _change(workspace, provider, Changes(status="error", reported_error=story.reported))
    if story.days_since_proof:
        saved = IntegrationConnection.objects.filter(workspace=workspace, provider=provider)
        now = timezone.now()
        saved.update(proven_at=now - timedelta(days=story.days_since_proof))
        # As if its team had it checked weekly: else the worker would prove it within a minute.
        wishes.keep(
            saved.get(is_default=True),
            {"every_seconds": int(WEEK.total_seconds())},
            by=None,
            now=now,
        )
    if story.is_switched_off:
        _change(workspace, provider, Changes(is_enabled=False))


def _add(workspace: Workspace, provider: str, name: str, values: Mapping[str, str]) -> None:
    changes = Changes(config=values, name=name)
    added = several.add(workspace, provider, changes, by=None).connection
    testing.test_connection(added, trigger=Trigger.SCHEDULE)


def _save(workspace: Workspace, provider: str, values: Mapping[str, str]) -> None:
    method = rows.find(workspace, provider).platform.method_for(values).slug
    _change(workspace, provider, Changes(config=values, auth_method=method))


def _change(workspace: Workspace, provider: str, changes: Changes) -> None:
    saving.change_connection(rows.unread(workspace, provider), changes, by=None)


def _sign_in(workspace: Workspace, provider: str, person: str) -> None:
    """What a person's browser does between Continue and the callback."""
    connection = rows.find(workspace, provider)
    url = signing_in.begin(
        connection,
        Changes(),
        user=None,
        session_key=provider,
        base_version=connection.version,
    )
    approved = requests.get(url, params={"as": person}, allow_redirects=False, timeout=10)
    callback = dict(parse_qsl(urlsplit(approved.headers["Location"]).query))
    app = connection.platform.sign_ins[0].app.slug
    back = signing_in.come_back(app, callback, session_key=provider)
    if back.candidate is None:
        return
    candidates.prove(back.candidate)
    back.candidate.refresh_from_db()
    if offered := back.candidate.offered:
        candidates.choose_account(back.candidate, offered[0].id)
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
