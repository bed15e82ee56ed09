"""Drafts: what a dialog for another connection begins with, and what becomes of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Candidate, IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import candidates, saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.keeping.forgetting import forget
from integrations.services.refusals import NoConnection, SameAccount

OUTLET = {"access_token": "EAAhealthy", "account_id": "act_1002"}


@pytest.fixture
def draft(workspace, connected):
    return several.begin_another(workspace, "meta")


def proven(draft, user, *, name="", **values):
    kept = candidates.keep_candidate(
        draft,
        Changes(config=OUTLET | values, auth_method="access_token", name=name),
        user=user,
        session_key="a-session",
        base_version=draft.version,
    )
    candidates.prove(kept)
    kept.refresh_from_db()
    return kept


def test_nobody_sees_a_draft_but_its_dialog(workspace, connected, draft):
    assert rows.is_draft(draft)
    assert draft not in rows.saved_in(workspace)
    assert draft not in rows.of_platform(workspace, "meta")
    assert draft not in [one for every in rows.catalogue(workspace) for one in every]
    assert draft not in rows.siblings(connected)
    for find in (
        lambda: rows.find(workspace, "meta", draft.slug),
        lambda: rows.find_by_id(workspace, draft.pk),
        lambda: saving.change_connection(draft, Changes(is_enabled=False), by=None),
    ):
        with pytest.raises(NoConnection):
            find()


def test_without_a_first_one_the_dialog_is_the_default_ones(workspace):
    assert rows.is_unread(several.begin_another(workspace, "meta"))
    assert not IntegrationConnection.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"), [("Ads of the North", "ads-of-the-north"), ("", "acme-outlet")]
)
def test_its_first_save_gives_it_its_slug_for_good(meta, draft, editor, name, slug):
    proven(draft, editor, name=name)

    saved = rows.again(draft)
    assert (saved.slug, saved.name, saved.is_default) == (slug, name, False)
    assert not rows.is_draft(saved)
    assert saved.edited_fields[0] == "added"


def test_what_is_saved_first_is_the_default_where_none_is_left(meta, connected, draft, editor):
    several.remove(connected, by=None)

    proven(draft, editor)

    assert rows.find(draft.workspace, "meta").pk == draft.pk


def test_an_account_that_another_one_has_is_refused_before_it_is_tested(connected, draft, editor):
    with pytest.raises(SameAccount, match="act_1001 is connected to this account already"):
        proven(draft, editor, account_id="act_1001")
    assert not Candidate.objects.exists()


def test_a_discarded_draft_goes_with_what_was_typed(meta, draft, editor):
    proven(draft, editor, access_token="EAAexpired")

    several.discard(draft)

    assert not Candidate.objects.exists()
    with pytest.raises(NoConnection):
        rows.again(draft)


def test_what_was_saved_meanwhile_is_not_discarded(meta, draft, editor):
    proven(draft, editor)

    several.discard(draft)

    assert rows.again(draft).proven_at


def test_the_worker_forgets_a_draft_after_a_day(connected, draft):
    now = timezone.now()

    forget(now + timedelta(hours=23))
    assert rows.again(draft)
    forget(now + timedelta(hours=25))

    assert list(IntegrationConnection.objects.all()) == [connected]
