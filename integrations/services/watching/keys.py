"""Keys: what causes are known by, from their nature and from what it is that broke."""

from enum import StrEnum
from typing import NamedTuple

from integrations.models import Scope


class Nature(StrEnum):
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    LIMITED = "limited"
    REPORTED = "reported"
    OURS = "ours"


class Key(NamedTuple):
    """Names a cause: `str` of it is what the row has."""

    nature: Nature
    scope: Scope
    name: str = ""

    def __str__(self) -> str:
        return f"{self.nature} {self.scope} {self.name}".rstrip()

    @classmethod
    def parsed(cls, text: str) -> "Key":
        nature, scope, *name = text.split(" ", 2)
        return cls(Nature(nature), Scope(scope), *name)

    @property
    def is_silence(self) -> bool:
        """Whether a platform does not answer, which nobody here can put right."""
        return self.nature in (Nature.UNANSWERED, Nature.LIMITED)

    @property
    def needs_time(self) -> bool:
        """Whether it may pass by itself, so that nobody is told before it has lasted."""
        return self.is_silence or self == OUR_NETWORK

    @property
    def keeps_together(self) -> bool:
        """Whether those of it that were not asked again stay when the first one comes right."""
        is_allowed = self.nature == Nature.REFUSED and " " in self.name
        return self.scope == Scope.FAMILY or (is_allowed and self.scope == Scope.CREDENTIAL)


OUR_NETWORK = Key(Nature.OURS, Scope.INSTALLATION, "network")
OUR_WORKER = Key(Nature.OURS, Scope.INSTALLATION, "worker")
OUR_PACE = Key(Nature.OURS, Scope.INSTALLATION, "pace")
