"""The pages of channels: for owners, with every answer in words, and without any secret."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Channel, Delivery, IntegrationConnection, Person, Workspace
from providers.sandbox.server import Answer
from tests.integrations.conftest import signed_in
from tests.integrations.pages.people import text_of
from tests.integrations.receivers import owe, told

PAGE = "/w/main/channels/"
SECRET = "s3cr3tDoNotLeak4711"
COMMON = {"name": "Team", "hears": "all", "tells_recovery": "on", "time_zone": "Europe/Madrid"}


class Visitor:
    """A person's browser, which follows where it is led."""

    def __init__(self, user):
        self.client = signed_in(user)
        self.client.handler.enforce_csrf_checks = False

    def reads(self, path=PAGE):
        return text_of(self.client.get(path, follow=True))

    def sends(self, path, **fields):
        self.last = self.client.post(path, fields, follow=True)
        return text_of(self.last)


@pytest.fixture
def olga(owner):
    return Visitor(owner)


def of(one, what=""):
    return f"{PAGE}{one.pk}/{what}"


def test_the_empty_page_says_who_is_told(olga, owner, settings):
    assert "Nobody hears when something breaks" in olga.reads()

    settings.EMAIL_IS_CONFIGURED = True
    owner.email = "olga@acme.example"
    owner.save()

    assert "The owners are told by mail" in olga.reads()


def test_the_overview_says_that_nobody_hears(olga, connected, settings, channel):
    assert "Nobody hears when something breaks." in olga.reads("/w/main/dashboard/")

    channel()

    assert "Nobody hears" not in olga.reads("/w/main/dashboard/")


def test_each_kind_can_be_chosen(olga):
    page = olga.client.get(f"{PAGE}new/").content.decode()

    for kind in ("discord", "email", "teams", "ntfy", "slack", "telegram", "webhook"):
        assert f'href="{PAGE}new/{kind}/"' in page
        assert olga.client.get(f"{PAGE}new/{kind}/").status_code == 200
    assert olga.client.get(f"{PAGE}new/pager/").status_code == 404


def test_a_channel_is_added_and_shows_no_secret(olga, receiver):
    page = olga.sends(f"{PAGE}new/slack/", url=receiver.url, **COMMON)

    one = Channel.objects.get()
    assert "Saved. Send a test to see that it arrives." in page
    assert (one.name, one.time_zone, one.tells_recovery) == ("Team", "Europe/Madrid", True)
    for path in (PAGE, of(one)):
        assert SECRET not in olga.client.get(path).content.decode()
    assert "Saved (127.0.0.1" in olga.reads(of(one))


def test_a_made_secret_is_shown_once(olga, receiver):
    olga.sends(f"{PAGE}new/webhook/", url=receiver.url, **COMMON)

    secret = Channel.objects.get().opened()["signing_secret"]
    assert secret in olga.last.content.decode()
    assert secret not in olga.client.get(of(Channel.objects.get())).content.decode()


def test_what_is_sent_a_second_time_is_added_once(olga, receiver):
    form = olga.client.get(f"{PAGE}new/webhook/").content.decode()
    new_id = re.search(r'name="new_id" value="([^"]+)"', form)[1]
    typed = {"url": receiver.url, "new_id": new_id, **COMMON}
    olga.sends(f"{PAGE}new/webhook/", **typed)

    again = olga.sends(f"{PAGE}new/webhook/", **typed)

    assert "It is saved already." in again
    assert str(Channel.objects.get().pk) == new_id


def test_an_id_of_another_workspace_is_not_taken(olga, receiver, channel):
    theirs = channel("slack")
    Channel.objects.update(workspace=Workspace.objects.create(name="Other", slug="other"))

    olga.sends(f"{PAGE}new/webhook/", url=receiver.url, new_id=theirs.pk, **COMMON)

    assert Channel.objects.count() == 2
    assert Channel.objects.get(pk=theirs.pk).kind == "slack"


def test_the_second_of_a_kind_is_called_otherwise(olga, receiver):
    for _ in range(2):
        olga.sends(f"{PAGE}new/slack/", url=receiver.url, **COMMON | {"name": ""})

    assert sorted(Channel.objects.values_list("name", flat=True)) == ["Slack", "Slack 2"]


def test_mail_that_cannot_be_sent_is_said_before_anything_is_typed(olga, settings):
    settings.EMAIL_IS_CONFIGURED = False

    for path in ("new/", "new/email/"):
        assert "This installation sends no mail" in olga.reads(f"{PAGE}{path}")


def test_zones_are_grouped_and_begin_with_the_readers_own(olga, owner, channel):
    page = olga.client.get(f"{PAGE}new/slack/").content.decode()
    assert '<optgroup label="Europe">' in page
    assert "Africa/Asmera" not in page
    assert "data-own-zone" in page
    Person.objects.create(user=owner, time_zone="Asia/Tokyo")
    assert 'value="Asia/Tokyo" selected' in olga.client.get(f"{PAGE}new/slack/").content.decode()
    old = channel("slack", time_zone="Asia/Calcutta")
    assert 'value="Asia/Calcutta" selected' in olga.client.get(of(old)).content.decode()


def test_switching_off_what_messages_wait_for_is_asked_once_more(
    olga, workspace, channel, receiver
):
    one = channel()
    receiver.answers = [Answer(503, "")]
    owe(workspace, told())

    asked = olga.sends(of(one, "switch/"), on="no")
    assert "One message waits to be sent there, and would be left out." in asked
    assert Channel.objects.get().is_enabled
    olga.sends(of(one, "switch/"), on="no", sure="yes")

    assert not Channel.objects.get().is_enabled


def test_it_says_that_no_worker_checks(olga, workspace, connected, channel):
    IntegrationConnection.objects.update(created_at=timezone.now() - timedelta(days=1))
    one = channel("slack")

    for path in (PAGE, of(one)):
        assert "the worker is not running" in olga.reads(path)


def test_what_is_sent_again_without_a_worker_says_so(olga, workspace, channel, receiver):
    one = channel()
    owe(workspace, told())
    again = of(one, f"deliveries/{Delivery.objects.get().pk}/resend/")

    assert "It is sent again once a worker runs" in olga.sends(again)


def test_a_test_by_mail_says_who_took_it(olga, channel, office):
    assert "The mail server took the message. Look whether it arrives." in olga.sends(
        of(channel("email"), "test/")
    )


def test_what_is_wrong_is_said_at_its_field(olga):
    page = olga.sends(f"{PAGE}new/slack/", url="https://169.254.169.254/x", **COMMON)

    assert olga.last.status_code == 422
    assert "This address may not be called from here: enter a public one." in page
    assert "169.254" not in olga.last.content.decode()


def test_a_blank_secret_keeps_the_saved_one(olga, channel):
    one = channel("slack")

    assert "Saved." in olga.sends(of(one), url="", **COMMON | {"hears": "breaks"})

    changed = Channel.objects.get()
    assert (changed.hears, changed.opened()) == ("breaks", one.opened())


def test_quiet_hours_take_two_times(olga, channel):
    one = channel("slack")

    page = olga.sends(of(one), url="", quiet_from="22:00", **COMMON)
    assert "Enter both times, or none." in page
    olga.sends(of(one), url="", quiet_from="22:00", quiet_until="07:00", **COMMON)

    assert "quiet from 22:00 to 07:00 (Europe/Madrid)" in olga.reads()


def test_a_test_tells_at_once_what_became_of_it(olga, channel, receiver):
    one = channel("slack")
    receiver.answers = [Answer(200, "ok"), Answer(404, "no_service")]

    assert "It arrived: Slack took the message." in olga.sends(of(one, "test/"))
    said = olga.sends(of(one, "test/"))

    assert "It did not arrive. Slack knows nothing at this address any more." in said
    assert "takes nothing since" in said


def test_the_log_says_what_became_of_each_and_sends_again(
    olga,
    workspace,
    channel,
    receiver,
    worker_seen,
):
    one = channel()
    receiver.answers = [Answer(410, ""), Answer(200, "ok")]
    owe(workspace, told())
    log = olga.reads(of(one))
    assert "Broken: Postbox ended the access token." in log
    assert "Not delivered" in log
    assert "Switched off by its receiver" in olga.reads()
    assert "Resend" not in log

    olga.sends(of(one, "switch/"), on="yes")
    delivery = Delivery.objects.get()
    page = olga.sends(of(one, f"deliveries/{delivery.pk}/resend/"))

    assert "It is sent again. Its receiver knows it by its id." in page
    assert "Delivered" in page
    assert len({asked.headers["webhook-id"] for asked in receiver.seen}) == 1


def test_what_waits_is_said_to_wait(olga, workspace, channel, receiver):
    one = channel()
    receiver.answers = [Answer(503, "")]
    owe(workspace, told())

    log = olga.reads(of(one))

    assert "Tried 1 time; again" in log
    delivery = Delivery.objects.get()
    assert "It was not sent again" in olga.sends(of(one, f"deliveries/{delivery.pk}/resend/"))


def test_removing_is_asked_once_more(olga, channel):
    one = channel("slack")

    asked = olga.reads(of(one, "remove/"))
    assert "Remove Slack?" in asked
    assert "It is the last one: nobody hears of a break then." in asked
    assert Channel.objects.exists()
    assert "Slack is removed." in olga.sends(of(one, "remove/"))

    assert not Channel.objects.exists()
    assert "This channel was removed meanwhile." in olga.sends(of(one, "test/"))


def test_links_that_nobody_else_can_open_are_told(olga, channel, settings):
    channel("slack")
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    assert "Links in messages begin with http://127.0.0.1:8000" in olga.reads()


ADDRESSES = ("", "new/", "new/slack/", "{}/", "{}/remove/")
POSTED = ("new/slack/", "{}/", "{}/test/", "{}/switch/", "{}/remove/", "{}/deliveries/{}/resend/")


@pytest.mark.parametrize("path", ADDRESSES)
def test_only_owners_look(path, channel, editor, stranger):
    url = PAGE + path.format(channel("slack").pk)

    assert signed_in(editor).get(url).status_code == 403
    assert signed_in(stranger).get(url).status_code == 404


@pytest.mark.parametrize("path", POSTED)
def test_only_owners_act(path, workspace, channel, receiver, editor):
    one = channel("slack")
    owe(workspace, told())
    url = PAGE + path.format(one.pk, Delivery.objects.get().pk)

    visitor = Visitor(editor)

    assert visitor.client.post(url, {"url": receiver.url, **COMMON}).status_code == 403
    assert Channel.objects.count() == 1
    assert len(receiver.seen) == 1


@pytest.mark.parametrize("path", ["{}/", "{}/remove/"])
def test_another_workspaces_channel_is_not_there(path, channel, owner):
    one = channel("slack")
    other = Workspace.objects.create(name="Other", slug="other")
    owner.memberships.create(workspace=other, role="owner")

    url = f"/w/other/channels/{path.format(one.pk)}"

    assert signed_in(owner).get(url).status_code == 404


def test_the_pages_are_linked_for_owners_alone(olga, editor):
    link = reverse("channels", args=["main"])

    assert link in olga.client.get("/w/main/members/").content.decode()
    assert link not in signed_in(editor).get("/w/main/members/").content.decode()


def test_the_administration_reads_and_shows_no_value(
    olga,
    owner,
    workspace,
    channel,
):
    one = channel("telegram")
    owe(workspace, told())
    owner.is_staff = owner.is_superuser = True
    owner.save()
    admin = "/admin/integrations/"

    for path in (
        f"{admin}channel/",
        f"{admin}channel/{one.pk}/change/",
        f"{admin}delivery/",
        f"{admin}delivery/{Delivery.objects.get().pk}/change/",
    ):
        page = olga.client.get(path)
        assert page.status_code == 200
        assert not re.search(r"AAHdqTcvCH1|-1001|v2\.", page.content.decode())
    assert olga.client.post(f"{admin}channel/{one.pk}/change/", {"name": "x"}).status_code == 403


def test_the_overview_names_platforms_that_nobody_hears_of(olga, connected, channel):
    channel(platforms=["calendly"])

    assert "Nobody hears of a break at Meta." in olga.reads("/w/main/dashboard/")


def test_an_owner_whose_address_no_mail_has_is_named(olga, owner):
    owner.email = "josé@acme.example"
    owner.save()

    said = olga.reads()

    assert "An owner has an address that no mail can be sent to." in said
    assert "josé@acme.example" in said


def test_a_list_that_is_reached_in_part_says_whom_it_does_not_reach(
    olga, channel, office, workspace
):
    async def rcpt(_server, _session, envelope, address, _options):
        if address.startswith("ben"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    office.handle_RCPT = rcpt
    one = channel("email")
    owe(workspace, told())

    page, every = olga.reads(of(one)), olga.reads()

    assert "does not reach everybody since" in page
    assert "The mail server refused the address." in page
    assert "To ben@acme.example" in page
    assert "To dana@acme.example" in page
    assert "Does not reach everybody since" in every


def test_a_new_signing_secret_is_made_on_the_page_and_shown_once(olga, channel, receiver):
    one = channel()
    assert "New signing secret" in olga.reads(of(one))
    olga.sends(of(one, "new-secret/"))

    secret = Channel.objects.get().opened()["signing_secret"]
    assert secret in olga.last.content.decode()
    page = olga.client.get(of(one)).content.decode()
    assert secret not in page
    assert "each message carries two signatures" in page
    assert "New signing secret" not in olga.reads(of(channel("slack")))
