"""What breaks is told by its cause: one incident, however many connections show it."""

from datetime import timedelta

import pytest

from integrations import platforms
from integrations.models import (
    Cause,
    Credential,
    Ending,
    Event,
    EventType,
    Incident,
    IncidentConnection,
    IntegrationConnection,
    Workspace,
)
from integrations.services.keeping import rounds
from integrations.services.people import workspaces
from integrations.services.watching.causes import COMES_BACK
from integrations.services.watching.portions import SETTLES
from providers.declare import SIGN_IN
from tests.integrations.services.watching.world import (
    HOUR,
    MINUTE,
    NOW,
    connected,
    credential,
    fails,
    go_round,
    new_credential,
    passes,
    workspace,
)

LATER = NOW + 30 * MINUTE
THIRTEEN = (
    *("meta", "google_ads", "linkedin", "upwork", "x", "reddit", "youtube", "ga4"),
    *("search_console", "stripe", "calendly"),
)


@pytest.fixture
def acme(db):
    return workspace("acme")


def told():
    """What was told of incidents, in its order."""
    happened = Event.objects.filter(type__startswith="incident.").order_by("pk")
    return [(one.type.removeprefix("incident."), one.data["what"]) for one in happened]


def refused_everywhere(app, count):
    """An app that is refused to a Meta connection in each of so many workspaces."""
    places = [Workspace(name=f"Client {number}", slug=f"c-{number}") for number in range(count)]
    Workspace.objects.bulk_create(places)
    opens = [new_credential(place, "meta", app=app, method=SIGN_IN) for place in places]
    Credential.objects.bulk_create(opens)
    IntegrationConnection.objects.bulk_create(
        IntegrationConnection(
            workspace=one.workspace,
            provider="meta",
            auth_method=SIGN_IN,
            sign_in=one,
            is_complete=True,
            version=1,
            last_error="Meta does not know this app.",
            error_kind="auth_invalid",
            failing_since=NOW,
        )
        for one in opens
    )


def open_titles():
    return sorted(Incident.objects.filter(closed_at=None).values_list("title", flat=True))


# --- Refusals ------------------------------------------------------------------------------------


def test_a_refusal_is_told_at_once_in_words_that_say_what_it_stops(acme):
    meta = connected(acme)
    fails(meta, "auth_invalid", NOW, "Meta ended this token: the password was changed.")
    go_round(NOW + MINUTE)

    incident = Incident.objects.get()
    assert incident.title == "Meta ended the access token"
    assert incident.message == "Meta ended this token: the password was changed."
    assert incident.action == "Make new ones at the platform and paste them here."
    assert incident.stops == ["Ads monitor", "Pixel/CAPI lead tracking"]
    assert (incident.opened_at, incident.confirmed_at) == (NOW, NOW + MINUTE)
    assert incident.cause.kind == "auth_invalid"
    assert told() == [("opened", "opened")]


def test_a_second_round_finds_nothing_to_do(acme, django_assert_max_num_queries):
    fails(connected(acme), "auth_invalid", NOW)
    go_round(NOW, NOW + MINUTE)

    assert Cause.objects.count() == Incident.objects.count() == 1
    assert IncidentConnection.objects.count() == 1
    with django_assert_max_num_queries(19):
        go_round(NOW + 2 * MINUTE)


def test_it_is_over_when_it_is_proven_again_and_says_how_long_it_was(acme):
    meta = connected(acme)
    fails(meta, "auth_expired", NOW)
    go_round(NOW)
    passes(meta, NOW + 5 * HOUR)
    go_round(NOW + 5 * HOUR + MINUTE)

    incident = Incident.objects.get()
    assert incident.closed_at - incident.opened_at == 5 * HOUR
    assert incident.ended_by == Ending.PROVEN
    assert Cause.objects.get().closed_at == incident.closed_at
    assert told() == [("opened", "opened"), ("closed", "proven")]
    assert Event.objects.get(type=EventType.INCIDENT_CLOSED).data["seconds"] == 5 * 3600


def test_an_incident_of_a_drill_is_left_alone(acme):
    fails(connected(acme), "auth_invalid", NOW)
    go_round(NOW)
    of_drill = Cause.objects.create(
        key="drill 1",
        kind="auth_invalid",
        scope="connection",
        title="Meta ended the access token",
        opened_at=NOW,
        is_drill=True,
    )
    Incident.objects.create(cause=of_drill, workspace=acme, title=of_drill.title, opened_at=NOW)
    go_round(NOW + MINUTE)

    assert Incident.objects.get(cause=of_drill).is_open


def test_a_stand_in_that_proves_it_ends_nothing(acme):
    meta = connected(acme)
    fails(meta, "auth_invalid", NOW)
    go_round(NOW)
    passes(meta, NOW + MINUTE)
    IntegrationConnection.objects.update(proof_stand_in="http://127.0.0.1:9")
    go_round(NOW + MINUTE)
    assert Incident.objects.get().is_open

    passes(meta, NOW + 2 * MINUTE)
    go_round(NOW + 2 * MINUTE)
    assert not Incident.objects.get().is_open


def test_new_values_do_not_end_it_before_they_are_proven(acme):
    meta = connected(acme)
    fails(meta, "auth_expired", NOW)
    go_round(NOW)
    IntegrationConnection.objects.update(
        last_error="", error_kind="", failing_since=None, proven_at=None, revision=1
    )
    go_round(NOW + MINUTE)
    assert Incident.objects.get().is_open

    passes(meta, NOW + 2 * MINUTE)
    go_round(NOW + 3 * MINUTE)
    assert not Incident.objects.get().is_open


def test_connections_that_share_what_lets_them_in_are_one_incident(acme):
    shared = credential(acme, "ga4", app="google-app", method="sign_in")
    for provider in ("google_ads", "ga4", "search_console", "youtube"):
        fails(connected(acme, provider, opens=shared), "auth_expired", NOW)
    go_round(NOW)

    incident = Incident.objects.get()
    assert incident.title == "Google ended the sign-in that 4 connections share"
    assert incident.action.endswith("That puts all 4 right.")
    assert incident.members.count() == 4


def test_what_was_never_proven_is_not_said_to_have_ended(acme):
    meta = connected(acme)
    meta.tests.all().delete()
    fails(meta, "auth_invalid", NOW)
    go_round(NOW)

    assert Incident.objects.get().title == "Meta does not accept the access token"


def test_a_connection_that_fails_otherwise_stays_in_its_incident(acme):
    meta = connected(acme)
    fails(meta, "permission_missing", NOW, "ads_read is missing.")
    go_round(NOW)
    fails(meta, "account_not_found", NOW + MINUTE, "The account is gone.")
    go_round(NOW + MINUTE)

    incident = Incident.objects.get()
    assert incident.message == "The account is gone."
    assert incident.title == "Meta does not show the account"
    assert told() == [("opened", "opened")]


# --- Outages -------------------------------------------------------------------------------------


def test_an_outage_is_told_after_its_minutes_and_more_than_one_try(acme):
    reddit = connected(acme, "reddit")
    fails(reddit, "provider_unavailable", NOW)
    go_round(NOW, NOW + 29 * MINUTE, LATER)
    incident = Incident.objects.get()
    assert incident.title == "No answer from Reddit"
    assert (incident.confirmed_at, told()) == (None, [])

    fails(reddit, "provider_unavailable", NOW + 20 * MINUTE)
    go_round(NOW + 29 * MINUTE)
    assert told() == []
    go_round(LATER)
    assert told() == [("opened", "opened")]
    assert Incident.objects.get().confirmed_at == Cause.objects.get().confirmed_at == LATER


def test_what_passes_before_it_is_confirmed_is_never_told(acme):
    reddit = connected(acme, "reddit")
    fails(reddit, "provider_unavailable", NOW)
    go_round(NOW)
    passes(reddit, NOW + 5 * MINUTE)
    go_round(NOW + 6 * MINUTE)

    assert not Incident.objects.get().is_open
    assert told() == []


def test_four_google_connections_failing_for_one_outage_are_one_incident(acme):
    for provider in ("google_ads", "ga4", "search_console", "youtube"):
        fails(connected(acme, provider), "provider_unavailable", NOW)
    go_round(NOW, LATER)

    assert open_titles() == ["No answer from Google"]
    assert Incident.objects.get().members.count() == 4


def test_an_outage_beside_a_revoked_token_is_rightly_two(acme):
    revoked = connected(acme, "google_ads")
    others = [connected(acme, provider) for provider in ("ga4", "youtube")]
    for one in (revoked, *others):
        fails(one, "provider_unavailable", NOW)
    go_round(NOW, LATER)
    assert open_titles() == ["No answer from Google"]

    fails(revoked, "auth_expired", LATER, "Google ended this sign-in.")
    go_round(LATER + MINUTE)
    assert open_titles() == ["Google Ads ended the access token", "No answer from Google"]
    for one in others:
        passes(one, LATER + 2 * MINUTE)
    go_round(LATER + 3 * MINUTE)
    assert open_titles() == ["Google Ads ended the access token"]


def test_one_that_stays_silent_after_the_others_is_an_incident_of_its_own(acme):
    stuck, other = connected(acme, "ga4"), connected(acme, "youtube")
    for one in (stuck, other):
        fails(one, "provider_unavailable", NOW)
    go_round(NOW, LATER)
    passes(other, LATER + MINUTE)
    go_round(LATER + 2 * MINUTE)
    assert Cause.objects.get(closed_at=None).scope == "family"

    fails(stuck, "provider_unavailable", LATER + 3 * MINUTE)
    go_round(LATER + 4 * MINUTE)
    assert Incident.objects.get().cause.scope == "connection"
    assert Cause.objects.count() == 1
    assert open_titles() == ["No answer from Google Analytics (GA4)"]


def test_a_blip_beside_two_that_are_silent_for_weeks_is_its_own(db):
    for number in range(2):
        stuck = connected(workspace(f"stuck-{number}"), "ga4")
        fails(stuck, "provider_unavailable", NOW - 480 * HOUR)
        fails(stuck, "provider_unavailable", NOW - HOUR)
    healthy = [connected(workspace(f"healthy-{number}"), "youtube") for number in range(4)]
    go_round(NOW - HOUR, NOW - MINUTE)
    fails(healthy[0], "provider_unavailable", NOW)
    fails(healthy[0], "provider_unavailable", NOW + MINUTE)
    go_round(NOW + MINUTE)

    assert set(Cause.objects.values_list("scope", flat=True)) == {"connection"}
    assert Incident.objects.get(workspace__slug="healthy-0").confirmed_at is None


def test_what_joins_an_old_cause_is_told_when_it_has_lasted_itself(db):
    for number in range(2):
        stuck = connected(workspace(f"stuck-{number}"), "ga4")
        fails(stuck, "provider_unavailable", NOW - 480 * HOUR)
        fails(stuck, "provider_unavailable", NOW - HOUR)
    go_round(NOW - HOUR, NOW - MINUTE)
    joins = connected(workspace("joins"), "youtube")
    passes(joins, NOW - 481 * HOUR)
    for at in (NOW, NOW + MINUTE):
        fails(joins, "provider_unavailable", at)
        go_round(at)
    incident = Incident.objects.get(workspace=joins.workspace)
    assert (incident.cause.scope, incident.confirmed_at) == ("family", None)

    go_round(LATER)
    assert Incident.objects.get(workspace=joins.workspace).confirmed_at == LATER


def test_a_platform_that_is_silent_to_one_workspace_alone_is_one_incident_there(acme):
    elsewhere = [connected(workspace(f"w-{number}"), "ga4") for number in range(9)]
    silent = [connected(acme, slug) for slug in ("ga4", "youtube", "search_console")]
    for one in silent:
        fails(one, "provider_unavailable", NOW)
    for one in elsewhere:
        passes(one, NOW + MINUTE)
    go_round(NOW + 2 * MINUTE)
    assert open_titles() == ["No answer from Google"]

    for one in silent[:2]:
        passes(one, NOW + HOUR)
    fails(silent[2], "provider_unavailable", NOW + 2 * HOUR)
    go_round(NOW + HOUR, NOW + 2 * HOUR)
    assert open_titles() == ["No answer from Search Console"]
    assert Incident.objects.count() == 1


def test_different_replies_that_say_nothing_are_no_outage(db):
    for kind in ("blocked", "unexpected_reply"):
        fails(connected(workspace(kind.replace("_", "-")), "ga4"), kind, NOW)
    go_round(NOW)

    assert set(Cause.objects.values_list("scope", flat=True)) == {"connection"}


def test_the_same_reply_that_says_nothing_to_all_is_one_cause(db):
    for number in range(3):
        fails(connected(workspace(f"w-{number}"), "ga4"), "unexpected_reply", NOW)
    go_round(NOW)

    assert Cause.objects.get().title == "No clear answer from Google Analytics (GA4)"
    assert Cause.objects.get().incidents.count() == 3


def test_a_vendor_is_not_silent_with_another_one(acme):
    for slug, vendor in (("main", "hubspot"), ("other", "pipedrive")):
        crm = connected(acme, "crm", slug=slug, config={"vendor": vendor})
        fails(crm, "provider_unavailable", NOW)
    go_round(NOW)

    assert open_titles() == ["No answer from HubSpot", "No answer from Pipedrive"]


def test_a_limit_is_of_what_the_platform_counts(acme):
    for slug in ("main", "other"):
        fails(connected(acme, "reddit", slug=slug, app="our-app"), "rate_limited", NOW)
    go_round(NOW)

    assert open_titles() == ["Reddit limits our requests"]
    assert Cause.objects.get().scope == "app"


# --- Ours ----------------------------------------------------------------------------------------


def test_a_cut_of_our_network_is_one_incident_with_one_recovery(acme):
    all_of_them = [connected(acme, slug) for slug in THIRTEEN]
    all_of_them += [connected(acme, "meta", slug=slug) for slug in ("north", "south")]
    for number, one in enumerate(all_of_them):
        fails(one, "network", NOW + number * timedelta(seconds=10))
    go_round(NOW + 3 * MINUTE)
    for one in all_of_them:
        fails(one, "network", NOW + 20 * MINUTE)
    go_round(LATER)

    incident = Incident.objects.get()
    assert incident.title == "Our side: this server cannot reach the internet"
    assert incident.cause.kind == "ours"
    assert incident.members.count() == 13
    assert told() == [("opened", "opened")]

    for number, one in enumerate(all_of_them):
        passes(one, LATER + number * MINUTE)
        go_round(LATER + number * MINUTE)
    assert Incident.objects.get().closed_at == LATER + 12 * MINUTE
    assert {what for kind, what in told() if kind != "updated"} == {"opened", "proven"}
    assert [kind for kind, _ in told()].count("closed") == 1


def test_silence_that_goes_on_when_others_are_answered_is_not_ours(acme):
    all_of_them = [connected(acme, slug) for slug in THIRTEEN[:4]]
    for one in all_of_them:
        fails(one, "network", NOW)
    go_round(NOW)
    upwork, *others = reversed(all_of_them)
    for one in others:
        passes(one, NOW + MINUTE)
    go_round(NOW + 2 * MINUTE)
    assert open_titles() == ["Our side: this server cannot reach the internet"]

    fails(upwork, "network", NOW + 3 * MINUTE)
    go_round(NOW + 4 * MINUTE)
    assert open_titles() == ["No answer from Upwork"]


def test_two_silent_platforms_are_not_a_cut(acme):
    for slug in ("meta", "upwork"):
        fails(connected(acme, slug), "network", NOW)
    go_round(NOW)

    assert open_titles() == ["No answer from Meta", "No answer from Upwork"]


@pytest.mark.parametrize(
    "said", ["auth_expired", "provider_unavailable", "rate_limited", "blocked"]
)
def test_any_answer_shows_that_our_network_is_there(acme, said):
    silent = [connected(acme, slug) for slug in ("meta", "stripe", "upwork")]
    other = connected(acme, "reddit")
    for number in range(3):
        at = NOW + 10 * number * MINUTE
        for one in silent:
            fails(one, "network", at)
        fails(other, said, at + MINUTE)
        go_round(at + 2 * MINUTE)

    assert "Our side: this server cannot reach the internet" not in open_titles()
    assert len(open_titles()) == 4


def test_what_cannot_be_read_here_shows_nothing_of_our_network(acme):
    for slug in ("meta", "stripe", "upwork"):
        fails(connected(acme, slug), "network", NOW)
    fails(connected(acme, "reddit"), "credentials_unreadable", NOW + MINUTE)
    go_round(NOW + 2 * MINUTE)

    assert "Our side: this server cannot reach the internet" in open_titles()


def test_a_stand_in_that_answers_shows_nothing_of_our_network(acme, settings):
    settings.PROVIDER_ORIGINS = {"reddit": {"API": "http://127.0.0.1:9"}}
    platforms.catalogue.cache_clear()
    try:
        for slug in ("meta", "stripe", "upwork"):
            fails(connected(acme, slug), "network", NOW)
        passes(connected(acme, "reddit"), NOW + MINUTE)
        go_round(NOW + 2 * MINUTE)
    finally:
        settings.PROVIDER_ORIGINS = {}
        platforms.catalogue.cache_clear()

    assert open_titles() == ["Our side: this server cannot reach the internet"]


def test_a_key_that_is_not_here_is_ours_and_over_when_it_is_back(acme):
    here = IntegrationConnection.objects.filter(pk=connected(acme).pk)
    [key] = here.values_list("key_id", flat=True)
    here.update(key_id="0123456789ab")
    go_round(NOW)

    assert open_titles() == ["Our side: stored credentials cannot be read"]
    assert told() == [("opened", "opened")]
    here.update(key_id=key)
    go_round(NOW + HOUR)
    assert told()[-1] == ("closed", "readable")
    assert Incident.objects.get().closed_at == NOW + HOUR


def test_hours_without_a_round_are_a_cause_of_ours(acme):
    connected(acme)
    rounds.look_after(NOW)
    rounds.look_after(NOW + MINUTE)
    assert not Cause.objects.exists()

    rounds.look_after(NOW + 9 * HOUR)
    cause = Cause.objects.get()
    assert cause.title == "Our side: checks were not running"
    assert (cause.opened_at, cause.closed_at) == (NOW + MINUTE, NOW + 9 * HOUR)


# --- Apps ----------------------------------------------------------------------------------------


def test_one_revoked_app_behind_300_workspaces_is_one_cause(db):
    refused_everywhere("agency-app", 300)
    go_round(NOW + 10 * MINUTE)

    cause = Cause.objects.get()
    assert (cause.scope, cause.key) == ("app", "refused app agency-app")
    assert cause.incidents.count() == 300
    assert set(cause.incidents.values_list("title", flat=True)) == {
        "Meta refuses the app that you sign in with"
    }
    assert told() == [("opened", "opened")] * 300


def test_the_first_refusals_of_an_app_are_told_once_though_it_shows_later(db):
    everyone = [connected(workspace(f"client-{n}"), app="agency-app") for n in range(4)]
    for one in everyone[:2]:
        fails(one, "auth_invalid", NOW)
    go_round(NOW)
    assert Cause.objects.count() == 2

    for one in everyone[2:]:
        fails(one, "auth_invalid", NOW + MINUTE)
    go_round(NOW + MINUTE)
    assert Cause.objects.get().scope == "app"
    assert Incident.objects.count() == 4
    assert sorted(told()) == [("opened", "opened")] * 4 + [("updated", "connections")] * 2

    passes(everyone[0], NOW + HOUR)
    go_round(NOW + HOUR)
    assert Cause.objects.get().is_open
    assert Incident.objects.filter(closed_at=None).count() == 3
    for one in everyone[1:]:
        passes(one, NOW + 2 * HOUR)
    go_round(NOW + 2 * HOUR)
    assert Cause.objects.get().closed_at == NOW + 2 * HOUR


def test_sign_ins_that_end_while_the_app_lets_others_in_are_causes_of_their_own(db):
    everyone = [connected(workspace(f"client-{n}"), app="agency-app") for n in range(4)]
    for minutes, one in enumerate(everyone[:3]):
        fails(one, "auth_invalid", NOW + minutes * MINUTE)
        passes(everyone[3], NOW + minutes * MINUTE)
    go_round(NOW + HOUR)

    assert set(Cause.objects.values_list("scope", flat=True)) == {"credential"}
    assert Cause.objects.count() == 3


def test_who_stays_refused_when_the_app_lets_others_in_is_told_why(db):
    everyone = [connected(workspace(f"client-{n}"), app="agency-app") for n in range(4)]
    for one in everyone:
        fails(one, "auth_invalid", NOW)
    go_round(NOW)
    last, *others = everyone
    for one in others:
        passes(one, NOW + HOUR)
    go_round(NOW + HOUR)
    assert Incident.objects.get(closed_at=None).cause.scope == "app"

    fails(last, "auth_expired", NOW + 2 * HOUR, "Meta ended this token: the password was changed.")
    go_round(NOW + 2 * HOUR)
    incident = Incident.objects.get(closed_at=None)
    assert incident.title == "Meta ended the sign-in"
    assert incident.message == "Meta ended this token: the password was changed."
    assert incident.cause.scope == "credential"
    assert not Cause.objects.filter(scope="app", closed_at=None).exists()


def test_one_that_was_let_in_and_refused_since_shows_that_the_app_is_alive(db):
    everyone = [connected(workspace(f"client-{n}"), app="agency-app") for n in range(4)]
    for one in everyone[:3]:
        fails(one, "auth_invalid", NOW)
    passes(everyone[3], NOW + MINUTE)
    fails(everyone[3], "auth_invalid", NOW + 2 * MINUTE)
    go_round(NOW + 3 * MINUTE)

    assert set(Cause.objects.values_list("scope", flat=True)) == {"credential"}


# --- What a sign-in may do -----------------------------------------------------------------------


def google(place, count, opens):
    slugs = ("ga4", "youtube", "search_console")
    return [
        connected(place, slugs[number % 3], slug=f"c-{number}", opens=opens)
        for number in range(count)
    ]


def test_a_permission_that_a_shared_sign_in_lost_is_one_incident(acme):
    opens = credential(acme, "ga4", app="google-app", method=SIGN_IN)
    all_of_them = google(acme, 13, opens)
    for one in all_of_them:
        fails(one, "permission_missing", NOW, "Google says that a permission is missing.")
    fails(connected(acme, "ga4", slug="other"), "permission_missing", NOW)
    go_round(NOW + MINUTE)
    assert sorted(one.members.count() for one in Incident.objects.all()) == [1, 13]
    assert told() == [("opened", "opened")] * 2

    for one in all_of_them[1:]:
        passes(one, NOW + HOUR)
    go_round(NOW + HOUR)
    fails(all_of_them[0], "permission_missing", NOW + 2 * HOUR)
    go_round(NOW + 2 * HOUR)
    assert [what for kind, what in told() if kind != "updated"] == ["opened"] * 2


def test_an_account_that_is_gone_is_alone_unless_another_one_goes_with_it(acme):
    opens = credential(acme, "ga4", app="google-app", method=SIGN_IN)
    first, second, third = google(acme, 3, opens)
    fails(first, "account_not_found", NOW - 720 * HOUR)
    fails(second, "account_not_found", NOW)
    go_round(NOW)
    assert Incident.objects.count() == 2

    fails(third, "account_not_found", NOW + HOUR)
    go_round(NOW + HOUR)
    assert sorted(
        Incident.objects.filter(closed_at=None).values_list("cause__scope", flat=True)
    ) == ["connection", "credential"]


# --- Flapping ------------------------------------------------------------------------------------


def test_twenty_flaps_in_an_hour_are_one_incident_that_says_so(acme):
    meta = connected(acme)
    for number in range(20):
        at = NOW + number * 3 * MINUTE
        fails(meta, "permission_missing", at)
        go_round(at)
        passes(meta, at + MINUTE)
        go_round(at + MINUTE)
    incident = Incident.objects.get()
    assert incident.is_open
    assert incident.is_flapping
    assert incident.cause.is_flapping

    last = at + MINUTE
    go_round(last + SETTLES - MINUTE)
    assert Incident.objects.get().is_open
    go_round(last + SETTLES)
    assert Incident.objects.get().closed_at == last
    assert told() == [
        ("opened", "opened"),
        ("closed", "proven"),
        ("opened", "again"),
        ("updated", "flapping"),
        ("closed", "proven"),
    ]


def test_what_breaks_again_after_an_hour_is_new(acme):
    meta = connected(acme)
    fails(meta, "permission_missing", NOW)
    go_round(NOW)
    passes(meta, NOW + MINUTE)
    go_round(NOW + MINUTE)
    again = NOW + MINUTE + COMES_BACK + MINUTE
    fails(meta, "permission_missing", again)
    go_round(again)

    assert Incident.objects.count() == Cause.objects.count() == 2


def test_an_outage_that_comes_and_goes_is_told_when_it_has_lasted(acme):
    reddit = connected(acme, "reddit")
    for number in range(12):
        at = NOW + number * 3 * MINUTE
        fails(reddit, "provider_unavailable", at)
        fails(reddit, "provider_unavailable", at + MINUTE)
        go_round(at + MINUTE)
        passes(reddit, at + 2 * MINUTE)
        go_round(at + 2 * MINUTE)

    assert Incident.objects.get().confirmed_at == NOW + 31 * MINUTE
    assert told() == [("opened", "opened")]


# --- What ends it otherwise ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"is_enabled": False}, Ending.DISABLED),
        ({"is_complete": False, "auth_method": ""}, Ending.DISCONNECTED),
    ],
)
def test_who_takes_the_connection_away_ends_it(acme, what, why):
    fails(connected(acme), "permission_missing", NOW)
    go_round(NOW)
    IntegrationConnection.objects.update(**what)
    go_round(NOW + HOUR)

    assert Incident.objects.get().ended_by == why
    assert told()[-1] == ("closed", why)


def test_a_connection_that_is_removed_ends_it_and_stays_in_the_history(acme):
    meta = connected(acme)
    fails(meta, "permission_missing", NOW)
    go_round(NOW)
    meta.delete()
    go_round(NOW + HOUR)

    incident = Incident.objects.get()
    assert incident.ended_by == Ending.REMOVED
    member = incident.members.get()
    assert (member.provider, member.left_by) == ("meta", Ending.REMOVED)


def test_an_archived_workspace_has_no_incident_and_keeps_no_cause_open(acme, owner):
    other = workspace("other")
    for place in (acme, other):
        fails(connected(place, app="app"), "rate_limited", NOW)
    go_round(NOW)
    owner.memberships.create(workspace=other, role="owner")
    workspaces.archive(other, by=owner)
    fails(connected(other, "stripe"), "auth_invalid", NOW)
    go_round(NOW + MINUTE)

    assert Incident.objects.get(workspace=other).ended_by == Ending.ARCHIVED
    assert Incident.objects.get(closed_at=None).workspace == acme


def test_a_reported_error_is_an_incident_until_the_report_is_cleared(acme):
    meta = connected(acme)
    reported = IntegrationConnection.objects.filter(pk=meta.pk)
    reported.update(reported_error="No rows since Monday.", reported_at=NOW)
    go_round(NOW)

    incident = Incident.objects.get()
    assert incident.title == "Meta was reported as broken"
    assert incident.message == "No rows since Monday."
    assert incident.cause.kind == "reported"

    reported.update(reported_error="", reported_at=None)
    go_round(NOW + HOUR)
    assert Incident.objects.get().ended_by == Ending.CLEARED
    assert Incident.objects.get().closed_at == NOW + HOUR


def test_who_borrows_is_told_whom_to_ask(acme):
    client = workspace("client")
    shared = credential(acme)
    fails(connected(acme, opens=shared), "auth_invalid", NOW)
    borrowed = connected(client, opens=shared, lender=acme)
    fails(borrowed, "auth_invalid", NOW)
    whom = "Ask the owners of Acme, which lends what lets this in."
    IntegrationConnection.objects.filter(pk=borrowed.pk).update(error_action=whom)
    go_round(NOW)

    assert Cause.objects.count() == 1
    assert Incident.objects.get(workspace=client).action == whom
    assert Incident.objects.get(workspace=acme).action != whom


def test_what_a_person_wrote_stays_when_it_comes_back(acme, editor):
    meta = connected(acme)
    fails(meta, "permission_missing", NOW)
    go_round(NOW)
    Incident.objects.update(owner=editor, note="Asking Carla", acknowledged_by=editor)
    passes(meta, NOW + MINUTE)
    go_round(NOW + MINUTE)
    fails(meta, "permission_missing", NOW + 2 * MINUTE)
    go_round(NOW + 2 * MINUTE)

    incident = Incident.objects.get()
    assert (incident.owner, incident.note) == (editor, "Asking Carla")
