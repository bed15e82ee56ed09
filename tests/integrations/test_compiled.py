"""Queries whose SQL is worked out once answer as those that they were made from."""

from uuid import UUID

import pytest
from django.utils import timezone

from integrations.compiled import Compiled, CompiledRows
from integrations.models import IntegrationConnection, Workspace

ANY_ID = UUID(int=1)


def rows_of(*columns):
    return CompiledRows(
        IntegrationConnection, lambda every, pk: every.filter(pk=pk), ANY_ID, columns=columns
    )


def test_a_row_reads_as_the_query_set_reads_it(proven):
    read = rows_of().first(proven.pk)

    stored = IntegrationConnection.objects.get(pk=proven.pk)
    assert read == stored
    assert {**vars(read), "_state": None} == {**vars(stored), "_state": None}


def test_columns_that_were_left_out_are_read_when_used(proven, django_assert_num_queries):
    read = rows_of("id", "proven_at").first(proven.pk)

    with django_assert_num_queries(0):
        assert read.proven_at == proven.proven_at
    with django_assert_num_queries(1):
        assert read.config == proven.config


def test_what_is_not_there_is_none(workspace):
    assert rows_of().first(UUID(int=7)) is None


def test_several_are_asked_for_in_one_question(proven, django_assert_num_queries):
    proven.refresh_from_db()
    found = Compiled(
        lambda slug: (
            IntegrationConnection.objects.filter(provider=slug)
            .order_by("pk")
            .values_list("pk", "config", "proven_at")[:2]
        ),
        "?",
    )
    with django_assert_num_queries(1):
        answers = found.each([("stripe",), (proven.provider,)])

    assert answers == [[], [(proven.pk, proven.config, proven.proven_at)]]
    assert found.each([]) == []


def test_a_second_time_only_the_values_are_others(workspace):
    other = Workspace.objects.create(name="Other", slug="other")
    named = Compiled(lambda slug: Workspace.objects.filter(slug=slug).values_list("pk"), "?")

    assert [named.rows("main"), named.rows("other"), named.rows("none")] == [
        [(workspace.pk,)],
        [(other.pk,)],
        [],
    ]


def test_a_moment_is_compared_as_a_moment(proven):
    any_moment = timezone.now()
    proven_since = Compiled(
        lambda moment: IntegrationConnection.objects.filter(proven_at__gte=moment).values_list(
            "provider"
        ),
        any_moment,
    )

    assert proven_since.rows(proven.proven_at) == [("meta",)]
    assert proven_since.rows(timezone.now()) == []


@pytest.mark.django_db
def test_an_example_must_stand_in_the_query_as_it_is():
    beginning = Compiled(
        lambda text: Workspace.objects.filter(slug__startswith=text).values_list("pk"), "?"
    )

    with pytest.raises(ValueError, match="does not stand in the query"):
        beginning.rows("m")
