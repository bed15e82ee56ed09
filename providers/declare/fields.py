"""The values that a person types."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

FieldType = Literal["text", "textarea", "url", "choice"]
BASE_URL = "base_url"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value a person types.

    `pattern` refuses, `usual_pattern` warns; both match the whole value after `normalize`.
    `required` is for every method that takes the field, `required_by` for these alone.
    `decides_destination` marks a value that decides where a secret is sent: it cannot
    change without the secrets being sent again. Nor can one that `decides_shown`: what of an
    answer to a secret people see. `methods` is empty for every method. `is_rare` is for what
    hardly anybody needs: forms keep it out of the way.
    """

    name: str
    label: str
    help: str = ""
    help_url: str | None = None
    type: FieldType = "text"
    choices: tuple[tuple[str, str], ...] = ()
    secret: bool = False
    required: bool = False
    required_by: tuple[str, ...] = ()
    pattern: str | None = None
    pattern_message: str = ""
    usual_pattern: str | None = None
    usual_message: str = ""
    example: str = ""
    methods: tuple[str, ...] = ()
    decides_destination: bool = False
    decides_shown: bool = False
    is_rare: bool = False
    max_length: int = 4096
    normalize: Callable[[str], str] = str.strip

    @property
    def api_name(self) -> str:
        """`access_token` -> `accessToken`, the name in the API and in forms."""
        head, *tail = self.name.split("_")
        return head + "".join(part.capitalize() for part in tail)

    def clean(self, text: str) -> tuple[str, str | None]:
        """What to keep, and a warning or None. Raises ValueError with a sentence."""
        value = self.normalize(text)
        if not value:
            raise ValueError("This may not be blank.")
        if len(value) > self.max_length:
            raise ValueError(f"This is longer than {self.max_length} characters.")
        if self.type != "textarea" and not value.isprintable():
            raise ValueError("This holds a line break or another invisible character.")
        if self.secret and self.type != "textarea" and not value.isascii():
            raise ValueError("This holds a character that no secret has: copy it again.")
        if self.choices and value not in dict(self.choices):
            known = ", ".join(key for key, _ in self.choices)
            raise ValueError(f"Choose one of these: {known}.")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValueError(self.pattern_message)
        if self.usual_pattern and not re.fullmatch(self.usual_pattern, value):
            return value, self.usual_message
        return value, None


def in_one_piece(what: str) -> dict[str, Any]:
    """The pattern of something copied without a space: `refresh_token(**in_one_piece("token"))`."""
    return {"pattern": r"\S+", "pattern_message": f"This holds a space. Copy the {what} alone."}


def _usual(name: str, changes: Mapping[str, Any], **usual: Any) -> Field:
    return Field(name=name, **{**usual, **changes})


def access_token(**changes: Any) -> Field:
    """The generic secret field that every provider takes."""
    return _usual("access_token", changes, label="Access token", secret=True, required=True)


def client_id(**changes: Any) -> Field:
    """An app's own name, RFC 6749 section 2.2: no secret."""
    return _usual("client_id", changes, label="Client ID", required=True)


def client_secret(**changes: Any) -> Field:
    """The password of an app."""
    return _usual("client_secret", changes, label="Client secret", secret=True, required=True)


def refresh_token(**changes: Any) -> Field:
    """What somebody who signed in elsewhere was given to renew access with."""
    return _usual("refresh_token", changes, label="Refresh token", secret=True, required=True)


def account_id(**changes: Any) -> Field:
    """The generic account field that every provider takes."""
    return _usual("account_id", changes, label="Account ID")


def base_url(**changes: Any) -> Field:
    """The generic address field that every provider takes."""
    return _usual(
        BASE_URL,
        changes,
        label="Base URL",
        help="Leave this empty unless you were told otherwise.",
        type="url",
        decides_destination=True,
        max_length=2048,
    )
