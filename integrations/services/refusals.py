"""Refusals: why a service did not do what it was asked. Entrances put them into words."""

from collections.abc import Mapping
from typing import Any

from integrations.models import IntegrationConnection


class InvalidChange(Exception):
    """Sentences for the person who typed. `errors` maps a key of the change to sentences;
    those of `config` are by field name."""

    def __init__(self, errors: Mapping[str, Any]) -> None:
        self.errors = dict(errors)
        super().__init__("Some values are not right.")


class SameAccount(InvalidChange):
    """`other` is connected to the same account with the same values."""

    def __init__(self, other: IntegrationConnection) -> None:
        self.other = other
        super().__init__({"config": {"account_id": [self.sentence]}})
        self.args = (self.sentence,)

    @property
    def sentence(self) -> str:
        return f"{self.other.title} is connected to this account already. Use that one."


class VersionConflict(Exception):
    """Someone else saved first. `connection` is what they saved."""

    def __init__(self, connection: IntegrationConnection) -> None:
        self.connection = connection
        super().__init__("Someone else saved first.")


class NoConnection(Exception):
    """There is none of this name in the workspace, or it was removed meanwhile."""


class SignedInMeanwhile(Exception):
    """There is a sign-in that was not there before."""


class NothingToTest(Exception):
    """Not all that the method needs is there."""


class TooManyGuesses(Exception):
    """Something was tried as often as it may be. `sentence` says what, to whoever tried."""

    def __init__(self, sentence: str, retry_after_seconds: int) -> None:
        self.sentence = sentence
        self.retry_after_seconds = retry_after_seconds
        super().__init__("Too many guesses.")

    @property
    def wait(self) -> str:
        """`"Try again in 15 minutes."`"""
        minutes = -(-self.retry_after_seconds // 60)
        return f"Try again in {minutes} minute{'' if minutes == 1 else 's'}."


class TooManyTests(Exception):
    """The connection was tested as often as a minute allows."""

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__("Too many tests.")


class Paused(TooManyTests):
    """The platform limits what it counts together. `sentence` says until when it is not asked."""

    def __init__(self, sentence: str, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds)
        self.sentence = sentence
        self.args = (sentence,)


class Busy(Exception):
    """Too many wait for platforms in this process, or for those of the workspace."""

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__("Too many wait for platforms.")
