"""Keeps trouble with one thing away from all the others."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


@contextmanager
def apart(what: str) -> Iterator[None]:
    """Whatever goes wrong is logged without its text, which may hold data, and goes no further."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - one bad row must not keep all others from care
        logger.error("%s failed with %s", what, type(error).__name__)
