"""Searching accounts: every one of the words is in the name or the id."""

from collections.abc import Sequence
from typing import Any

from integrations.models import Candidate
from providers.declare import Account

MOST_SHOWN = 50  # of accounts to choose one from; a search finds the others
FEW = 8  # that need no search


def is_meant(account: Account, query: str) -> bool:
    text = f"{account.name} {account.id}".casefold()
    return all(word in text for word in query.casefold().split())


def choices(kept: Candidate, query: str) -> dict[str, Any]:
    """The accounts that a sign-in reaches, as far as they are meant, to choose one of them."""
    every: Sequence[Account] = kept.offered
    found = [one for one in every if is_meant(one, query)]
    return {
        "offered": found[:MOST_SHOWN],
        "found": len(found),
        "account_query": query,
        "is_searched": bool(query) or len(every) > FEW,
    }
