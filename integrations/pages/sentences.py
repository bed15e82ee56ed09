"""Sentences that several entrances share."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.text import get_text_list

from integrations import queue
from integrations.models import ConnectionTest, IntegrationConnection, TestOutcome, naming
from integrations.services.proving.discovery import CannotList, IsLent
from integrations.services.refusals import Busy, NothingToTest, Paused, TooManyTests
from providers.declare import OAuth, Provider
from providers.errors import ProviderError

NOT_LISTED = (CannotList, NothingToTest, TooManyTests, Busy, ProviderError)
NOTHING_TO_LIST = (
    "This connection is not complete, so its accounts cannot be listed. "
    "Save everything that is required first."
)
NOTHING_TO_TEST = "There is nothing to test yet. Save everything that is required first."
MOMENTS = {
    "opened": "Broken",
    "updated": "Broken in another way",
    "reminder": "Reminder",
    "closed": "Works again, after",
    "notice": "Notice",
    "test": "Test",
}


def of_test(test: ConnectionTest) -> str:
    """How a test went and what to do about it."""
    if test.outcome == TestOutcome.PASSED:
        return " ".join(["The test passed.", *test.warnings])
    if test.outcome == TestOutcome.NOT_IMPLEMENTED:
        return f"{test.message}."
    return f"{test.message} {test.action}".strip()


def of_listing(
    error: CannotList | NothingToTest | TooManyTests | Busy | ProviderError, label: str = "ID"
) -> str:
    """Why there is no list of accounts to choose from; `label` is that of the account's field."""
    if isinstance(error, NothingToTest):
        return NOTHING_TO_LIST
    if isinstance(error, TooManyTests):
        return too_many_tests(error)
    if isinstance(error, Busy):
        return busy(error.retry_after_seconds)
    if isinstance(error, ProviderError):
        return f"{error.message} {error.action}"
    if isinstance(error, IsLent):
        return error.sentence
    return f"These credentials give no list to choose from. {by_hand(label)}"


def by_hand(label: str) -> str:
    """ "Enter the username by hand.", "Enter the ID by hand."."""
    first, *rest = label.split(" ")
    word = first if first[1:] != first[1:].lower() else first.lower()
    return f"Enter the {' '.join([word, *rest])} by hand."


def mailed(what: str, email: str) -> str:
    """Where a mail goes that the worker sends, and when."""
    when = "within a minute" if queue.has_worker() else "once a worker runs: none was seen just now"
    return f"{what} goes to {email} {when}."


def too_many_tests(error: TooManyTests) -> str:
    if isinstance(error, Paused):
        return error.sentence
    seconds = error.retry_after_seconds
    return f"This was tested as often as a minute allows. Try again in {seconds} seconds."


def busy(retry_after_seconds: int) -> str:
    return f"Many tests wait for platforms just now. Try again in {retry_after_seconds} seconds."


def what_stops(provider: Provider, where: str = "") -> str:
    """ "Without Postbox, Newsletters and Reports stop working.", or that it does in "North"."""
    uses = [*provider.used_by]
    stop = "stop" if len(uses) > 1 else "stops"
    place = f" in {where}" if where else ""
    return f"Without {provider.name}, {get_text_list(uses, 'and')} {stop} working{place}."


def places_of(lent: Iterable[IntegrationConnection]) -> str:
    """ "North, South and 3 more": the workspaces of what is lent; "" for none."""
    names = [*dict.fromkeys(one.workspace.name for one in lent)]
    return get_text_list(naming.few(names, len(names)), "and")


def no_app(declared: OAuth) -> str:
    """What a sign-in waits for."""
    return (
        f"Signing in with {declared.app.name} needs an app of yours there. "
        "An owner sets it up in Settings, Sign-in apps. Until then, paste what you have."
    )


def other_address() -> str:
    """A platform sends people back to one address; the browser is at another."""
    return (
        f"A sign-in comes back to {settings.PUBLIC_URL}. Open that address and sign in from there."
    )
