import pytest

from providers.outbound.reply import Reply
from tests.providers.apis import trusting
from tests.providers.servers import RawServer, ok


def reply_of(body, headers=b""):
    with RawServer(ok(body, headers=headers)) as server, trusting(server) as api:
        return api.request("GET", "/me")


def test_headers_do_not_mind_case():
    assert reply_of(b"{}", b"Etag: 7\r\n").headers["ETAG"] == "7"


@pytest.mark.parametrize(
    "body",
    [b"", b"<p>", b"\xff\xfe\xfa", b"[" * 100_000, b"1" * 10_000, b'{"a": 1'],
)
def test_what_is_not_json_is_none(body):
    assert reply_of(body).json_or_none() is None


def test_json_is_parsed_once():
    reply = reply_of(b'\xef\xbb\xbf{"a": [1]}')

    assert reply.json_or_none() == {"a": [1]}
    assert reply.json_or_none() is reply.json_or_none()


def test_html_is_known_by_its_type_or_its_beginning():
    assert reply_of(b"\n <!DOCTYPE HTML><p>").is_html
    assert Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"").is_html
    assert not reply_of(b'{"a": "<html>"}').is_html


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("120", 120), ("0", 0), (" 1.5 ", 1.5), ("-5", None), ("soon", None), ("", None)),
        *(("9" * 400, None), ("٣", None), ("nan", None)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert Reply(429, {"Retry-After": text}, b"").retry_after_seconds == seconds


def test_retry_after_a_date_to_come_is_the_time_until_then(time_machine):
    time_machine.move_to("2026-11-22 14:00:00 +0000", tick=False)
    reply = Reply(429, {"Retry-After": "Sun, 22 Nov 2026 14:02:00 GMT"}, b"")

    assert reply.retry_after_seconds == 120
    assert Reply(200, {}, b"").retry_after_seconds is None
