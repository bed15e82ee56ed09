import uuid

import pytest
from django.test import override_settings

from integrations import crypto

OWNER = crypto.Owner(1, "meta", uuid.UUID(int=1))
SECRET = {"access_token": "EAAcanary"}


def test_what_was_encrypted_comes_back():
    assert crypto.decrypt(crypto.encrypt(SECRET, OWNER), OWNER) == SECRET


def test_an_envelope_tells_nothing_of_the_secret_and_never_repeats():
    first, second = crypto.encrypt(SECRET, OWNER), crypto.encrypt(SECRET, OWNER)

    assert "EAAcanary" not in first
    assert first != second


@pytest.mark.parametrize(
    "thief",
    [
        crypto.Owner(2, "meta", OWNER.row_id),
        crypto.Owner(1, "stripe", OWNER.row_id),
        crypto.Owner(1, "meta", uuid.UUID(int=2)),
    ],
)
def test_an_envelope_opens_only_in_its_own_row(thief):
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(crypto.encrypt(SECRET, OWNER), thief)


@pytest.mark.parametrize("damage", ["v1", "v1.x.y", "v2.a.b", "v1.é.é", "…", "v1..", "a.b.c.d"])
def test_a_damaged_envelope_is_unreadable_and_nothing_else(damage):
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(damage, OWNER)


def test_a_changed_byte_or_key_id_is_noticed():
    version, used, text = crypto.encrypt(SECRET, OWNER).split(".")
    for changed in (f"{version}.{used}.{text[:-6]}AAAAAA", f"{version}.{used[::-1]}.{text}"):
        with pytest.raises(crypto.Unreadable):
            crypto.decrypt(changed, OWNER)


def test_the_newest_key_encrypts_and_older_ones_still_open(settings):
    old = settings.CREDENTIAL_KEYS
    envelope = crypto.encrypt(SECRET, OWNER)

    with override_settings(CREDENTIAL_KEYS=[crypto.new_key(), *old]):
        assert crypto.decrypt(envelope, OWNER) == SECRET
        assert crypto.key_id_of(crypto.encrypt(SECRET, OWNER)) != crypto.key_id_of(envelope)


def test_an_unknown_key_is_seen_without_decrypting():
    used = crypto.key_id_of(crypto.encrypt(SECRET, OWNER))

    assert crypto.is_known(used)
    with override_settings(CREDENTIAL_KEYS=[crypto.new_key()]):
        assert not crypto.is_known(used)


@pytest.mark.parametrize("text", ["", "short", "!" * 44, "é" * 44])
def test_a_key_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="32 random bytes"):
        crypto.parse_key(text)
