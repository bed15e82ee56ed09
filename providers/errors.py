"""What can go wrong when a platform is asked: one class for each kind of the contract.

ProviderError
├── Refused               the platform said no, and a person must act: the test has failed
│   ├── AuthInvalid         the secret is not accepted
│   ├── AuthExpired         the secret was good and has run out
│   ├── PermissionMissing   the secret is good and may not do this
│   ├── AccountNotFound     the secret is good and does not reach this account
│   ├── InvalidConfig       a value that a person typed is wrong
│   └── CredentialsUnreadable  ours cannot be decrypted
└── Unanswered            nobody learned anything: the test is inconclusive
    ├── RateLimited         too many calls; wait
    ├── QuotaExhausted      a quota that a minute does not bring back
    ├── ProviderUnavailable the platform has a problem
    ├── Network             no answer at all: name, route, TLS, reset, time-out
    ├── Blocked             a wall in front of the platform answered
    └── UnexpectedReply     not what the documents say: our fault until shown otherwise
"""

from enum import StrEnum
from typing import ClassVar, Literal

Outcome = Literal["passed", "failed", "inconclusive", "not_implemented"]


class CountedBy(StrEnum):
    """What a platform counts its limits by.

    An app is the one that people sign in with, a token what lets a connection in, an account
    the one that is asked about, an address that of this server.
    """

    APP = "app"
    TOKEN = "token"
    ACCOUNT = "account"
    ADDRESS = "address"


class ProviderError(Exception):
    """A sentence that says what happened and a sentence that says what to do.

    Neither holds a secret, what was typed, or the platform's raw reply.
    `retry_after_seconds` is set when the platform said when to come back.
    `once_proven` is what it is instead where the same values passed before. `is_half_done` says
    that what was asked may have been done and its answer was lost, `is_unexplained` that it was
    refused in words which nobody here knows, or which say so little that it may be for good.
    `renewal_may_help` says that what comes with another token may mend it. Of a limit `counted_by`
    is what it was counted by, where that is another thing than the platform's usual one.
    """

    kind: ClassVar[str]
    outcome: ClassVar[Outcome]
    default_message: ClassVar[str]
    default_action: ClassVar[str]
    once_proven: "Unanswered | None" = None
    is_half_done: bool = False
    is_unexplained: bool = False
    renewal_may_help: bool = False
    counted_by: CountedBy | None = None

    def __init__(
        self,
        message: str = "",
        action: str = "",
        *,
        action_url: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.action = action or self.default_action
        self.action_url = action_url
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.message)


class Refused(ProviderError):
    outcome = "failed"


class AuthInvalid(Refused):
    kind = "auth_invalid"
    default_message = "The platform does not accept these credentials."
    default_action = "Make new ones at the platform and paste them here."


class AuthExpired(Refused):
    kind = "auth_expired"
    default_message = "The credentials have expired."
    default_action = "Make new ones at the platform and paste them here."


class PermissionMissing(Refused):
    kind = "permission_missing"
    default_message = "These credentials may not read what is needed."
    default_action = "Give them the missing permission at the platform, then test again."


class AccountNotFound(Refused):
    kind = "account_not_found"
    default_message = "The platform does not know this account, or does not show it to you."
    default_action = "Check the ID, and that these credentials were given access to it."


class InvalidConfig(Refused):
    kind = "invalid_config"
    default_message = "One of the values typed here is not right."
    default_action = "Correct it and test again."


class Forwarded(InvalidConfig):
    """The address leads on to another one."""


class CredentialsUnreadable(Refused):
    kind = "credentials_unreadable"
    default_message = "The stored credentials cannot be read."
    default_action = (
        "Put the encryption key they were saved with back into CREDENTIAL_KEYS, "
        "or enter the credentials again."
    )


class Unanswered(ProviderError):
    outcome = "inconclusive"


class RateLimited(Unanswered):
    kind = "rate_limited"
    default_message = "The platform is limiting requests at the moment."
    default_action = "Nothing to fix: wait a little and test again."


class QuotaExhausted(Unanswered):
    kind = "quota_exhausted"
    default_message = "The platform's quota for this account is used up."
    default_action = "Wait until the quota returns, or raise it at the platform."


class ProviderUnavailable(Unanswered):
    kind = "provider_unavailable"
    default_message = "The platform has a problem at the moment."
    default_action = "Nothing to fix here: test again later."


class Network(Unanswered):
    kind = "network"
    default_message = "The platform could not be reached."
    default_action = "Check this server's connection to the internet, then test again."


class NoSuchHost(Network):
    """The address has a name that is not known."""


class Blocked(Unanswered):
    kind = "blocked"
    default_message = "A wall in front of the platform answered instead of the platform."
    default_action = "Test again later, or from another network."


class UnexpectedReply(Unanswered):
    kind = "unexpected_reply"
    default_message = "The platform answered in a way we did not expect."
    default_action = "Nothing to fix for you: tell whoever runs this installation."


WAS_RIGHT = "It was right before: test again later. If it stays so, look at the address."


def wrong_address(message: str, action: str) -> InvalidConfig:
    """Something else than data answers at an address that a person typed.

    It is theirs to correct only until it was proven.
    """
    error = InvalidConfig(message, action)
    error.once_proven = UnexpectedReply(message, WAS_RIGHT)
    return error


def of_kind(kind: str) -> type[ProviderError]:
    """`"network"` -> Network. Raises KeyError for a kind that is none of ours."""
    known = (*Refused.__subclasses__(), *Unanswered.__subclasses__())
    return {error.kind: error for error in known}[kind]
