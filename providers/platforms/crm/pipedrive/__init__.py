"""Pipedrive: deals of the one company that an API token belongs to.

API reference: https://developers.pipedrive.com/docs/api/v1 (read 2026-11-22).
Quirks: there is no second version of /users/me; deals and pipelines have only the second left.
A made-up company address is answered like a wrong token, so api.pipedrive.com is asked and the
company compared. Who ignores a limit is blocked with a web page and status 403. What an app may
read is ticked on the app; it cannot be asked for when somebody signs in.
"""

import re
from dataclasses import replace

from providers.declare import (
    BY_TOKEN,
    SIGN_IN,
    CheckBudget,
    Checks,
    Cost,
    Field,
    KeyHeader,
    Provider,
    Vendor,
)
from providers.declare.methods import with_access
from providers.platforms.crm.pipedrive import guide
from providers.platforms.crm.pipedrive.errors import ERRORS, retry_after
from providers.platforms.crm.pipedrive.sign_in import OAUTH
from providers.platforms.crm.pipedrive.steps import PipedriveTester
from providers.platforms.crm.vendors import DESTINATION, TOKEN


def company_alone(text: str) -> str:
    """`https://acme.pipedrive.com/deals` -> `acme`."""
    return re.sub(r"^(https://)?([^/.]+)\.pipedrive\.com(/.*)?$", r"\2", text.strip().lower())


API_TOKEN = KeyHeader(
    "x-api-token", advice="Choose the way with one key, and enter an API token of Pipedrive."
)
COMPANY_DOMAIN = Field(
    name="company_domain",
    label="Company domain of Pipedrive",
    help="Optional: the first part of the address where you use Pipedrive, to be sure "
    "that the token is of this company.",
    pattern=r"[a-z0-9][a-z0-9\-]{0,62}",
    pattern_message="Enter the first part of your Pipedrive address, such as acme.",
    example="acme.pipedrive.com",
    methods=(TOKEN,),
    decides_destination=True,
    normalize=company_alone,
)

VENDOR = Vendor(
    "pipedrive",
    "You sign in, or paste your personal API token.",
    methods={
        SIGN_IN: {
            "label": "Sign in with Pipedrive",
            "help": "You are sent there and come back connected to the company that you choose.",
            "guide": guide.SIGN_IN,
        },
        TOKEN: {
            "label": "A personal API token",
            "help": "You can copy it from your personal preferences.",
            "guide": guide.API_TOKEN,
        },
    },
    fields={
        "access_token": {
            "label": "API token",
            "help": "Pipedrive → Personal preferences → API.",
            "help_url": None,
        },
        "company_domain": {"label": "Company domain"},
        "account_id": {"label": "Company ID"},
    },
)


def speak(crm: Provider) -> Provider:
    return replace(
        crm,
        name="Pipedrive",
        mark=VENDOR.mark,
        takes_any_address=False,
        methods=with_access(crm.methods, API_TOKEN, reads=DESTINATION),
        oauth=OAUTH,
        tester=PipedriveTester,
        errors=ERRORS,
        error_code_at=("code", "errorCode", "error"),
        error_text_at=("message", "error"),
        retry_after=retry_after,
        # Rate limiting: bursts by token or by app and user; the day's budget is the company's.
        counts_by=BY_TOKEN,
        # Rate limiting: a tenth of the smallest daily budget there is.
        checks=Checks(budget=CheckBudget(3000, "tokens", each=22)),
        cost=Cost(calls=3, note="22 tokens of the company's daily budget of 30,000 and more."),
    )
