import base64
import uuid
from dataclasses import replace

import pytest
from django.test import override_settings

from integrations import crypto

PLACE = crypto.Place(
    row_id=uuid.UUID(int=1),
    workspace_id=1,
    part="secrets",
    method="access_token",
    family="meta",
    values={"base_url": None, "client_id": "one"},
    provider="meta",
    app="meta",
)
SECRET = {"access_token": "EAAcanary"}


def test_what_was_sealed_comes_back():
    assert crypto.unseal(crypto.seal(SECRET, PLACE), PLACE) == SECRET


def test_an_envelope_tells_nothing_of_the_secret_and_never_repeats():
    first, second = crypto.seal(SECRET, PLACE), crypto.seal(SECRET, PLACE)

    assert "EAAcanary" not in first
    assert first != second


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"row_id": uuid.UUID(int=2)},
        {"workspace_id": 2},
        {"part": "tokens"},
        {"method": "sign_in"},
        {"family": "stripe"},
        {"provider": "stripe"},
        {"app": "stripe"},
        {"values": {"base_url": "https://thief.example", "client_id": "one"}},
        {"values": {"base_url": None, "client_id": "another"}},
        {"values": {"client_id": "one"}},
    ],
    ids=str,
)
def test_an_envelope_opens_only_where_it_belongs_and_for_what_it_is_for(elsewhere):
    envelope = crypto.seal(SECRET, PLACE)

    with pytest.raises(crypto.Unreadable):
        crypto.unseal(envelope, replace(PLACE, **elsewhere))


def test_one_value_cannot_pass_for_two():
    joined = replace(PLACE, values={"a": 'b"],["c', "d": "e"})
    split = replace(PLACE, values={"a": "b", "c": "d"})

    assert joined.associated_data("v2", "k") != split.associated_data("v2", "k")


@pytest.mark.parametrize(
    "damage", ["v2", "v2.x.y", "v1.a.b", "v2.é.é", "…", "v2..", "a.b.c.d", "v3.x.y"]
)
def test_a_damaged_envelope_is_unreadable_and_nothing_else(damage):
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(damage, PLACE)


def test_a_changed_byte_or_key_id_is_noticed():
    version, used, text = crypto.seal(SECRET, PLACE).split(".")
    for changed in (f"{version}.{used}.{text[:-6]}AAAAAA", f"{version}.{used[::-1]}.{text}"):
        with pytest.raises(crypto.Unreadable):
            crypto.unseal(changed, PLACE)


def test_the_newest_key_seals_and_older_ones_still_open(settings):
    old = settings.CREDENTIAL_KEYS
    envelope = crypto.seal(SECRET, PLACE)

    with override_settings(CREDENTIAL_KEYS=[crypto.new_key(), *old]):
        assert crypto.unseal(envelope, PLACE) == SECRET
        assert crypto.key_id_of(crypto.seal(SECRET, PLACE)) != crypto.key_id_of(envelope)


def test_an_unknown_key_is_seen_without_opening():
    used = crypto.key_id_of(crypto.seal(SECRET, PLACE))

    assert crypto.is_known(used)
    with override_settings(CREDENTIAL_KEYS=[crypto.new_key()]):
        assert not crypto.is_known(used)


@pytest.mark.parametrize("text", ["", "short", "!" * 44, "é" * 44])
def test_a_key_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="32 random bytes"):
        crypto.parse_key(text)


@pytest.mark.parametrize("repeated", [b"\x00", b"\xff", b"0", b"ab", b"abcd"])
def test_a_key_that_is_no_secret_is_refused(repeated):
    key = base64.urlsafe_b64encode((repeated * 32)[:32]).decode()

    with pytest.raises(ValueError, match="32 random bytes") as refusal:
        crypto.parse_key(key)

    assert key not in str(refusal.value)
