"""Fiverr: is our seller page up, and what the team's own data service says about it.

Help centre: https://help.fiverr.com (read 2026-11-22); an API reference does not exist.
Quirk: Fiverr has no API, sign-in or keys for sellers. We read a data service or webhook that
the team runs; the public page proves no credential and is looked up only when asked for.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from providers.declare import (
    BY_TOKEN,
    HOURLY,
    Cost,
    Field,
    Method,
    Provider,
    access_token,
    account_id,
    base_url,
)
from providers.families.rest import NO_ADDRESS, ChosenKey, auth_kind, header_name, health_path
from providers.platforms.fiverr import guide, page
from providers.platforms.fiverr.errors import ERRORS
from providers.platforms.fiverr.steps import PAGE, SERVICE, FiverrTester

BY_SERVICE = Method(
    SERVICE,
    "The address of a data service or webhook that we run",
    help="Fiverr gives programs no access, so an automation of yours (n8n, Make, a script) "
    "must hold the numbers.",
    access=ChosenKey(header="auth_header_name", username="", is_optional=True),
    guide=guide.OWN_SERVICE,
)
BY_PAGE = Method(
    PAGE,
    "Only our public page",
    help="You have nothing but the seller's name.",
    warning="Fiverr rarely lets a program read its pages. "
    "A page that is found proves no access and never turns green.",
    unprovable="Public page only",
    lists_accounts=False,
    guide=guide.PUBLIC_PAGE,
)
NOT_SELLERS = "categories|search|gigs|users|login|pages|cp|support|stores|inbox|pro|business"


def not_fiverr_itself(values: Mapping[str, str]) -> dict[str, str]:
    host = (urlsplit(values.get("base_url") or "").hostname or "").rstrip(".")
    if host == "fiverr.com" or host.endswith(".fiverr.com"):
        return {
            "base_url": "This is Fiverr's website, not a data service of yours. "
            "Choose the public page instead, or enter your service's address."
        }
    return {}


def whoever_answers(fiverr: Provider, values: Mapping[str, str]) -> Provider:
    """The team's own service at a typed address; without one it is Fiverr's page itself."""
    if values.get("base_url"):
        return replace(fiverr, name="Your data service")
    return replace(fiverr, takes_any_address=False)


PROVIDER = Provider(
    slug="fiverr",
    name="Fiverr",
    position=50,
    used_by=("Marketplace presence",),
    docs_url="https://help.fiverr.com",
    hosts={"API": NO_ADDRESS, "PAGE": page.ADDRESS},
    takes_any_address=True,
    methods=(BY_SERVICE, BY_PAGE),
    fields=(
        base_url(
            label="Address of your data service",
            help="Copy the production address from your automation tool, not the editor's link. "
            "It must answer a GET with JSON.",
            required=True,
            usual_pattern=r"(?!.*\/webhook-test\/).*",
            usual_message="This is n8n's test address, which works only while the editor listens. "
            "Copy the production address.",
            example="https://n8n.example.com/webhook/fiverr",
            methods=(SERVICE,),
        ),
        access_token(
            label="Key of your data service",
            help="The key or token your own service asks for; leave it empty if it asks for none. "
            "Never enter a password of Fiverr.",
            required=False,
            methods=(SERVICE,),
        ),
        auth_kind(SERVICE, without=("basic",)),
        header_name("auth_header_name", SERVICE),
        health_path(SERVICE),
        account_id(
            label="Fiverr username",
            help="The name at the end of your profile's address: fiverr.com/name.",
            required_by=(PAGE,),
            pattern=rf"(?!(?:{NOT_SELLERS}|\.+)$)[A-Za-z0-9_.\-]+",
            pattern_message="This is not a seller's username. "
            "Enter the name at the end of the profile's address.",
            usual_pattern=r"[A-Za-z0-9_]{3,30}",
            usual_message="A username usually has 3 to 30 letters, digits or underscores.",
            example="fiverr.com/acme_studio",
            normalize=page.username_alone,
        ),
        Field(
            name="live_lookup",
            label="Look the page up",
            help="Fiverr's terms speak against programs that read its pages. "
            "Leave this empty to check the name's form alone.",
            type="choice",
            choices=(("off", "No, check the name's form alone"), ("on", "Yes, at most hourly")),
            methods=(PAGE,),
        ),
    ),
    check=not_fiverr_itself,
    tester=FiverrTester,
    variant=whoever_answers,
    errors=ERRORS,
    # A data service of one's own counts, if at all, by its key.
    counts_by=BY_TOKEN,
    # A service of one's own costs what one makes it cost.
    checks=HOURLY,
    cost=Cost(
        calls=2,
        note="Two requests to your own service, one of them without the key. "
        "The public page is asked for once, and only when you switched that on.",
    ),
)
