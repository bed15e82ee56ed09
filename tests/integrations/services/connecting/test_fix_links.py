"""Fix links: one page for the person who owns the platform's account, and nothing else."""

import hashlib
import re
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from integrations.models import Candidate, FixLink, Membership, Role, SignInAttempt
from integrations.services import rows
from integrations.services.connecting import disconnecting, fix_links, saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import tokens
from integrations.services.people.guesses import LINK
from integrations.services.proving import testing
from integrations.services.refusals import InvalidChange
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import callback_of
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.connecting.test_signing_in import HTMX, Visitor, live

CALLBACK = "/oauth/calendly/callback/"
GONE = "This link does not work any more"


class Recipient:
    """The browser of somebody without an account here."""

    def __init__(self, link=None):
        self.client = Client(enforce_csrf_checks=True)
        if link:
            self.opens(link)

    def opens(self, link):
        return self.client.get(link.removeprefix("http://testserver"), follow=True)

    def page(self):
        return self.client.get(reverse("fix-page"))

    def post(self, view, **data):
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.page().content.decode())[1]
        data["csrfmiddlewaretoken"] = token
        return self.client.post(reverse(view), data, headers=HTMX, follow=True)

    def leaves(self):
        return self.post("fix-sign-in")["HX-Redirect"]

    def comes_back(self, callback):
        return self.client.get(CALLBACK, callback, follow=True)

    def signs_in(self, person="healthy", **more):
        return self.comes_back(callback_of(self.leaves(), person, **more))


@pytest.fixture
def link(calendly_signed_in, owner, workspace):
    return fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben of Ads", by=owner)


@pytest.fixture
def recipient(link):
    return Recipient(link)


def test_a_sign_in_by_a_link_that_is_under_way_shows_that_and_goes_on(recipient):
    recipient.leaves()
    SignInAttempt.objects.update(used_at=timezone.now())
    page = recipient.page()

    part = recipient.client.get(reverse("fix-page"), headers=HTMX)
    SignInAttempt.objects.update(problem="It did not hold.")
    then = recipient.client.get(reverse("fix-page"), headers=HTMX)

    for shown in (page, part):
        assert "You are back. Asking whether the sign-in holds" in text_of(shown)
    assert then["HX-Redirect"] == reverse("fix-page")


# --- Sending one ---------------------------------------------------------------------------------


def test_an_owner_makes_a_link_that_is_shown_once(calendly_signed_in, owner):
    visitor = Visitor(owner)

    made = visitor.post("send-fix-link", "calendly", recipient="Ben  of Ads ")
    link = re.search(r'id="fix-link">([^<]+)<', made.content.decode())[1]

    assert re.fullmatch(r"http://testserver/fix/[\w-]{43}/", link)
    assert "Copy the link now: it is not shown again." in text_of(made)
    assert FixLink.objects.get().recipient == "Ben of Ads"
    assert link.split("/")[-2] not in visitor.get("send-fix-link", "calendly").content.decode()


def test_only_the_digest_of_a_link_is_stored(link):
    token = link.split("/")[-2]

    row = FixLink.objects.get()

    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in repr(vars(row))


@pytest.mark.parametrize(
    ("recipient", "sentence"),
    [
        ("", "Say who will get the link"),
        ("  ", "Say who will get the link"),
        ("B" * 101, "longer than 100 characters"),
    ],
)
def test_whom_it_is_for_must_be_said(calendly_signed_in, owner, recipient, sentence):
    reply = Visitor(owner).post("send-fix-link", "calendly", recipient=recipient)

    assert reply.status_code == 422
    assert sentence in text_of(reply)
    assert not FixLink.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_only_owners_send_links(calendly_signed_in, request, who):
    visitor = Visitor(request.getfixturevalue(who))

    replies = [
        visitor.get("send-fix-link", "calendly"),
        visitor.post("send-fix-link", "calendly", recipient="Ben"),
    ]

    assert [reply.status_code for reply in replies] == [403, 403]
    assert not FixLink.objects.exists()


@pytest.mark.parametrize("slug", ["fiverr", "meta", "crm"])
def test_there_is_no_link_where_nobody_can_sign_in(calendly_signed_in, owner, slug):
    reply = Visitor(owner).post("send-fix-link", slug, recipient="Ben")

    assert "Signing in needs an app of yours" in text_of(reply)
    assert not FixLink.objects.exists()


def test_a_service_refuses_what_the_page_refuses(calendly_signed_in, owner, workspace):
    with pytest.raises(InvalidChange):
        fix_links.send(rows.unread(workspace, "calendly"), recipient="\n", by=owner)


# --- Using one -----------------------------------------------------------------------------------


def test_the_page_says_who_asks_for_what(link):
    page = text_of(Recipient().opens(link))

    assert "Calendly for Main" in page
    assert "olga asks Ben of Ads to sign in" in page
    assert "Ada Page" in page
    assert "booked calls" in page


def test_the_address_of_the_page_holds_no_token(link):
    page = Recipient().opens(link)

    assert page.redirect_chain == [("/fix/", 302)]
    assert link.split("/")[-2] not in page.content.decode()


def test_opening_a_link_leaves_no_referrer_and_is_not_kept(link):
    for address in (link, "http://testserver/fix/made-up/"):
        reply = Client().get(address.removeprefix("http://testserver"))
        assert reply["Referrer-Policy"] == "no-referrer"
        assert "no-store" in reply["Cache-Control"]


def test_opening_a_link_does_not_use_it_up(link):
    for _ in range(3):
        assert "Continue to Calendly" in text_of(Recipient().opens(link))

    assert FixLink.objects.get().used_at is None


def test_whoever_signs_in_sees_the_ladder_and_is_thanked(recipient, workspace, calendly_signed_in):
    page = text_of(recipient.signs_in())

    assert "Thank you: Calendly works." in page
    assert "Sign-in is alive" in page
    saved = live(workspace)
    assert saved.sign_in_id != calendly_signed_in.sign_in_id
    assert saved.proven_at
    assert FixLink.objects.get().used_at


def test_a_broken_connection_works_again(link, workspace, editor):
    held = tokens.held_by(live(workspace).sign_in)
    sandbox.SIGN_IN.given_of(held.access_token).is_revoked = True
    testing.test_connection(live(workspace), trigger="schedule")
    assert live(workspace).needs_reauth

    Recipient(link).signs_in()

    assert (live(workspace).status, live(workspace).needs_reauth) == ("connected", False)


def test_the_history_names_recipient_and_sender(recipient, owner, workspace):
    recipient.signs_in()

    page = text_of(Visitor(owner).get("history", "calendly"))

    assert "by Ben of Ads, on the fix link that olga sent" in page
    assert live(workspace).edited_by is None


def test_the_history_names_them_also_for_what_did_not_pass(recipient, owner, workspace):
    recipient.signs_in(without="scheduled_events:read")
    fix_links.send(rows.unread(workspace, "calendly"), recipient="Cleo", by=owner)

    page = text_of(Visitor(owner).get("history", "calendly"))

    assert "by Ben of Ads, on the fix link that olga sent" in page


def test_of_several_accounts_the_recipient_chooses_one(calendly, owner, workspace):
    link = fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    recipient = Recipient(link)

    page = recipient.signs_in("two")
    assert "Which account is it about?" in text_of(page)
    thanks = recipient.post("fix-account", account=sandbox.OUTLET)

    assert "Thank you: Calendly works." in text_of(thanks)
    assert live(workspace).platform_account_id == sandbox.OUTLET


def test_an_account_that_was_not_offered_is_not_taken(calendly, owner, workspace):
    recipient = Recipient(
        fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    )
    recipient.signs_in("two")

    page = recipient.post("fix-account", account="https://api.calendly.com/organizations/other")

    assert "Choose one of these accounts." in text_of(page)
    assert live(workspace).version == 0


def test_without_script_a_link_leads_to_the_platform(recipient):
    page = recipient.page().content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]

    reply = recipient.client.post(reverse("fix-sign-in"), {"csrfmiddlewaretoken": token})

    assert reply.status_code == 200
    assert "/oauth/authorize?" in reply.content.decode()


# --- How it goes wrong ---------------------------------------------------------------------------


def test_cancelling_says_so_and_offers_another_try(recipient, workspace):
    page = recipient.signs_in("")

    assert "The sign-in at Calendly was cancelled." in text_of(page)
    assert "Continue to Calendly" in text_of(page)
    assert "Thank you" in text_of(recipient.signs_in())


def test_a_platform_that_is_down_says_so_and_offers_another_try(recipient, calendly):
    working = calendly.answer
    url = recipient.leaves()
    calendly.answer = lambda asked: (
        Answer(503, "<html>Down</html>") if asked.path == "/oauth/token" else working(asked)
    )
    page = recipient.comes_back(callback_of(url))
    calendly.answer = working

    assert "Calendly has a problem at the moment." in text_of(page)
    assert "Thank you" in text_of(recipient.signs_in())


def test_fewer_permissions_say_what_is_missing_and_offer_another_try(recipient, workspace):
    page = recipient.signs_in(without="scheduled_events:read")

    assert "Missing: scheduled_events:read" in text_of(page)
    assert "Sign in again" in text_of(page)
    assert live(workspace).version == 1
    assert FixLink.objects.get().used_at is None


@pytest.fixture
def of_outlet(calendly, owner, workspace):
    """A link for a connection to an organization that the person called healthy is not in."""
    values = {"account_id": sandbox.OUTLET, "access_token": sandbox.token_of("two")}
    changes = Changes(config=values, auth_method="access_token")
    saved = saving.change_connection(
        rows.unread(workspace, "calendly"), changes, by=None
    ).connection
    testing.test_connection(saved, trigger="schedule")
    return fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)


def test_another_account_is_refused_without_a_choice(of_outlet, workspace):
    recipient = Recipient(of_outlet)

    page = text_of(recipient.signs_in("healthy"))

    assert "This sign-in does not reach the account that is needed." in page
    assert "Sign in as somebody who has access to it." in page
    assert "Which account" not in page
    assert "Switch" not in page
    assert live(workspace).platform_account_id == sandbox.OUTLET
    assert not live(workspace).is_signed_in


def test_another_account_that_passes_is_refused_too(of_outlet, workspace):
    """Where no account is saved, the platform alone says whose it is."""
    connection = live(workspace)
    connection.config = {}
    connection.save()

    recipient = Recipient(of_outlet)
    page = text_of(recipient.signs_in("healthy"))

    assert "This sign-in leads to another account than the one that is connected." in page
    assert f"Expected: {live(workspace).platform_account_name}" in page
    assert not live(workspace).is_signed_in


def test_the_right_person_can_still_use_the_link_afterwards(of_outlet, workspace):
    recipient = Recipient(of_outlet)
    recipient.signs_in("healthy")

    assert "Thank you" in text_of(recipient.signs_in("two"))
    assert live(workspace).is_signed_in


def test_a_refused_sign_in_cannot_be_saved_by_the_recipient(of_outlet, workspace):
    recipient = Recipient(of_outlet)
    recipient.signs_in("healthy")
    kept = str(Candidate.objects.get().pk)

    for view in ("save-candidate", "discard-candidate", "candidate"):
        url = reverse(view, args=["main", "calendly", kept])
        assert recipient.client.get(url).status_code in (302, 405)
        assert recipient.client.post(url).status_code in (302, 403, 405)

    assert live(workspace).version == 1
    assert not live(workspace).is_signed_in


def test_not_even_an_owner_saves_what_came_of_a_link(of_outlet, owner, workspace):
    Recipient(of_outlet).signs_in("healthy")

    page = Visitor(owner).post("save-candidate", "calendly", str(Candidate.objects.get().pk))

    assert "Those values are no longer here" in text_of(page)
    assert not live(workspace).is_signed_in


def test_without_an_app_the_recipient_is_sent_back_to_the_sender(recipient, settings):
    settings.APPS = {}

    page = recipient.post("fix-sign-in")

    assert page.status_code == 422
    assert "Ask the person who sent you the link." in text_of(page)


def test_at_another_address_the_recipient_is_sent_to_the_right_one(recipient, settings):
    settings.PUBLIC_URL = "https://center.example"

    page = recipient.post("fix-sign-in")

    assert page.status_code == 422
    assert "A sign-in comes back to https://center.example." in text_of(page)


# --- How it ends ---------------------------------------------------------------------------------


def is_gone(link, recipient=None):
    """For a new browser and for one in which it was opened before."""
    pages = [Recipient().opens(link), *([recipient.page()] if recipient else [])]
    return all(page.status_code == 410 and GONE in text_of(page) for page in pages)


def test_a_used_link_is_gone(link):
    late = Recipient(link)
    Recipient(link).signs_in()

    assert is_gone(link, late)
    with pytest.raises(fix_links.LinkGone):
        fix_links.find(link.split("/")[-2])


def test_who_used_it_reads_the_thanks_again(recipient):
    recipient.signs_in()

    assert "Thank you" in text_of(recipient.page())


def test_after_a_day_a_link_is_gone(link, recipient, time_machine):
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))

    assert is_gone(link, recipient)


def test_a_newer_link_ends_the_older(link, recipient, owner, workspace):
    newer = fix_links.send(rows.unread(workspace, "calendly"), recipient="Cleo", by=owner)

    assert is_gone(link, recipient)
    assert "asks Cleo to sign in" in text_of(Recipient().opens(newer))


@pytest.mark.parametrize("change", ["editor", "removed", "inactive", "deleted"])
def test_a_link_ends_with_its_senders_role(link, recipient, owner, change):
    if change == "editor":
        Membership.objects.filter(user=owner).update(role=Role.EDITOR)
    elif change == "removed":
        Membership.objects.filter(user=owner).delete()
    elif change == "inactive":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    else:
        owner.delete()

    assert is_gone(link, recipient)


def test_a_made_up_link_is_as_good_as_none(db):
    assert is_gone("http://testserver/fix/made-up/")


def test_without_a_link_there_is_no_page(db):
    client = Client()

    assert client.get(reverse("fix-page")).status_code == 410
    for view in ("fix-sign-in", "fix-account"):
        assert client.post(reverse(view)).status_code == 410
        assert client.get(reverse(view)).status_code == 405


def test_a_session_that_names_nonsense_is_as_good_as_none(recipient):
    session = recipient.client.session
    session["fix_link"] = "nonsense"
    session.save()

    assert recipient.page().status_code == 410


def test_disconnecting_ends_a_link(link, recipient, workspace):
    disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None, revokes=False)

    assert is_gone(link, recipient)


@pytest.mark.parametrize("ending", ["demoted", "newer", "expired"])
def test_a_link_that_ends_during_the_sign_in_brings_nothing(
    recipient, owner, workspace, calendly, calendly_signed_in, time_machine, ending
):
    if ending == "expired":
        FixLink.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    callback = callback_of(recipient.leaves())
    asked = len(calendly.requests_seen)
    if ending == "demoted":
        Membership.objects.filter(user=owner).update(role=Role.EDITOR)
    elif ending == "newer":
        fix_links.send(rows.unread(workspace, "calendly"), recipient="Cleo", by=owner)
    else:
        time_machine.move_to(timezone.now() + timedelta(minutes=6))

    page = recipient.comes_back(callback)

    assert (page.status_code, GONE in text_of(page)) == (410, True)
    assert len(calendly.requests_seen) == asked
    assert live(workspace).sign_in_id == calendly_signed_in.sign_in_id


@pytest.mark.django_db(transaction=True)
def test_a_link_that_ends_during_the_proof_brings_nothing(calendly, owner, workspace):
    recipient = Recipient(
        fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    )
    callback = callback_of(recipient.leaves())
    usual = calendly.answer

    def demoting(asked):
        if asked.path == "/scheduled_events":
            Membership.objects.filter(user=owner).update(role=Role.EDITOR)
            database.close()
        return usual(asked)

    calendly.answer = demoting
    page = recipient.comes_back(callback)

    assert (page.status_code, GONE in text_of(page)) == (410, True)
    assert live(workspace).version == 0


# --- Two at once ---------------------------------------------------------------------------------


def test_of_two_people_with_one_link_the_first_to_come_back_wins(link, workspace):
    first, second = Recipient(link), Recipient(link)
    callbacks = [callback_of(one.leaves()) for one in (first, second)]

    won, lost = first.comes_back(callbacks[0]), second.comes_back(callbacks[1])

    assert "Thank you" in text_of(won)
    assert (lost.status_code, GONE in text_of(lost)) == (410, True)
    assert live(workspace).version == 2
    assert sign_ins().filter(signed_in__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_proofs_at_once_one_is_saved_and_the_other_is_told(calendly, owner, workspace):
    link = fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    people = [Recipient(link), Recipient(link)]
    callbacks = [callback_of(one.leaves()) for one in people]
    start, pages = threading.Barrier(2), []

    def comes_back(number):
        start.wait()
        try:
            pages.append(people[number].comes_back(callbacks[number]))
        finally:
            database.close()

    threads = [threading.Thread(target=comes_back, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(page.status_code for page in pages) == [200, 410]
    assert live(workspace).version == 1
    assert SignInAttempt.objects.filter(problem="").count() >= 1


def test_who_guesses_links_is_told_to_wait_and_who_has_one_is_not(recipient, link):
    for _ in range(LINK.most * 2):
        assert recipient.opens(link).status_code == 200
    guessed = [recipient.client.get(f"/fix/guess-{n}/").status_code for n in range(LINK.most + 1)]

    assert guessed == [410] * LINK.most + [429]


# --- What else it opens: nothing -----------------------------------------------------------------


PUBLIC = {
    *("login", "logout", "welcome", "password_reset", "password_reset_done"),
    *("account_login", "account_reset_password_from_key", "password_reset_complete"),
    *("fix", "fix-page", "fix-sign-in"),
    *("fix-account", "sign-in-callback", "healthz", "readyz", "metrics"),
    *("opened-invitation", "accept-invitation", "join", "invitation", "confirm-email"),
    *("badge", "badge-facts", "expiries", "unsubscribe"),
}
ARGS = {
    "workspace": "main",
    "slug": "calendly",
    "app": "calendly",
    "method": "sign_in",
    "member_id": 1,
    "invitation_id": "00000000-0000-0000-0000-000000000000",
    "hand_over_id": 1,
    "candidate_id": "00000000-0000-0000-0000-000000000000",
    "attempt_id": "00000000-0000-0000-0000-000000000000",
    "connection_id": "00000000-0000-0000-0000-000000000000",
    "source_id": "00000000-0000-0000-0000-000000000000",
    "chosen_id": "00000000-0000-0000-0000-000000000000",
    "incident_id": 0,
    "run_id": 0,
    "channel_id": "00000000-0000-0000-0000-000000000000",
    "delivery_id": "00000000-0000-0000-0000-000000000000",
    "kind": "webhook",
    "spread_id": 0,
    "feed_id": "00000000-0000-0000-0000-000000000000",
}


def every_page():
    """Each named address of the pages, with arguments that exist."""
    resolver = get_resolver()
    for name, [(possibilities, *_)] in (
        (key, resolver.reverse_dict.getlist(key)[:1]) for key in resolver.reverse_dict
    ):
        if isinstance(name, str) and name not in PUBLIC:
            [(_, params)] = possibilities[:1]
            yield name, reverse(name, kwargs={param: ARGS[param] for param in params})


def test_every_other_page_still_asks_to_sign_in(recipient):
    recipient.signs_in()
    pages = dict(every_page())

    assert len(pages) > 25
    for name, url in pages.items():
        reply = recipient.client.get(url)
        assert reply.status_code in (302, 405), name
        if reply.status_code == 302:
            assert reply.url.startswith("/accounts/login/"), name


@pytest.mark.parametrize("path", ["", "/calendly", "/calendly/tests", "/calendly/accounts"])
def test_the_api_still_asks_to_sign_in(recipient, path):
    assert recipient.client.get(f"/api/integrations{path}").status_code == 401


def test_the_admin_still_asks_to_sign_in(recipient):
    assert recipient.client.get("/admin/").url.startswith("/admin/login/")


def test_the_page_leads_nowhere_else(recipient):
    links = re.findall(r'(?:href|action)="([^"]+)"', recipient.page().content.decode())

    assert {link for link in links if not link.startswith("/static/")} == {"/fix/sign-in/", "#main"}
