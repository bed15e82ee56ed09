"""Microsoft Teams: the webhook of a workflow, which takes an Adaptive Card.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors (read 2026-11-29).
Quirks: Office 365 connectors are switched off, so their addresses are refused. 202 says that the
workflow began, not that anybody sees the card. 28 KB, all included. Text blocks read Markdown, so
names stand in text runs, which do not.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.services.telling.channels.fields import address
from integrations.services.telling.kinds import Kind, Outgoing, Parcel, as_json, cut, over_http

NAME = "Microsoft Teams"
MOST_BYTES = 28_000
SHORTER = (2000, 800, 200, 60)
OLD = "This is the address of a connector, which Microsoft switched off. Make a workflow instead."


def write(parcel: Parcel) -> Outgoing:
    for longest in SHORTER:
        body = as_json(_message(parcel, longest))
        if len(body) <= MOST_BYTES:
            break
    return Outgoing(parcel.values["url"], body)


def _message(parcel: Parcel, longest: int) -> dict[str, Any]:
    letter = parcel.letter
    color = {"bad": "attention", "ok": "good", "warn": "warning", "idle": "default"}[letter.tone]
    said = cut(letter.more, longest)
    paragraphs = [
        _paragraph(_run(cut(letter.first_line, longest), weight="bolder", color=color)),
        _paragraph(_run(cut(letter.where, longest), isSubtle=True)),
        *([_paragraph(_run(said))] if said else []),
        *(
            _paragraph(_run(f"{label}: ", weight="bolder"), _run(cut(words, longest)))
            for label, words in letter.facts
        ),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(letter.first_line, longest),
        "body": paragraphs,
        "actions": [{"type": "Action.OpenUrl", "title": letter.act, "url": letter.link}],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _paragraph(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **looks}


def check(values: Mapping[str, str]) -> dict[str, str]:
    host = urlsplit(values.get("url", "")).hostname or ""
    is_old = re.fullmatch(r"(.+\.)?webhook\.office\.com|outlook\.office\.com", host)
    return {"url": OLD} if is_old else {}


KIND = Kind(
    slug="teams",
    name=NAME,
    about="One channel or chat of Teams, by a workflow of yours.",
    steps=(
        "Beside the channel's name open … and then Workflows.",
        "Choose the template that posts to a channel when a webhook request is received.",
        "Save it, and copy the whole address. It belongs to you: it stops when you leave.",
    ),
    fields=(address("Workflow URL", "https://….environment.api.powerplatform.com/…"),),
    check=check,
    send=over_http(NAME, write),
)
