"""Registrations of our app at the platforms: whose name a person reads when signing in there.

A workspace's own registration wins; without one the server's counts (`APP_…` in the
environment). The secret goes to the platform that it belongs to and nowhere else.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations import clock, crypto, platforms
from integrations.models import AppRegistration, Credential, IntegrationConnection, Workspace
from integrations.models.credentials import APP
from integrations.services import waiting
from integrations.services.credentials import ends
from integrations.services.credentials.sealing import hints_of, put_secrets
from integrations.services.refusals import InvalidChange
from integrations_center import public_url
from providers import errors
from providers.access import flow as oauth
from providers.declare import App, AppForm, OAuth, Provider
from providers.declare.oauth import Conversation
from providers.errors import ProviderError

LONGEST = 255
UNREADABLE = "The saved secret cannot be read. Enter it again."


@dataclass(frozen=True)
class Use:
    """One platform's way to sign in, and plain values that lead to it."""

    provider: Provider
    oauth: OAuth
    values: dict[str, str]

    @property
    def first(self) -> str:
        """What is chosen first of a platform that is several, to come to it."""
        return self.values.get(self.provider.asks_first, "")


@dataclass(frozen=True)
class AppFacts:
    """An app that platforms here can use."""

    form: AppForm
    uses: tuple[Use, ...]

    @property
    def is_of_several(self) -> bool:
        return len(self.uses) > 1


@dataclass(frozen=True)
class Listed:
    """An app as the settings page shows it."""

    facts: AppFacts
    redirect_uri: str
    saved: AppRegistration | None
    is_from_server: bool
    sign_ins: int

    @property
    def is_for_trials(self) -> bool:
        """Whether the platform may refuse the redirect URI, which is no https address."""
        return not self.redirect_uri.startswith("https://")


def catalogue() -> dict[str, AppFacts]:
    """Every app by slug, in the order of the platforms."""
    found: dict[str, list[Use]] = {}
    for provider in platforms.catalogue().values():
        for values in ({}, *map(dict, provider.oauth_variants)):
            declared = provider.for_values(values)
            if declared.oauth:
                use = Use(declared, declared.oauth, values)
                found.setdefault(declared.oauth.app.slug, []).append(use)
    return {slug: AppFacts(uses[0].oauth.app, tuple(uses)) for slug, uses in found.items()}


def redirect_uri(app: str) -> str:
    """Where the platform sends people back to: one address for each app, exact."""
    return public_url.link("sign-in-callback", app)


def find(workspace_id: int, app: str, *, client_id: str | None = None) -> App | None:
    """The registration to use, or the one with this client ID; None when there is none.

    One that cannot be decrypted counts as none.
    """
    saved = _registrations(workspace_id).filter(app=app).first()
    offered = [_opened(saved) if saved else None, settings.APPS.get(app)]
    fits = (one for one in offered if one and client_id in (None, one.client_id))
    return next(fits, None)


def of_sign_in(row: Credential) -> App | None:
    """The app that a sign-in was made with, if it is still set here.

    Its secret goes to no other platform than its own. Raises InvalidConfig where one can no
    longer sign in.
    """
    if ends.declared_for(row).app.slug != row.app:
        return None
    return find(row.workspace_id, row.app, client_id=row.client_id)


def talk_for(row: Credential, advice: str = "") -> AbstractContextManager[Conversation]:
    """A talk with the platform of a sign-in, in the name of the app that it was made with.

    Raises InvalidConfig where that app is not set here any more.
    """
    provider = platforms.get(row.provider)
    app = of_sign_in(row)
    if app is None:
        raise errors.InvalidConfig(
            f"The app that this sign-in to {provider.name} was made with is no longer set here.",
            advice,
        )
    return oauth.flow(provider, app, row.plain, allow=settings.OUTBOUND_ALLOW)


def _opened(saved: AppRegistration) -> App | None:
    sealed = saved.credential
    if (sealed.workspace_id, sealed.method, sealed.family) != (saved.workspace_id, APP, saved.app):
        return None
    if sealed.values != {"client_id": saved.client_id}:
        return None
    try:
        secret = sealed.typed()
    except crypto.Unreadable:
        return None
    return App(saved.client_id, secret["client_secret"])


def _registrations(workspace_id: int) -> QuerySet[AppRegistration]:
    return AppRegistration.objects.filter(workspace=workspace_id).select_related("credential")


def ready(workspace: Workspace) -> frozenset[str]:
    """The apps with which people of a workspace can sign in. Decrypts nothing."""
    saved = _registrations(workspace.pk).values_list("app", "credential__key_id")
    readable = {app for app, key_id in saved if crypto.is_known(key_id)}
    return frozenset({*readable, *settings.APPS})


def listed(workspace: Workspace) -> list[Listed]:
    """Every app, with what is saved of it."""
    saved = {one.app: one for one in _registrations(workspace.pk)}
    for one in saved.values():
        if not crypto.is_known(one.credential.key_id):
            one.proven_at, one.problem = None, UNREADABLE
    # Those that it lends to elsewhere, too: they depend on its app, and on none there.
    of_here = IntegrationConnection.objects.filter(sign_in__workspace=workspace)
    used = list(of_here.values_list("sign_in__app", flat=True))
    return [
        Listed(facts, redirect_uri(slug), saved.get(slug), slug in settings.APPS, used.count(slug))
        for slug, facts in catalogue().items()
    ]


def save(
    workspace: Workspace, app: str, *, client_id: str, client_secret: str, by: User
) -> AppRegistration:
    """Keep a registration; an empty secret keeps the saved one of the same client ID.

    Raises InvalidChange with sentences by field. Asks nobody: `prove` does.
    """
    form = catalogue()[app].form
    client_id, client_secret = client_id.strip(), client_secret.strip()
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        saved = _registrations(workspace.pk).filter(app=app).first()
        keeps = (
            saved is not None
            and not client_secret
            and saved.client_id == client_id
            and _opened(saved) is not None
        )
        if problems := _problems(form, client_id, client_secret, needs_secret=not keeps):
            raise InvalidChange(problems)
        row = saved or AppRegistration(workspace=workspace, app=app)
        row.client_id, row.updated_by = client_id, by
        row.proven_at, row.problem = None, ""
        if client_secret:
            row.credential = _sealed(row, client_secret)
        row.save()
    return row


def _sealed(row: AppRegistration, client_secret: str) -> Credential:
    """The secret in a row of its own, or in the one that it had; bound to the client ID."""
    sealed = Credential(
        pk=row.credential_id or uuid4(),
        workspace_id=row.workspace_id,
        method=APP,
        family=row.app,
        app=row.app,
        client_id=row.client_id,
        values={"client_id": row.client_id},
    )
    put_secrets(sealed, {"client_secret": client_secret})
    sealed.hints = hints_of({"client_secret": client_secret})
    is_new = row.credential_id is None
    sealed.save(force_insert=is_new, force_update=not is_new)
    return sealed


def _problems(
    form: AppForm, client_id: str, client_secret: str, *, needs_secret: bool
) -> dict[str, list[str]]:
    wrong_id = _problem(client_id, form.client_id_pattern, form.client_id_message)
    wrong_secret = _problem(client_secret, form.client_secret_pattern, form.client_secret_message)
    if not client_secret and not needs_secret:
        wrong_secret = ""
    found = {"client_id": wrong_id, "client_secret": wrong_secret}
    return {name: [problem] for name, problem in found.items() if problem}


def _problem(value: str, pattern: str, message: str) -> str:
    """What is wrong with a value of an app, or ""."""
    if not value:
        return "This is required."
    if len(value) > LONGEST:
        return f"This is longer than {LONGEST} characters."
    if not (value.isascii() and value.isprintable()):
        return "This holds a character that no such value has: copy it again."
    return "" if re.fullmatch(pattern, value) else message


def prove(row: AppRegistration) -> bool:
    """Ask the platform whether it accepts the app. False where the answer leaves it open.

    What it says against it is kept as the row's problem. No transaction is open meanwhile.
    Raises Busy.
    """
    app = _opened(row)
    if app is None:
        return False
    use = catalogue()[row.app].uses[0]
    row.proven_at, row.problem = None, ""
    try:
        with (
            waiting.place(row.workspace_id),
            oauth.flow(use.provider, app, use.values, allow=settings.OUTBOUND_ALLOW) as talk,
        ):
            if talk.prove_app():
                row.proven_at = clock.now()
    except ProviderError as error:
        row.problem = f"{error.message} {error.action}"
    same = AppRegistration.objects.filter(pk=row.pk, credential__secrets=row.credential.secrets)
    same.update(proven_at=row.proven_at, problem=row.problem)
    return row.proven_at is not None


def remove(workspace: Workspace, app: str) -> None:
    """Forget a workspace's registration. Sign-ins made with it cannot be renewed any more."""
    Credential.objects.filter(registration__workspace=workspace, registration__app=app).delete()
