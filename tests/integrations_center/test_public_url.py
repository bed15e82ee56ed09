"""Addresses made with PUBLIC_URL."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations_center import public_url


@pytest.mark.parametrize("path", ["", "/tools/icc"])
def test_a_link_has_the_path_of_public_url_in_whatever_thread(settings, path):
    settings.PUBLIC_URL = f"https://example.com{path}"

    with ThreadPoolExecutor(1) as pool:
        link = pool.submit(public_url.link, "welcome", "token").result()

    assert link == f"https://example.com{path}/welcome/token/"
