"""`manage.py check` names whatever a platform file lacks."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connection

from integrations.services.credentials import sealing
from integrations_center import broker, env, names
from providers import registry
from providers.declare import BASE_URL, SIGN_IN, AppForm, Field, OAuth, Provider

ENVIRONMENT = "environment"  # the tag of what every process asks before it starts
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


@register(ENVIRONMENT)
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


@register(ENVIRONMENT)
def apps_are_known(**_: Any) -> list[CheckMessage]:
    """A misspelt APP_… would leave people without the sign-in that was meant for them."""
    known = {
        way.app.slug for provider in registry.catalogue().values() for way in provider.sign_ins
    }
    return [
        Error(
            f"APP_{slug.upper()}__CLIENT_ID names no app that people sign in with here.",
            hint=f"Apps: {', '.join(sorted(known))}",
            id="integrations.E003",
        )
        for slug in settings.APPS
        if slug not in known
    ]


@register(ENVIRONMENT)
def names_are_known(**_: Any) -> list[CheckMessage]:
    catalogue = registry.catalogue()
    hosts = {
        f"PROVIDER_{slug.upper()}__{host}_URL"
        for slug, provider in catalogue.items()
        for host in provider.hosts
    }
    apps = {
        f"APP_{way.app.slug.upper()}__CLIENT_{part}"
        for provider in catalogue.values()
        for way in provider.sign_ins
        for part in ("ID", "SECRET")
    }
    given = [name for name, value in os.environ.items() if value.strip()]
    return [
        (Error if stranger.stops else CheckWarning)(
            f"{stranger.name} is no setting, so nothing reads it.",
            hint=f"Did you mean {stranger.meant}?" if stranger.meant else None,
            id="integrations.E004" if stranger.stops else "integrations.W003",
        )
        for stranger in names.strangers(given, env.READ, hosts | apps)
    ]


@register()
def there_are_enough_connections(**_: Any) -> list[CheckMessage]:
    """The processes of a machine would be refused connections that they are promised."""
    if connection.vendor != "postgresql":
        return []
    try:
        offered = _connections_offered()
    except DatabaseError:
        return []  # that it does not answer, others say
    if offered >= settings.DATABASE_CONNECTIONS:
        return []
    return [
        CheckWarning(
            f"PostgreSQL has {offered} connections to offer, and DATABASE_CONNECTIONS is "
            f"{settings.DATABASE_CONNECTIONS}.",
            hint="Raise max_connections, or lower DATABASE_CONNECTIONS.",
            id="integrations.W002",
        )
    ]


@register(deploy=True)
def saved_credentials_open(**_: Any) -> list[CheckMessage]:
    try:
        lost = sealing.sealed_with_lost_keys()
    except DatabaseError:
        return []  # it has no tables yet, or does not answer
    return [Error(sealing.LOST_KEY.format(lost), id="integrations.E005")] if lost else []


@register(deploy=True)
def redis_keeps_its_queues(**_: Any) -> list[CheckMessage]:
    policy = broker.forgets()
    if policy is None:
        return []
    return [
        CheckWarning(
            f"Redis at {broker.place(broker.url())} may forget whom it should wake: its "
            f"maxmemory-policy is {policy}.",
            hint="Set maxmemory-policy to noeviction, or give this Redis to nothing else.",
            id="integrations.W004",
        )
    ]


def _connections_offered() -> int:
    """To all who are not superusers. `reserved_connections` is there since PostgreSQL 16."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
            " - coalesce(current_setting('reserved_connections', true)::int, 0)"
        )
        return int(cursor.fetchone()[0])


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
    yield from _lacks_of_sign_in(provider)
    lacks_of_vendors = list(_lacks_of_vendors(provider))
    yield from lacks_of_vendors or _lacks_of_guides(provider)
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
    links = {"docs_url": provider.docs_url}
    links |= {f"help_url of {f.name}": f.help_url for f in provider.fields if f.help_url}
    rules = (*provider.errors, *(rule for oauth in provider.sign_ins for rule in oauth.errors))
    links |= {f"action_url of {r.message!r}": r.action_url for r in rules if r.action_url}
    for name, link in links.items():
        if not link.startswith("https://"):
            yield f"The {name} is no link with https."


def _lacks_of_methods(provider: Provider) -> Iterator[str]:
    for method in provider.methods:
        if not method.label or not method.help:
            yield f"The method {method.slug} has no label or no help."
        # A sign-in may need nothing but the person.
        if method.slug != SIGN_IN and not provider.missing(method.slug, ()):
            yield f"The method {method.slug} needs nothing to be entered."


def _lacks_of_guides(provider: Provider) -> Iterator[str]:
    for vendor, method in provider.ways:
        way = f"The method {method.slug} of {vendor}" if vendor else f"The method {method.slug}"
        guide = method.guide
        if guide is None:
            yield f"{way} has no guide."
        elif not all((guide.who, guide.steps, guide.lasts, guide.pitfalls)):
            yield f"{way} has a guide without who does it, steps, how long it lasts or pitfalls."
        elif not all(link.startswith("https://") for link in guide.links):
            yield f"{way} has a guide with a link that is none with https."


def _lacks_of_vendors(provider: Provider) -> Iterator[str]:
    if not provider.asks_first and not provider.vendors:
        return
    first = {field.name: field for field in provider.fields}.get(provider.asks_first)
    if first is None or [key for key, _ in first.choices] != [v.value for v in provider.vendors]:
        yield "The vendors are not the choices of the field that is asked first."
    for vendor in provider.vendors:
        known = {method.slug for method in provider.methods} | {f.name for f in provider.fields}
        unknown = sorted({*vendor.methods, *vendor.fields} - known)
        if unknown or not vendor.methods or not vendor.about:
            yield f"The vendor {vendor.value} has no words or way, or unknown ones: {unknown}."


def _lacks_of_sign_in(provider: Provider) -> Iterator[str]:
    has_method = SIGN_IN in {method.slug for method in provider.methods}
    if has_method and not provider.sign_ins:
        yield "There is the method sign_in, but nothing says how one signs in."
    if provider.sign_ins and not has_method:
        yield "It is declared how one signs in, but the method sign_in is missing."
    values: Mapping[str, str]
    for values in ({}, *provider.oauth_variants):
        who = provider.for_values(values)
        if who.oauth:
            yield from _lacks_of_oauth(who, who.oauth, values)
        elif values:
            yield f"The variant {who.name} has no sign-in, though one is announced."


def _lacks_of_oauth(who: Provider, oauth: OAuth, values: Mapping[str, str]) -> Iterator[str]:
    addresses = {
        "authorization_url": (oauth.authorization_url, "AUTHORIZATION"),
        "token_url": (oauth.token_url, "TOKEN"),
        "revocation_url": (oauth.revocation_url, "REVOKE"),
    }
    for name, (url, role) in addresses.items():
        if url is not None and not _lies_on_a_host(who, url, role, values):
            yield f"The {name} of the sign-in lies on none of the hosts."
    if not oauth.uses_pkce and not oauth.pkce_source:
        yield "PKCE is off, and no source says why."
    if not oauth.revocation_url and not oauth.how_to_remove:
        yield "Nothing says how a sign-in is ended at the platform."
    for scope in oauth.scopes:
        if not scope.gives or not scope.stops:
            yield f"The scope {scope.name} does not say what it gives and what stops without it."
    for place, rule in enumerate(oauth.errors, 1):
        if not rule.message or not rule.action:
            yield f"Error rule {place} of the sign-in does not say what happened and what to do."
    secret = oauth.app_values.get("client_secret")
    if secret and secret not in who.secret_names:
        yield f"The field {secret} takes the app's secret, but is no secret field."
    yield from _lacks_of_app(oauth.app)


def _lies_on_a_host(who: Provider, url: str, role: str, values: Mapping[str, str]) -> bool:
    try:
        who.place_of(url, role, values)
    except ValueError:
        return False
    return True


def _lacks_of_app(app: AppForm) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", app.slug):
        yield f"The slug {app.slug!r} of the app cannot be a part of an address."
    if not app.console_url.startswith("https://"):
        yield "The console_url of the app is no link with https."
    if not app.steps or not app.pitfalls:
        yield f"The app {app.slug} does not say how it is made and what usually goes wrong."
    patterns = {
        "client_id": (app.client_id_pattern, app.client_id_message),
        "client_secret": (app.client_secret_pattern, app.client_secret_message),
    }
    for name, (pattern, message) in patterns.items():
        if not pattern or not message:
            yield f"The {name} of the app has no pattern or no message."


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
