"""What a platform's file says: facts in frozen dataclasses, and steps that ask questions.

Imports outbound and errors.
"""

from providers.declare.digging import dig
from providers.declare.fields import BASE_URL, Field, FieldType, access_token, account_id, base_url
from providers.declare.methods import Method, sign_in
from providers.declare.oauth import SIGN_IN, App, AppForm, Grant, OAuth, Scope, Tokens
from providers.declare.provider import Cost, InvalidValues, Provider
from providers.declare.rules import ErrorFacts, ErrorRule, codes
from providers.declare.steps import (
    Account,
    Answer,
    Passed,
    Renewed,
    Skipped,
    Step,
    Tester,
    Warned,
    compare_scopes,
    permissions_of_sign_in,
    step,
)

__all__ = [
    "BASE_URL",
    "SIGN_IN",
    "Account",
    "Answer",
    "App",
    "AppForm",
    "Cost",
    "ErrorFacts",
    "ErrorRule",
    "Field",
    "FieldType",
    "Grant",
    "InvalidValues",
    "Method",
    "OAuth",
    "Passed",
    "Provider",
    "Renewed",
    "Scope",
    "Skipped",
    "Step",
    "Tester",
    "Tokens",
    "Warned",
    "access_token",
    "account_id",
    "base_url",
    "codes",
    "compare_scopes",
    "dig",
    "permissions_of_sign_in",
    "sign_in",
    "step",
]
