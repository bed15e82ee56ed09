"""Says in the log what an operator should mend: once in a process, not per request."""

import logging

MOST_OF_A_KIND = 10  # who asks can make sentences differ: the log does not grow with that

_said: dict[str, set[str]] = {}


def warn(logger: logging.Logger, kind: str, sentence: str) -> None:
    said = _said.setdefault(kind, set())
    if sentence not in said and len(said) < MOST_OF_A_KIND:
        said.add(sentence)
        logger.warning("%s", sentence)
