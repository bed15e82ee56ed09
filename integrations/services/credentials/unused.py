"""Sign-ins that nobody uses any more: they wait to be given back to their platforms."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations import clock, queue
from integrations.models import Candidate, Credential
from providers.declare import SIGN_IN

# What is typed beside a sign-in is kept for the same method, but came of no app.
OBTAINED = Q(method=SIGN_IN) & ~Q(app="")


def unused() -> QuerySet[Credential]:
    """Sign-ins that no connection has and that wait for nobody."""
    waits = Candidate.objects.filter(sign_in=OuterRef("pk"), saved_at=None)
    return Credential.objects.filter(OBTAINED, ~Exists(waits), signed_in=None, connections=None)


def let_go(sign_ins: Collection[UUID]) -> None:
    """Have a worker end those of them at their platforms that are not used any more.

    In the transaction in which they came to be unused: until then nobody may end them.
    """
    given_up = unused().filter(pk__in=sign_ins, give_back_at=None)
    for pk in list(given_up.values_list("pk", flat=True)):
        waiting = Credential.objects.filter(pk=pk)
        waiting.update(give_back_at=clock.now(), failures=0, renew_at=None)
        queue.enqueue("keeping.give_back", str(pk))


def is_going(row: Credential) -> bool:
    """Whether its platform is being asked to end it, by a clock a lease ahead of ours at most."""
    return row.give_back_at is not None and row.is_leased(clock.now())


def keep_back(sign_in_id: UUID) -> bool:
    """Have one not given back that somebody goes on with; False when it is too late for that.

    In a transaction, whose end it waits for locked.
    """
    row = Credential.objects.select_for_update().filter(pk=sign_in_id).first()
    if row is None or is_going(row):
        return False
    if row.give_back_at:
        take_up(row)
    return True


def take_up(row: Credential) -> None:
    """Keep a locked row that was to be given back: somebody uses it after all."""
    row.give_back_at, row.failures, row.renew_at = None, 0, clock.now()
    row.lease = row.lease_until = None
    row.save(update_fields=["give_back_at", "failures", "renew_at", "lease", "lease_until"])
