"""Fiverr: is our seller page up, and what the team's own data service says about it.

Help centre: https://help.fiverr.com (read 2026-11-22); an API reference does not exist.
Quirk: Fiverr has no API, sign-in or keys for sellers. We read a data service or webhook that
the team runs; the public page proves no credential and is looked up only when asked for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

from providers.declare import (
    Account,
    Cost,
    ErrorRule,
    Field,
    Method,
    Passed,
    Provider,
    Skipped,
    Tester,
    Warned,
    access_token,
    account_id,
    base_url,
    codes,
    step,
)
from providers.errors import AccountNotFound, AuthInvalid, InvalidConfig, PermissionMissing, Refused
from providers.families.rest import (
    NO_ADDRESS,
    auth_kind,
    header_name,
    health_path,
    key_headers,
    tells_of_an_error,
)
from providers.platforms.fiverr import page

SERVICE = Method(
    "data_endpoint",
    "The address of a data service or webhook that we run",
    help="Fiverr gives programs no access, so an automation of yours (n8n, Make, a script) "
    "must hold the numbers.",
)
PAGE = Method(
    "public_page",
    "Only our public page",
    help="You have nothing but the seller's name.",
    warning="Fiverr rarely lets a program read its pages. "
    "A page that is found proves no access and never turns green.",
)
NOT_SELLERS = "categories|search|gigs|users|login|pages|cp|support|stores|inbox|pro|business"
LONGEST_USERNAME = 100
STALE_AFTER = timedelta(hours=48)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_rating(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 5


# What a data service may tell, and whether a value is one. None of it is required.
KNOWN: Mapping[str, Callable[[Any], bool]] = {
    "username": lambda value: isinstance(value, str),
    "level": lambda value: isinstance(value, str),
    "rating": _is_rating,
    "reviews": _is_count,
    "gigs": lambda value: isinstance(value, list) or _is_count(value),
    "orders_in_queue": _is_count,
    "updated_at": lambda value: _moment(value) is not None,
}


class FiverrTester(Tester):
    seller: Mapping[str, Any]

    @step("Address answers with data", methods=(SERVICE.slug,))
    def address_answers(self) -> Passed:
        """GET <address><path to test> -> {"username": str, "rating": float, …}, or a list of it."""
        self.seller = self._ask(self._key_headers())
        return Passed("The address answered with data.")

    @step("Key is needed", optional=True, methods=(SERVICE.slug,))
    def key_is_needed(self) -> Passed | Warned | Skipped:
        """The same request without the key, which should be refused."""
        if not self._key_headers():
            return Skipped("This address is asked without a key.")
        try:
            self._ask({})
        except Refused:
            return Passed("Without the key the address refuses, so the key is what opens it.")
        return Warned("This address answers without the key too, so the key was not checked.")

    @step("Seller is the one entered", methods=(SERVICE.slug,))
    def seller_is_the_one_entered(self) -> Passed | Warned | Skipped:
        """Asks nothing: looks into the first reply."""
        wanted = self.values.get("account_id", "")
        username = _username_in(self.seller)
        if not username and wanted:
            return Warned("The service does not say whose numbers it gives. Let it add username.")
        if not username:
            return Skipped("No username was entered, and the service gives none.")
        if wanted and username.lower() != wanted.lower():
            raise AccountNotFound(
                "The service reports another Fiverr seller than the one entered.",
                "Correct the username, or let the service read the other seller.",
            )
        self.account = Account(username)
        return Passed(f"The numbers are those of {username}.")

    @step("Numbers can be used", methods=(SERVICE.slug,))
    def numbers_can_be_used(self) -> Passed | Warned:
        """Asks nothing: looks into the first reply. All of its keys are optional."""
        found = {name: self.seller[name] for name in KNOWN if self.seller.get(name) is not None}
        if not found:
            return Warned("The address answers, but has no value that we know: none will be read.")
        wrong = [name for name, value in found.items() if not KNOWN[name](value)]
        if wrong:
            return Warned(f"These values are not what they should be: {', '.join(wrong)}.")
        updated = _moment(found.get("updated_at"))
        if updated and datetime.now(UTC) - updated > STALE_AFTER:
            return Warned(f"The numbers are old: they are of {updated:%Y-%m-%d %H:%M} UTC.")
        return Passed(f"The service gives {', '.join(found)}.")

    @step("Public page", methods=(PAGE.slug,))
    def public_page_is_there(self) -> NoReturn:
        """GET /<username> -> a web page. Raises whatever it is: nothing here is a proof."""
        username = self.values["account_id"]
        if self.values.get("live_lookup") != "on":
            raise page.not_looked_up(username)
        html = {"Accept": "text/html"}
        reply = self.api.request("GET", f"/{username}", host="PAGE", headers=html)
        raise page.verdict(reply, username)

    def accounts(self) -> list[Account] | None:
        """The one seller whose numbers the data service gives."""
        if self.method == PAGE.slug:
            return None
        username = _username_in(self._ask(self._key_headers()))
        return [Account(username)] if username else []

    def _key_headers(self) -> dict[str, str]:
        key = self.values.get("access_token") or ""
        kind = self.values.get("auth_kind") or ("bearer" if key else "none")
        return key_headers(kind, key, header=self.values.get("auth_header_name"))

    def _ask(self, headers: Mapping[str, str]) -> Mapping[str, Any]:
        """The reply's object, or the first of its list; empty for an empty list."""
        body = self.api.get(self.values.get("health_path") or "", headers=headers)
        first = body[0] if isinstance(body, list) and body else body
        if not isinstance(body, dict | list) or tells_of_an_error(first):
            raise InvalidConfig(
                "This address answered without data, or with an error of its own.",
                "Check the path to test, and that your service answers with JSON.",
            )
        return first if isinstance(first, dict) else {}


def username_alone(text: str) -> str:
    """`https://www.fiverr.com/acme?source=…` -> `acme`."""
    text, on_fiverr = re.subn(r"^(https?://)?(www\.)?fiverr\.com/", "", text.strip())
    return re.split(r"[/?#]", text)[0] if on_fiverr else text.removeprefix("@")


def not_fiverr_itself(values: Mapping[str, str]) -> dict[str, str]:
    host = (urlsplit(values.get("base_url") or "").hostname or "").rstrip(".")
    if host == "fiverr.com" or host.endswith(".fiverr.com"):
        return {
            "base_url": "This is Fiverr's website, not a data service of yours. "
            "Choose the public page instead, or enter your service's address."
        }
    return {}


def _username_in(seller: Mapping[str, Any]) -> str:
    username = seller.get("username")
    return username_alone(username)[:LONGEST_USERNAME] if isinstance(username, str) else ""


def _moment(text: Any) -> datetime | None:
    """ISO 8601; without a zone it is UTC. None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def whoever_answers(fiverr: Provider, values: Mapping[str, str]) -> Provider:
    """The team's own service at a typed address; without one it is Fiverr's page itself."""
    if values.get("base_url"):
        return replace(fiverr, name="Your data service")
    return replace(fiverr, takes_any_address=False)


ERRORS = (
    ErrorRule(
        status=204,
        error=InvalidConfig,
        message="This address answered without data.",
        action="Let your service answer with JSON.",
    ),
    ErrorRule(  # what Make says for a scenario that gives nothing back
        status=codes(200, 202),
        text=r"^\s*accepted\s*$",
        error=InvalidConfig,
        message="This address takes data in and gives none back.",
        action="In Make, add a Webhook response with JSON to the scenario.",
    ),
    ErrorRule(
        status=401,
        error=AuthInvalid,
        message="Your data service refused the key.",
        action="Paste a new key, or check how it is sent and the header's name.",
    ),
    ErrorRule(
        status=codes(404, 410),
        error=InvalidConfig,
        message="Nothing answers at this address.",
        action="Check the path: automation tools give a new address when a flow is rebuilt.",
    ),
    ErrorRule(
        status=405,
        error=InvalidConfig,
        message="The address exists but does not accept a read (GET).",
        action="Switch the webhook to GET, or enter a path to test.",
    ),
    ErrorRule(
        status=codes(range(200, 300), 403),
        text=r"^\s*<(!doctype|html)",
        error=InvalidConfig,
        message="The address shows a web page, not data.",
        action="It may be a login page or an editor's link: enter the production address.",
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="Your data service knows the key but does not allow this address.",
        action="Let the key read it in your service, or enter another path to test.",
    ),
    ErrorRule(
        status=codes(range(300, 400)),
        error=InvalidConfig,
        message="The address forwards elsewhere.",
        action="Enter the final address.",
    ),
)


PROVIDER = Provider(
    slug="fiverr",
    name="Fiverr",
    used_by=("Marketplace presence",),
    docs_url="https://help.fiverr.com",
    setup_url="https://help.fiverr.com",
    hosts={"API": NO_ADDRESS, "PAGE": page.ADDRESS},
    takes_any_address=True,
    methods=(SERVICE, PAGE),
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
            methods=(SERVICE.slug,),
        ),
        access_token(
            label="Key of your data service",
            help="The key or token your own service asks for; leave it empty if it asks for none. "
            "Never enter a password of Fiverr.",
            required=False,
            methods=(SERVICE.slug,),
        ),
        auth_kind(SERVICE.slug, without=("basic",)),
        header_name("auth_header_name", SERVICE.slug),
        health_path(SERVICE.slug),
        account_id(
            label="Fiverr username",
            help="The name at the end of your profile's address: fiverr.com/name.",
            required_by=(PAGE.slug,),
            pattern=rf"(?!(?:{NOT_SELLERS}|\.+)$)[A-Za-z0-9_.\-]+",
            pattern_message="This is not a seller's username. "
            "Enter the name at the end of the profile's address.",
            usual_pattern=r"[A-Za-z0-9_]{3,30}",
            usual_message="A username usually has 3 to 30 letters, digits or underscores.",
            example="fiverr.com/acme_studio",
            normalize=username_alone,
        ),
        Field(
            name="live_lookup",
            label="Look the page up",
            help="Fiverr's terms speak against programs that read its pages. "
            "Leave this empty to check the name's form alone.",
            type="choice",
            choices=(
                ("off", "No, check the name's form alone"),
                ("on", "Yes, at most hourly"),
            ),
            methods=(PAGE.slug,),
        ),
    ),
    check=not_fiverr_itself,
    tester=FiverrTester,
    variant=whoever_answers,
    errors=ERRORS,
    cost=Cost(
        calls=2,
        note="Two requests to your own service, one of them without the key. "
        "The public page is asked for once, and only when you switched that on.",
    ),
)
