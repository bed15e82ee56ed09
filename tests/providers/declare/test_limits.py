"""Limits: how long one lasts, and what it is counted by."""

import pytest

from providers import registry
from providers.declare import BY_TOKEN, CountedBy, CountsBy, codes, limited
from providers.declare.limits import is_limit, lasts_seconds
from providers.declare.rules import ErrorFacts, first_match
from providers.errors import Network, QuotaExhausted, RateLimited

HOUR = 60 * 60


@pytest.mark.parametrize(
    ("error", "told", "lasts"),
    [
        (RateLimited, None, 60),
        (RateLimited, 0, 5),
        (RateLimited, 90, 90),
        (RateLimited, 10 * HOUR, HOUR),
        (QuotaExhausted, None, 5 * 60),
        (QuotaExhausted, 2, 60),
        (QuotaExhausted, 20 * 60, 20 * 60),
        (QuotaExhausted, 10 * HOUR, HOUR),
    ],
)
def test_a_limit_lasts_as_told_within_what_makes_sense(error, told, lasts):
    assert lasts_seconds(error(retry_after_seconds=told)) == lasts


def test_no_answer_is_no_limit():
    assert not is_limit(Network())
    assert not is_limit(None)


def test_what_a_rule_says_it_is_counted_by_wins():
    usual = CountsBy(rate=CountedBy.ACCOUNT, quota=CountedBy.APP)
    rules = (limited("Postbox", code=codes(17), counted_by=CountedBy.TOKEN), limited("Postbox"))
    own, other = (first_match(rules, ErrorFacts(status=429, code=code)) for code in (17, 18))

    assert usual.of(own.meant()) == CountedBy.TOKEN
    assert usual.of(other.meant()) == CountedBy.ACCOUNT
    assert usual.of(QuotaExhausted()) == CountedBy.APP


@pytest.mark.parametrize(
    ("slug", "counted"),
    [
        ("calendly", BY_TOKEN),
        ("reddit", CountsBy(rate=CountedBy.APP, quota=CountedBy.APP)),
        ("upwork", CountsBy(rate=CountedBy.ADDRESS)),
        ("ga4", CountsBy(rate=CountedBy.ACCOUNT, quota=CountedBy.ACCOUNT)),
    ],
)
def test_a_platform_says_by_what_its_limits_count(slug, counted):
    assert registry.get(slug).counts_by == counted


def test_a_vendor_says_by_what_its_limits_count():
    hubspot = registry.get("crm").for_values({"vendor": "hubspot"})

    assert hubspot.counts_by == CountsBy(quota=CountedBy.ACCOUNT)


@pytest.mark.parametrize(
    ("code", "subcode", "counted"),
    [
        (4, None, CountedBy.APP),
        (17, None, CountedBy.TOKEN),
        (17, 2446079, CountedBy.ACCOUNT),
        (80004, None, CountedBy.ACCOUNT),
    ],
)
def test_meta_tells_by_its_codes_what_was_counted(code, subcode, counted):
    meta = registry.get("meta")
    rule = first_match(meta.errors, ErrorFacts(status=400, code=code, subcode=subcode))

    assert meta.counts_by.of(rule.meant()) == counted
