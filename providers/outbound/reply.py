"""What a platform answered, in full and already off the wire."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Reply:
    """`headers` do not mind upper and lower case. A repr shows neither headers nor body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json_or_none(self) -> Any:
        """The parsed body; None when it is not JSON, too deep or holds an absurd number."""
        return self._json

    @cached_property
    def _json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_html(self) -> bool:
        if "html" in self.headers.get("Content-Type", "").lower():
            return True
        return self.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))

    @property
    def retry_after_seconds(self) -> float | None:
        """RFC 9110 section 10.2.3: seconds, or a date to wait for; None for anything else."""
        text = self.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
