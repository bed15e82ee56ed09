import pytest
from django.db import connection as database

from integrations import crypto
from integrations.models import IntegrationConnection
from integrations.services import rows

TOKEN = "EAAlongEnoughx9Qd"
VALUES = {"access_token": TOKEN, "account_id": "1001"}


def test_thirteen_cards_of_an_empty_workspace_need_no_rows(workspace):
    found = rows.catalogue(workspace)

    assert [[one.status for one in every] for every in found] == [["not_connected"]] * 13
    assert IntegrationConnection.objects.count() == 0


def test_a_list_is_one_query_and_reads_no_credentials(
    proven, workspace, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(crypto, "unseal", lambda *_: pytest.fail("A list decrypted something."))

    with django_assert_num_queries(1):
        found = rows.catalogue(workspace)

    ((meta,), *_) = found
    assert meta.light(meta.proven_at) == "green"


def test_a_card_has_its_last_test_and_its_sign_in_as_they_are_stored(
    calendly_signed_in, django_assert_num_queries
):
    stored = IntegrationConnection.objects.select_related("workspace").get(pk=calendly_signed_in.pk)
    with django_assert_num_queries(2):
        cards = [every[0] for every in rows.catalogue(stored.workspace)]
        rows.read_for_cards(cards)
        card = next(row for row in cards if row == stored)
        last_test, sign_in = card.last_test, card.sign_in

    assert rows.state(card) == rows.state(stored)
    assert rows.state(last_test) == rows.state(stored.last_test)
    assert rows.state(sign_in) == rows.state(stored.sign_in)


def test_one_workspaces_rows_are_found_by_index(workspace):
    found = IntegrationConnection.objects.filter(workspace=workspace, is_default=True)
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

    assert "index" in found.explain().lower()
