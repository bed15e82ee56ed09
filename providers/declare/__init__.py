"""What a platform's file says: facts in frozen dataclasses, and steps that ask questions.

Imports outbound and errors.
"""

from providers.declare.access import (
    Access,
    Assertion,
    Basic,
    Bearer,
    ClientCredentials,
    Entry,
    Held,
    KeyHeader,
    KeyInQuery,
    Obtained,
    RefreshToken,
    SignedIn,
)
from providers.declare.digging import dig
from providers.declare.fields import (
    BASE_URL,
    Field,
    FieldType,
    access_token,
    account_id,
    base_url,
    client_id,
    client_secret,
    refresh_token,
)
from providers.declare.methods import Method, sign_in
from providers.declare.oauth import SIGN_IN, App, AppForm, Grant, OAuth, Scope, Tokens, scope
from providers.declare.permissions import compare_scopes, permissions_of_sign_in
from providers.declare.provider import Cost, InvalidValues, Provider
from providers.declare.rules import ErrorFacts, ErrorRule, codes, rule
from providers.declare.steps import Account, Answer, Passed, Skipped, Step, Tester, Warned, step
from providers.declare.usual import (
    OUR_FAULT,
    WEB_PAGE,
    ended,
    limited,
    misunderstood,
    troubled,
    walled,
)
from providers.outbound.draft import Draft
from providers.outbound.secrets import Placeholder

__all__ = [
    "BASE_URL",
    "OUR_FAULT",
    "SIGN_IN",
    "WEB_PAGE",
    "Access",
    "Account",
    "Answer",
    "App",
    "AppForm",
    "Assertion",
    "Basic",
    "Bearer",
    "ClientCredentials",
    "Cost",
    "Draft",
    "Entry",
    "ErrorFacts",
    "ErrorRule",
    "Field",
    "FieldType",
    "Grant",
    "Held",
    "InvalidValues",
    "KeyHeader",
    "KeyInQuery",
    "Method",
    "OAuth",
    "Obtained",
    "Passed",
    "Placeholder",
    "Provider",
    "RefreshToken",
    "Scope",
    "SignedIn",
    "Skipped",
    "Step",
    "Tester",
    "Tokens",
    "Warned",
    "access_token",
    "account_id",
    "base_url",
    "client_id",
    "client_secret",
    "codes",
    "compare_scopes",
    "dig",
    "ended",
    "limited",
    "misunderstood",
    "permissions_of_sign_in",
    "refresh_token",
    "rule",
    "scope",
    "sign_in",
    "step",
    "troubled",
    "walled",
]
