"""Proofs of typed values that a person looks at as they go: by a worker, or here without one."""

from typing import Any

from django.db import transaction

from integrations import queue
from integrations.models import Candidate
from integrations.services.connecting import candidates


def start_proof(*args: Any, **kwargs: Any) -> Candidate:
    """Keep typed values and start proving them; takes and raises what `keep_candidate` does."""
    has_worker = queue.has_worker()
    with transaction.atomic():
        candidate = candidates.keep_candidate(*args, **kwargs)
        if has_worker:
            queue.enqueue("connecting.prove", str(candidate.pk))
    if not has_worker:
        candidates.prove(candidate)
    return candidate


def go_on(candidate: Candidate) -> None:
    """Prove a candidate: somebody came back with its sign-in, or its account was chosen."""
    if queue.has_worker():
        queue.enqueue("connecting.prove", str(candidate.pk))
    else:
        candidates.prove(candidate)
