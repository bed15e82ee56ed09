"""Every platform on one loopback server, as `manage.py demo` sets it up."""

import pytest

from integrations import platforms
from providers import registry
from providers.sandbox.__main__ import APPS, sandbox


@pytest.fixture
def stand_ins(settings):
    with sandbox() as server:
        settings.PROVIDER_ORIGINS = {
            slug: dict.fromkeys(provider.hosts, f"{server.url}/{slug}")
            for slug, provider in registry.catalogue().items()
        }
        settings.APPS = APPS
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()
