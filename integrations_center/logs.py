"""How lines of the log look, and what keeps secrets out of them and of error pages.

Our own code never puts a secret into a message. This is the second line: it hides the
values that usually follow a secret's name, in messages and tracebacks of libraries too.
"""

import logging
import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter
from pythonjsonlogger.json import JsonFormatter

HIDDEN = "[hidden]"
LONGEST = 20_000  # characters of a message or a traceback
CUT = f" [longer than {LONGEST} characters]"
_NAMES = (
    r"(?:token|secret|password|passwd|api[_-]?key|private[_-]?key|credential(?:_key)?s?"
    r"|signature|code_verifier|assertion|cookie|sessionid|icc_session[\w+]{0,60})"
)
# Outside input meets all of these. Each takes a time in proportion to the text: what repeats
# is bounded by something that no other attempt has to pass again.
PATTERNS = (
    (re.compile(r"(?i)(\bauthorization\b[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\g<1> {HIDDEN}"),
    (
        re.compile(
            rf"(?i)({_NAMES}[\"']?\s*[=:]\s*)(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|[^\s&,;\"')}}\]]+)"
        ),
        rf"\g<1>{HIDDEN}",
    ),
    (re.compile(r"(://)[^\s/@:]*:[^\s/@]+@"), rf"\g<1>{HIDDEN}@"),
    # What platforms send people back with: a code, a state.
    (re.compile(r"(/oauth/[\w-]+/callback/?\?)[^\s\"']+"), rf"\g<1>{HIDDEN}"),
    # One-time links of our own: whoever reads the log while one lives could use it.
    (
        re.compile(
            r"(/welcome/|/fix/|/invitation/|/accounts/email/|/password/reset/[^\s/]+/)[^\s/]+"
        ),
        rf"\g<1>{HIDDEN}",
    ),
)
# What a line is made of. More that a library attaches, such as a whole request, nobody checked.
KNOWN = frozenset({*vars(logging.makeLogRecord({})), "facts"})
_formatter = logging.Formatter()


def redact(text: str) -> str:
    """`…?access_token=abc&x=1` -> `…?access_token=[hidden]&x=1`; the beginning of a long text."""
    if len(text) > LONGEST:
        # Up to a blank: half of an address is not known for one with a password in it.
        text = text[:LONGEST].rpartition(" ")[0] + CUT
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts the finished message and the traceback of a record, and leaves nothing else in it."""

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        clean = logging.makeLogRecord({k: v for k, v in vars(record).items() if k in KNOWN})
        clean.msg, clean.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            clean.exc_text = _formatter.formatException(record.exc_info)
        clean.exc_info = None  # else a formatter would write it anew
        if clean.exc_text:
            clean.exc_text = redact(clean.exc_text)
        if clean.stack_info:
            clean.stack_info = redact(clean.stack_info)
        return clean


class JsonLines(JsonFormatter):
    """A line is an object: time, level, logger, message, a traceback, and the journal's facts."""

    def __init__(self) -> None:
        super().__init__(
            ("levelname", "name", "message"),
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            timestamp="time",
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        facts = log_data.pop("facts", {})
        return {"time": log_data.pop("time"), **log_data, **facts}


class NothingTypedIsShown(SafeExceptionReporterFilter):
    """Debug pages and error mails show neither what was sent nor any variable, ever."""

    # Beside what Django knows by its name: an address with a password in it.
    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|BROKER", re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, str]:
        if request is None:
            return {}
        return dict.fromkeys(request.POST, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, str]:
        return dict.fromkeys(request.COOKIES, self.cleansed_substitute) if request else {}
