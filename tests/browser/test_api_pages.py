"""The API in a browser: a form of its page sends JSON, and the answer is shown in place."""

from playwright.sync_api import expect

from tests.browser.conftest import save_meta, saved


def test_a_change_is_sent_and_its_answer_has_the_focus(open_page, editor, meta, workspace):
    save_meta(workspace)
    page = open_page(editor, "/api/integrations/meta")
    page.get_by_label("Body, as JSON").fill('{"isEnabled": false}')
    page.get_by_role("button", name="Send the PATCH").click()

    answer = page.locator("#answer")
    expect(answer).to_contain_text('"status": "disabled"')
    expect(answer.get_by_role("heading")).to_be_focused()
    assert not saved(workspace).is_enabled


def test_a_mistake_says_so_and_keeps_what_was_typed(open_page, editor, meta):
    page = open_page(editor, "/api/integrations/meta")
    page.get_by_label("Body, as JSON").fill("no JSON")
    page.get_by_role("button", name="Send the PATCH").click()

    expect(page.get_by_role("heading", name="Answer: 400 Bad Request")).to_be_focused()
    expect(page.get_by_label("Body, as JSON")).to_have_value("no JSON")
    expect(page.locator(".heard")).to_have_count(0)  # it can be sent again
