"""`manage.py check` names whatever a platform file lacks."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from providers import registry
from providers.base import BASE_URL, Field, Provider

GENERIC = ("access_token", "account_id", BASE_URL)


@register()
def platforms_are_complete(**_: Any) -> list[CheckMessage]:
    catalogue = registry.catalogue().items()
    wrong: list[CheckMessage] = [
        Error(lack, obj=f"Platform {slug}", id="integrations.E001")
        for slug, provider in catalogue
        for lack in lacks(provider)
    ]
    # Such a platform works: its test answers that it is not implemented yet.
    untested = [
        CheckWarning("The tester is missing.", obj=f"Platform {slug}", id="integrations.W001")
        for slug, provider in catalogue
        if not provider.tester
    ]
    return wrong + untested


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
    yield from (f"The generic field {name} is missing." for name in GENERIC if name not in names)
    if len(set(names)) != len(names):
        yield "Two fields have the same name."
    if not provider.used_by:
        yield "Nothing says what the platform is used for."
    if "API" not in provider.hosts:
        yield "The host API is missing."
    if not provider.methods:
        yield "There is no method to connect with."
    yield from _lacks_of_test(provider)
    yield from _lacks_of_links(provider)
    yield from _lacks_of_methods(provider)
    for field in provider.fields:
        yield from _lacks_of_field(field, {method.slug for method in provider.methods})
    for place, rule in enumerate(provider.errors, 1):
        if not rule.message or not rule.action:
            yield f"Error rule {place} does not say what happened and what to do."


def _lacks_of_test(provider: Provider) -> Iterator[str]:
    if not provider.tester:
        return
    if not provider.tester.steps():
        yield "The tester has no steps."
    if not provider.cost or provider.cost.calls < 1 or not provider.cost.note:
        yield "The cost of a test is missing: its calls, and what they are of the quota."


def _lacks_of_links(provider: Provider) -> Iterator[str]:
    links = {"docs_url": provider.docs_url, "setup_url": provider.setup_url}
    links |= {f"help_url of {f.name}": f.help_url for f in provider.fields if f.help_url}
    links |= {f"action_url of {r.message!r}": r.action_url for r in provider.errors if r.action_url}
    for name, link in links.items():
        if not link.startswith("https://"):
            yield f"The {name} is no link with https."


def _lacks_of_methods(provider: Provider) -> Iterator[str]:
    for method in provider.methods:
        if not method.label or not method.help:
            yield f"The method {method.slug} has no label or no help."
        if not provider.missing(method.slug, ()):
            yield f"The method {method.slug} needs nothing to be entered."


def _lacks_of_field(field: Field, methods: set[str]) -> Iterator[str]:
    if not field.label:
        yield f"The field {field.name} has no label."
    if field.secret and not field.help and not field.help_url:
        yield f"The field {field.name} does not say where the secret is found."
    if field.pattern and not field.pattern_message:
        yield f"The pattern of {field.name} has no message."
    if field.usual_pattern and not field.usual_message:
        yield f"The usual pattern of {field.name} has no message."
    for unknown in sorted({*field.methods, *field.required_by} - methods):
        yield f"The field {field.name} names a method {unknown} that is not declared."
