"""The words of incidents: while a platform is only silent, nobody is asked to do anything."""

from uuid import uuid4

import pytest

from integrations.models import Scope
from integrations.services.watching.judging import Trouble
from integrations.services.watching.keys import Key, Nature
from integrations.services.watching.wording import BY_ITSELF, words
from providers.errors import CredentialsUnreadable, Refused, Unanswered
from tests.integrations.services.keeping.moments import NOW


def trouble(error):
    return Trouble(
        connection_id=uuid4(),
        workspace_id=1,
        provider="meta",
        name="Meta",
        kind=error.kind,
        since=NOW,
        tried_at=NOW,
        asks="meta",
        message=error.default_message,
        action=error.default_action,
    )


@pytest.mark.parametrize("error", Unanswered.__subclasses__(), ids=lambda error: error.kind)
def test_silence_asks_nobody_to_do_anything(error):
    found = trouble(error)
    said = words(Key(found.nature, Scope.CONNECTION, found.own), [found])

    assert (said.message, said.action) == (error.default_message, BY_ITSELF)


@pytest.mark.parametrize("error", Refused.__subclasses__(), ids=lambda error: error.kind)
def test_a_refusal_says_what_to_do(error):
    found = trouble(error)
    said = words(Key(found.nature, Scope.CONNECTION, found.own), [found])

    assert said.action
    assert said.action != BY_ITSELF


def test_a_key_that_is_missing_is_not_told_in_an_administrators_words():
    found = trouble(CredentialsUnreadable)
    said = words(Key(Nature.OURS, Scope.KEY, "abc"), [found])

    assert "CREDENTIAL_KEYS" not in f"{said.title} {said.message} {said.action}"
    assert "whoever runs this installation" in said.action
