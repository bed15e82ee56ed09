"""GET /metrics: for a monitor that has the token, or asks from an address that may.

Without either setting there is nothing at this address.
"""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from integrations.services.measuring import exposition
from integrations_center import proxies

BEARER = re.compile(r"bearer +([\x21-\x7e]+)", re.IGNORECASE)
NO_TOKEN = "This needs the token of METRICS_TOKEN: Authorization: Bearer …\n"
NO_ADDRESS = "This address may not read metrics. Whoever runs this can add it to METRICS_ALLOW.\n"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, the same from every process."""
    if not (settings.METRICS_TOKEN or settings.METRICS_ALLOW):
        raise Http404
    if not (_has_token(request) or _is_near(request)):
        return _refused()
    return HttpResponse(exposition.text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token(request: HttpRequest) -> bool:
    given = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    wanted = settings.METRICS_TOKEN
    return bool(wanted and given and constant_time_compare(given[1], wanted))


def _is_near(request: HttpRequest) -> bool:
    """Whether its address may ask; not where a proxy hides who it is, for all then look near."""
    if proxies.way_of(request).trouble:
        return False
    return proxies.is_within(request.META["REMOTE_ADDR"], settings.METRICS_ALLOW)


def _refused() -> HttpResponse:
    plain = "text/plain; charset=utf-8"
    if not settings.METRICS_TOKEN:
        return HttpResponse(NO_ADDRESS, status=403, content_type=plain)
    headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
    return HttpResponse(NO_TOKEN, status=401, content_type=plain, headers=headers)
