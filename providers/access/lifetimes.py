"""How long a token lives, as a server told it: checked against what the platform has published.

RFC 6749 section 5.1 wants seconds as a number. Servers are seen to write text, milliseconds, the
moment of the end, 0 for never, and nonsense.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

# Organizations may choose how long: up to twelve times the usual is known of one platform.
MOST_TIMES = 24
LONGEST = timedelta(days=5 * 365).total_seconds()
MOMENTS = timedelta(days=10 * 365).total_seconds()  # so far ahead a moment may lie


def seconds_told(told: Any, published: timedelta | None = None) -> float | None:
    """Seconds from now; None where nothing was told that can be believed.

    Of what is too long by the published lifetime milliseconds are recognized.
    """
    value = _number(told)
    if value is None or value <= 0:
        return None
    usual = published.total_seconds() if published else None
    longest = min(usual * MOST_TIMES, LONGEST) if usual else LONGEST
    if value <= longest:
        return value
    if usual and usual / 2 <= value / 1000 <= usual * 2:
        return value / 1000
    now = datetime.now(UTC).timestamp()
    ahead = next((one - now for one in (value, value / 1000) if 0 < one - now < MOMENTS), None)
    return ahead if ahead and ahead <= longest else None


def _number(told: Any) -> float | None:
    """A number, also as text; a moment of ISO 8601 as seconds since 1970."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        value = float(told)
    except OverflowError:
        return None
    except ValueError:
        return _moment(str(told))
    return value if math.isfinite(value) else None


def _moment(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else None
