"""How a service of one's own is sent its key."""

import pytest

from providers.declare import Draft
from providers.errors import InvalidConfig
from providers.families.rest import ChosenKey

KEY = ChosenKey()
OPTIONAL = ChosenKey(header="auth_header_name", username="", is_optional=True)


def placed(access, known):
    draft = Draft("GET", "API", "https://data.example", {}, {})
    access.check(known)
    access.place(draft, known)
    return draft.headers


@pytest.mark.parametrize(
    ("known", "headers"),
    [
        ({}, {"Authorization": "Bearer k3y"}),
        ({"auth_kind": "bearer"}, {"Authorization": "Bearer k3y"}),
        ({"auth_kind": "api_key_header", "header_name": "x-api-key"}, {"x-api-key": "k3y"}),
        ({"auth_kind": "basic", "username": "ada"}, {"Authorization": "Basic YWRhOmszeQ=="}),
        ({"auth_kind": "none"}, {}),
    ],
)
def test_a_key_is_sent_the_way_that_was_chosen(known, headers):
    assert placed(KEY, {"access_token": "k3y", **known}) == headers


@pytest.mark.parametrize(
    ("known", "word"),
    [
        ({"access_token": ""}, "none was entered"),
        ({"auth_kind": "api_key_header"}, "header of its own"),
        ({"auth_kind": "basic"}, "user name"),
    ],
)
def test_a_way_that_lacks_a_value_is_refused_before_anything_is_asked(known, word):
    with pytest.raises(InvalidConfig, match=word):
        KEY.check({"access_token": "k3y", **known})


def test_without_an_optional_key_the_service_is_asked_without_one():
    assert placed(OPTIONAL, {}) == {}
    assert OPTIONAL.tells({}) == {"auth_kind": "none"}
    assert placed(OPTIONAL, {"access_token": "k3y"}) == {"Authorization": "Bearer k3y"}


def test_what_decides_how_a_key_is_sent_is_among_what_it_reads():
    assert KEY.reads == ("auth_kind", "header_name", "username")
    assert OPTIONAL.reads == ("auth_kind", "auth_header_name")


def test_a_user_name_and_its_key_as_they_are_sent_are_secret_too():
    known = {"auth_kind": "basic", "username": "ada", "access_token": "k3y"}

    assert list(KEY.fill(known).values()) == ["YWRhOmszeQ=="]
