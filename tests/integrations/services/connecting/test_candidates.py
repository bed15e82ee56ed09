from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Candidate, Workspace
from integrations.services import rows
from integrations.services.connecting import background, candidates, saving
from integrations.services.connecting.changes import Changes
from integrations.services.refusals import VersionConflict
from tests.integrations.kept import secrets_of

HEALTHY = {"access_token": "EAAhealthy", "account_id": "act_1001"}
SESSION = "session-of-emil"


@pytest.fixture
def prove(workspace, editor, meta):
    """Test and save, as the dialog does it."""

    def press(config, base_version=None):
        version = rows.find(workspace, "meta").version
        kept = background.start_proof(
            rows.unread(workspace, "meta"),
            Changes(config=config),
            user=editor,
            session_key=SESSION,
            base_version=version if base_version is None else base_version,
        )
        return candidates.find(
            rows.find(workspace, "meta"), kept.pk, user=editor, session_key=SESSION
        )

    return press


def live(workspace):
    return rows.find(workspace, "meta")


def test_values_that_pass_become_the_saved_ones_with_their_proof(prove, workspace, editor):
    kept = prove(HEALTHY)
    saved = live(workspace)

    assert kept.saved_at
    assert kept.credential is None
    assert saved.proven_at == kept.test.finished_at
    assert (saved.last_test, saved.last_test.dry_run) == (kept.test, False)
    assert (saved.edited_by, saved.platform_account_name) == (editor, "Acme Shop")


def test_values_that_fail_leave_the_live_ones_untouched(prove, proven, workspace):
    kept = prove({"access_token": "EAAexpired"})

    assert (kept.test.outcome, kept.saved_at, kept.can_be_saved) == ("failed", None, True)
    assert secrets_of(live(workspace)) == secrets_of(proven)
    assert (live(workspace).proven_at, live(workspace).version) == (
        proven.proven_at,
        proven.version,
    )


def test_save_anyway_keeps_the_values_and_what_their_test_said(prove, proven, workspace):
    candidates.save_candidate(prove({"access_token": "EAAexpired"}))

    saved = live(workspace)
    assert secrets_of(saved)["access_token"] == "EAAexpired"
    assert (saved.status, saved.error_kind, saved.proven_at) == ("error", "auth_expired", None)


def test_an_outage_can_be_saved_without_proof(prove, workspace):
    candidates.save_candidate(prove({**HEALTHY, "access_token": "EAAdown"}))

    saved = live(workspace)
    assert (saved.status, saved.proven_at) == ("connected", None)
    assert saved.unanswered_since


def test_another_account_waits_for_a_yes(prove, proven, workspace):
    kept = prove({"account_id": "act_1003"})

    assert kept.test.account_changed
    assert live(workspace).platform_account_id == "act_1001"

    candidates.save_candidate(kept)
    assert live(workspace).platform_account_id == "act_1003"
    assert live(workspace).proven_at


def test_typed_values_are_encrypted_and_belong_to_one_session(prove, workspace, editor, stranger):
    kept = prove({**HEALTHY, "access_token": "EAAexpired"})

    assert "EAAexpired" not in kept.credential.secrets
    for user, session in ((stranger, SESSION), (editor, "another")):
        with pytest.raises(candidates.CandidateGone):
            candidates.find(rows.find(workspace, "meta"), kept.pk, user=user, session_key=session)


def test_they_are_found_only_where_they_were_typed(prove, workspace, editor):
    kept = prove({**HEALTHY, "access_token": "EAAexpired"})
    other = Workspace.objects.create(name="Other", slug="other")

    for where in ((other, "meta"), (workspace, "stripe")):
        with pytest.raises(candidates.CandidateGone):
            candidates.find(rows.find(*where), kept.pk, user=editor, session_key=SESSION)


def test_they_are_gone_after_fifteen_minutes(prove, workspace, editor):
    kept = prove({**HEALTHY, "access_token": "EAAexpired"})

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        with pytest.raises(candidates.CandidateGone):
            candidates.find(rows.find(workspace, "meta"), kept.pk, user=editor, session_key=SESSION)
        prove({**HEALTHY, "access_token": "EAArevoked"})
    assert not Candidate.objects.filter(pk=kept.pk).exists()


def test_who_opened_the_form_before_somebody_saved_is_told(prove, proven):
    with pytest.raises(VersionConflict):
        prove(HEALTHY, base_version=0)


def test_a_save_by_somebody_else_meanwhile_wins(prove, proven, workspace):
    kept = prove({"access_token": "EAAexpired"})
    saving.change_connection(rows.unread(workspace, "meta"), Changes(is_enabled=False), by=None)

    with pytest.raises(VersionConflict):
        candidates.save_candidate(kept)
    assert secrets_of(live(workspace)) == secrets_of(proven)


def test_a_candidate_is_saved_once(prove):
    kept = prove(HEALTHY)

    with pytest.raises(candidates.CandidateGone):
        candidates.save_candidate(kept)


def test_too_many_tests_are_said_and_nothing_is_lost(prove, settings, workspace):
    settings.TEST_RATE = 1
    prove({**HEALTHY, "access_token": "EAAexpired"})

    kept = prove(HEALTHY)

    assert "Too much is being tested" in kept.problem
    assert candidates.typed(kept).config == HEALTHY
    assert live(workspace).version == 0


def test_a_draft_is_never_saved_before_it_is_tried(workspace, editor):
    draft = candidates.keep_candidate(
        rows.unread(workspace, "meta"),
        Changes(config=HEALTHY),
        user=editor,
        session_key=SESSION,
        base_version=0,
        is_draft=True,
    )

    with pytest.raises(candidates.CandidateGone):
        candidates.save_candidate(draft)
    assert live(workspace).version == 0
