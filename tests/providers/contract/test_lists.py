"""Each way in says whether there is a list of accounts to choose from, as its tester does."""

from types import SimpleNamespace

import pytest

from providers import registry
from providers.errors import ProviderError

WAYS = [
    pytest.param(platform, method, id=f"{platform.slug}-{method.slug}")
    for platform in registry.catalogue().values()
    if platform.lists_accounts
    for method in platform.methods
]


@pytest.mark.parametrize(("platform", "method"), WAYS)
def test_a_method_without_a_list_answers_none_and_asks_nothing(platform, method):
    tester = platform.tester(None, method.slug, {}, SimpleNamespace(names=frozenset()))
    if method.lists_accounts:
        with pytest.raises((AttributeError, ProviderError)):  # it asks, and there is nobody
            tester.accounts()
    else:
        assert tester.accounts() is None
