from django.utils import timezone

from integrations.models import Candidate, Credential, FixLink, Guesses, SignInAttempt
from integrations.models.credentials import ATTEMPT
from integrations.services import rows
from integrations.services.connecting import begun, candidates, fix_links, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.keeping import forgetting
from integrations.services.people import guesses
from tests.integrations.conftest import SESSION, callback_of
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials.renewals import row_of
from tests.integrations.services.keeping.moments import DAY, HOUR, MINUTE, NOW


def now_of(connection):
    return rows.find(connection.workspace, connection.provider)


def waiting(workspace, user):
    """What a sign-in that nobody finished leaves behind: an attempt, a candidate, tokens."""
    version = rows.find(workspace, "calendly").version
    url = signing_in.begin(
        rows.unread(workspace, "calendly"),
        Changes(),
        user=user,
        session_key=SESSION,
        base_version=version,
    )
    callback = callback_of(url, "healthy")
    return signing_in.come_back("calendly", callback, session_key=SESSION).candidate


def left():
    return (Candidate.objects.count(), SignInAttempt.objects.count(), sign_ins().count())


def test_wrong_passwords_are_forgotten_once_they_count_no_more(db, clock):
    guesses.begin((guesses.OLD_PASSWORD, "dana"))

    forgetting.forget(NOW + 15 * MINUTE)
    assert Guesses.objects.count() == 1
    forgetting.forget(NOW + 16 * MINUTE)
    assert not Guesses.objects.exists()


def test_a_sign_in_that_nobody_finished_is_forgotten(workspace, calendly, editor, clock):
    waiting(workspace, editor)

    forgetting.forget(NOW + candidates.LIVES)
    assert left() == (1, 1, 1)
    forgetting.forget(NOW + candidates.LIVES + MINUTE)
    assert left() == (0, 1, 0)
    forgetting.forget(NOW + begun.KEPT + begun.LIVES + MINUTE)
    assert left() == (0, 0, 0)


def test_what_an_answer_needs_is_forgotten_long_before_the_attempt(workspace, calendly, editor):
    version = rows.find(workspace, "calendly").version
    signing_in.begin(
        rows.unread(workspace, "calendly"),
        Changes(),
        user=editor,
        session_key=SESSION,
        base_version=version,
    )

    forgetting.forget(timezone.now() + begun.LIVES + begun.REMEMBERED + MINUTE)

    assert SignInAttempt.objects.get().credential is None
    assert not Credential.objects.filter(method=ATTEMPT).exists()


def test_what_is_in_use_is_never_forgotten(connection, workspace, editor):
    link = fix_links.send(rows.unread(workspace, "calendly"), recipient="Ada", by=editor)
    FixLink.objects.update(used_at=NOW)

    forgetting.forget(NOW + 400 * DAY)

    found = now_of(connection)
    assert link
    assert (found.status, found.sign_in) == ("connected", row_of(connection))
    assert found.tests.count() == 1
    assert FixLink.objects.count() == 1  # the history names whom it was sent to


def test_a_link_that_nobody_used_is_forgotten_after_it_has_run_out(workspace, editor):
    fix_links.send(rows.unread(workspace, "calendly"), recipient="Ada", by=editor)

    forgetting.forget(NOW + fix_links.LIVES + HOUR)
    assert FixLink.objects.count() == 1
    forgetting.forget(NOW + fix_links.LIVES + HOUR + MINUTE)
    assert FixLink.objects.count() == 0


def test_tokens_that_wait_in_a_candidate_are_not_forgotten(workspace, calendly, editor):
    candidate = waiting(workspace, editor)
    Candidate.objects.update(expires_at=NOW + DAY)

    forgetting.forget(NOW + 2 * HOUR)

    assert sign_ins().get() == candidate.sign_in
