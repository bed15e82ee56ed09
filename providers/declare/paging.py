"""Reads a list that a platform gives in parts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from providers.declare.digging import dig


def pages(
    ask: Callable[..., Any], next_of: Callable[[Any], Mapping[str, str]], most: int = 10
) -> Iterator[Any]:
    """`pages(partial(api.get, "/accounts"), next_of)`: each page, of `most` at the most.

    `next_of` makes of a page the parameters that ask for the one after it; none at the end.
    """
    after: Mapping[str, str] = {}
    for _ in range(most):
        page = ask(**after)
        yield page
        after = next_of(page)
        if not after:
            return


def following(name: str, at: str) -> Callable[[Any], dict[str, str]]:
    """The next page is asked for by this parameter, with what the page before has there."""
    return lambda page: {name: token} if (token := dig(page, at)) else {}
