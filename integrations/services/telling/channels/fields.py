"""Fields that several kinds ask for."""

from typing import Any

from providers.declare import Field


def address(label: str, example: str, **more: Any) -> Field:
    """Where messages are posted. Whoever knows it may post there, so it is a secret."""
    usual: dict[str, Any] = {
        "help": "Whoever has this address can post there, so it is kept sealed.",
        "required": True,
        "secret": True,
    }
    return Field(
        name="url", label=label, type="url", example=example, max_length=2048, **usual | more
    )


def token(label: str, **more: Any) -> Field:
    return Field(name="token", label=label, secret=True, **more)
