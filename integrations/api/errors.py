"""Every error under /api/ is JSON: `{"detail": str, "code": str}`, or sentences by field.

The services' exceptions get their HTTP status here. A crash is logged by its class and place:
its text could hold what somebody sent.
"""

import logging
import traceback
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from integrations import database
from integrations.api.authentication import TooManyTokens
from integrations.api.presentation import api_errors
from integrations.models import IntegrationConnection
from integrations.services.people.members import Archived, LastOwner, NotAnOwner
from integrations.services.people.people import NoWorkspace
from integrations.services.proving.discovery import CannotList, IsLent
from integrations.services.refusals import (
    Busy,
    InvalidChange,
    NoConnection,
    NothingToTest,
    Paused,
    SameAccount,
    TooManyGuesses,
    TooManyTests,
    VersionConflict,
)
from integrations.services.watching.handling import NoIncident
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

MAY_ONLY_LOOK = "Your role in this workspace may only look. Ask an owner to make you an editor."
BAD_REQUEST = "This request cannot be read."
NOT_FOUND = "There is nothing at this address."
NO_WORKSPACE = "No workspace of yours has this name. Leave it out to use your default one."
NO_CONNECTION = "No connection here has this id. GET /api/connections lists them."
NO_INCIDENT = "No incident here has this id. GET /api/incidents lists them."
ARCHIVED = "The workspace was archived meanwhile. Nothing was changed."
NOTHING_TO_TEST = "Not everything that a test needs is saved. Save it, or send it along."
CANNOT_LIST = "These credentials give no list of accounts. Set the account by hand."
LAST_OWNER = "Somebody must own the workspace. Make another member an owner first."
BUSY = "Many calls wait for platforms just now."
TOO_LARGE = "This is more than a request may hold. Send less at once."
CRASHED = "Something went wrong on this server. Tell whoever runs this installation."
CURSOR_EXPIRED = (
    "This cursor is more than 30 days old, and events are kept for 30 days: some may be missed. "
    "Read how things are now, then begin without `after`."
)
NO_STORE = {"Cache-Control": "no-store"}


class Problem(exceptions.APIException):
    """`wait` seconds become the header Retry-After."""

    def __init__(self, status: int, code: str, detail: str, wait: int | None = None) -> None:
        self.status_code = status
        if wait is not None:
            self.wait = wait
        super().__init__(detail, code)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The REST framework's exception handler: an answer to everything a view raises.

    Only a database that is not there is left to the site's own answer, the same everywhere.
    """
    if database.is_unavailable(error):
        return None
    problem = _meaning(error, context)
    _answer_in_json(context["request"], problem)
    response = exception_handler(problem, context)
    if response and not isinstance(problem.detail, dict):
        response.data = {"detail": problem.detail, "code": problem.get_codes()}
    return response


def _of_platform(error: ProviderError) -> Problem:
    """It refused, or did not answer; the code is the kind of the contract."""
    seconds = error.retry_after_seconds
    wait = None if seconds is None else round(seconds)
    return Problem(409, error.kind, f"{error.message} {error.action}", wait)


def _of_too_many(error: TooManyTests) -> Problem:
    wait = error.retry_after_seconds
    if isinstance(error, Paused):
        return Problem(429, "throttled", error.sentence, wait)
    detail = f"This was tested too often in a minute. Test again in {wait} seconds."
    return Problem(429, "throttled", detail, wait)


def _of_too_many_guesses(error: TooManyGuesses) -> Problem:
    return Problem(429, "throttled", f"{error.sentence} {error.wait}", error.retry_after_seconds)


def _of_busy(error: Busy) -> Problem:
    wait = error.retry_after_seconds
    return Problem(503, "busy", f"{BUSY} Try again in {wait} seconds.", wait)


# What each exception means; the first that fits counts.
MEANINGS: tuple[tuple[type[Exception], Callable[[Any], exceptions.APIException]], ...] = (
    (exceptions.APIException, lambda error: error),
    (SameAccount, lambda e: Problem(409, "same_account", e.sentence)),
    (VersionConflict, lambda e: Problem(412, "version_conflict", who_saved_what(e.connection))),
    (NoConnection, lambda _: exceptions.NotFound(NO_CONNECTION)),
    (NoIncident, lambda _: exceptions.NotFound(NO_INCIDENT)),
    (NothingToTest, lambda _: Problem(409, "not_connected", NOTHING_TO_TEST)),
    (TooManyTests, _of_too_many),
    (Busy, _of_busy),
    (TooManyGuesses, _of_too_many_guesses),
    (LastOwner, lambda _: Problem(409, "last_owner", LAST_OWNER)),
    (NotAnOwner, lambda _: exceptions.PermissionDenied()),
    (Archived, lambda _: exceptions.NotFound(ARCHIVED)),
    (IsLent, lambda e: Problem(409, "no_list", e.sentence)),
    (CannotList, lambda _: Problem(409, "no_list", CANNOT_LIST)),
    (ProviderError, _of_platform),
    (NoWorkspace, lambda _: exceptions.NotFound(NO_WORKSPACE)),
    (RequestDataTooBig, lambda _: Problem(413, "too_large", TOO_LARGE)),
    (Http404, lambda _: exceptions.NotFound(NOT_FOUND)),
)


def _meaning(error: Exception, context: dict[str, Any]) -> exceptions.APIException:
    if isinstance(error, InvalidChange) and not isinstance(error, SameAccount):
        provider = getattr(context["view"], "provider", "")
        told = api_errors(provider, error.errors) if provider else error.errors
        return exceptions.ValidationError(told)
    for kind, meaning in MEANINGS:
        if isinstance(error, kind):
            return meaning(error)
    _log(error, type(context["view"]).__name__)
    return Problem(500, "server_error", CRASHED)


def who_saved_what(connection: IntegrationConnection) -> str:
    """For the person whose change was refused, since another one came first."""
    person = connection.edited_by
    who = (person.get_full_name() or person.get_username()) if person else "Someone else"
    if not connection.edited_at:
        return "This is not the saved version. Read it again, then repeat your change."
    when = f"{connection.edited_at:%d %b %Y at %H:%M} UTC"
    what = ", ".join(connection.edited_fields)
    return f"{who} saved {what} on {when}. Read it again, then repeat your change."


def _answer_in_json(request: Request, problem: exceptions.APIException) -> None:
    """Only the browsable API shows a signed-in person an error as a page."""
    renderer = getattr(request, "accepted_renderer", None)
    is_nobodys = problem.status_code == 401 or isinstance(problem, TooManyTokens)
    if not isinstance(renderer, BrowsableAPIRenderer) or is_nobodys:
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = JSONRenderer.media_type


def _log(error: Exception, where: str) -> None:
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s in %s\n%s", type(error).__name__, where, places)


# --- What Django answers before, or instead of, a view ---------------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _reply(400, BAD_REQUEST, "bad_request")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _reply(404, NOT_FOUND, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    return _reply(500, CRASHED, "server_error")


def _reply(status: int, detail: str, code: str) -> HttpResponse:
    return JsonResponse({"detail": detail, "code": code}, status=status, headers=NO_STORE)
