"""Test and save: typed values wait as a candidate, are proven, and only then replace the
saved ones. Until then the live values are untouched.
"""

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations import clock, crypto, platforms
from integrations.models import (
    Candidate,
    ConnectionTest,
    Credential,
    FixLink,
    IntegrationConnection,
    TestOutcome,
    Trigger,
    Workspace,
)
from integrations.models.credentials import CANDIDATE
from integrations.services import rows, twins, waiting
from integrations.services.connecting import disconnecting, fix_links, naming, saving, trying
from integrations.services.connecting.changes import Changes, overlay
from integrations.services.credentials import sealing, sharing
from integrations.services.credentials.attempts import Attempt
from integrations.services.credentials.unused import keep_back
from integrations.services.proving import discovery, facts, testing
from integrations.services.proving.discovery import ACCOUNT_FIELD
from integrations.services.refusals import (
    Busy,
    InvalidChange,
    NoConnection,
    NothingToTest,
    Paused,
    SameAccount,
    TooManyTests,
    VersionConflict,
)
from providers.declare import Account
from providers.declare.permissions import compare_scopes
from providers.errors import AccountNotFound, PermissionMissing, ProviderError

LIVES = timedelta(minutes=15)
SAVED_MEANWHILE = "Someone else saved this connection while yours was being tested."
TRY_AGAIN = "Too much is being tested just now. Wait a little, then try again."
NO_ACCOUNT = "This sign-in reaches no account. Sign in as somebody who has access to one."
OTHER_ACCOUNT = (
    "This sign-in leads to another account than the one that is connected. "
    "Sign in with the account that was connected before."
)
UNKNOWN_ACCOUNT = (
    "The platform does not say which account this sign-in leads to, so it was not taken. "
    "Sign in again, and allow everything that is asked."
)
NO_RENEWAL = (
    "This sign-in cannot renew itself, and the present one does, so it was not taken. "
    "Sign in again, and allow everything that is asked."
)
FEWER_PERMISSIONS = (
    "This sign-in may read less than the present one, so it was not taken. "
    "Sign in again, and allow everything that is asked."
)
SAME_ACCOUNT = "This account is connected already. Sign in with the one that you were asked for."
NO_ACCESS = (
    "This sign-in does not reach the account that is needed. "
    "Sign in as somebody who has access to it."
)
NOT_RIGHT_ANY_MORE = "What is saved has changed, and your values no longer fit it."


class CandidateGone(Exception):
    """No such candidate of this session, or its 15 minutes are over."""


class Unfitting(CandidateGone):
    """What is saved has changed, so that typed secrets would go elsewhere than they were for."""


def keep_candidate(
    connection: IntegrationConnection,
    changes: Changes,
    *,
    user: User | None,
    session_key: str,
    base_version: int,
    is_draft: bool = False,
    fix_link: FixLink | None = None,
) -> Candidate:
    """Keep typed values as a candidate, to be proven next; a draft may lack some.

    So may one that comes of a sign-in: which account it is about is asked then.

    Raises InvalidChange, as SameAccount where another one has what was typed, NothingToTest,
    VersionConflict when somebody saved since the form was opened, and CandidateGone when the
    sign-in is being ended at its platform, or was.
    """
    with transaction.atomic():
        connection = rows.lock(connection)
        if connection.version != base_version:
            raise VersionConflict(connection)
        if changes.sign_in and not keep_back(changes.sign_in.pk):
            raise CandidateGone
        if not is_draft and not changes.sign_in:
            _refuse_twin(connection, trying.read_attempt(connection, changes))
        session_digest = crypto.digest(session_key)
        bound, payload = _bound(connection, changes), _payload(changes)
        kept = Candidate.objects.create(
            connection=connection,
            user=user,
            fix_link=fix_link,
            session_digest=session_digest,
            credential=sealing.keep_sealed(
                connection.workspace_id, connection.platform, CANDIDATE, bound, payload
            ),
            sign_in=changes.sign_in,
            base_version=connection.version,
            is_draft=is_draft,
            expires_at=clock.now() + LIVES,
        )
        # Afterwards, since it may go on with the sign-in of an earlier one.
        sealing.forget(Candidate.objects.filter(expires_at__lt=clock.now()))
        earlier = connection.candidates.filter(session_digest=session_digest)
        sealing.forget(earlier.exclude(pk=kept.pk))
    return kept


def _refuse_twin(connection: IntegrationConnection, attempt: Attempt | None) -> None:
    """Nobody need wait for a test to be told that another one has this account."""
    account = attempt.config.get(ACCOUNT_FIELD) if attempt else None
    if attempt is None or account == connection.config.get(ACCOUNT_FIELD):
        return
    wanted = copy(connection)
    wanted.config, wanted.platform_account_id = attempt.config, ""
    twins.refuse(wanted, rows.siblings(connection))


def _bound(connection: IntegrationConnection, changes: Changes) -> dict[str, str | None]:
    """The plain values with which what was typed would be used."""
    provider = connection.platform
    plain = {k: v for k, v in changes.config.items() if k not in provider.secret_names}
    used = {k: v for k, v in {**connection.config, **plain}.items() if v}
    return provider.bound(changes.auth_method or connection.auth_method, used)


def _payload(changes: Changes) -> dict[str, Any]:
    return {
        "config": dict(changes.config),
        "auth_method": changes.auth_method,
        "is_enabled": changes.is_enabled,
        "name": changes.name,
    }


def typed(candidate: Candidate) -> Changes:
    """What was typed. Raises CandidateGone when it cannot be read (any more)."""
    row, connection = candidate.credential, candidate.connection
    if row is None or not sealing.is_of(row, connection, CANDIDATE):
        raise CandidateGone
    try:
        return Changes(**row.typed(), sign_in=candidate.sign_in)
    except crypto.Unreadable:
        raise CandidateGone from None


def _fitting(candidate: Candidate) -> Changes:
    """What was typed, to be used. Raises CandidateGone, as Unfitting where that is why."""
    changes = typed(candidate)
    if candidate.credential and candidate.credential.values != _bound(
        candidate.connection, changes
    ):
        raise Unfitting
    return changes


def find(
    connection: IntegrationConnection,
    candidate_id: UUID,
    *,
    user: User | None,
    session_key: str,
) -> Candidate:
    """Raises CandidateGone for another place's, person's or session's, or an old one."""
    found = _of_session(session_key).filter(
        pk=candidate_id,
        connection__workspace=connection.workspace_id,
        connection__provider=connection.provider,
        user=user,
        expires_at__gt=clock.now(),
    )
    if candidate := found.first():
        return candidate
    raise CandidateGone


def signed_in(
    connection: IntegrationConnection, *, user: User, session_key: str
) -> Candidate | None:
    """What came of a sign-in of this session, and waits to be gone on with."""
    mine = _of_session(session_key).filter(connection=connection.pk, user=user, saved_at=None)
    waits = mine.filter(sign_in__isnull=False, problem="", expires_at__gt=clock.now())
    return waits.order_by("-created_at").first()


def of_fix_link(link: FixLink, *, session_key: str) -> Candidate | None:
    """The newest candidate that came of a link in this session."""
    return _of_session(session_key).filter(fix_link=link).order_by("-created_at").first()


def _of_session(session_key: str) -> QuerySet[Candidate]:
    return Candidate.objects.select_related(
        "connection__workspace", "test", "credential", "sign_in", "fix_link"
    ).filter(session_digest=crypto.digest(session_key))


def discard(candidate: Candidate) -> None:
    sealing.forget(Candidate.objects.filter(pk=candidate.pk))


def prove(candidate: Candidate) -> None:
    """Test a candidate's values, and save them if they pass for the same account.

    What stands in the way is kept on the candidate for the person who waits. Where somebody
    died at it, this goes on; what has its end already is left alone.
    """
    with suppress(Candidate.DoesNotExist, NoConnection):  # given up, or removed, meanwhile
        _prove(candidate)


def _prove(candidate: Candidate) -> None:
    candidate.refresh_from_db()
    if candidate.saved_at or candidate.problem or candidate.is_choosing:
        return
    try:
        changes = _fitting(candidate)
        with waiting.place(candidate.connection.workspace_id):
            test = _tested(candidate, changes)
    except (TooManyTests, Busy):
        _note(candidate, TRY_AGAIN)
        return
    except (InvalidChange, NothingToTest, Unfitting):
        _note(candidate, NOT_RIGHT_ANY_MORE)
        return
    if test:
        _settle(candidate, test, changes)


def _tested(candidate: Candidate, changes: Changes) -> ConnectionTest | None:
    """Its test, when that has ended; None when it is not clear what to test."""
    test = candidate.test
    if test is None:
        if changes.sign_in and not _has_account(candidate, changes):
            return None
        test = testing.start_when_free(
            candidate.connection,
            trigger=Trigger.SAVE,
            by=candidate.user,
            dry_run=True,
            joins=False,
            fix_link=candidate.fix_link,
        ).test
        Candidate.objects.filter(pk=candidate.pk).update(test=test)
    if not test.is_running:
        return test
    return trying.perform(
        test, _fitting(candidate), on_renewed=lambda values: _keep_config(candidate, values)
    )


def _settle(candidate: Candidate, test: ConnectionTest, changes: Changes) -> None:
    candidate.refresh_from_db()
    saved, passed = candidate.connection, test.outcome == TestOutcome.PASSED
    if candidate.fix_link and (test.account_changed or candidate.is_unsure):
        _note(candidate, OTHER_ACCOUNT if test.account_changed else UNKNOWN_ACCOUNT)
    elif candidate.fix_link and passed and candidate.is_loss and not saved.last_error:
        _note(candidate, NO_RENEWAL if candidate.loses_renewal else FEWER_PERMISSIONS)
    elif candidate.is_proven or (candidate.fix_link and passed):
        try:
            save_candidate(candidate)
        except VersionConflict:
            _note(candidate, SAVED_MEANWHILE)
        except SameAccount as same:
            # Who has a fix link knows of no other connection.
            _note(candidate, SAME_ACCOUNT if candidate.fix_link else same.sentence)
        except CandidateGone:
            return  # the person cancelled, or the link ended, meanwhile
    elif changes.sign_in and test.error_kind == AccountNotFound.kind:
        _offer_others(candidate, changes)


def _offer_others(candidate: Candidate, changes: Changes) -> None:
    """Whose sign-in does not reach the account may choose one that it does reach."""
    if candidate.fix_link:
        _note(candidate, NO_ACCESS)
    elif candidate.accounts is None:
        listed = None
        with suppress(InvalidChange, NothingToTest):  # saved over meanwhile
            listed = _listed(candidate, changes, is_complete=True)
        _let_choose(candidate, listed or [])


def _has_account(candidate: Candidate, changes: Changes) -> bool:
    """Whether it is clear which account a sign-in is for: then it is tested.

    Of several reachable ones the person chooses; a single one is taken. What stands in the
    way is kept on the candidate. Raises InvalidChange and NothingToTest.
    """
    platform = candidate.connection.platform
    try:
        attempt = overlay(candidate.connection, changes)
    except crypto.Unreadable:
        return True  # the test says it
    if attempt.config.get(ACCOUNT_FIELD) or candidate.accounts is not None:
        return True
    is_complete = attempt.is_complete(platform)
    if lacks := _lacking(candidate.sign_in):
        if not is_complete:
            _note(candidate, lacks)
        return is_complete  # then the ladder says it
    listed = _listed(candidate, changes, is_complete=is_complete)
    if listed is None:
        return False
    if len(listed) > 1:
        _let_choose(candidate, listed)
        return False
    if listed:
        _keep_config(candidate, {**listed[0].values, ACCOUNT_FIELD: listed[0].id})
    elif not is_complete:
        _note(candidate, NO_ACCOUNT)
    return bool(listed) or is_complete


def _lacking(sign_in: Credential | None) -> str:
    """The permission that was not granted and without which nothing works, or ""."""
    if sign_in is None or sign_in.scopes is None:
        return ""
    asked = platforms.get(sign_in.provider).for_values(sign_in.plain)
    scopes = asked.oauth.scopes if asked.oauth else ()
    try:
        compare_scopes(scopes, frozenset(sign_in.scopes), asked.name)
    except PermissionMissing as missing:
        return f"{missing.message} {missing.action}"
    return ""


def _listed(candidate: Candidate, changes: Changes, *, is_complete: bool) -> list[Account] | None:
    """The reachable accounts; None when what stands in the way was noted."""
    try:
        return trying.accounts(candidate.connection, changes)
    except discovery.CannotList:
        return []
    except Paused as paused:
        _note(candidate, paused.sentence)
    except (TooManyTests, Busy):
        _note(candidate, TRY_AGAIN)
    except ProviderError as error:
        if is_complete:
            return []  # the ladder says it better
        _note(candidate, f"{error.message} {error.action}")
    return None


def _let_choose(candidate: Candidate, listed: list[Account]) -> None:
    accounts = [[account.id, account.name, dict(account.values)] for account in listed]
    offers = Candidate.objects.filter(pk=candidate.pk)
    offers.update(accounts=accounts, is_choosing=bool(accounts))


def choose_account(candidate: Candidate, account_id: str | None) -> None:
    """Take one of the offered accounts, or none where the platform can do without.

    It is to be proven next. Raises InvalidChange for an account that was not offered, and
    CandidateGone when there is nothing to choose.
    """
    offered = {one.id: one for one in candidate.offered}
    field = candidate.connection.platform.field(ACCOUNT_FIELD)
    if account_id not in offered and (account_id or field.required):
        raise InvalidChange({"config": {ACCOUNT_FIELD: ["Choose one of these accounts."]}})
    chosen = Candidate.objects.filter(pk=candidate.pk, is_choosing=True)
    if not chosen.update(is_choosing=False, test=None, created_at=clock.now()):
        raise CandidateGone
    if account_id:
        _keep_config(candidate, {**offered[account_id].values, ACCOUNT_FIELD: account_id})


def _keep_config(candidate: Candidate, values: Mapping[str, str]) -> None:
    changes = typed(candidate)
    renewed = replace(changes, config={**changes.config, **values})
    if row := candidate.credential:
        sealing.put_secrets(row, _payload(renewed))
        Credential.objects.filter(pk=row.pk).update(secrets=row.secrets, key_id=row.key_id)


def _note(candidate: Candidate, problem: str) -> None:
    Candidate.objects.filter(pk=candidate.pk).update(problem=problem)


def _lock(
    connection: IntegrationConnection,
) -> tuple[IntegrationConnection, list[IntegrationConnection]]:
    """Together; of two drafts that get their slugs, one waits for the other."""
    if rows.is_draft(connection):
        Workspace.objects.select_for_update(no_key=True).get(pk=connection.workspace_id)
    return rows.lock_together(connection, sharing=True)


def _called(changes: Changes, test: ConnectionTest | None) -> str:
    """What a new one is called: as typed, or as its account is."""
    found = (test.account_name or test.account_id) if test else ""
    return changes.name or found or changes.config.get(ACCOUNT_FIELD) or ""


def save_candidate(candidate: Candidate) -> IntegrationConnection:
    """Make a candidate's values the saved ones, with what its test found out about them.

    Raises VersionConflict when somebody saved meanwhile, SameAccount, and CandidateGone, also
    for the second candidate of one fix link.
    """
    with transaction.atomic():
        saved = candidate.connection
        connection, others = _lock(saved)
        current = Candidate.objects.select_for_update().filter(pk=candidate.pk).first()
        if not current or not current.credential_id or current.is_draft or current.is_choosing:
            raise CandidateGone
        if current.base_version != connection.version:
            raise VersionConflict(connection)
        before, current.connection = connection.revision, connection
        current.farewell = disconnecting.farewell_before(current)
        if current.fix_link_id and connection.sign_in and not connection.sign_in.is_ended:
            others = [one for one in others if rows.place(one) == rows.place(connection)]
            others = [one for one in others if one.sign_in_id != connection.sign_in_id]
        revisions = {one.pk: one.revision for one in others}
        twin = twins.find(connection, others)
        changes, test = _fitting(current), current.test
        is_new = naming.settle(connection, _called(changes, test))
        saving.apply(connection, changes, others, by=candidate.user, is_new=is_new)
        if test and not test.is_running and test.revision == before:
            test.dry_run, test.revision = False, connection.revision
            test.save(update_fields=["dry_run", "revision"])
            connection.last_test = test
            facts.apply_result(connection, test)
            if not twin:
                twins.refuse(connection, others)
            connection.save()
        let_in_anew = [one for one in others if one.revision != revisions[one.pk]]
        sharing.test_soon(let_in_anew, by=candidate.user)
        sealed, current.credential, current.saved_at = current.credential, None, clock.now()
        current.save(update_fields=["credential", "saved_at", "farewell"])
        if sealed:
            sealed.delete()
        if current.fix_link_id:
            try:
                fix_links.use_up(current.fix_link_id)
            except fix_links.LinkGone:
                raise CandidateGone from None
    return rows.again(saved)
