"""Each kind of channel: what it sends, what it believes, and where it never goes."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from integrations.services.telling import catalogue, messages
from integrations.services.telling.channels import webhook
from integrations.services.telling.kinds import NotTaken, Parcel
from integrations.services.telling.told import Moment, Told
from providers.outbound import resolving
from providers.outbound.addresses import REFUSED
from providers.sandbox.server import Answer
from tests.integrations.receivers import (
    GOOD,
    NOW,
    OVER_HTTP,
    SECRET_PATH,
    TOKEN,
    config_of,
    told,
)

SIGNING_SECRET = webhook.new_secret()
LONG = "So long that nobody reads it to its end, ééé & <so> on. " * 200
HUGE = {"title": LONG, "what_happened": LONG, "who_can_fix": LONG, "about": LONG[:300]}


def parcel(kind: str, one: Told, url: str, origin: str, **more) -> Parcel:
    values = {k: v for k, v in config_of(kind, url, origin).items() if v}
    return Parcel(
        **{
            "id": uuid4(),
            "told": one,
            "letter": messages.letter_of(one, ZoneInfo("Europe/Madrid"), NOW),
            "thread": "1/2/thing-1/1",
            "is_first": True,
            "root": "",
            "sent_at": NOW,
            "values": values | {"signing_secret": SIGNING_SECRET},
            **more,
        }
    )


@pytest.fixture
def send(receiver):
    """`send("slack", told())` sends it to the receiver."""

    def go(kind, one=None, **more):
        one = one or told()
        made = parcel(kind, one, more.pop("url", receiver.url), receiver.server.url, **more)
        return catalogue.kinds()[kind].send(made)

    return go


def body(receiver):
    return json.loads(receiver.seen[-1].body)


def test_a_kind_is_one_file():
    assert [*catalogue.kinds()] == [
        *("discord", "email", "teams", "ntfy", "slack", "telegram", "webhook")
    ]


# --- What is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_the_first_line_says_what_broke_and_the_link_leads_to_the_dialog(kind, send, receiver):
    receiver.answers = [GOOD[kind]]

    receipt = send(kind)

    said = json.dumps(body(receiver), ensure_ascii=False).replace("\\\\", "")
    assert "Postbox ended the access token." in said
    assert "https://control.example/w/main/dashboard/settings/?dialog=postbox" in said
    assert "Acme Studio" in said
    assert receipt.status == GOOD[kind].status
    assert [asked.method for asked in receiver.seen] == ["POST"]


def test_slack_reads_as_designed(send, receiver):
    send("slack")

    sent = body(receiver)
    assert slack_text(sent).split("\n") == [
        "Broken: Postbox: Postbox ended the access token. "
        "Ads monitor and Lead tracking stand still.",
        "Acme Studio · Postbox",
        "What happened: A password was changed there.",
        "Since: Fri 27 Nov, 10:14 CET",
        "What stops: Ads monitor and Lead tracking",
        "Who can fix it: Somebody with access at Postbox.",
        "Paste a new token",
    ]
    first, *_, link = slack_elements(sent)
    assert first["style"] == {"bold": True}
    assert (link["type"], link["url"]) == (
        "link",
        "https://control.example/w/main/dashboard/settings/?dialog=postbox",
    )
    assert sent["text"].startswith("Broken: Postbox")


def slack_elements(sent):
    return sent["blocks"][0]["elements"][0]["elements"]


def slack_text(sent):
    return "".join(one["text"] for one in slack_elements(sent))


def test_slack_shows_what_people_named_as_it_is(send, receiver):
    """Only elements of `rich_text` are never read as markup, and no address in them is a link."""
    send("slack", told(about="Shop *50% off* `x`", title="See https://evil.example/login now."))

    sent = body(receiver)
    assert "Broken: Shop *50% off* `x`: See https://evil.example/login now." in slack_text(sent)
    assert {one["type"] for one in sent["blocks"]} == {"rich_text"}
    assert [one["type"] for one in slack_elements(sent)].count("link") == 1
    assert (sent["mrkdwn"], sent["unfurl_links"]) == (False, False)


@pytest.mark.parametrize(
    ("kind", "size", "most"),
    [
        ("slack", lambda sent: max(len(one["text"]) for one in slack_elements(sent)), 3000),
        ("slack", lambda sent: len(json.dumps(sent)), 13_000),
        ("teams", lambda sent: len(json.dumps(sent, ensure_ascii=False).encode()), 28_000),
        ("discord", lambda sent: len(sent["content"]), 2000),
        ("telegram", lambda sent: len(sent["text"]), 4096 + 500),  # entities count as one
        ("ntfy", lambda sent: len(sent["message"].encode()), 4096),
        ("ntfy", lambda sent: len(sent["title"].encode()), 1024),
        ("webhook", lambda sent: len(json.dumps(sent, ensure_ascii=False).encode()), 20_000),
    ],
)
def test_what_is_too_long_is_cut_and_keeps_its_link(kind, size, most, send, receiver):
    receiver.answers = [GOOD[kind]]

    send(kind, told(**HUGE))

    sent = body(receiver)
    assert size(sent) <= most
    assert "dialog=postbox" in json.dumps(sent)
    assert "…" in json.dumps(sent, ensure_ascii=False)


@pytest.mark.parametrize("kind", ["slack", "discord", "telegram"])
def test_a_name_mentions_and_formats_nothing(kind, send, receiver):
    receiver.answers = [GOOD[kind]]

    send(kind, told(about="<!channel> @everyone <b>x</b> [a](http://b.example)"))

    sent = json.dumps(body(receiver))
    if kind == "slack":  # its blocks are not read as markup
        sent = body(receiver)["text"]
    assert "<!channel>" not in sent.replace("&lt;!channel&gt;", "")
    if kind == "discord":
        assert body(receiver)["allowed_mentions"] == {"parse": []}
        assert "[a](http" not in body(receiver)["content"]
    if kind == "telegram":
        assert "<b>x</b>" not in body(receiver)["text"]


def test_discord_asks_for_the_message_that_it_made(send, receiver):
    receiver.answers = [GOOD["discord"]]

    assert send("discord").reference == "1311"
    assert receiver.seen[0].query == {"wait": "true"}


def test_discord_says_in_the_first_message_that_it_is_over(send, receiver):
    receiver.answers = [GOOD["discord"]]

    send("discord", told(Moment.CLOSED, lasted=timedelta(hours=1)), root="1311", is_first=False)

    new, edited = receiver.seen
    assert (new.method, edited.method) == ("POST", "PATCH")
    assert edited.path == f"{new.path}/messages/1311"
    assert json.loads(edited.body)["content"].startswith("**Works again: Postbox works again.**")
    assert json.loads(edited.body)["allowed_mentions"] == {"parse": []}


def test_discord_tells_the_end_also_where_the_first_message_is_gone(send, receiver):
    receiver.answers = [GOOD["discord"], Answer(404, {"code": 10008})]

    over = told(Moment.CLOSED, lasted=timedelta(hours=1))
    assert send("discord", over, root="1311", is_first=False).reference == "1311"


@pytest.mark.parametrize(
    ("moment", "root"), [("reminder", "1311"), ("closed", ""), ("closed", "a/b")]
)
def test_discord_changes_nothing_else(send, receiver, moment, root):
    receiver.answers = [GOOD["discord"]]

    send("discord", told(Moment(moment), lasted=timedelta(hours=1)), root=root, is_first=False)

    assert [one.method for one in receiver.seen] == ["POST"]


def test_a_webhook_of_any_letters_is_below_20_kb(send, receiver):
    text = "広告の接続が切れました。" * 400
    ids = tuple(str(UUID(int=number)) for number in range(100))

    send("webhook", told(title=text, what_happened=text, who_can_fix=text, connections=ids))

    assert len(receiver.seen[0].body) < 20_000


def test_a_webhook_is_signed_by_the_former_secret_too_while_it_is_good(send, receiver):
    former = webhook.new_secret()
    until = NOW + timedelta(hours=1)
    more = {"former_signing_secret": former, "former_until": until}
    for at in (NOW, until):
        made = parcel("webhook", told(), receiver.url, receiver.server.url, sent_at=at)
        webhook.KIND.send(replace(made, values={**made.values, **more}))

    both, one = (asked.headers["webhook-signature"].split() for asked in receiver.seen)
    assert (len(both), len(one)) == (2, 1)
    asked = receiver.seen[0]
    for secret in (SIGNING_SECRET, former):
        Webhook(secret).verify(asked.body, dict(asked.headers))


def test_telegram_answers_the_first_message_of_the_break(send, receiver):
    receiver.answers = [GOOD["telegram"]]

    assert send("telegram").reference == "77"
    send("telegram", told(Moment.CLOSED, lasted=timedelta(hours=1)), root="77", is_first=False)

    assert receiver.seen[0].path == f"/bot{TOKEN}/sendMessage"
    assert "reply_parameters" not in json.loads(receiver.seen[0].body)
    assert body(receiver)["reply_parameters"]["message_id"] == 77


def test_ntfy_is_let_in_by_its_token(send, receiver):
    receiver.answers = [GOOD["ntfy"]]

    send("ntfy")

    assert receiver.seen[0].bearer == "tk_s3cr3tDoNotLeak4711"
    assert (body(receiver)["topic"], body(receiver)["priority"]) == ("acme-7Hq2", 4)


# --- Signed webhooks -----------------------------------------------------------------------------


def verify(asked, secret=SIGNING_SECRET):
    return Webhook(secret).verify(asked.body, dict(asked.headers))


def test_a_webhook_is_verified_by_the_standards_own_library(send, receiver):
    send("webhook")

    sent = verify(receiver.seen[0])
    assert sent["type"] == "incident.opened"
    assert sent["timestamp"] == "2026-11-27T09:14:00Z"
    assert re.fullmatch(r"[a-zA-Z0-9_.]+", sent["type"])
    assert sent["data"]["stops"] == ["Ads monitor", "Lead tracking"]
    assert receiver.seen[0].headers["webhook-id"].startswith("msg_")


def test_a_webhook_with_another_secret_or_body_is_not_believed(send, receiver):
    send("webhook")
    asked = receiver.seen[0]

    with pytest.raises(WebhookVerificationError):
        verify(asked, webhook.new_secret())
    with pytest.raises(WebhookVerificationError):
        verify(replace(asked, body=asked.body + b" "))


def test_a_webhook_that_is_sent_again_has_its_id_and_a_new_time(send, receiver):
    id_ = uuid4()

    send("webhook", id=id_)
    send("webhook", id=id_, sent_at=NOW + timedelta(seconds=30))

    first, second = receiver.seen
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 30
    assert verify(second)["data"] == verify(first)["data"]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_&&&", "c2hvcnQ="])
def test_a_weak_signing_secret_is_refused(secret):
    assert webhook.check({"signing_secret": secret}) == {"signing_secret": webhook.BAD_SECRET}


# --- What is believed ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    ("answer", "refused", "gone"),
    [
        (Answer(404, "no_service"), True, False),
        (Answer(403, {}), True, False),
        (Answer(410, ""), True, True),
        (Answer(500, "<html>"), False, False),
        (Answer(302, "", {"Location": "http://127.0.0.1:1/"}), True, False),
        (Answer(is_reset=True), False, False),
    ],
    ids=["404", "403", "410", "500", "302", "reset"],
)
def test_what_was_not_taken_says_why(kind, answer, refused, gone, send, receiver):
    receiver.answers = [answer]

    with pytest.raises(NotTaken) as problem:
        send(kind)

    told_ = problem.value
    assert (told_.is_refused, told_.is_gone) == (refused, gone)
    assert told_.sentence.endswith(".")
    assert "s3cr3t" not in told_.sentence
    assert TOKEN not in told_.sentence
    assert len(receiver.seen) == 1  # no redirect is followed


@pytest.mark.parametrize("kind", ["slack", "discord", "telegram", "ntfy"])
def test_a_page_that_says_200_is_no_receipt(kind, send, receiver):
    receiver.answers = [Answer(200, "<!doctype html><title>Sign in</title>")]

    with pytest.raises(NotTaken) as problem:
        send(kind)

    assert problem.value.sentence.startswith("Something else than")


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(429, {}, {"Retry-After": "17"}), 17),
        (Answer(429, {"retry_after": 0.75}), 0.75),
        (Answer(429, {"ok": False, "parameters": {"retry_after": 35}}), 35),
    ],
)
def test_a_limit_says_when_to_come_back(answer, seconds, send, receiver):
    receiver.answers = [answer]

    with pytest.raises(NotTaken) as problem:
        send("slack")

    assert problem.value.retry_after_seconds == seconds
    assert not problem.value.is_refused


# --- Where it never goes -------------------------------------------------------------------------


def at(kind, origin):
    """A parcel of this kind for another place than the receiver."""
    return parcel(kind, told(), f"{origin}{SECRET_PATH}", origin)


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:9",
        "https://127.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://2130706433",
        "https://localhost",
        "https://10.0.0.7",
    ],
)
def test_no_kind_reaches_a_private_address(kind, origin, receiver):
    with pytest.raises(NotTaken) as problem:
        catalogue.kinds()[kind].send(at(kind, origin))

    assert problem.value.is_refused
    assert problem.value.sentence == REFUSED
    assert not receiver.seen


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize("ip", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "::1"])
def test_no_kind_reaches_a_name_that_leads_to_a_private_address(kind, ip, receiver, monkeypatch):
    asked_for = []

    def found(host, port, **_more):
        asked_for.append(host)
        return [(2, 1, 6, "", (ip, port))]

    monkeypatch.setattr(resolving.socket, "getaddrinfo", found)

    with pytest.raises(NotTaken) as problem:
        catalogue.kinds()[kind].send(at(kind, "https://hooks.acme.example"))

    assert asked_for == ["hooks.acme.example"]
    assert (problem.value.sentence, problem.value.is_refused) == (REFUSED, True)


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_no_kind_follows_a_redirect(kind, send, receiver):
    receiver.answers = [Answer(307, "", {"Location": f"{receiver.server.url}/inside"})]

    with pytest.raises(NotTaken):
        send(kind)

    assert [asked.path for asked in receiver.seen].count("/inside") == 0
    assert len(receiver.seen) == 1


def test_a_parcel_and_a_request_show_no_secret():
    made = parcel("telegram", told(), "https://hooks.acme.example/s3cr3t", "https://x.example")

    assert TOKEN not in repr(made)
    assert "s3cr3t" not in repr(made)
