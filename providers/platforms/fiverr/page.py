"""What a look at a seller's public page means. It never proves an access: there is none.

Pages and the wall in front of them as seen by several projects in 2026; Fiverr documents
neither. A wall is believed and never got around.
"""

import re
from urllib.parse import urlsplit

from providers.errors import (
    AccountNotFound,
    Blocked,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from providers.outbound.reply import Reply

ADDRESS = "https://www.fiverr.com"
CHECK = "Check the spelling, then test again."
FOUND = "Public page found"
SECONDS_BETWEEN_LOOKS = 60.0 * 60

WALL = re.compile(
    r"px-captcha|_pxCaptcha|PXCR|It needs a human touch|Loading challenge"
    r"|Just a moment|Attention Required",
    re.IGNORECASE,
)
STATE = "perseus-initial-props"  # the id of a script
# Where Fiverr leads whoever asks for a seller that it does not have.
ELSEWHERE = frozenset({"", "categories", "search"})


def username_alone(text: str) -> str:
    """`https://www.fiverr.com/acme?source=…` -> `acme`."""
    text, on_fiverr = re.subn(r"^(https?://)?(www\.)?fiverr\.com/", "", text.strip())
    return re.split(r"[/?#]", text)[0] if on_fiverr else text.removeprefix("@")


def not_looked_up(username: str) -> ProviderError:
    return Blocked(
        "The name was not looked up, as Fiverr wants no programs on its pages.",
        "Open the page yourself, or use a data service, which can be proven.",
        action_url=f"{ADDRESS}/{username}",
    )


def verdict(reply: Reply, username: str) -> ProviderError:
    """Always an error: even a found page leaves the connection unproven."""
    text = reply.body.decode(errors="replace")
    if WALL.search(text):
        return _wall(username)
    if reply.status in (404, 410):
        return AccountNotFound("Fiverr has no public page with this name.", CHECK)
    if 300 <= reply.status < 400 and _leads_elsewhere(reply.headers.get("Location", "")):
        return AccountNotFound(
            "Fiverr probably has no public page with this name: it leads elsewhere.", CHECK
        )
    if reply.status == 429:
        return RateLimited(
            "Fiverr is limiting requests at the moment.",
            "Nothing to fix: wait an hour and test again.",
            retry_after_seconds=max(reply.retry_after_seconds or 0, SECONDS_BETWEEN_LOOKS),
        )
    if reply.status >= 500:
        return ProviderUnavailable("Fiverr has a problem at the moment.")
    if reply.status == 200 and _shows(text, username):
        return _found(username)
    return _wall(username)


def _found(username: str) -> ProviderError:
    # No kind is about a page that is there and proves nothing. This one says what is true of
    # all of Fiverr: programs stay outside.
    return Blocked(
        f"{FOUND}, which proves no access: Fiverr gives programs none.",
        "Nothing to fix; to have a proof, use a data service of your own.",
        action_url=f"{ADDRESS}/{username}",
        retry_after_seconds=SECONDS_BETWEEN_LOOKS,
    )


def _wall(username: str) -> ProviderError:
    return Blocked(
        "Fiverr does not let programs read this page, so it could not be checked.",
        "Open the page yourself to see it.",
        action_url=f"{ADDRESS}/{username}",
        retry_after_seconds=SECONDS_BETWEEN_LOOKS,
    )


def _leads_elsewhere(location: str) -> bool:
    try:
        target = urlsplit(location)
    except ValueError:
        return False
    first = target.path.strip("/").partition("/")[0].lower()
    is_fiverr = target.hostname in (None, "fiverr.com", "www.fiverr.com")
    return bool(location) and is_fiverr and first in ELSEWHERE


def _shows(text: str, username: str) -> bool:
    """The name stands as a value of its own in the data that the page was made from."""
    _, _, after = text.partition(STATE)
    state, end, _ = after.partition("</script>")
    return bool(end) and f'"{username.lower()}"' in state.lower()
