"""Every platform on one loopback server, as `manage.py demo` sets it up."""

import pytest

from integrations import platforms
from providers import registry
from providers.outbound.addresses import parse_allowed
from providers.sandbox.__main__ import APPS, sandbox


@pytest.fixture
def stand_ins(settings):
    with sandbox() as server:
        settings.PROVIDER_ORIGINS = {
            slug: dict.fromkeys(provider.hosts, f"{server.url}/{slug}")
            for slug, provider in registry.catalogue().items()
        }
        settings.APPS = APPS
        settings.OUTBOUND_ALLOW = parse_allowed(server.url.partition("://")[2])
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()
