"""The setting TASKS_URL: who wakes workers. Its address may hold a password, so nobody shows it."""

import re
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integrations_center import env

CELERY = "integrations.work.celery_backend.CeleryBackend"
DATABASE = {
    "BACKEND": "django_ox.backend.OxBackend",
    # A dead worker's jobs wait so many seconds; a living one renews its hold on long ones.
    "OPTIONS": {"LOCK_TIMEOUT": 30, "MAX_ATTEMPTS": 3},
}
MISSING = "{} needs Celery. Install `requirements-scale.lock`, as docs/deploy.md says, or unset it."
AWAY = (
    "Redis at {} does not answer, so jobs begin some seconds later. "
    "Check TASKS_URL, and that it runs."
)
ANSWER_SECONDS = 2
KEEPS = "noeviction"


def tasks(name: str) -> dict[str, dict[str, Any]]:
    """Django's TASKS: jobs in the database, or with a Redis that wakes workers on any machine."""
    url = env.text(name)
    if not url:
        return {"default": DATABASE}
    if not _is_address(url):
        raise ImproperlyConfigured(
            f"{name} must be like redis://:password@redis.example.com:6379/0, or rediss:// with "
            f"TLS, or empty. {env.PERCENT_ENCODE}"
        )
    if not (find_spec("celery") and find_spec("redis")):
        raise ImproperlyConfigured(MISSING.format(name))
    return {"default": {"BACKEND": CELERY, "OPTIONS": {"BROKER": url}}}


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return False
    # A query, or a path that is no number, may be the rest of a password.
    is_plain = not re.search(r"[?#\s]", url) and re.fullmatch(r"/?[0-9]{0,4}", parts.path)
    return bool(is_whole and is_plain)


def is_encrypted(url: str) -> bool:
    return url.startswith("rediss:")


def url() -> str:
    """Of the Redis that wakes workers; "" where jobs are in the database alone."""
    return str(options().get("BROKER", ""))


def options() -> dict[str, Any]:
    """What TASKS says to its engine."""
    engine: Any = settings.TASKS["default"]
    return dict(engine.get("OPTIONS", {}))


def place(address: str) -> str:
    """`redis.example.com:6379`, for people."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{host}:{parts.port or 6379}"


def problem() -> str | None:
    """Why Redis wakes nobody, in a sentence; None while it answers, or is not asked for."""
    return _said(place(url()), _asked("ping")) if url() else None


def forgets() -> str | None:
    """The policy by which Redis may forget queues, if it has such a one and says so."""
    known = _asked("info", "memory") if url() else None
    policy = known.get("maxmemory_policy", KEEPS) if isinstance(known, dict) else KEEPS
    return None if policy == KEEPS else str(policy)


def _asked(command: str, *args: str) -> Any:
    """What it answers, or the error in place of it."""
    import redis  # only installed where it is used
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    asked = redis.Redis.from_url(
        url(),
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        with asked as client:
            return getattr(client, command)(*args)
    except redis.RedisError as error:
        return error


def _said(where: str, answer: Any) -> str | None:
    import redis

    if isinstance(answer, redis.AuthenticationError):
        return f"Redis at {where} refuses the password in TASKS_URL."
    if isinstance(answer, redis.ConnectionError | redis.TimeoutError):
        return AWAY.format(where)
    if isinstance(answer, redis.RedisError):
        return f"Redis at {where} refuses to work ({type(answer).__name__}). Look into its log."
    return None
