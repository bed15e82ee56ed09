"""Two questions that monitors ask: is the process alive, and can it do its work?"""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations.services.keeping import rounds


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: asks neither the database nor the session."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    if problem := what_is_missing():
        return JsonResponse({"status": "not ready", "detail": problem}, status=503)
    return JsonResponse({"status": "ok"})


def what_is_missing() -> str | None:
    """A sentence for the person who runs this, or None."""
    if not settings.CREDENTIAL_KEYS:
        return "CREDENTIAL_KEYS is empty. Put the key back and start again."
    try:
        if migrations_due():
            return "The database is not migrated. Run `python manage.py migrate`."
    except DatabaseError:
        return "The database does not answer. Check DATABASE_URL and that it runs."
    if rounds.is_late(timezone.now()):
        return "Nobody keeps the sign-ins alive. Start `./dev serve` or `manage.py keep_alive`."
    return None


def migrations_due() -> list[Migration]:
    """Those that the database has not had yet, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [migration for migration, _backwards in plan]
