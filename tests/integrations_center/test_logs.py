"""Lines are what LOG_FORMAT says, without secrets of libraries; error pages show nothing typed."""

import io
import json
import logging
import sys
from datetime import UTC, datetime

import pytest
from django.views.debug import ExceptionReporter

from integrations_center.logs import JsonLines, RedactingFilter, redact

SECRET = "s3cr3t-Value.x9Qd"


@pytest.fixture
def log():
    """A logger with our filter, and what it wrote."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.library")
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "text",
    [
        f"GET /me?access_token={SECRET}&fields=id",
        f"GET /debug?input_token={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"{{'Authorization': 'Basic {SECRET}'}}",
        f'{{"client_secret": "{SECRET}"}}',
        f"{{'refresh_token': '{SECRET}', 'a': 1}}",
        f"api_key={SECRET}",
        f"X-Api-Key: {SECRET}",
        f"code_verifier={SECRET}",
        f"postgres://me:{SECRET}@db.example.com/shop",
        f"using Bearer {SECRET}",
        f'"GET /oauth/google/callback/?state=abc&code={SECRET} HTTP/1.1" 302',
        f"Forbidden (CSRF cookie not set.): /welcome/{SECRET}/",
        f"Not Found: /accounts/password/reset/Mg/{SECRET}/",
        f"Gone: /fix/{SECRET}/",
        f"Gone: /invitation/{SECRET}/",
        f"Gone: /accounts/email/{SECRET}/",
        f"Not Found: /fix/{SECRET}",
        f"GET /token?fb_exchange_token={SECRET}&client_id=1 HTTP/1.1",
        f"client_secret={SECRET}&redirect_uri=https%3A%2F%2Fa.example",
        f"{{'refresh_token': '{SECRET}', 'expires_in': 3600}}",
    ],
)
def test_values_after_a_secret_name_are_hidden(text):
    assert SECRET not in redact(text)
    assert "[hidden]" in redact(text)


@pytest.mark.parametrize(
    "text", ["GET /api/integrations 200", "The access token has expired.", "Task a.b ended with X"]
)
def test_an_ordinary_message_stays_as_it_is(text):
    assert redact(text) == text


def test_arguments_and_tracebacks_are_redacted_too(log):
    logger, written = log

    try:
        raise ValueError(f"refused: access_token={SECRET}")
    except ValueError:
        logger.exception("call of %s failed", f"https://x.test/?token={SECRET}")

    assert SECRET not in written.getvalue()
    assert "call of https://x.test/?token=[hidden] failed" in written.getvalue()
    assert "ValueError: refused: access_token=[hidden]" in written.getvalue()


@pytest.fixture
def lines():
    """A logger that writes JSON as LOG_FORMAT=json has it, and the objects that it wrote."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("tests.json")
    logger.addHandler(handler)
    yield logger, lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_a_line_of_json_has_time_level_logger_and_the_redacted_message(lines, time_machine):
    time_machine.move_to(datetime(2026, 11, 27, 9, 14, tzinfo=UTC), tick=False)
    logger, written = lines

    logger.warning("Refused: access_token=%s\nsecond line", SECRET)

    assert written() == [
        {
            "time": "2026-11-27T09:14:00+00:00",
            "level": "WARNING",
            "logger": "tests.json",
            "message": "Refused: access_token=[hidden]\nsecond line",
        }
    ]


def test_a_traceback_is_redacted_in_json_too(lines):
    logger, written = lines

    try:
        raise ValueError(f"refused: access_token={SECRET}")
    except ValueError:
        logger.exception("It failed")

    [line] = written()
    assert SECRET not in json.dumps(line)
    assert line["traceback"].endswith("ValueError: refused: access_token=[hidden]")


def test_what_a_library_attaches_to_a_line_is_in_none(lines, rf):
    logger, written = lines
    request = rf.get(f"/fix/{SECRET}/")

    logger.warning("Gone", extra={"request": request, "status_code": 410, "facts": {"ms": 3}})

    [line] = written()
    assert line.keys() == {"time", "level", "logger", "message", "ms"}


def test_a_debug_page_shows_neither_what_was_typed_nor_variables(rf, settings):
    settings.DEBUG = True
    request = rf.post("/", {"accountId": SECRET + "-typed"})
    request.COOKIES["sessionid"] = SECRET + "-cookie"
    local_variable = SECRET + "-local"

    try:
        raise LookupError
    except LookupError:
        page = ExceptionReporter(request, *sys.exc_info()).get_traceback_html()

    assert "LookupError" in page
    assert "local_variable" in page
    assert local_variable not in page
    assert SECRET not in page
