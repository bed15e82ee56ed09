"""The page of incidents while it is open: it draws itself anew, and takes nothing from anybody."""

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.integrations.services.watching.world import connected, fails, go_round, passes

PAGE = reverse("incidents", args=["main"])


def look_again(page):
    page.evaluate("document.body.dispatchEvent(new Event('look-again'))")


def broken(workspace, provider, kind="auth_invalid"):
    made = connected(workspace, provider)
    fails(made, kind, timezone.now())
    go_round(timezone.now())
    return made


def test_what_happens_elsewhere_is_shown_and_a_half_typed_note_stays(open_page, editor, workspace):
    broken(workspace, "meta")
    page = open_page(editor, PAGE)
    page.get_by_text("Owner, note and mute").click()
    note = page.get_by_label("Note for the others")
    note.fill("Asking Ca")

    stripe = broken(workspace, "stripe")
    look_again(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("2 incidents open")
    expect(note.first).to_be_visible()
    typed = [one.input_value() for one in page.get_by_label("Note for the others").all()]
    assert sorted(typed) == ["", "Asking Ca"]
    passes(stripe, timezone.now())
    go_round(timezone.now())
    look_again(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("1 incident open")
    page.get_by_role("button", name="I take this").click()
    expect(page.get_by_text("taken by")).to_contain_text("“Asking Ca”")


def test_nothing_is_moved_from_under_somebodys_hands(open_page, editor, workspace):
    broken(workspace, "meta")
    page = open_page(editor, PAGE)
    page.clock.install()
    asked = []
    page.on("request", lambda request: asked.append("changes" in request.url))
    page.get_by_role("button", name="I have seen it").focus()

    page.clock.run_for(25_000)
    assert not any(asked)
    page.evaluate("document.activeElement.blur()")
    with page.expect_response("**/incidents/changes/**"):
        page.clock.run_for(25_000)
