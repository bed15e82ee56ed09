"""Ask a sandbox's part directly, and read a result, for the tests of several platforms."""

from datetime import UTC, datetime
from email.message import Message
from urllib.parse import urlencode

from providers.declare import Grant, Held, Tokens
from providers.sandbox.server import Asked


def ask(answer, path, query=None, headers=None, *, method="GET", form=None):
    """What `answer` says to this request; headers that are None are left out."""
    sent = Message()
    for name, value in (headers or {}).items():
        if value is not None:
            sent[name] = value
    if form is not None and "Content-Type" not in sent:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    return answer(Asked(method, path, query or {}, sent, urlencode(form or {}).encode()))


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]


def kind(result):
    return result.error.kind if result.error else None


def held(values, grant=None):
    """What a service hands out of a sign-in whose token is among these values, if it is."""
    if "access_token" not in values:
        return None
    grant = grant or Grant()
    given = Tokens(values["access_token"], scopes=grant.granted, facts=grant.facts)
    return lambda: Held(given, datetime.now(UTC))
