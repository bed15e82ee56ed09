"""How long a limit lasts, where a platform does not say it by Retry-After."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from providers.outbound.reply import Reply


def is_silent_limit(reply: Reply) -> bool:
    """A 429 that does not say when to come back."""
    return reply.status == 429 and reply.retry_after_seconds is None


def seconds_in(header: str, *, at_most: float) -> Callable[[Reply], float | None]:
    """For a header that counts what is left of the limit, in seconds."""

    def retry_after(reply: Reply) -> float | None:
        text = reply.headers.get(header, "").strip()
        if not is_silent_limit(reply) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return None
        return min(float(text), at_most)

    return retry_after


def seconds_to_midnight(zone: tzinfo) -> float:
    """Until the next day begins there."""
    now = datetime.now(zone)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.timestamp() - now.timestamp()
