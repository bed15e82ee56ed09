"""All connections of a platform: searched, filtered, the worst first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils import timezone

from integrations import platforms
from integrations.models import IntegrationConnection, Workspace
from integrations.pages import cards, sections
from integrations.pages.cards import Card
from integrations.pages.sections import Chip
from integrations.services import rows
from providers.declare import Provider

PER_PAGE = 50


@dataclass
class Listing:
    """`page` are the cards of one page; of all pages, `testable` counts what can be tested."""

    provider: Provider
    page: "Page[Card]"
    chips: list[Chip]
    query: str
    show: str
    has_any: bool
    testable: int

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

    @property
    def shared_causes(self) -> list[Card]:
        """One of each cause that concerns several, which is told above them."""
        return cards.by_cause([one for one in self.page if one.mends_all])

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
    def hidden_by(self) -> Chip | None:
        """The filter that leaves nothing of what the search finds."""
        has_more = not self.page and self.chips[0].count
        return next((one for one in self.chips if has_more and one.is_chosen), None)

    @property
    def without_filter(self) -> str:
        return self.address(show="")

    @property
    def filters(self) -> list[tuple[Chip, str]]:
        return [(chip, self.address(show=chip.value)) for chip in self.chips]


def testable(
    workspace: Workspace, provider: str, asked: Mapping[str, str]
) -> list[IntegrationConnection]:
    """Those of all pages that can be tested."""
    every, show = _found(workspace, provider, asked), asked.get("show", "")
    shown = [one.connection for one in every if one.is_shown_by(show)]
    return [one for one in shown if _is_testable(one)]


def _is_testable(connection: IntegrationConnection) -> bool:
    return connection.is_complete and connection.is_enabled


def _found(workspace: Workspace, provider: str, asked: Mapping[str, str]) -> list[Card]:
    """What the search leaves of all."""
    now, query = timezone.now(), asked.get("q", "").strip()
    found = rows.matching(rows.all_of_platform(workspace, provider), query)
    return [Card(one, now) for one in found]


def of(workspace: Workspace, provider: str, asked: Mapping[str, str]) -> Listing:
    """A handful of queries, however many connections there are."""
    query, show = asked.get("q", "").strip(), asked.get("show", "")
    every = _found(workspace, provider, asked)
    shown = sorted((one for one in every if one.is_shown_by(show)), key=lambda one: one.rank)
    can_be_tested = sum(_is_testable(one.connection) for one in shown)
    page = Paginator(shown, PER_PAGE).get_page(asked.get("page"))
    page.object_list = cards.read_again(list(page.object_list))
    return Listing(
        platforms.get(provider),
        page,
        sections.chips(every, show),
        query,
        show,
        has_any=bool(every) or bool(query),
        testable=can_be_tested,
    )
