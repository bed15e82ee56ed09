"""How Fiverr is tested: by a data service of the team's own, or a look at the public page."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from providers.declare.steps import Account, Answer, Passed, Skipped, Tester, Warned, step
from providers.errors import AccountNotFound, wrong_address
from providers.families.rest import answered, tells_of_an_error, without_the_key
from providers.platforms.fiverr import page

SERVICE, PAGE = "data_endpoint", "public_page"
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
# Of these, what a refusal does not repeat.
NUMBERS = frozenset(KNOWN) - {"username", "updated_at"}


class FiverrTester(Tester):
    seller: Mapping[str, Any]

    @step("Address answers with data", methods=(SERVICE,))
    def address_answers(self) -> Passed | Warned:
        """GET <address><path to test> -> {"username": str, "rating": float, …}, or a list of it."""
        self.seller = self._ask()
        return answered(self.seller)

    @step("Key is needed", optional=True, methods=(SERVICE,))
    def key_is_needed(self) -> Answer:
        """The same request without the key, which should be refused."""
        return without_the_key(
            self, self._ask, "This address answers without the key too, so the key was not checked."
        )

    @step("Seller is the one entered", methods=(SERVICE,))
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

    @step("Numbers can be used", methods=(SERVICE,))
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

    @step("Public page", methods=(PAGE,))
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
        if self.method == PAGE:
            return None
        username = _username_in(self._ask())
        return [Account(username)] if username else []

    def _ask(self, *, anonymous: bool = False) -> Mapping[str, Any]:
        """The reply's object, or the first of its list; empty for an empty list."""
        body = self.api.get(self.values.get("health_path") or "", anonymous=anonymous)
        first = body[0] if isinstance(body, list) and body else body
        if not isinstance(body, dict | list) or tells_of_an_error(first, NUMBERS):
            raise wrong_address(
                "This address answered without data, or with an error of its own.",
                "Check the path to test, and that your service answers with JSON.",
            )
        return first if isinstance(first, dict) else {}


def _username_in(seller: Mapping[str, Any]) -> str:
    username = seller.get("username")
    return page.username_alone(username)[:LONGEST_USERNAME] if isinstance(username, str) else ""


def _moment(text: Any) -> datetime | None:
    """ISO 8601; without a zone it is UTC. None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
