"""Lists that come in parts."""

from providers.declare.paging import pages


def test_each_page_asks_for_the_one_after_it_until_there_is_none():
    asked = []

    def ask(after="0"):
        asked.append(after)
        return int(after)

    found = list(pages(ask, lambda page: {"after": str(page + 1)} if page < 2 else {}))

    assert (found, asked) == ([0, 1, 2], ["0", "1", "2"])


def test_a_list_without_an_end_is_read_for_so_many_pages_and_no_further():
    found = list(pages(lambda **_after: "page", lambda _page: {"after": "again"}, most=3))

    assert found == ["page"] * 3
