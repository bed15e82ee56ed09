"""Who gets into the admin, and how far."""

from django.urls import reverse

from tests.integrations.admin.conftest import LIST, page_of, reload, words
from tests.integrations.conftest import signed_in


def test_only_staff_get_in(owner):
    reply = signed_in(owner).get(LIST)

    assert reply.status_code == 302
    assert reply.url.startswith(reverse("admin:login"))


def test_staff_without_a_permission_see_no_connection(staff, connected):
    client = staff().client

    assert client.get(LIST).status_code == 403
    assert client.get(page_of(connected)).status_code == 403


def test_staff_who_may_view_see_facts_and_change_nothing(staff, connected):
    viewer = staff("view")

    page = viewer.client.get(page_of(connected))
    changed = viewer.client.post(page_of(connected), {"account_id": "2002", "version": "1"})

    assert "Not proven yet" in words(page)
    assert "access_token" not in page.content.decode()
    assert changed.status_code == 403
    assert "disconnect" not in viewer.client.get(LIST).content.decode()
    viewer.act("disconnect", connected, confirmed="yes")
    assert reload(connected).is_complete


def test_staff_who_may_change_change(staff, connected):
    staff("view", "change").save(connected, account_id="2002")

    assert reload(connected).config == {"account_id": "act_2002"}
