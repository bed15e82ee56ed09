"""Platforms that give a token for what was typed, as stand-ins that number the tokens they give."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from integrations import platforms
from integrations.models import Credential, IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from providers import registry
from providers.families.google.assertion import KEY_FILE
from providers.sandbox import crm, ga4, google, reddit, upwork, x
from providers.sandbox.crm import salesforce, zoho
from providers.sandbox.server import Answer, Asked, Server
from providers.sandbox.stand_in import Platform

GRANTS = ("client_credentials", "refresh_token", google.ASSERTION)
MARK = "~"


@dataclass(frozen=True)
class Typed:
    """A platform, the way in, what is typed for it, and the field of an account to choose."""

    slug: str
    method: str
    config: dict[str, str]
    platform: Platform
    other_account: dict[str, str]

    @property
    def changes(self) -> Changes:
        return Changes(config=self.config, auth_method=self.method)


SERVICE_ACCOUNT = Typed(
    "ga4",
    "service_account",
    {KEY_FILE: google.service_account_json("healthy"), "account_id": "1001"},
    ga4.PLATFORM,
    {"account_id": "1002"},
)
SALESFORCE = Typed(
    "crm",
    "client_credentials",
    {
        "vendor": "salesforce",
        "base_url": "https://acme.my.salesforce.com",
        "client_id": f"{salesforce.PREFIX}healthy",
        "client_secret": salesforce.SECRET,
    },
    crm.PLATFORM,
    {"account_id": salesforce.ORGANIZATION},
)
ZOHO = Typed(
    "crm",
    "refresh_token",
    {
        "vendor": "zoho",
        "data_centre": "eu",
        "client_id": zoho.CLIENT_ID,
        "client_secret": zoho.CLIENT_SECRET,
        "refresh_token": f"{zoho.PREFIX}healthy",
    },
    crm.PLATFORM,
    {"account_id": zoho.ORGANIZATION},
)
REDDIT = Typed(
    "reddit",
    "client_credentials",
    {
        "client_id": reddit.CLIENT_ID,
        "client_secret": reddit.CLIENT_SECRET,
        "account_id": "marketing",
        "reddit_username": "acme",
    },
    reddit.PLATFORM,
    {"account_id": "acme_quiet"},
)
UPWORK = Typed(
    "upwork",
    "client_credentials",
    {"client_id": upwork.SERVICE_ID, "client_secret": upwork.CLIENT_SECRET},
    upwork.PLATFORM,
    {"account_id": "5002"},
)
UPWORK_REFRESH = Typed(
    "upwork",
    "refresh_token",
    {
        "client_id": upwork.CLIENT_ID,
        "client_secret": upwork.CLIENT_SECRET,
        "refresh_token": "upr-healthy",
    },
    upwork.PLATFORM,
    {"account_id": "5002"},
)
X = Typed(
    "x",
    "client_credentials",
    {"api_key": "sandbox0api0key", "api_key_secret": x.API_SECRET},
    x.PLATFORM,
    {"account_id": "acme"},
)
ALL = {
    "google service account": SERVICE_ACCOUNT,
    "salesforce client": SALESFORCE,
    "zoho self client": ZOHO,
    "reddit app": REDDIT,
    "upwork service account": UPWORK,
    "x key pair": X,
}


class Numbering:
    """Numbers the tokens it gives, from 1, and refuses those that it `refuses`.

    `also` is what else each reply that gives one says; `rotates` replaces the refresh token
    whenever one is used, and refuses one that was used before.
    """

    def __init__(self, typed: Typed) -> None:
        self.typed = typed
        self.given = 0
        self.also: dict[str, Any] = {}
        self.rotates = False
        self.refuses: Callable[[int], bool] = lambda _number: False
        self._good = typed.config.get("refresh_token")

    def begin_again(self) -> None:
        """As if nothing was given yet: the typed refresh token is the good one."""
        self.given = 0
        self._good = self.typed.config.get("refresh_token")

    def answer(self, asked: Asked) -> Answer:
        if asked.form.get("grant_type") in GRANTS:
            return self._give(asked)
        number, asked = _without_number(asked)
        if number and self.refuses(number):
            return Answer(401, {"error": "unauthorized"})
        return self.typed.platform.answer(asked)

    def _give(self, asked: Asked) -> Answer:
        if self.rotates:
            if asked.form.get("refresh_token") != self._good:
                return Answer(400, {"error": "invalid_grant"})
            asked = _with_form(asked, refresh_token=self.typed.config["refresh_token"])
        answer = self.typed.platform.answer(asked)
        if answer.status != 200 or "access_token" not in answer.body:
            return answer
        self.given += 1
        more = {"access_token": f"{answer.body['access_token']}{MARK}{self.given}", **self.also}
        if self.rotates:
            self._good = more["refresh_token"] = f"a-refresh-token-{self.given:04}"
        return replace(answer, body={**answer.body, **more})


def _without_number(asked: Asked) -> tuple[int, Asked]:
    headers = copy.copy(asked.headers)
    sent, _, number = headers.get("Authorization", "").partition(MARK)
    if not number:
        return 0, asked
    headers.replace_header("Authorization", sent)
    return int(number), replace(asked, headers=headers)


def _with_form(asked: Asked, **fields: str) -> Asked:
    form = "&".join(f"{name}={value}" for name, value in {**asked.form, **fields}.items())
    return replace(asked, body=form.encode())


class Standin(Server):
    """One that numbers, on loopback, and what was asked of it."""

    def __init__(self, typed: Typed) -> None:
        self.numbering = Numbering(typed)
        super().__init__(self.numbering.answer)

    @property
    def asked_for_tokens(self) -> int:
        grants = [asked.form.get("grant_type") for asked in self.requests_seen]
        return sum(grant in GRANTS for grant in grants)


@contextmanager
def standing_in(typed: Typed) -> Iterator[Standin]:
    """The platform is on loopback, in place of the real one."""
    with Standin(typed) as server:
        hosts = registry.get(typed.slug).for_values(typed.config).hosts
        origins = {typed.slug: dict.fromkeys(hosts, server.url)}
        with override_settings(PROVIDER_ORIGINS={**settings.PROVIDER_ORIGINS, **origins}):
            platforms.catalogue.cache_clear()
            yield server
    platforms.catalogue.cache_clear()


def save(workspace: Workspace, typed: Typed) -> IntegrationConnection:
    return saving.change_connection(
        rows.unread(workspace, typed.slug), typed.changes, by=None
    ).connection


def row_of(connection: IntegrationConnection) -> Credential:
    """The row of its typed secrets, as it is stored now."""
    return Credential.objects.get(connections=connection)


def run_out(connection: IntegrationConnection) -> None:
    """The token that is kept for it ends now."""
    now = timezone.now()
    Credential.objects.filter(connections=connection).update(
        renewed_at=now - timedelta(hours=2), expires_at=now
    )
