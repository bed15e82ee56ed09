"""What can come back instead of a good answer, and what each may mean to a person."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from providers.declare import SIGN_IN
from providers.sandbox.server import Answer, Asked
from tests.providers.contract.cases import Case

ABSURD = b" " * 10_000_000
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@dataclass(frozen=True)
class Fault:
    """`kinds` are what a reply may mean; `typed` what it may as well at an address of one's own."""

    answer: Callable[[Asked], Answer]
    kinds: frozenset[str]
    typed: frozenset[str] = frozenset()

    def may_mean(self, case: Case) -> frozenset[str]:
        found = self.kinds | self.typed if case.who.takes_any_address else self.kinds
        # Where the app itself asks, it is the app that is refused.
        if case.method == SIGN_IN and case.oauth.app_values and "auth_invalid" in found:
            found |= INVALID
        # A page that proves nothing when it is there proves nothing when it is not, either.
        return found if case.proves else found | {"blocked"}


def echo(asked: Asked) -> str:
    """Everything that was sent, as chatty platforms and debug pages repeat it."""
    return f"{asked.path} {dict(asked.query)} {dict(asked.headers)} {asked.body!r}"


def status(code: int) -> Callable[[Asked], Answer]:
    """A reply that says nothing that the platform's file could know, but repeats the request."""
    return lambda asked: Answer(code, {"echo": echo(asked)})


def page(asked: Asked) -> Answer:
    return Answer(200, f"<!doctype html><html><body>Sign in {echo(asked)}</body></html>")


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


INVALID = kinds("invalid_config")
DOWN = kinds("provider_unavailable")
NETWORK = kinds("network")
NOT_JSON = kinds("blocked", "unexpected_reply")

FAULTS = {
    "400": Fault(
        status(400),
        kinds("unexpected_reply", "auth_invalid", "auth_expired", "account_not_found") | INVALID,
    ),
    "401": Fault(status(401), kinds("auth_invalid", "auth_expired")),
    "403": Fault(status(403), kinds("permission_missing", "blocked")),
    "404": Fault(
        status(404), kinds("account_not_found", "permission_missing", "unexpected_reply"), INVALID
    ),
    "429": Fault(status(429), kinds("rate_limited", "quota_exhausted")),
    "500": Fault(status(500), DOWN),
    "502": Fault(status(502), DOWN),
    "503": Fault(status(503), DOWN),
    "timeout": Fault(lambda _: Answer(is_silent=True), NETWORK),
    "reset": Fault(lambda _: Answer(is_reset=True), NETWORK),
    "half a reply": Fault(lambda _: Answer(200, {"a": "b"}, is_cut=True), NETWORK),
    "half of JSON": Fault(lambda _: Answer(200, b'{"data": [{"id'), NOT_JSON, INVALID),
    "HTML": Fault(page, NOT_JSON, INVALID),
    "10 MB": Fault(lambda _: Answer(200, ABSURD), kinds("unexpected_reply"), INVALID),
    "a picture": Fault(
        lambda _: Answer(200, PICTURE, {"Content-Type": "image/png"}), NOT_JSON, INVALID
    ),
    "nothing": Fault(lambda _: Answer(200, b""), NOT_JSON, INVALID),
}
# Nobody learned anything: the connection stays green, and nobody is sent to sign in again.
OUTAGES = ("429", "500", "502", "503", "timeout", "reset", "half a reply")

NO_RIGHT = kinds("403")
ANY_REFUSAL = kinds("400", "401", "403", "404")
UNREADABLE = kinds("half of JSON", "10 MB", "a picture", "nothing")
# Where a refusal is an answer too, as "platform: step at path". Any other call ends the test.
TOLERATED = {
    # Google has only just made the token: the calls that follow are the proof.
    r"at /tokeninfo$": ANY_REFUSAL | UNREADABLE,
    # The same request without the key: a refusal is what is hoped for.
    r": Key is needed at": ANY_REFUSAL | UNREADABLE | {"HTML"},
    # Names that are nice to have. Other steps ask for the right to what is needed.
    r"^linkedin: .* at /(v2/userinfo|rest/organizations/[0-9]+)$": NO_RIGHT,
    r"^upwork: Sign-in works at /graphql$": NO_RIGHT,
    r"^crm: .* at (/account-info/.*|/services/oauth2/userinfo|/crm/v8/users)$": NO_RIGHT,
    r"^reddit: Sign-in works at /api/v1/me$": NO_RIGHT,
    # A restricted key may lack one of these, but not both the balance and its transactions.
    r"^stripe: .* at /v1/(account|balance|balance_transactions)$": NO_RIGHT,
    # An app that has not read anything yet.
    r"^x: .* at /2/usage/tweets$": kinds("404"),
}


def is_tolerated(call: str, fault: str) -> bool:
    return any(re.search(at, call) and fault in faults for at, faults in TOLERATED.items())
