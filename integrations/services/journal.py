"""The journal: one line in the log for each test and each message, for programs that read logs.

Words of ours, ids and numbers alone: no address, nothing that was typed, no sentence of anybody.
"""

import logging

logger = logging.getLogger(__name__)

Fact = str | int | bool | None


def write(what: str, **facts: Fact) -> None:
    """`write("check", provider="postbox", ms=212)` -> "check provider=postbox ms=212".

    As JSON each fact is a field by itself. What is None or "" is left out of the sentence.
    """
    words = (f"{name}={fact}" for name, fact in facts.items() if fact not in (None, ""))
    logger.info("%s", " ".join([what, *words]), extra={"facts": {"what": what, **facts}})
