"""What owners do with channels: values are checked, secrets sealed, and bound to where they go."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from django.db import connection as database

from integrations import clock, crypto
from integrations.models import Channel, Delivery, Membership, Workspace
from integrations.services import waiting
from integrations.services.people.members import Archived, NotAnOwner
from integrations.services.refusals import Busy, InvalidChange, TooManyTests
from integrations.services.telling import changes, deliveries, takes
from integrations.services.telling.changes import Changes
from integrations.services.telling.channels import webhook
from integrations.services.telling.told import Moment
from providers.sandbox.server import Answer
from tests.integrations.receivers import NOW, OVER_HTTP, SECRET_PATH, config_of, look, owe, told


def refusals(workspace, kind, **more):
    """What is said at each value of `config`, or at each key."""
    with pytest.raises(InvalidChange) as invalid:
        changes.add(workspace, kind, Changes(**more), by=None)
    assert not Channel.objects.exists()
    return invalid.value.errors.get("config") or invalid.value.errors


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_no_secret_is_kept_in_clear(kind, channel):
    one = channel(kind)

    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_channel")
        stored = str(cursor.fetchall())
    assert "s3cr3t" not in stored
    assert "AAHdqTcvCH1" not in stored
    assert one.secrets.startswith("v2.")
    assert "s3cr3t" not in repr(one) + str(one) + str(one.hints)


def test_a_secret_is_bound_to_the_place_that_it_was_entered_for(channel):
    one = channel("ntfy")
    Channel.objects.update(values=one.values | {"server": "https://evil.example"})

    with pytest.raises(crypto.Unreadable):
        Channel.objects.get().opened()


def test_a_server_cannot_change_without_its_token(workspace, channel):
    one = channel("ntfy")
    elsewhere = Changes(config={"server": "https://ntfy.acme.example"})

    with pytest.raises(InvalidChange) as invalid:
        changes.change(workspace, one.pk, elsewhere, by=None)

    assert invalid.value.errors == {"config": {"token": [changes.SEND_AGAIN]}}
    again = Changes(config={"server": "https://ntfy.acme.example", "token": "tk_another"})
    assert changes.change(workspace, one.pk, again, by=None).channel.opened() == {
        "topic": "acme-7Hq2",
        "server": "https://ntfy.acme.example",
        "token": "tk_another",
    }


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:1", "https://127.0.0.1", "https://169.254.169.254"]
)
def test_a_private_address_is_refused_when_it_is_saved(kind, origin, workspace):
    config = config_of(kind, f"{origin}{SECRET_PATH}", origin)

    told = refusals(workspace, kind, config=config)

    assert next(iter(told.values())) in (
        [changes.REFUSED],
        ["The address must begin with https://."],
    )


@pytest.mark.parametrize(
    ("kind", "config", "at", "sentence"),
    [
        ("slack", {}, "url", "This is required."),
        ("slack", {"url": "hooks.slack.com/x"}, "url", None),
        ("teams", {"url": "https://acme.webhook.office.com/x"}, "url", "Make a workflow instead."),
        ("telegram", {"token": "short", "chat_id": "1"}, "token", "Copy it whole."),
        ("telegram", {"chat_id": "my chat"}, "chat_id", None),
        ("ntfy", {"topic": "two words"}, "topic", None),
        ("email", {"to": "dana@acme.example"}, "to", "This installation sends no mail"),
        ("webhook", {"url": "https://a.example", "signing_secret": "x"}, "signing_secret", None),
    ],
)
def test_a_wrong_value_is_told_at_its_field(kind, config, at, sentence, workspace):
    told = refusals(workspace, kind, config=config)

    assert sentence is None or sentence in told[at][0]
    assert told[at]


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"hears": "nothing"}, "hears"),
        ({"platforms": ["myspace"]}, "platforms"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"quiet": (time(22), None)}, "quiet"),
        ({"quiet": (time(22), time(22))}, "quiet"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_a_wrong_setting_is_told_at_its_key(given, at, workspace):
    config = {"url": "https://hooks.slack.com/services/T/B/x"}

    assert [*refusals(workspace, "slack", config=config, **given)] == [at]


def test_mail_addresses_are_checked_one_by_one(workspace, office):
    assert refusals(workspace, "email", config={"to": "dana@acme.example, ben"})["to"]
    many = ",".join(f"a{number}@acme.example" for number in range(21))
    assert refusals(workspace, "email", config={"to": many})["to"]


def test_a_signing_secret_is_made_and_told_once(workspace, channel, receiver):
    config = {"url": receiver.url}
    saved = changes.add(workspace, "webhook", Changes(config=config), by=None)

    made = saved.made["signing_secret"]
    assert made.startswith("whsec_")
    assert saved.channel.opened()["signing_secret"] == made
    renamed = changes.change(workspace, saved.channel.pk, Changes(name="Mine"), by=None)
    assert (renamed.made, renamed.channel.opened()["signing_secret"]) == ({}, made)
    anew = Changes(config={"signing_secret": None})
    assert changes.change(workspace, saved.channel.pk, anew, by=None).made["signing_secret"] != made


def test_a_change_of_the_name_keeps_the_secrets_and_the_trouble(workspace, channel):
    one = channel("slack")
    Channel.objects.update(failing_since=NOW, problem="It fails.")

    kept = changes.change(workspace, one.pk, Changes(name=" Team  room "), by=None).channel

    assert (kept.name, kept.opened(), kept.problem) == ("Team room", one.opened(), "It fails.")


def test_a_new_address_clears_the_trouble_that_is_over_once_it_takes(workspace, channel, receiver):
    one = channel("slack")
    Channel.objects.update(failing_since=NOW, problem="It fails.", is_problem_told=True)

    config = {"url": f"{receiver.url}/new"}
    kept = changes.change(workspace, one.pk, Changes(config=config), by=None).channel

    assert (kept.failing_since, kept.problem, kept.is_problem_told) == (None, "", True)
    changes.send_test(kept, NOW)
    assert not Channel.objects.get().is_problem_told


def test_only_owners_of_a_workspace_that_is_open_change_channels(workspace, channel, editor, owner):
    one = channel()
    for act in (
        lambda by: changes.change(workspace, one.pk, Changes(name="Mine"), by=by),
        lambda by: changes.remove(workspace, one.pk, by=by),
    ):
        with pytest.raises(NotAnOwner):
            act(editor)
        Workspace.objects.update(archived_at=NOW)
        with pytest.raises(Archived):
            act(owner)
        Workspace.objects.update(archived_at=None)
    Membership.objects.filter(user=owner).delete()
    with pytest.raises(NotAnOwner):
        changes.remove(workspace, one.pk, by=owner)


def test_a_channel_of_another_workspace_is_not_found(workspace, channel):
    one = channel()
    other = Workspace.objects.create(name="Other", slug="other")

    with pytest.raises(changes.NoChannel):
        changes.change(other, one.pk, Changes(name="Mine"), by=None)
    with pytest.raises(changes.NoChannel):
        changes.find(other, one.pk)


def test_there_is_a_limit_to_channels(workspace, channel):
    for _ in range(changes.MOST_CHANNELS):
        channel("slack")

    with pytest.raises(InvalidChange) as invalid:
        channel("slack")

    assert invalid.value.errors == {"kind": [changes.TOO_MANY]}


# --- Send test -----------------------------------------------------------------------------------


def test_a_test_says_in_words_that_it_arrived(channel, receiver):
    one = channel("slack")

    tried = changes.send_test(one, NOW)

    assert (tried.is_delivered, tried.sentence) == (True, "Slack took the message.")
    assert b"This is a test of the channel Slack." in receiver.seen[0].body


def test_a_test_that_does_not_arrive_says_why_and_is_not_tried_again(channel, receiver):
    one = channel("slack")
    receiver.answers = [Answer(404, "no_service")]

    tried = changes.send_test(one, NOW)

    one.refresh_from_db()
    assert (tried.is_delivered, tried.status_code) == (False, 404)
    assert tried.sentence == one.problem
    assert tried.sentence.startswith("Slack knows nothing at this address any more.")
    assert deliveries.due(NOW.replace(year=2027)) == []
    assert not one.is_problem_told


def test_tests_are_counted(channel, receiver, settings):
    settings.TEST_RATE = 2
    one = channel("slack")
    changes.send_test(one, NOW)
    changes.send_test(one, NOW)

    with pytest.raises(TooManyTests) as too_many:
        changes.send_test(one, NOW)

    assert too_many.value.retry_after_seconds == 60
    assert Delivery.objects.count() == 2


def test_a_test_waits_neither_for_quiet_hours_nor_for_a_switch(workspace, channel, receiver):
    one = channel("slack", quiet=(time(0), time(23, 59)), is_enabled=False)

    assert changes.send_test(one, NOW).is_delivered


def test_who_is_told_that_all_is_busy_is_not_sent_the_test_later(
    workspace, channel, receiver, monkeypatch
):
    one = channel()
    places = waiting.Places(threads=8)
    monkeypatch.setattr(waiting, "place", places.taken)

    with ThreadPoolExecutor(1) as pool:
        other = places.taken(workspace.pk)  # by another thread, for this workspace's only place
        pool.submit(other.__enter__).result()
        with pytest.raises(Busy):
            changes.send_test(one, NOW)

    look(NOW + timedelta(minutes=10))
    assert not receiver.seen
    assert not Delivery.objects.exists()


def test_a_test_is_taken_before_anybody_else_may_find_it(workspace, channel, receiver):
    one = channel()
    (taken,) = deliveries.at_once(workspace, one, told(Moment.TEST), NOW)

    assert deliveries.due(NOW) == []
    assert takes.take(taken.pk, NOW) is None
    assert takes.take(taken.pk, NOW + takes.LEASE) is not None


# --- A new signing secret ------------------------------------------------------------------------


def signatures(receiver):
    return [len(one.headers["webhook-signature"].split()) for one in receiver.seen]


@pytest.mark.parametrize(
    "change",
    [
        lambda place, pk: changes.renew_secrets(place, pk, by=None),
        lambda place, pk: changes.change(
            place, pk, Changes(config={"signing_secret": webhook.new_secret()}), by=None
        ),
    ],
)
def test_a_changed_signing_secret_signs_beside_the_new_one_for_a_day(
    workspace, channel, receiver, change
):
    one = channel()
    before = one.opened()["signing_secret"]
    change(workspace, one.pk)
    opened, ends = Channel.objects.get().opened(), Channel.objects.get().former_until
    assert opened["former_signing_secret"] == before != opened["signing_secret"]
    assert ends - clock.now() > timedelta(hours=23)
    for number, now in enumerate((ends - timedelta(minutes=1), ends)):
        owe(workspace, told(key=f"thing-{number}/1"), now)

    assert signatures(receiver) == [2, 1]


def test_other_changes_keep_both_and_leave_nothing_plain(workspace, channel, receiver):
    one = channel()
    changes.renew_secrets(workspace, one.pk, by=None)
    changes.change(workspace, one.pk, Changes(config={"url": f"{receiver.url}/2"}), by=None)
    kept = Channel.objects.get()
    assert "former_signing_secret" in kept.opened()
    assert kept.values == {}
    assert set(kept.hints) == {"url", "signing_secret"}
    Channel.objects.update(former_until=clock.now() - timedelta(days=1))
    changes.change(workspace, one.pk, Changes(config={"url": receiver.url}), by=None)

    assert "former_signing_secret" not in Channel.objects.get().opened()


def test_what_is_made_anew_is_handed_over_once(workspace, channel):
    one = channel()
    saved = changes.renew_secrets(workspace, one.pk, by=None)

    assert saved.made == {"signing_secret": Channel.objects.get().opened()["signing_secret"]}
    assert changes.renew_secrets(workspace, channel("slack").pk, by=None).made == {}
