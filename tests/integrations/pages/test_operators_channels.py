"""Channels of the installation: for operators alone, on the same pages as a workspace's."""

import pytest
from django.contrib.auth.models import User

from integrations.models import Channel
from integrations.services.people.members import NotAnOwner
from integrations.services.telling import audience, changes
from integrations.services.telling.changes import Changes
from tests.integrations.conftest import signed_in
from tests.integrations.pages.people import text_of
from tests.integrations.pages.test_channels import Visitor
from tests.integrations.receivers import owe, told

PAGE = "/dashboard/operations/channels/"
NOBODY = "00000000-0000-0000-0000-000000000000"
SENT = {"name": "Pager", "tells_recovery": "on", "time_zone": "Europe/Madrid"}


@pytest.fixture
def root(workspace):
    user = User.objects.create_superuser("root", "root@acme.example", "pass-word-1")
    return Visitor(user)


def test_the_empty_page_says_who_is_told(root, settings):
    assert "Nobody hears when something breaks" in root.reads(PAGE)
    settings.EMAIL_IS_CONFIGURED = True
    assert "The operators are told by mail" in root.reads(PAGE)


def test_operations_say_that_nobody_hears(root, operators_channel):
    assert "Nobody hears of this installation’s own faults." in root.reads("/dashboard/operations/")
    operators_channel()
    assert "Nobody hears" not in root.reads("/dashboard/operations/")


def test_one_is_added_tried_changed_and_removed(root, receiver):
    page = root.sends(f"{PAGE}new/slack/", url=receiver.url, **SENT)
    one = Channel.objects.get()
    assert "Saved. Send a test to see that it arrives." in page
    assert (one.workspace, one.name, one.hears) == (None, "Pager", "all")

    assert "It arrived" in root.sends(f"{PAGE}{one.pk}/test/")
    assert "This is a test of the channel Pager." in receiver.seen[0].body.decode()
    assert f"{PAGE}{one.pk}/" in receiver.seen[0].body.decode()

    assert "Saved." in root.sends(f"{PAGE}{one.pk}/", url="", **SENT | {"name": "Night"})
    assert "Night is off." in root.sends(f"{PAGE}{one.pk}/switch/", on="no")
    asked = root.reads(f"{PAGE}{one.pk}/remove/")
    assert "Remove Night?" in asked
    assert "It is the last one: nobody hears of a break then." in asked
    assert "Night is removed." in root.sends(f"{PAGE}{one.pk}/remove/")
    assert not Channel.objects.exists()


def test_what_was_sent_is_sent_again(root, operators_channel, receiver):
    one = operators_channel()
    owe(None, told(workspace="control.example"))
    delivery = one.deliveries.get()
    page = root.sends(f"{PAGE}{one.pk}/deliveries/{delivery.pk}/resend/")
    assert "It is sent again" in page

    assert len(receiver.seen) == 2


def test_its_form_asks_for_no_platform(root):
    page = root.client.get(f"{PAGE}new/slack/").content.decode()

    assert 'name="platforms"' not in page
    assert 'name="hears"' not in page


@pytest.mark.parametrize("what", ["", "new/", "new/slack/", f"{NOBODY}/", f"{NOBODY}/remove/"])
def test_an_owner_is_no_operator(owner, what):
    reply = signed_in(owner).get(PAGE + what)

    assert reply.status_code == 403
    assert "is for whoever runs this installation" in text_of(reply)


def test_whoever_is_not_signed_in_is_asked_to(client, db):
    assert client.get(PAGE).url.startswith("/accounts/login/")


def test_the_service_asks_again_who_it_is(owner, receiver):
    given = Changes(config={"url": receiver.url})
    with pytest.raises(NotAnOwner):
        changes.add(None, "slack", given, by=owner)


def test_of_another_desk_it_is_not_there(root, channel, operators_channel):
    of_workspace, of_all = channel(), operators_channel()

    assert root.client.get(f"{PAGE}{of_workspace.pk}/").status_code == 404
    assert root.client.get(f"/w/main/channels/{of_all.pk}/").status_code == 404


def test_a_workspace_hears_nothing_of_it(workspace, channel, operators_channel):
    channel("slack")
    mine = operators_channel("webhook")

    assert audience.audience(None, told()) == [mine]
    assert mine not in audience.audience(workspace, told())
