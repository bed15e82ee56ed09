"""Another CRM: whatever answers with JSON at the address that a person typed.

Statuses follow RFC 9110, keys RFC 6750 and RFC 7617 (read 2026-11-22).
Quirk: a service can answer everybody, so the same request is sent once more without the key.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.declare import (
    Account,
    Cost,
    ErrorRule,
    Passed,
    Provider,
    Skipped,
    Warned,
    codes,
    dig,
    step,
)
from providers.errors import (
    AuthInvalid,
    InvalidConfig,
    PermissionMissing,
    ProviderUnavailable,
    Refused,
)
from providers.families.rest import key_headers, tells_of_an_error
from providers.platforms.crm.tester import CrmTester

LONGEST_NAME = 120

ERRORS = (
    ErrorRule(
        status=401,
        error=AuthInvalid,
        message="Your CRM does not accept this key.",
        action="Copy the key again, and check how it is sent.",
    ),
    ErrorRule(
        status=frozenset({"402", "403"}),
        error=PermissionMissing,
        message="Your CRM says that this key may not read the path to test.",
        action="Let the key read it in your CRM, or enter another path.",
    ),
    ErrorRule(
        status=frozenset({"404", "405", "410"}),
        error=InvalidConfig,
        message="There is nothing to read at this address.",
        action="Check the address and the path to test.",
    ),
    ErrorRule(
        status=407,
        error=InvalidConfig,
        message="A proxy in front of this address asks for a password.",
        action="Enter an address that answers without one.",
    ),
    ErrorRule(
        status=425,
        error=ProviderUnavailable,
        message="Your CRM is not ready to answer yet.",
        action="Nothing to fix here: test again later.",
    ),
    ErrorRule(
        status=codes(400, 406, 409, *range(411, 425), 426, 428, 431, 451),
        error=InvalidConfig,
        message="This address does not accept the request of a test.",
        action="Check the address and the path to test.",
    ),
)


class GenericTester(CrmTester):
    vendor = "Your CRM"
    body: Any = None

    @step("Address answers with data")
    def address_answers(self) -> Passed:
        """GET <address><path to test> -> any JSON but one that tells of an error."""
        if self.is_signed_in:  # a token of one of the listed CRMs is nobody else's business
            raise InvalidConfig(
                "There is no sign-in for a CRM that is not in the list.",
                "Choose another way to connect it.",
            )
        self.begin()
        self.typed("base_url", "Enter the address of its API.")
        self.body = self._ask(self._key_headers())
        return Passed("The address answered with data.")

    @step("Expected value is there")
    def expected_value_is_there(self) -> Passed | Skipped:
        """Asks nothing: looks into the reply above."""
        path = self.values.get("expect_path")
        if not path:
            return Skipped("No value to expect was entered.")
        if dig(self.body, path) is None:
            raise InvalidConfig(
                "The answer does not have the value to expect.",
                "Correct the value to expect, or the path to test.",
            )
        return Passed("The answer has the value to expect.")

    @step("Key is needed", optional=True)
    def key_is_needed(self) -> Passed | Warned | Skipped:
        """The same request without the key, which should be refused."""
        if not self._key_headers():
            return Skipped("This address is asked without a key.")
        try:
            self._ask({})
        except Refused:
            return Passed("Without the key the address refuses, so the key is what opens it.")
        return Warned("This address needs no key, so the key was not checked.")

    @step("Account is the one entered")
    def account_is_the_one_entered(self) -> Passed | Warned | Skipped:
        """Asks nothing: looks into the reply above."""
        path = self.values.get("account_name_path")
        if not path and self.values.get("account_id"):
            return Warned(
                "The account cannot be compared. Enter where its name is in the answer, too."
            )
        if not path:
            return Skipped("Where the account's name is was not entered.")
        name = dig(self.body, path)
        if not isinstance(name, str | int):
            return Warned("The answer has no account name at the place entered. Correct it.")
        self.belongs_to(Account(str(name)[:LONGEST_NAME]))
        return Passed(f"The account is {str(name)[:LONGEST_NAME]}.")

    def _key_headers(self) -> dict[str, str]:
        kind = self.values.get("auth_kind") or "bearer"
        key = self.values.get("access_token") or ""
        headers = key_headers(
            kind, key, header=self.values.get("header_name"), username=self.values.get("username")
        )
        if kind == "basic":
            self.api.add_secret(headers["Authorization"].removeprefix("Basic "))
        return headers

    def _ask(self, headers: Mapping[str, str]) -> Any:
        path = self.values.get("health_path") or ""
        reply = self.api.request("GET", path, headers=headers)
        target = reply.headers.get("Location", "")
        if 300 <= reply.status < 400 and re.search(r"log-?in|sign-?in", target, re.IGNORECASE):
            raise InvalidConfig(
                "This address forwards to a page where people sign in.",
                "Enter the address of the API itself, and check the key.",
            )
        self.api.judge(reply)
        body = reply.json_or_none()
        if body is None or tells_of_an_error(body):
            raise InvalidConfig(
                "This address answered without data, or with an error of its own.",
                "Check the path to test, and what the key may read.",
            )
        return body


def speak(crm: Provider) -> Provider:
    return replace(
        crm,
        name="Your CRM",
        tester=GenericTester,
        errors=ERRORS,
        cost=Cost(calls=2, note="Two requests to the path to test, one of them without the key."),
    )
