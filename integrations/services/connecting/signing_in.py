"""Signing in at a platform, from the button to the tokens that wait as a candidate.

RFC 6749 section 4.1 with RFC 7636 and the advice of RFC 9700: the state is random, stored as a
digest, bound to the session of whoever began, good for ten minutes and used once; each app has a
redirect URI of its own; an issuer that the callback names must be the platform's. The code is
exchanged in the callback itself, since it may live for seconds only.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations import crypto
from integrations.database import release_connection
from integrations.models import (
    Candidate,
    FixLink,
    IntegrationConnection,
    Role,
    SignInAttempt,
    Workspace,
)
from integrations.models.credentials import ATTEMPT
from integrations.services import rows
from integrations.services.connecting import callbacks, candidates, fix_links
from integrations.services.connecting.callbacks import AGAIN
from integrations.services.connecting.changes import Changes, overlay
from integrations.services.credentials import apps, sealing, storing
from integrations.services.credentials.unused import let_go
from integrations.services.people import people
from integrations.services.proving.discovery import ACCOUNT_FIELD
from integrations.services.refusals import InvalidChange, NothingToTest, VersionConflict
from providers import errors
from providers.access import flow as oauth
from providers.declare import SIGN_IN, OAuth
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

LIVES = timedelta(minutes=10)
REMEMBERED = timedelta(hours=1)
AGAIN_LATER = "Sign in again in a few minutes."
SAVED_MEANWHILE = "This connection was saved while you signed in, so your sign-in was not used."
LOOK_FIRST = "Look at what is saved now, and sign in again if that is still needed."


class NoApp(Exception):
    """Nobody set up the app that a sign-in at this platform needs."""

    def __init__(self, declared: OAuth) -> None:
        self.declared = declared
        super().__init__("There is no app registration.")


class NotOurs(Exception):
    """A callback that nothing here was waiting for, or that another session began.

    `attempt` is the one that it belongs to, in whatever session: it is left as it is.
    """

    def __init__(self, attempt: SignInAttempt | None) -> None:
        self.attempt = attempt
        super().__init__("This callback is not for this session.")


@dataclass(frozen=True)
class CameBack:
    """How an attempt ended: with a candidate, or with the problem that the attempt holds.

    Only the first time is there something to prove.
    """

    attempt: SignInAttempt
    candidate: Candidate | None = None
    is_first: bool = False


def begin(
    workspace: Workspace,
    provider: str,
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
        connection = rows.lock(workspace.pk, provider)
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
        app = apps.find(workspace.pk, declared.app.slug)
        if app is None:
            raise NoApp(declared)
        now = timezone.now()
        sealing.forget(connection.sign_in_attempts.filter(expires_at__lt=now - REMEMBERED))
        payload = {
            "code_verifier": code_verifier,
            "values": values,
            "config": dict(changes.config),
            "is_enabled": changes.is_enabled,
        }
        bound = platform.bound(SIGN_IN, values)
        attempt = SignInAttempt.objects.create(
            connection=connection,
            user=user,
            fix_link=fix_link,
            session_digest=crypto.digest(session_key),
            state_digest=crypto.digest(state),
            credential=sealing.keep_sealed(workspace.pk, platform, ATTEMPT, bound, payload),
            app=declared.app.slug,
            client_id=app.client_id,
            redirect_uri=apps.redirect_uri(declared.app.slug),
            base_version=connection.version,
            begun_at=now,
            expires_at=now + LIVES,
        )
    try:
        with oauth.flow(platform, app, values, allow=settings.OUTBOUND_ALLOW) as talk:
            return talk.authorization_url(
                redirect_uri=attempt.redirect_uri, state=state, code_verifier=code_verifier
            )
    except ProviderError as error:
        raise InvalidChange({"detail": [f"{error.message} {error.action}"]}) from None


def latest(
    connection: IntegrationConnection, *, session_key: str, fix_link: FixLink | None = None
) -> SignInAttempt | None:
    """The attempt of this session that last began or came back, if it is not long ago."""
    mine = SignInAttempt.objects.filter(
        connection=connection.pk,
        fix_link=fix_link,
        session_digest=crypto.digest(session_key),
        begun_at__gt=timezone.now() - REMEMBERED,
    )
    return mine.order_by(Coalesce("used_at", "begun_at").desc()).first()


def come_back(app: str, callback: Mapping[str, str], *, session_key: str) -> CameBack:
    """What the browser brought back from a platform: exchange its code, once.

    The candidate still has to be proven. Raises NotOurs, without telling apart what is wrong.
    """
    attempt = _find(app, callback.get("state", ""), session_key)
    now = timezone.now()
    if not SignInAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=now):
        # Reloaded, or brought twice: the code was worth something once.
        attempt.refresh_from_db()
        return CameBack(attempt, attempt.candidate)
    platform = attempt.connection.platform
    try:
        payload = attempt.credential.typed() if attempt.credential else {}
        if attempt.expires_at < now:
            raise errors.AuthExpired("The sign-in took longer than ten minutes.", AGAIN)
        _check_permitted(attempt)
        callbacks.check(platform, callback, payload["values"])
        candidate = _exchange(attempt, callback, payload, session_key)
    except crypto.Unreadable:
        return _end(attempt, errors.CredentialsUnreadable())
    except VersionConflict:
        return _end(attempt, errors.AuthExpired(SAVED_MEANWHILE, LOOK_FIRST))
    except InvalidChange:
        return _end(attempt, errors.AuthExpired(candidates.NOT_RIGHT_ANY_MORE, AGAIN))
    except ProviderError as error:
        return _end(attempt, error)
    except Exception as error:  # noqa: BLE001 - the code is spent: the person must be told
        # Its text may hold a code or a token; the name tells enough.
        logger.error("A callback for the app %s failed with %s", app, type(error).__name__)
        return _end(attempt, errors.UnexpectedReply())
    _keep(attempt, candidate=candidate)
    return CameBack(attempt, candidate, is_first=True)


def _find(app: str, state: str, session_key: str) -> SignInAttempt:
    begun = SignInAttempt.objects.select_related(
        "connection__workspace",
        "connection__sign_in",
        "credential",
        "candidate",
        "user",
        "fix_link",
    )
    # At another app's address it is a mix-up.
    found = begun.filter(state_digest=crypto.digest(state), app=app).first()
    is_mine = found is not None and found.session_digest == crypto.digest(session_key)
    if found is None or not session_key or not is_mine:
        logger.warning("A callback for the app %s fits no sign-in that was begun here.", app)
        raise NotOurs(found)
    return found


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
    callback: Mapping[str, str],
    payload: Mapping[str, Any],
    session_key: str,
) -> Candidate:
    connection = attempt.connection
    if connection.version != attempt.base_version:
        raise VersionConflict(connection)
    platform = connection.platform
    values: dict[str, str] = payload["values"]
    app = apps.find(connection.workspace_id, attempt.app, client_id=attempt.client_id)
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
    except errors.AuthExpired:
        name = platform.for_values(values).name
        raise errors.AuthExpired(
            f"{name} did not accept the sign-in: it took too long, or was used already.", AGAIN
        ) from None
    except errors.Unanswered as error:
        error.action = AGAIN_LATER  # nobody tries again: the code is spent
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
        sign_in=row,
    )
    try:
        return candidates.keep_candidate(
            connection.workspace,
            connection.provider,
            changes,
            user=attempt.user,
            session_key=session_key,
            base_version=attempt.base_version,
            fix_link=attempt.fix_link,
        )
    except (VersionConflict, InvalidChange):
        let_go([row.pk])
        raise


def _end(attempt: SignInAttempt, error: ProviderError) -> CameBack:
    _keep(attempt, problem=error.message, action=error.action)
    return CameBack(attempt)


def _keep(attempt: SignInAttempt, **ended: Any) -> None:
    """How it ended; it may have been forgotten meanwhile with what was disconnected."""
    sealed, ended["credential"] = attempt.credential, None
    for name, value in ended.items():
        setattr(attempt, name, value)
    SignInAttempt.objects.filter(pk=attempt.pk).update(**ended)
    if sealed:
        sealed.delete()
