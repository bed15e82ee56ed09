"""Names in the environment that begin like a setting and are none.

Nothing reads them, so what was meant by them is not so, and nobody would notice.
"""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from difflib import get_close_matches

# Those with a typing error stop the start already, see `env.provider_origins` and `env.apps`.
JUDGED = re.compile(r"PROVIDER_\w*_URL|APP_\w+_CLIENT_(?:ID|SECRET)")


@dataclass(frozen=True)
class Stranger:
    name: str
    meant: str  # the setting whose name is nearest, or ""
    stops: bool  # a known platform's or app's: real secrets could go where a trial was meant


def strangers(
    given: Iterable[str], settings: Set[str], of_platforms: Set[str]
) -> Iterator[Stranger]:
    """`of_platforms` are PROVIDER_<SLUG>__<HOST>_URL and APP_<NAME>__CLIENT_… of all there are."""
    known = settings | of_platforms
    owners = {name.partition("__")[0] for name in of_platforms}
    # DATABASE_URL -> DATABASE_, but nothing for PORT.
    beginnings = tuple(name.rpartition("_")[0] + "_" for name in settings if "_" in name)
    for name in sorted({*given} - known):
        upper = name.upper()
        stops = any(_is_of(upper, owner) for owner in owners)
        is_like = (
            upper in known
            or upper.startswith((*beginnings, "PROVIDER_"))
            or re.match(r"APP_\w+?__", upper)
            or ("_" in name and get_close_matches(upper, settings, 1, cutoff=0.85))
        )
        if (stops or is_like) and not JUDGED.fullmatch(name):
            yield Stranger(name, "".join(get_close_matches(upper, known, 1)), stops)


def _is_of(name: str, owner: str) -> bool:
    """Whether it begins with a platform's PROVIDER_… or an app's APP_…, which others have too."""
    between = "_" if owner.startswith("PROVIDER_") else "__"
    return name == owner or name.startswith(owner + between)
