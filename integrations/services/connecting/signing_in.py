"""Signing in at a platform, from the button to the tokens that wait as a candidate.

RFC 6749 section 4.1 with RFC 7636 and the advice of RFC 9700: the state is random, stored as a
digest, bound to the session of whoever began, and good for ten minutes or until it connected; each
app has a redirect URI of its own; an issuer that the callback names must be the platform's. A code
is exchanged once, in the callback itself, since it may live for seconds only.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from integrations import clock, crypto
from integrations.database import release_connection
from integrations.models import (
    Candidate,
    FixLink,
    IntegrationConnection,
    Role,
    SignInAttempt,
)
from integrations.models.credentials import ATTEMPT
from integrations.services import rows, waiting
from integrations.services.connecting import begun, callbacks, candidates, fix_links
from integrations.services.connecting.begun import AGAIN
from integrations.services.connecting.changes import Changes, overlay
from integrations.services.credentials import apps, sealing, storing
from integrations.services.credentials.unused import let_go
from integrations.services.people import people
from integrations.services.proving.discovery import ACCOUNT_FIELD
from integrations.services.refusals import InvalidChange, NothingToTest, VersionConflict
from providers import errors
from providers.access import flow as oauth
from providers.access import refusals
from providers.declare import SIGN_IN, App, OAuth
from providers.errors import ProviderError

logger = logging.getLogger(__name__)


class NoApp(Exception):
    """Nobody set up the app that a sign-in at this platform needs."""

    def __init__(self, declared: OAuth) -> None:
        self.declared = declared
        super().__init__("There is no app registration.")


@dataclass(frozen=True)
class CameBack:
    """What an answer led to: a candidate, or what the attempt says; another one may be at it.

    Only the first time is there something to prove.
    """

    attempt: SignInAttempt
    candidate: Candidate | None = None
    is_first: bool = False


def begin(
    connection: IntegrationConnection,
    changes: Changes,
    *,
    user: User | None,
    session_key: str,
    base_version: int,
    fix_link: FixLink | None = None,
) -> str:
    """The address at the platform to send the person to. Asks nobody.

    Raises InvalidChange, NothingToTest when something other than the account is missing,
    VersionConflict, and NoApp.
    """
    changes = replace(changes, auth_method=SIGN_IN, is_signing_in=True, sign_in=None)
    state, code_verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    with transaction.atomic():
        connection = rows.lock(connection)
        if connection.version != base_version:
            raise VersionConflict(connection)
        try:
            attempt_values = overlay(connection, changes)
        except (crypto.Unreadable, InvalidChange):
            # Secrets that no key opens, or that belong to another place, give way to the sign-in.
            given_up = dict.fromkeys(connection.hints)
            changes = replace(changes, config={**given_up, **changes.config})
            attempt_values = overlay(connection, changes)
        platform = connection.platform
        if any(field.name != ACCOUNT_FIELD for field in attempt_values.missing(platform)):
            raise NothingToTest
        values = attempt_values.config
        declared = platform.for_values(values).oauth
        if declared is None:
            raise InvalidChange({"authMethod": [f"There is no sign-in for this {platform.name}."]})
        app = apps.find(connection.workspace_id, declared.app.slug)
        if app is None:
            raise NoApp(declared)
        now = clock.now()
        begun.forget_old(now)
        payload = {
            "code_verifier": code_verifier,
            "values": values,
            "config": dict(changes.config),
            "is_enabled": changes.is_enabled,
            "name": changes.name,
        }
        bound = platform.bound(SIGN_IN, values)
        attempt = SignInAttempt.objects.create(
            connection=connection,
            user=user,
            fix_link=fix_link,
            session_digest=crypto.digest(session_key),
            state_digest=crypto.digest(state),
            credential=sealing.keep_sealed(
                connection.workspace_id, platform, ATTEMPT, bound, payload
            ),
            app=declared.app.slug,
            client_id=app.client_id,
            redirect_uri=apps.redirect_uri(declared.app.slug),
            base_version=connection.version,
            begun_at=now,
            expires_at=now + begun.LIVES,
        )
    try:
        with oauth.flow(platform, app, values, allow=settings.OUTBOUND_ALLOW) as talk:
            return talk.authorization_url(
                redirect_uri=attempt.redirect_uri, state=state, code_verifier=code_verifier
            )
    except ProviderError as error:
        raise InvalidChange({"detail": [f"{error.message} {error.action}"]}) from None


def come_back(app: str, callback: Mapping[str, str], *, session_key: str) -> CameBack:
    """What the browser brought back from a platform: exchange its code, once.

    The candidate still has to be proven. Raises NotOurs, and Busy: then it can be brought again.
    """
    attempt = begun.find(app, callback.get("state", ""), session_key)
    with waiting.place(attempt.connection.workspace_id):
        return _taken(app, attempt, callback, session_key)


def _taken(
    app: str, attempt: SignInAttempt, callback: Mapping[str, str], session_key: str
) -> CameBack:
    if not begun.claim(attempt, callback.get("code", "")):
        # Reloaded, late, or brought twice: another request is at it, or it has its end.
        return CameBack(attempt, attempt.candidate)
    try:
        payload = _still_good(attempt)
    except ProviderError as error:
        return _end(attempt, error, is_over=True)
    try:
        found = apps.find(attempt.connection.workspace_id, attempt.app, client_id=attempt.client_id)
        secrets = [payload["code_verifier"], *([found.client_secret] if found else [])]
        secrets += [callback[name] for name in ("code", "state") if callback.get(name)]
        values = payload["values"]
        callbacks.check(attempt.connection.platform, callback, values, secrets=secrets)
        candidate = _exchange(attempt, found, callback, payload, session_key)
    except VersionConflict as conflict:
        attempt.connection = conflict.connection
        told = begun.overtaken(attempt) or (begun.SAVED_MEANWHILE, AGAIN)
        return _end(attempt, errors.AuthExpired(*told), is_over=True)
    except ProviderError as error:
        return _end(attempt, error, is_over=isinstance(error, callbacks.NotThePlatform))
    except Exception as error:  # noqa: BLE001 - the code is spent: the person must be told
        # Its text may hold a code or a token; the name tells enough.
        logger.error("A callback for the app %s failed with %s", app, type(error).__name__)
        return _end(attempt, errors.UnexpectedReply())
    begun.keep(attempt, is_over=True, candidate=candidate)
    return CameBack(attempt, candidate, is_first=True)


def _still_good(attempt: SignInAttempt) -> dict[str, Any]:
    """What was kept for the answer. Raises the ProviderError that no other answer mends."""
    if told := begun.overtaken(attempt):
        raise errors.AuthExpired(*told)
    if attempt.expires_at < clock.now() or attempt.credential is None:
        raise errors.AuthExpired(begun.TOO_LONG, AGAIN)
    _check_permitted(attempt)
    try:
        return attempt.credential.typed()
    except crypto.Unreadable:
        raise errors.CredentialsUnreadable from None


def _check_permitted(attempt: SignInAttempt) -> None:
    """Whoever began must still be allowed to, or the owner who sent the link.

    Without either it was whoever runs the installation, by a command.
    """
    try:
        if attempt.fix_link:
            fix_links.opened(attempt.fix_link.pk)
            return
        if attempt.user is None:
            return
        access = people.access(attempt.user, attempt.connection.workspace.slug)
        if attempt.user.is_active and access.allows(Role.EDITOR):
            return
    except (fix_links.LinkGone, people.NoWorkspace):
        pass
    raise errors.PermissionMissing(
        "What allowed you to connect this ended while you were signing in.",
        "Ask an owner of the workspace.",
    )


def _exchange(
    attempt: SignInAttempt,
    app: App | None,
    callback: Mapping[str, str],
    payload: Mapping[str, Any],
    session_key: str,
) -> Candidate:
    connection = attempt.connection
    platform = connection.platform
    values: dict[str, str] = payload["values"]
    if app is None:
        raise errors.InvalidConfig(
            "The app was changed in Settings, Sign-in apps, while you signed in.", AGAIN
        )
    release_connection()
    try:
        with oauth.flow(platform, app, values, allow=settings.OUTBOUND_ALLOW) as talk:
            given = talk.exchange(
                callback,
                redirect_uri=attempt.redirect_uri,
                code_verifier=payload["code_verifier"],
            )
    except ProviderError as error:
        refusals.of_code(platform.for_values(values).name, error)
        raise
    row = storing.obtain(
        platform,
        given,
        workspace_id=connection.workspace_id,
        client_id=app.client_id,
        values=values,
    )
    changes = Changes(
        config=payload["config"],
        auth_method=SIGN_IN,
        is_enabled=payload["is_enabled"],
        name=payload.get("name"),
        sign_in=row,
    )
    try:
        return candidates.keep_candidate(
            connection,
            changes,
            user=attempt.user,
            session_key=session_key,
            base_version=attempt.base_version,
            fix_link=attempt.fix_link,
        )
    except VersionConflict:
        let_go([row.pk])
        raise


def _end(attempt: SignInAttempt, error: ProviderError, *, is_over: bool = False) -> CameBack:
    begun.keep(attempt, is_over=is_over, problem=error.message, action=error.action)
    return CameBack(attempt)
