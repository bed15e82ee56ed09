"""Mail that gives up in time: a server that answers slowly does so once for each of its answers.

Whoever sends a message holds a lease on it, which has to last longer than this.
"""

import smtplib
import time
from functools import partial
from typing import Any

from django.core.mail.backends import smtp

LONGEST_SECONDS = 45


class _InTime:
    """Of a server's answers, all together take at most so long."""

    def __init__(self, *args: Any, longest: float, **kwargs: Any) -> None:
        self._ends = time.monotonic() + longest
        super().__init__(*args, **kwargs)

    def send(self, s: Any) -> None:
        self._hurry()
        super().send(s)  # type: ignore[misc]

    def getreply(self) -> tuple[int, bytes]:
        self._hurry()
        reply: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        return reply

    def _hurry(self) -> None:
        left = self._ends - time.monotonic()
        if left <= 0:
            self.close()  # type: ignore[attr-defined]
            raise smtplib.SMTPServerDisconnected("The mail server took too long.")
        if self.sock:  # type: ignore[attr-defined]
            self.sock.settimeout(min(left, self.timeout))  # type: ignore[attr-defined]


class _Plain(_InTime, smtplib.SMTP):
    """And with STARTTLS."""


class _Encrypted(_InTime, smtplib.SMTP_SSL):
    """From the first byte."""


class EmailBackend(smtp.EmailBackend):
    """Django's, for at most `longest` seconds a message or a few."""

    def __init__(self, *, longest: float = LONGEST_SECONDS, **options: Any) -> None:
        super().__init__(**options)
        self._longest = longest

    @property
    def connection_class(self) -> Any:
        return partial(_Encrypted if self.use_ssl else _Plain, longest=self._longest)
