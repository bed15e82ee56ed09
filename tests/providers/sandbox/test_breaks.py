"""What breaks at a stand-in: the same values are taken for others, and told of by their names."""

from email.message import Message

import pytest

from providers import errors
from providers.outbound.basic import basic
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.breaks import SILENCES, Break, Breakable, breaks
from providers.sandbox.server import Answer, Asked

TRIALS = [(slug, trial) for slug, one in PLATFORMS.items() for trial in one.trials]
GONE = Break("gone", {"1//good": "1//gone", "at-good": "at-gone"}, frozenset({"auth_expired"}))


def asked(path="/me", body=b"", **headers):
    message = Message()
    for name, value in headers.items():
        message[name] = value
    return Asked("GET", path, {"token": "at-good"}, message, body)


@pytest.fixture
def postbox():
    """Tells what it was asked with."""

    def answer(one):
        return Answer(200, {"sent": one.headers.get("Authorization", ""), "query": one.query})

    return Breakable(answer)


def sent(postbox, request):
    seen = []
    postbox._answer = lambda one: seen.append(one) or Answer(200, {"access_token": "at-gone"})
    return postbox(request), seen[0]


def test_nothing_is_changed_before_it_breaks(postbox):
    request = asked(Authorization="Bearer at-good")

    assert sent(postbox, request)[1] is request


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (b"refresh_token=1%2F%2Fgood", b"refresh_token=1%2F%2Fgone"),
        (b'{"token": "1//good"}', b'{"token": "1//gone"}'),
    ],
)
def test_a_value_is_taken_for_another_wherever_it_is_sent(postbox, body, taken):
    postbox.broken = GONE

    _, seen = sent(postbox, asked(path="/of/at-good", body=body, Authorization="Bearer at-good"))

    assert (seen.path, seen.query, seen.body) == ("/of/at-gone", {"token": "at-gone"}, taken)
    assert seen.headers["Authorization"] == "Bearer at-gone"


def test_a_pair_in_a_header_is_read_too(postbox):
    postbox.broken = GONE

    _, seen = sent(postbox, asked(Authorization=basic("at-good", "secret")))

    assert seen.headers["Authorization"] == basic("at-gone", "secret")


def test_what_is_told_of_it_has_its_old_name(postbox):
    postbox.broken = GONE

    told, _ = sent(postbox, asked())

    assert told.body == {"access_token": "at-good"}


def test_each_way_of_sending_a_word_is_taken_for_the_same_other():
    one, two = breaks({"off": "auth_invalid", "slow": ""}, "r-{}".format, "a-{}".format)

    assert one.instead == {"r-healthy": "r-off", "a-healthy": "a-off"}
    assert (one.means, two.means) == ({"auth_invalid"}, frozenset())


def test_every_stand_in_breaks_in_every_way_that_any_platform_may():
    names = {}
    for slug, trial in TRIALS:
        vendor = slug if len(PLATFORMS[slug].practices) < 2 else trial.values["vendor"]
        names.setdefault(vendor, set()).update(one.name for one in trial.breaks)

    assert len(names) == len(PLATFORMS) - 1 + 5
    for vendor, broken in names.items():
        assert {*SILENCES} - broken <= {"wall"}, vendor


@pytest.mark.parametrize(("slug", "trial"), TRIALS, ids=[slug for slug, _ in TRIALS])
def test_what_breaks_is_never_a_refusal_and_a_silence_at_once(slug, trial):
    for one in trial.breaks:
        assert len({errors.of_kind(kind).outcome for kind in one.means}) <= 1, one
