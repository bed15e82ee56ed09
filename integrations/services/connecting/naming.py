"""Naming: the slug that a connection keeps for good."""

import re
from collections.abc import Collection
from itertools import chain

from django.utils.text import slugify

from integrations import compiled
from integrations.models import IntegrationConnection
from integrations.services import rows
from integrations.services.refusals import InvalidChange

LONGEST_SLUG = 50
BEFORE_ADDRESS = re.compile(r"^[a-z][a-z-]*:(?://)?(?:www\.)?(?=\S+\.\S+$)", re.IGNORECASE)
PARTS = re.compile(r"[.:/@]+")  # what stands between the words of an address
MAIN = "main"
SLUG_TAKEN = "Another connection of this platform has this slug. Choose another."


def free_slug(taken: Collection[str], called: str, *, asked: str = "") -> str:
    """The slug that was asked for, or one of what it is called, that is not taken.

    Raises InvalidChange.
    """
    if asked in taken:
        raise InvalidChange({"slug": [SLUG_TAKEN]})
    if asked:
        return asked
    stem = slugify(PARTS.sub(" ", BEFORE_ADDRESS.sub("", called))).replace("_", "-")
    wanted = stem[: LONGEST_SLUG - 5].strip("-") or MAIN
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in chain([wanted], numbered) if one not in taken)


def settle(draft: IntegrationConnection, called: str) -> bool:
    """Make a draft, locked with its workspace, one of its platform's connections.

    Part of the transaction that saves it first. It is the default one where there is none left.
    False for what is none.
    """
    if not rows.is_draft(draft):
        return False
    place = {"workspace": draft.workspace_id, "provider": draft.provider}
    beside = IntegrationConnection.objects.filter(**place).exclude(pk=draft.pk)
    draft.slug = free_slug({one.slug for one in beside}, called)
    draft.is_default = not any(one.is_default for one in beside)
    values = {"slug": draft.slug, "is_default": draft.is_default}
    compiled.update(IntegrationConnection, values, id=draft.pk)
    return True
