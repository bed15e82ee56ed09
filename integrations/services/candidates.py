"""Test and save: typed values wait as a candidate, are proven, and only then replace the
saved ones. Until then the live values are untouched.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations import crypto
from integrations.models import Candidate, IntegrationConnection, TestOutcome, Trigger, Workspace
from integrations.services import connections, testing
from integrations.services.connections import Changes, InvalidChange, VersionConflict

LIVES = timedelta(minutes=15)
SAVED_MEANWHILE = "Someone else saved this connection while yours was being tested."
TRY_AGAIN = "Too many tests in a minute. Wait a little, then try again."
NOT_RIGHT_ANY_MORE = "What is saved has changed, and your values no longer fit it."


class CandidateGone(Exception):
    """No such candidate of this session, or its 15 minutes are over."""


def keep_candidate(
    workspace: Workspace,
    provider: str,
    changes: Changes,
    *,
    user: User,
    session_key: str,
    base_version: int,
    is_draft: bool = False,
) -> Candidate:
    """Keep typed values as a candidate, to be proven next; a draft may lack some.

    Raises InvalidChange, NothingToTest, and VersionConflict when somebody saved since the
    form was opened.
    """
    with transaction.atomic():
        connection = connections.lock(workspace.pk, provider)
        if connection.version != base_version:
            raise VersionConflict(connection)
        if not is_draft:
            testing.read_attempt(connection, changes)
        _forget_old(connection, session_key)
        candidate = Candidate(
            connection=connection,
            user=user,
            session_digest=digest(session_key),
            base_version=connection.version,
            is_draft=is_draft,
            expires_at=timezone.now() + LIVES,
        )
        candidate.payload = crypto.encrypt(_payload(changes), candidate.owner)
        candidate.save()
    return candidate


def _forget_old(connection: IntegrationConnection, session_key: str) -> None:
    Candidate.objects.filter(expires_at__lt=timezone.now()).delete()
    connection.candidates.filter(session_digest=digest(session_key)).delete()


def digest(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()


def _payload(changes: Changes) -> dict[str, Any]:
    return {
        "config": dict(changes.config),
        "auth_method": changes.auth_method,
        "is_enabled": changes.is_enabled,
    }


def typed(candidate: Candidate) -> Changes:
    """What was typed. Raises CandidateGone when it cannot be read (any more)."""
    try:
        payload: Mapping[str, Any] = crypto.decrypt(candidate.payload, candidate.owner)
    except crypto.Unreadable:
        raise CandidateGone from None
    return Changes(**payload)


def find(
    workspace: Workspace, provider: str, candidate_id: UUID, *, user: User, session_key: str
) -> Candidate:
    """Raises CandidateGone for another place's, person's or session's, or an old one."""
    found = (
        Candidate.objects.select_related("connection__workspace", "test")
        .filter(
            pk=candidate_id,
            connection__workspace=workspace,
            connection__provider=provider,
            user=user,
            session_digest=digest(session_key),
            expires_at__gt=timezone.now(),
        )
        .first()
    )
    if not found:
        raise CandidateGone
    return found


def discard(candidate: Candidate) -> None:
    candidate.delete()


def prove(candidate: Candidate) -> None:
    """Test a candidate's values, and save them if they pass for the same account.

    What stands in the way is kept on the candidate for the person who waits.
    """
    connection = candidate.connection
    changes = typed(candidate)
    try:
        started = testing.start_when_free(
            connection, trigger=Trigger.SAVE, by=candidate.user, dry_run=True, joins=False
        )
    except testing.TooManyTests:
        _note(candidate, TRY_AGAIN)
        return
    Candidate.objects.filter(pk=candidate.pk).update(test=started.test)
    try:
        test = testing.perform(
            started.test, changes, on_renewed=lambda values: _keep_renewed(candidate, values)
        )
    except (InvalidChange, testing.NothingToTest):
        _note(candidate, NOT_RIGHT_ANY_MORE)
        return
    if test.outcome == TestOutcome.PASSED and not test.account_changed:
        try:
            save_candidate(candidate)
        except VersionConflict:
            _note(candidate, SAVED_MEANWHILE)
        except CandidateGone:
            return  # the person cancelled meanwhile


def _keep_renewed(candidate: Candidate, values: Mapping[str, str]) -> None:
    changes = typed(candidate)
    renewed = replace(changes, config={**changes.config, **values})
    candidate.payload = crypto.encrypt(_payload(renewed), candidate.owner)
    Candidate.objects.filter(pk=candidate.pk).update(payload=candidate.payload)


def _note(candidate: Candidate, problem: str) -> None:
    Candidate.objects.filter(pk=candidate.pk).update(problem=problem)


def save_candidate(candidate: Candidate) -> IntegrationConnection:
    """Make a candidate's values the saved ones, with what its test found out about them.

    Raises VersionConflict when somebody saved meanwhile, and CandidateGone.
    """
    with transaction.atomic():
        saved = candidate.connection
        connection = connections.lock(saved.workspace_id, saved.provider)
        current = Candidate.objects.select_for_update().filter(pk=candidate.pk).first()
        if not current or not current.payload or current.is_draft:
            raise CandidateGone
        before = connection.revision
        connections.apply(
            connection, typed(current), by=candidate.user, expected_version=current.base_version
        )
        test = current.test
        if test and not test.is_running and test.revision == before:
            test.dry_run, test.revision = False, connection.revision
            test.save(update_fields=["dry_run", "revision"])
            connection.last_test = test
            testing.apply_result(connection, test)
            connection.save()
        current.payload, current.saved_at = "", timezone.now()
        current.save(update_fields=["payload", "saved_at"])
    return connections.find(saved.workspace, saved.provider)
