"""Secrets that are named where a request is made, and put in when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers import errors


@dataclass(frozen=True)
class Placeholder:
    """Stands for the secret of this name: as a whole value, or as one part of a tuple.

    `{"Authorization": ("Bearer ", Placeholder("access_token"))}`: a tuple that holds one is a
    text in parts.
    """

    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"


def filled(value: Any, secrets: Mapping[str, str]) -> Any:
    """The same value with every placeholder in it replaced, however deep it lies.

    Raises InvalidConfig for one that `secrets` does not hold.
    """
    if isinstance(value, Placeholder):
        if value.name not in secrets:
            raise errors.InvalidConfig(
                f"This request needs the value {value.name}, and there is none.",
                "Enter it and test again.",
            )
        return secrets[value.name]
    if isinstance(value, tuple) and any(isinstance(part, Placeholder) for part in value):
        return "".join(filled(part, secrets) for part in value)
    if isinstance(value, Mapping):
        return {name: filled(one, secrets) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [filled(one, secrets) for one in value]
    return value
