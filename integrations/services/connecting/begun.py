"""Sign-ins that were begun: which one an answer belongs to, and what became of it.

An attempt goes on until it gives a candidate or its ten minutes are over: who said no may go
back and say yes, and what failed may be tried again with a new code. Each code is exchanged
once, one at a time.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from integrations import clock, crypto
from integrations.models import Credential, FixLink, IntegrationConnection, SignInAttempt
from integrations.sessions import kept_under_digest

logger = logging.getLogger(__name__)

LIVES = timedelta(minutes=10)
REMEMBERED = timedelta(hours=1)  # what an answer needs, and how news a sign-in is
KEPT = timedelta(days=30)  # what became of it, for whoever comes back late
MOST_CODES = 10
AGAIN = "Sign in again."
TOO_LONG = "The sign-in took longer than ten minutes."
NOT_KEPT = "What this sign-in gave was not kept: nobody finished it, or it was cancelled."
INTERRUPTED = "You came back from a sign-in, and nothing is known of how it ended."
LOOK_AGAIN = "Open this again in a moment, or sign in again."
SAVED_MEANWHILE = "This connection was saved while you signed in, so your sign-in was not used."
LOOK_FIRST = "Look at what is saved now, and sign in again if that is still needed."
NOTHING_TO_DO = "There is nothing more to do. Sign in again only to change it."
STILL_NEEDED = "Sign in again if it is still needed."


class NotOurs(Exception):
    """An answer that nothing here was waiting for, or that another session began.

    `attempt` is the one that it belongs to, in whatever session: it is left as it is.
    `still_open` is one of this session's at the same platform that nobody answered yet.
    """

    def __init__(
        self, attempt: SignInAttempt | None = None, still_open: SignInAttempt | None = None
    ) -> None:
        self.attempt = attempt
        self.still_open = still_open
        super().__init__("This callback is not for this session.")


def find(app: str, state: str, session_key: str) -> SignInAttempt:
    """The attempt that an answer belongs to. Raises NotOurs."""
    # At another app's address it is a mix-up.
    found = _known().filter(state_digest=crypto.digest(state), app=app).first()
    is_mine = found is not None and found.session_digest == crypto.digest(session_key)
    if found is None or not session_key or not is_mine:
        logger.warning("A callback for the app %s fits no sign-in that was begun here.", app)
        raise NotOurs(found, _still_open(app, session_key) if session_key else None)
    return found


def of_session(
    connection: IntegrationConnection, attempt_id: UUID, *, session_key: str
) -> SignInAttempt | None:
    mine = _known().filter(connection=connection.pk, session_digest=crypto.digest(session_key))
    return mine.filter(pk=attempt_id).first()


def latest(
    connection: IntegrationConnection, *, session_key: str, fix_link: FixLink | None = None
) -> SignInAttempt | None:
    """The attempt of this session that last began or came back, if it is not long ago."""
    mine = _known().filter(
        connection=connection.pk,
        fix_link=fix_link,
        session_digest=crypto.digest(session_key),
        begun_at__gt=clock.now() - REMEMBERED,
    )
    return mine.order_by(Coalesce("used_at", "begun_at").desc()).first()


def _known() -> QuerySet[SignInAttempt]:
    return SignInAttempt.objects.select_related(
        "connection__workspace",
        "connection__sign_in",
        "credential",
        "candidate",
        "user",
        "fix_link",
    )


def _still_open(app: str, session_key: str) -> SignInAttempt | None:
    waiting = SignInAttempt.going_on(clock.now())
    mine = _known().filter(app=app, session_digest=crypto.digest(session_key))
    return mine.filter(pk__in=waiting).order_by("-begun_at").first()


def has_session(attempt: SignInAttempt) -> bool:
    """Whether the session that began it is still alive, in whatever browser."""
    kept = Session.objects.filter(session_key=kept_under_digest(attempt.session_digest))
    return kept.filter(expire_date__gt=clock.now()).exists()


def claim(attempt: SignInAttempt, code: str) -> bool:
    """Whether this answer is to be looked at, here and now. Then no other one is meanwhile."""
    digests = [crypto.digest(code)] if code else []
    is_used = any(digest in attempt.codes for digest in digests)
    if not attempt.is_open or attempt.is_under_way or is_used or len(attempt.codes) >= MOST_CODES:
        return False
    now, codes = clock.now(), [*attempt.codes, *digests]
    as_seen = SignInAttempt.objects.filter(pk=attempt.pk, used_at=attempt.used_at)
    if as_seen.update(used_at=now, codes=codes, problem="", action=""):
        attempt.used_at, attempt.codes = now, codes
        attempt.problem = attempt.action = ""
        return True
    attempt.refresh_from_db()
    return False


def keep(attempt: SignInAttempt, *, is_over: bool, **became: Any) -> None:
    """What an answer led to; the row may have been forgotten meanwhile.

    Without a candidate it changes nothing for which a later answer counts.
    """
    sealed = attempt.credential
    if is_over:
        became["credential"] = None
    for name, value in became.items():
        setattr(attempt, name, value)
    mine = SignInAttempt.objects.filter(pk=attempt.pk)
    if "candidate" not in became:
        mine = mine.filter(used_at=attempt.used_at)
    if mine.update(**became) and sealed and is_over:
        sealed.delete()


def became(attempt: SignInAttempt) -> tuple[str, str]:
    """What became of an attempt that gave no candidate, and what to do: at any later time."""
    if attempt.problem:
        return attempt.problem, attempt.action
    if told := overtaken(attempt):
        return told
    if attempt.used_at is None:
        return TOO_LONG, AGAIN
    return (INTERRUPTED, LOOK_AGAIN) if attempt.credential_id else (NOT_KEPT, AGAIN)


def overtaken(attempt: SignInAttempt) -> tuple[str, str] | None:
    """What somebody did with the connection since, and what to do; None when nothing."""
    connection = attempt.connection
    if connection.version == attempt.base_version:
        return None
    name = connection.platform.asked_with(attempt.app)
    if not connection.has_anything:
        return f"{name} was disconnected since this sign-in began.", STILL_NEEDED
    signed_in = connection.sign_in if connection.is_signed_in else None
    if signed_in and signed_in.obtained_at > attempt.begun_at:
        return f"{name} was connected since this sign-in began.", NOTHING_TO_DO
    return SAVED_MEANWHILE, LOOK_FIRST


def forget_old(now: datetime) -> None:
    """What an answer needs, once none is taken any more; much later that it ever began."""
    Credential.objects.filter(attempt__expires_at__lt=now - REMEMBERED).delete()
    SignInAttempt.objects.filter(expires_at__lt=now - KEPT).delete()


def close(connection: IntegrationConnection) -> None:
    """No answer connects any more."""
    Credential.objects.filter(attempt__connection=connection.pk).delete()
