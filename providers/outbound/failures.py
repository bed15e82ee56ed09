"""What is said when a platform gave no whole reply: never in a library's words."""

import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import urllib3

from providers import errors
from providers.outbound import addresses
from providers.outbound.connection import TooLarge

DNS_ACTION = "Check this server's DNS and its connection to the internet."
TRY_LATER = "Nothing to fix here: test again in a few minutes."


@dataclass(frozen=True)
class Failures:
    """The sentences about one platform. At a `typed` address, the address is to be corrected."""

    platform: str
    typed: bool

    def meaning_of(self, error: Exception) -> errors.ProviderError:
        causes = list(_causes(error))
        if _any(causes, urllib3.exceptions.TimeoutError, TimeoutError):
            return self.late()
        if _any(causes, TooLarge):
            return self._unreadable("answered with far more data than an API does")
        if _any(causes, ssl.SSLError, urllib3.exceptions.SSLError):
            return errors.Network(
                f"No secure connection to {self.platform} could be made.",
                "Check the certificate of this address, and this server's clock."
                if self.typed
                else "Check this server's clock, and that nothing in between replaces "
                "certificates.",
            )
        if _any(causes, RemoteDisconnected, IncompleteRead):
            return _half_done(f"{self.platform} broke the connection off.")
        if _any(causes, HTTPException, ValueError, urllib3.exceptions.DecodeError):
            return self._unreadable("answered with something that cannot be read")
        error = self.unreachable()
        error.is_half_done = _any(causes, ConnectionResetError)
        return error

    def late(self) -> errors.ProviderError:
        return _half_done(f"{self.platform} did not answer in time.")

    def unreachable(self) -> errors.ProviderError:
        return errors.Network(f"{self.platform} could not be reached.")

    def nameless(self) -> errors.ProviderError:
        return errors.NoSuchHost(
            f"The name of {self.platform}'s server could not be looked up.",
            "Check the address for typing mistakes, then test again." if self.typed else DNS_ACTION,
        )

    def not_public(self) -> errors.ProviderError:
        if self.typed:
            return refused()
        return errors.Network(
            f"The name of {self.platform}'s server leads to an address that is not public.",
            "Check this server's DNS, then test again.",
        )

    def _unreadable(self, what: str) -> errors.ProviderError:
        if self.typed:
            return errors.wrong_address(
                f"This address {what}.", "Enter the address of the API itself."
            )
        return errors.UnexpectedReply(f"{self.platform} {what}.")


def _half_done(message: str) -> errors.ProviderError:
    error = errors.Network(message, TRY_LATER)
    error.is_half_done = True
    return error


def refused() -> errors.ProviderError:
    """One sentence for every refused address, so that nobody can map the network with it."""
    return errors.InvalidConfig(addresses.REFUSED, "Correct the address, then test again.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was made from, which libraries keep among its arguments."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _any(causes: Iterable[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)
