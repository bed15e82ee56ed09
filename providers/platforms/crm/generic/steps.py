"""How a CRM that nobody knows is tested."""

import re
from typing import Any

from providers.declare import Account, Answer, Passed, Skipped, Warned, dig, step
from providers.errors import wrong_address
from providers.families.rest import answered, tells_of_an_error, without_the_key
from providers.platforms.crm.steps import CrmTester

LONGEST_NAME = 120


class GenericTester(CrmTester):
    body: Any = None

    @step("Address answers with data")
    def address_answers(self) -> Passed | Warned:
        """GET <address><path to test> -> any JSON but one that tells of an error alone."""
        self.body = self._ask()
        return answered(self.body)

    @step("Expected value is there")
    def expected_value_is_there(self) -> Passed | Skipped:
        """Asks nothing: looks into the reply above."""
        path = self.values.get("expect_path")
        if not path:
            return Skipped("No value to expect was entered.")
        if dig(self.body, path) is None:
            raise wrong_address(
                "The answer does not have the value to expect.",
                "Correct the value to expect, or the path to test.",
            )
        return Passed("The answer has the value to expect.")

    @step("Key is needed", optional=True)
    def key_is_needed(self) -> Answer:
        """The same request without the key, which should be refused."""
        return without_the_key(
            self, self._ask, "This address needs no key, so the key was not checked."
        )

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
        shown = self.api.redact(str(name), longest=LONGEST_NAME)
        self.belongs_to(Account(shown))
        return Passed(f"The account is {shown}.")

    def _ask(self, *, anonymous: bool = False) -> Any:
        path = self.values.get("health_path") or ""
        reply = self.api.request("GET", path, anonymous=anonymous)
        target = reply.headers.get("Location", "")
        if 300 <= reply.status < 400 and re.search(r"log-?in|sign-?in", target, re.IGNORECASE):
            raise wrong_address(
                "This address forwards to a page where people sign in.",
                "Enter the address of the API itself, and check the key.",
            )
        self.api.judge(reply)
        body = reply.json_or_none()
        wanted = (self.values.get(name) or "" for name in ("expect_path", "account_name_path"))
        if body is None or tells_of_an_error(body, wanted):
            raise wrong_address(
                "This address answered without data, or with an error of its own.",
                "Check the path to test, and what the key may read.",
            )
        return body
