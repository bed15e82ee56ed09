"""What goes wrong at any vendor: the last word of a credential asks for it."""

from providers.sandbox.server import Answer

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body>{0}</body></html>"
TROUBLE = {
    "down": ("a page with status 503", Answer(503, HTML.format("Service Unavailable"))),
    "wall": ("a web page instead of data", Answer(200, HTML.format("Are you a robot?"))),
    "cut": ("half a reply", Answer(200, {"success": True, "data": {"id": 1}}, is_cut=True)),
    "silent": ("no answer at all", Answer(is_silent=True)),
}


def credentials(prefix: str, does: dict[str, str], suffix: str = "") -> tuple[tuple[str, str], ...]:
    """What the guide shows: every credential of a vendor, and what it does."""
    common = {word: what for word, (what, _) in TROUBLE.items()}
    return tuple((f"{prefix}{word}{suffix}", what) for word, what in (does | common).items())
