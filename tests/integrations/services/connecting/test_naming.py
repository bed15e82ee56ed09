"""Naming: slugs that people can read and type."""

import pytest

from integrations.models.naming import natural
from integrations.services.connecting.naming import free_slug


@pytest.mark.parametrize(
    ("called", "slug"),
    [
        ("https://client320.example/", "client320-example"),
        ("https://www.client320.example/shop/", "client320-example-shop"),
        ("sc-domain:acme.example", "acme-example"),
        ("ana@acme.example", "ana-acme-example"),
        ("Ads: North", "ads-north"),
        ("Dr. Sommer", "dr-sommer"),
        ("main_2", "main-2"),
        ("…", "main"),
    ],
)
def test_a_slug_keeps_the_words_of_a_name_or_an_address(called, slug):
    assert free_slug((), called) == slug


def test_names_are_in_the_order_in_which_people_count():
    names = ["Client 020", "client 3", "Client 100", "7 Seas", ""]

    assert sorted(names, key=natural) == ["", "7 Seas", "client 3", "Client 020", "Client 100"]
