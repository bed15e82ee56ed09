"""Unsubscribing from a channel's mails: asked on a page, and at once by a mail reader's button."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import clock
from integrations.pages.parts import count_link, without_referrer
from integrations.services.people.members import Archived
from integrations.services.telling import changes, unsubscribing
from integrations.services.telling.changes import NoChannel


@csrf_exempt  # RFC 8058: it is posted by whoever reads the mail, and the address alone lets in
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """A GET changes nothing: some readers open each link of a mail."""
    guess = count_link(request)
    try:
        channel_id, address = unsubscribing.opened(token)
    except unsubscribing.LinkGone:
        return _shown(request, status=410)
    guess.was_right()
    if request.method == "GET":
        return _shown(request, address=address)
    with suppress(NoChannel, Archived):  # nothing is sent there any more
        changes.unsubscribe(channel_id, address, clock.now())
    return _shown(request, address=address, is_done=True)


def _shown(
    request: HttpRequest, *, address: str = "", is_done: bool = False, status: int = 200
) -> HttpResponse:
    context = {"address": address, "is_done": is_done}
    return without_referrer(render(request, "telling/unsubscribe.html", context, status=status))
