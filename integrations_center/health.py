"""Two questions that monitors ask: is the process alive, and can it do its work?"""

from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations import clock, queue
from integrations.database import is_unavailable
from integrations.services.credentials import sealing
from integrations.services.keeping import rounds
from integrations.services.trouble import apart
from integrations.services.watching import engine, stops
from integrations_center import broker

OK = "ok"
NO_ANSWER = "The database does not answer. Check DATABASE_URL and that it runs."
START = "Start `./dev serve` or `manage.py worker`."


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: asks neither the database nor the session."""
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve. With `?full=1`, whether all else is as it should be too.

    `{"status": "ok", "key": "ok", "worker": "ok"}`, or a sentence for whoever runs this in
    place of an "ok". In full, and where Redis wakes workers, `redis` is a part of it.
    """
    if problem := what_is_missing():
        return JsonResponse({"status": "not ready", "detail": problem}, status=503)
    is_full = request.GET.get("full") == "1"
    beside = {"key": key(), "worker": worker()}
    if is_full and broker.url():  # who asks often need not wait for a Redis that is away
        beside["redis"] = broker.problem() or OK
    missing = [said for said in beside.values() if said != OK]
    if missing and is_full:
        return JsonResponse(
            {"status": "not ready", "detail": " ".join(missing), **beside}, status=503
        )
    return JsonResponse({"status": OK, **beside})


def what_is_missing() -> str | None:
    """A sentence for the person who runs this, or None."""
    try:
        if migrations_due():
            return "The database is not migrated. Run `python manage.py migrate`."
    except DatabaseError as error:
        if is_unavailable(error):
            return NO_ANSWER
        return "The database refuses to be read. Check what its user may do."
    return None


def said_of(error: DatabaseError) -> str:
    """For a terminal: whether the database is not there, or what it refuses, without values."""
    said = str(error).partition("FATAL:")[2] or ("" if is_unavailable(error) else str(error))
    lines = said.strip().splitlines()
    return f"The database refuses: {lines[0]}." if lines else NO_ANSWER


def key() -> str:
    if not settings.CREDENTIAL_KEYS:
        return "CREDENTIAL_KEYS is empty. Put the key back and start again."
    if lost := sealing.sealed_with_lost_keys():
        return sealing.LOST_KEY.format(lost)
    return OK


def worker() -> str:
    """Where nothing is checked that is written down: the worker cannot do it itself."""
    problem = _of_the_worker(clock.now())
    if problem:
        with apart("Writing a stop down"):
            stops.look(clock.now())
    return problem or OK


def _of_the_worker(now: datetime) -> str | None:
    if not queue.has_worker():
        return f"No worker was seen in the last minute. {START}"
    if rounds.is_late(now):
        return f"Nobody keeps the sign-ins alive. {START}"
    return engine.problem(now)


def migrations_due() -> list[Migration]:
    """Those that the database has not had yet, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [migration for migration, _backwards in plan]
