"""What goes wrong at any vendor: the last word of a credential asks for it."""

from providers.sandbox.stand_in import trouble

TROUBLE = trouble(success=True, data={"id": 1})


def credentials(prefix: str, does: dict[str, str]) -> list[tuple[str, str]]:
    """What the guide shows: every credential of a vendor, and what it does."""
    common = {word: what for word, (what, _) in TROUBLE.items()}
    return [(f"{prefix}{word}", what) for word, what in (does | common).items()]
