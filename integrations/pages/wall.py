"""The wall: a page for a screen in the room, large and dark, that needs nobody's click.

It shows itself anew and turns through its screens by a small script. It is the one page that does
not lengthen a session: nobody sits in front of it, so it is signed out when the time is over.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integrations.pages.parts import Request

WALL = "wall"  # in the address
EVERY_SECONDS = 20


def on_a_wall(request: Request, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context | {"every_seconds": EVERY_SECONDS})
    # A session that is read late in its life is marked to be saved, which would move its end.
    request.session.modified = False
    return response


def screens[T](shown: Sequence[T], most: int) -> list[Sequence[T]]:
    """In parts of about the same size, so that none is nearly empty."""
    if not shown:
        return []
    number = -(-len(shown) // most)
    each = -(-len(shown) // number)
    return [shown[at : at + each] for at in range(0, len(shown), each)]
