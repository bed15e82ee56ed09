"""Lets a request in by the address that PUBLIC_URL names, or says in a sentence what is wrong.

The path of PUBLIC_URL is taken off, where the proxy leaves it on. Probes are answered whatever
name they ask by, and like monitors by plain http. All else is sent to https; where that would go
on for ever, because the proxy does not say that the browser is on https already, an answer says
so instead.
"""

import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from integrations_center import proxies, public_url, told_once

TROUBLE = "integrations.trouble"  # in the environ
PROBES = re.compile(r"/(?:healthz|readyz)/?")
METRICS = re.compile(r"/metrics/?")
LOOP_SECONDS = 10
MOST_REDIRECTS = 10  # browsers follow 20, and of one address several people may ask
MOST_REMEMBERED = 1000
HOST = (
    "This site was asked for as {asked}, and it answers {known} only. "
    "Set PUBLIC_URL to the address that people open, or add the name to ALLOWED_HOSTS."
)
NOT_TRUSTED = (
    "PUBLIC_URL begins with https://, and the proxy at {proxy} is not trusted when it says by what "
    "the browser came. If it is yours, add it to TRUSTED_PROXIES and start again."
)
NO_SCHEME = (
    "PUBLIC_URL begins with https://, and the proxy at {proxy} does not say that the browser came "
    "by https. Let it send X-Forwarded-Proto: https; nginx: proxy_set_header X-Forwarded-Proto "
    "$scheme; and behind another proxy that has the TLS, the literal https."
)
HTTPS_OUTSIDE = (
    "The browser came by https, and PUBLIC_URL begins with http://. "
    "Set PUBLIC_URL=https://{host} and start again."
)

logger = logging.getLogger(__name__)


class FrontDoorMiddleware:
    """Below TrustedProxyMiddleware, which knows how the browser came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.redirects = Redirects()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _take_path_off(request)
        if PROBES.fullmatch(request.path_info):
            request.META["HTTP_HOST"] = urlsplit(settings.PUBLIC_URL).netloc
            return self.get_response(request)
        try:
            request.get_host()
        except DisallowedHost:
            asked = repr(request.META.get("HTTP_HOST", "")[:100])
            known = ", ".join(settings.ALLOWED_HOSTS)
            return _refused(request, "host", HOST.format(asked=asked, known=known), 400)
        if settings.SECURE_SSL_REDIRECT and not self.may_be_plain(request):
            return self.to_https(request)
        request.META[TROUBLE] = _trouble(request)
        return self.get_response(request)

    def may_be_plain(self, request: HttpRequest) -> bool:
        """A monitor beside it asks for metrics by plain http, as probes do."""
        return request.is_secure() or bool(METRICS.fullmatch(request.path_info))

    def to_https(self, request: HttpRequest) -> HttpResponse:
        """308, so that what was posted is posted again."""
        way = proxies.way_of(request)
        is_lost = way.scheme == "https" and not way.is_trusted
        if is_lost or self.is_back(request):
            said = NO_SCHEME if way.is_trusted else NOT_TRUSTED
            return _refused(request, "https", said.format(proxy=way.proxy), 503)
        there = public_url.origin() + request.get_full_path()
        response = HttpResponse(status=308, headers={"Location": there})
        # A browser keeps and sends a Secure cookie on https alone: it proves where it is.
        response.set_cookie(
            settings.HTTPS_COOKIE_NAME,
            "1",
            max_age=LOOP_SECONDS,
            path=settings.SESSION_COOKIE_PATH,
            secure=True,
            httponly=True,
            samesite="Lax",
        )
        return response

    def is_back(self, request: HttpRequest) -> bool:
        """Whether it was sent to https and comes from there, though nobody says so."""
        if settings.HTTPS_COOKIE_NAME in request.COOKIES:
            return True
        # Where it is said to be http, that is mostly so, and people share an address.
        most = 10 * MOST_REDIRECTS if proxies.way_of(request).scheme else MOST_REDIRECTS
        return self.redirects.are_too_many(f"{request.META['REMOTE_ADDR']} {request.path}", most)


class Redirects:
    """How often one address was sent to one place, for programs that keep no cookies."""

    def __init__(self) -> None:
        self._times: defaultdict[str, list[float]] = defaultdict(list)

    def are_too_many(self, what: str, most: int) -> bool:
        if len(self._times) > MOST_REMEMBERED:
            self._times.clear()
        now = time.monotonic()
        recent = [then for then in self._times[what] if now - then < LOOP_SECONDS]
        self._times[what] = [*recent, now][-most:]
        return len(recent) >= most


def trouble_of(request: HttpRequest) -> str:
    """What whoever runs this should mend, as this request shows; or ""."""
    sentence: str = request.META.get(TROUBLE, "")
    return sentence


def _trouble(request: HttpRequest) -> str:
    way = proxies.way_of(request)
    if way.trouble or not request.is_secure() or not way.is_trusted:
        return way.trouble
    if settings.PUBLIC_URL.startswith("https://"):
        return ""
    sentence = HTTPS_OUTSIDE.format(host=request.get_host())
    told_once.warn(logger, "https outside", sentence)
    return sentence


def _take_path_off(request: HttpRequest) -> None:
    """A proxy passes the path of PUBLIC_URL on, or takes it off itself: both will do."""
    path = settings.FORCE_SCRIPT_NAME
    if path and f"{request.path_info}/".startswith(f"{path}/"):
        request.path_info = request.path_info.removeprefix(path) or "/"
        request.META["PATH_INFO"] = request.path_info
        request.path = path + request.path_info


def _refused(request: HttpRequest, kind: str, sentence: str, status: int) -> HttpResponse:
    told_once.warn(logger, kind, sentence)
    if request.path_info.startswith("/api/"):
        body = {"detail": sentence, "code": "not_set_up"}
        return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
    page = render_to_string("not_set_up.html", {"sentence": sentence})
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})
