"""What the admin says of outcomes, errors and times: words, in the reader's zone."""

import re

from django.urls import reverse

from integrations.admin import words
from integrations.models import ConnectionTest, Person
from providers import errors
from tests.integrations.admin.conftest import LIST, TESTS, page_of


def test_every_kind_of_error_and_every_outcome_has_words():
    classes = (*errors.Refused.__subclasses__(), *errors.Unanswered.__subclasses__())

    assert {one.kind for one in classes} == words.KINDS.keys()
    assert dict(ConnectionTest._meta.get_field("outcome").choices).keys() <= words.OUTCOMES.keys()


def test_times_are_shown_in_the_zone_that_the_reader_set(site, root, proven):
    ConnectionTest.objects.update(started_at="2026-01-05T23:30:00Z")
    Person.objects.create(user=root, time_zone="Asia/Tokyo")

    for url in (LIST, TESTS, page_of(proven)):
        page = site.client.get(url).content.decode()
        assert re.search(r">6 Jan 2026 08:30 Asia/Tokyo<|>6 Jan 08:30 Asia/Tokyo<", page), url
        assert '<meta name="time-zone" content="Asia/Tokyo">' in page


def test_a_zone_of_one_reader_is_none_of_the_next(site, root, proven, staff):
    Person.objects.create(user=root, time_zone="Asia/Tokyo")
    site.text(LIST)

    text = staff("view").text(LIST)

    assert "Tokyo" not in text
    assert " UTC" in text


def test_the_history_of_a_row_says_when_who_and_what_in_words(site, root, connected):
    site.act("disable", connected)

    url = reverse("admin:integrations_integrationconnection_history", args=[connected.pk])
    page = site.client.get(url).content.decode()

    assert re.search(r'<th scope="row"><time datetime="[^"]+" data-style="smart">', page)
    assert "<td>root</td><td>Disabled.</td>" in page
