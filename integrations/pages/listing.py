"""All connections of a platform: searched, filtered, the worst first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils import timezone

from integrations import platforms
from integrations.models import Workspace
from integrations.pages import cards, sections
from integrations.pages.cards import Card
from integrations.pages.sections import Chip
from integrations.services import rows
from providers.declare import Provider

PER_PAGE = 50


@dataclass
class Listing:
    """`page` are the cards of one page; `total` counts what the search leaves of all."""

    provider: Provider
    page: "Page[Card]"
    chips: list[Chip]
    query: str
    show: str
    has_any: bool

    @property
    def slug(self) -> str:
        return self.provider.slug

    @property
    def followed(self) -> Card | None:
        """Whose test the page follows."""
        return next((one for one in self.page if one.running and not one.in_run), None)

    @property
    def is_busy(self) -> bool:
        return any(one.is_busy for one in self.page)

    def address(self, **other: Any) -> str:
        """The page's query with something else in it."""
        asked = QueryDict(mutable=True)
        asked.update({"q": self.query, "show": self.show} | other)
        return asked.urlencode()

    @property
    def newer(self) -> str:
        return self.address(page=self.page.previous_page_number())

    @property
    def older(self) -> str:
        return self.address(page=self.page.next_page_number())

    @property
    def filters(self) -> list[tuple[Chip, str]]:
        return [(chip, self.address(show=chip.value)) for chip in self.chips]


def of(workspace: Workspace, provider: str, asked: Mapping[str, str]) -> Listing:
    """A handful of queries, however many connections there are."""
    query, show, now = asked.get("q", "").strip(), asked.get("show", ""), timezone.now()
    found = rows.matching(rows.all_of_platform(workspace, provider), query)
    every = [Card(one, now) for one in found]
    shown = sorted((one for one in every if one.is_shown_by(show)), key=lambda one: one.rank)
    page = Paginator(shown, PER_PAGE).get_page(asked.get("page"))
    page.object_list = cards.read_again(list(page.object_list))
    return Listing(
        platforms.get(provider),
        page,
        sections.chips(every, show),
        query,
        show,
        has_any=bool(every) or bool(query),
    )
