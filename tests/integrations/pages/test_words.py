"""How a page writes times and sentences."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.timezone import localtime

from integrations.templatetags.integrations_page import moment, said


def test_a_time_is_told_with_its_year_when_that_is_months_away():
    near, far = timezone.now() - timedelta(days=170), timezone.now() - timedelta(days=190)

    assert f">{localtime(near):%-d %b %H:%M} UTC<" in moment(near)
    assert f">{localtime(far):%-d %b %Y %H:%M} UTC<" in moment(far)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-4, seconds=-5), "4 minutes ago"),
        (timedelta(days=3, minutes=1), "in 3 days"),
        (timedelta(days=-70), "70 days ago"),
        (timedelta(days=-95), "3 months ago"),
        (timedelta(hours=-1, minutes=-1), "1 hour ago"),
    ],
)
def test_how_long_ago_is_told_without_script_too(ahead, words):
    assert f">{words}<" in moment(timezone.now() + ahead, "ago")


@pytest.mark.parametrize("written", ["2024-02-29 14:02 UTC", "2024-02-29 at 14:02 UTC"])
def test_a_moment_in_a_sentence_is_shown_as_other_times_are(written):
    shown = said(f"It is of {written}. Look.")

    assert shown == (
        '<bdi>It is of <time datetime="2024-02-29T14:02:00+00:00" data-style="smart">'
        "29 Feb 2024 14:02 UTC</time>. Look.</bdi>"
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("It ends on 2027-01-29.", "It ends on 29 Jan 2027."),
        ("The newest entry is of 2026-11-03, USD.", "The newest entry is of 3 Nov 2026, USD."),
        ("It renews itself until 2027-01-29, then", "It renews itself until 29 Jan 2027, then"),
        ("Refused since 2026-11-03.", "Refused since 3 Nov 2026."),
        ("2026-11-03: 5 clicks.", "3 Nov 2026: 5 clicks."),
        ("The campaign 2026-11-03 is read.", "The campaign 2026-11-03 is read."),
        ("It ends on 2027-02-30.", "It ends on 2027-02-30."),
    ],
)
def test_a_day_in_a_sentence_is_told_in_words(written, shown):
    assert said(written) == f"<bdi>{shown}</bdi>"


def test_what_is_no_moment_stays_as_it_is():
    assert said("On 2026-02-30 25:61 UTC.") == "<bdi>On 2026-02-30 25:61 UTC.</bdi>"


def test_what_a_platform_said_is_escaped():
    assert said("<b>2026-02-01 10:00 UTC</b>").startswith("<bdi>&lt;b&gt;<time ")
