"""`manage.py check` names whatever a platform file lacks."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from providers import registry
from providers.base import BASE_URL, Field, Provider

GENERIC = ("access_token", "account_id", BASE_URL)


@register()
def platforms_are_complete(**_: Any) -> list[CheckMessage]:
    return [
        Error(lack, obj=f"Platform {slug}", id="integrations.E001")
        for slug, provider in registry.catalogue().items()
        for lack in lacks(provider)
    ]


@register()
def origins_are_known(**_: Any) -> list[CheckMessage]:
    """A misspelt PROVIDER_…_URL would send real secrets to the platform, not to the sandbox."""
    known = registry.catalogue()
    return [
        Error(
            f"PROVIDER_{slug.upper()}__{host}_URL names no host of a platform here.",
            hint="Hosts: " + ", ".join(known[slug].hosts) if slug in known else "",
            id="integrations.E002",
        )
        for slug, hosts in settings.PROVIDER_ORIGINS.items()
        for host in hosts
        if slug not in known or host not in known[slug].hosts
    ]


def lacks(provider: Provider) -> Iterator[str]:
    """Sentences about what a platform's declaration is missing."""
    names = [field.name for field in provider.fields]
    methods = {method.slug for method in provider.methods}
    yield from (f"The generic field {name} is missing." for name in GENERIC if name not in names)
    if len(set(names)) != len(names):
        yield "Two fields have the same name."
    if not provider.used_by:
        yield "Nothing says what the platform is used for."
    if "API" not in provider.hosts:
        yield "The host API is missing."
    if provider.tester and not provider.tester.steps():
        yield "The tester has no steps."
    for field in provider.fields:
        yield from _lacks_of(field, methods)


def _lacks_of(field: Field, methods: set[str]) -> Iterator[str]:
    if not field.label:
        yield f"The field {field.name} has no label."
    if field.pattern and not field.pattern_message:
        yield f"The pattern of {field.name} has no message."
    if field.usual_pattern and not field.usual_message:
        yield f"The usual pattern of {field.name} has no message."
    for unknown in {*field.methods, *field.required_by} - methods:
        yield f"The field {field.name} names a method {unknown} that is not declared."
