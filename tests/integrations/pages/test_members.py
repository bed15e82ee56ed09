"""The members page as a browser without script sees it, by role."""

import json
import re

import pytest
from django.contrib.auth.models import User

from integrations.models import After, Invitation, Membership, Role
from integrations.services.people import hand_over, workspaces
from integrations.services.people.guesses import LINK, NAME, OLD_PASSWORD
from tests.integrations.pages.people import MEMBERS, PASSWORD, Visitor, text_of

OVERVIEW = "/w/main/dashboard/"
NEW = {"username": "nina", "password": "another horse 9"}


@pytest.fixture
def olga(owner):
    return Visitor(owner)


def member(user):
    return user.memberships.get()


def path(user, act):
    return f"{MEMBERS}{member(user).pk}/{act}/"


def link_on(page):
    return re.search(
        r'id="invitation-link">http://[^/]+(/invitation/\S+/)<', page.content.decode()
    )[1]


def invite(visitor, **typed):
    return visitor.send(MEMBERS, f"{MEMBERS}invite/", role="editor", note="", **typed)


def test_every_member_sees_who_is_in_and_only_owners_get_controls(owner, viewer):
    User.objects.filter(pk=owner.pk).update(email="olga@acme.example")

    page = Visitor(viewer).get(MEMBERS).content.decode()

    assert "olga" in page
    assert "olga@acme.example" not in page
    assert "Remove…" not in page
    assert "Invite somebody" not in page
    assert "Remove…" in Visitor(owner).get(MEMBERS).content.decode()


@pytest.mark.parametrize("act", ["invite/", "hand-over/"])
def test_an_editor_is_refused_what_owners_do(owner, editor, act):
    visitor = Visitor(editor)
    page = visitor.get(f"{MEMBERS}leave/").content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]

    reply = visitor.post(MEMBERS + act, {"csrfmiddlewaretoken": token, "role": "owner"})

    assert reply.status_code == 403


def test_a_role_is_asked_once_more_then_given(olga, editor):
    asked = olga.get(path(editor, "role"), {"role": "viewer"})
    assert "Make Emil Edit a viewer?" in text_of(asked)
    assert member(editor).role == Role.EDITOR

    page = olga.send(f"{path(editor, 'role')}?role=viewer", path(editor, "role"))

    assert "Emil Edit is a viewer now." in text_of(page)
    assert member(editor).role == Role.VIEWER


@pytest.mark.parametrize("wanted", ["", "king"])
def test_an_unknown_role_is_said_and_changes_nothing(olga, editor, wanted):
    page = olga.get(path(editor, "role"), {"role": wanted}, follow=True)

    assert "Choose one of the three roles." in text_of(page)


def test_somebody_is_asked_about_and_removed(olga, editor):
    asked = olga.get(path(editor, "remove"))
    assert "What they connected stays" in text_of(asked)

    page = olga.send(path(editor, "remove"), path(editor, "remove"))

    assert "Emil Edit is removed" in text_of(page)
    assert Visitor(editor).get(MEMBERS).status_code == 404


@pytest.mark.parametrize("act", ["role/?role=editor", "remove/", "leave"])
def test_the_last_owner_is_told_before_anything_is_asked(olga, owner, editor, act):
    where = f"{MEMBERS}leave/" if act == "leave" else f"{MEMBERS}{member(owner).pk}/{act}"

    page = olga.get(where, follow=True)

    assert "Somebody must own Main. Make another member an owner first." in text_of(page)
    assert member(owner).role == Role.OWNER


def test_a_member_leaves(owner, editor):
    visitor = Visitor(editor)
    visitor.send(f"{MEMBERS}leave/", f"{MEMBERS}leave/")

    assert not editor.memberships.exists()


def test_who_is_gone_already_is_said(olga, editor):
    where = path(editor, "remove")
    editor.memberships.all().delete()

    assert "This person is not a member any more." in text_of(olga.get(where, follow=True))


# --- Owners take the password --------------------------------------------------------------------


def test_the_role_owner_takes_the_givers_password(olga, editor):
    where = f"{path(editor, 'role')}?role=owner"
    assert "Your password" in olga.says(where)

    refused = olga.send(where, path(editor, "role"), password="wrong")
    assert refused.status_code == 422
    assert "This is not your password. Type it again." in text_of(refused)
    assert member(editor).role == Role.EDITOR

    olga.send(where, path(editor, "role"), password=PASSWORD)
    assert member(editor).role == Role.OWNER


def test_a_smaller_role_takes_none(olga, editor):
    assert "Your password" not in olga.says(f"{path(editor, 'role')}?role=viewer")


def invite_an_owner(visitor, **typed):
    """The question that the form leads to, and how to answer it with a password."""
    asked = visitor.send(MEMBERS, f"{MEMBERS}invite/", role="owner", note="the heir")
    hidden = dict(
        re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked.content.decode())
    )
    return asked, visitor.post(f"{MEMBERS}invite/", hidden | typed, follow=True)


def test_an_invitation_to_own_it_takes_the_password_and_keeps_what_was_typed(olga):
    asked, refused = invite_an_owner(olga, password="wrong")
    assert "Invite an owner of Main?" in text_of(asked)
    assert "This is not your password." in text_of(refused)
    assert not Invitation.objects.exists()

    _, made = invite_an_owner(olga, password=PASSWORD)
    assert link_on(made)
    assert (Invitation.objects.get().role, Invitation.objects.get().note) == (
        Role.OWNER,
        "the heir",
    )


def test_a_new_link_for_an_owner_takes_it_too(olga):
    _, made = invite_an_owner(olga, password=PASSWORD)
    where = f"{MEMBERS}invitations/{Invitation.objects.get().pk}/renew/"

    asked = olga.send(MEMBERS, where)
    assert "invitation-link" not in asked.content.decode()
    assert Visitor().get(link_on(made)).status_code == 302  # the old one still works

    hidden = re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]*)"', asked.content.decode())
    assert link_on(olga.post(where, dict(hidden) | {"password": PASSWORD}))


# --- Who may not change anything, and who may more than their role says --------------------------


@pytest.mark.parametrize(
    ("who", "sentences"),
    [
        ("viewer", "You are a viewer here. You see everything except secrets, and who is in."),
        ("editor", "You are an editor here. You connect and test platforms, and see who is in."),
    ],
)
def test_who_changes_nothing_reads_why_and_whom_to_ask(request, owner, person, who, sentences):
    person("otto", Role.OWNER, first_name="Otto")

    page = Visitor(request.getfixturevalue(who)).says(MEMBERS)

    assert sentences in page
    assert "To invite somebody, or to get another role, ask olga or Otto." in page
    assert "You are an owner here." not in Visitor(owner).says(MEMBERS)


def test_an_operators_own_line_says_what_they_may(owner, person):
    root = person("root", Role.VIEWER, is_superuser=True)

    page = Visitor(root).says(MEMBERS)

    assert "An operator: may do all that an owner may, here and in every workspace" in page
    assert "operator" not in Visitor(owner).says(path(owner, "role") + "?role=viewer")
    asked = Visitor(owner).says(f"{path(root, 'role')}?role=editor")
    assert "As an operator they may act as an owner in every workspace all the same." in asked
    assert "As an operator you may still open it" in Visitor(root).says(f"{MEMBERS}leave/")


# --- Inviting ------------------------------------------------------------------------------------


def test_a_link_is_shown_once(olga):
    made = invite(olga)
    assert "Copy the link now" in text_of(made)
    link = link_on(made)

    again = olga.get(MEMBERS).content.decode()
    assert link not in again
    assert "Whoever has the link" in again


def test_who_opens_it_makes_an_account_and_is_in(olga):
    link = link_on(invite(olga))
    guest = Visitor()

    page = guest.send(link, "/invitation/join/", **NEW)

    assert "Welcome to Main. You are an editor here." in text_of(page)
    assert member(User.objects.get(username="nina")).role == Role.EDITOR
    assert guest.get(link, follow=True).status_code == 410


def test_the_token_leaves_the_address_and_no_referrer_tells_it(olga):
    link = link_on(invite(olga))

    opened = Visitor().get(link)

    assert opened.url == "/invitation/"
    assert opened["Referrer-Policy"] == "no-referrer"


def test_to_open_it_uses_nothing_up(olga):
    link = link_on(invite(olga))
    for _ in range(3):
        assert Visitor().get(link, follow=True).status_code == 200


def test_who_has_an_account_signs_in_on_the_way(olga, stranger):
    link = link_on(invite(olga))
    guest = Visitor()
    guest.get(link)

    login = "/accounts/login/?next=/invitation/"
    guest.send(login, login, username="sven", password=PASSWORD)
    page = guest.send("/invitation/", "/invitation/accept/")

    assert "You are an editor here." in text_of(page)
    assert member(stranger).role == Role.EDITOR


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"username": "olga"}, "Somebody has this name already."),
        ({"username": "a b"}, "Enter a valid username."),
        ({"username": ""}, "This field is required."),
        ({"password": "1234"}, "This password is too short."),
        ({"password": "nina-nina"}, "too similar to the username"),
    ],
)
def test_a_new_account_with_mistakes_says_so_and_the_link_still_works(olga, typed, sentence):
    link = link_on(invite(olga))
    guest = Visitor()
    who = {"username": "nina-nina", **NEW} if "password" in typed else NEW

    page = guest.send(link, "/invitation/join/", **who | {"username": "nina-nina"} | typed)

    assert page.status_code == 422
    assert sentence in text_of(page)
    assert Invitation.objects.exists()


def test_an_invitation_is_no_way_to_find_out_names(olga):
    link = link_on(invite(olga))
    guest = Visitor()
    taken = NEW | {"username": "olga"}

    replies = [guest.send(link, "/invitation/join/", **taken) for _ in range(NAME.most + 1)]

    assert [reply.status_code for reply in replies] == [422] * NAME.most + [429]


@pytest.mark.parametrize(
    ("seen", "led_to"),
    [
        ("http://testserver/w/main/members/", "/w/main/members/"),
        ("http://elsewhere.example/w/main/members/", "/w/main/members/"),
        ("http://testserver/w/other/members/", "/w/main/dashboard/settings/"),
        ("", "/w/main/dashboard/settings/"),
    ],
)
def test_who_was_signed_out_comes_back_to_the_page_they_saw(viewer, seen, led_to):
    headers = {"HX-Request": "true", "HX-Current-URL": seen}

    reply = Visitor().get(f"{MEMBERS}leave/", headers=headers)

    url = json.loads(reply.headers["HX-Trigger"])["session-ended"]["url"]
    assert (reply.status_code, url) == (401, f"/accounts/login/?next={led_to}&ended=session")


@pytest.mark.parametrize("act", ["invite/", "hand-over/", "hand-over/accept/", "hand-over/end/"])
def test_who_comes_to_a_forms_address_is_led_to_its_page(olga, act):
    """As after signing in anew, when the session had ended before the form was sent."""
    assert olga.get(MEMBERS + act).url == MEMBERS


def test_a_member_who_opens_it_is_told_so(olga, viewer):
    page = Visitor(viewer).get(link_on(invite(olga)), follow=True)

    assert "You are a viewer there already." in text_of(page)


@pytest.mark.parametrize("act", ["accept", "join"])
def test_a_form_that_names_no_invitation_is_refused_and_says_what_to_do(olga, stranger, act):
    guest = Visitor(stranger) if act == "accept" else Visitor()
    page = guest.get(link_on(invite(olga)), follow=True).content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]

    reply = guest.post(f"/invitation/{act}/", NEW | {"csrfmiddlewaretoken": token})

    assert reply.status_code == 400
    assert "Open it again, then press its button." in text_of(reply)
    assert Invitation.objects.exists()
    assert not User.objects.filter(username="nina").exists()
    assert not stranger.memberships.exists()


def test_links_that_do_not_work_are_counted(db):
    guest = Visitor()
    replies = [guest.get(f"/invitation/made-up-{number}/") for number in range(LINK.most + 1)]

    assert [reply.status_code for reply in replies] == [410] * (LINK.most - 0) + [429]


def test_one_is_withdrawn_after_a_question(olga):
    link = link_on(invite(olga))
    where = f"{MEMBERS}invitations/{Invitation.objects.get().pk}/withdraw/"

    page = olga.send(where, where)

    assert "The invitation is withdrawn." in text_of(page)
    assert Visitor().get(link).status_code == 410


def test_a_new_link_is_made_in_place_of_the_old_one(olga):
    old = link_on(invite(olga))

    made = olga.send(MEMBERS, f"{MEMBERS}invitations/{Invitation.objects.get().pk}/renew/")

    assert Visitor().get(old).status_code == 410
    assert Visitor().get(link_on(made)).status_code == 302


def test_while_no_worker_runs_the_page_says_that_the_mail_waits(olga, settings):
    settings.EMAIL_IS_CONFIGURED = True

    page = invite(olga, email="carla@acme.example")

    assert "once a worker runs: none was seen just now." in text_of(page)


def test_by_mail_the_page_says_where_it_goes_and_shows_no_link(
    olga, settings, mailoutbox, worker_seen
):
    settings.EMAIL_IS_CONFIGURED = True

    page = invite(olga, email="carla@acme.example")

    assert "The invitation goes to carla@acme.example within a minute." in text_of(page)
    assert "invitation-link" not in page.content.decode()
    assert mailoutbox[0].to == ["carla@acme.example"]


def test_a_bad_address_is_said_at_its_field(olga, settings):
    settings.EMAIL_IS_CONFIGURED = True

    page = invite(olga, email="carla")

    assert page.status_code == 422
    assert "This is not an e-mail address." in text_of(page)


# --- Handing over --------------------------------------------------------------------------------


def ask(visitor, user, after, password=PASSWORD):
    return visitor.send(
        MEMBERS, f"{MEMBERS}hand-over/", member=member(user).pk, after=after, password=password
    )


@pytest.mark.parametrize("after", ["owner", "editor", "leave"])
def test_nothing_changes_until_the_successor_says_yes(olga, owner, editor, after):
    page = ask(olga, editor, after)
    assert "Nothing changes until Emil Edit says yes." in text_of(page)
    assert (member(owner).role, member(editor).role) == (Role.OWNER, Role.EDITOR)

    emil = Visitor(editor)
    assert "olga asks you to own Main." in emil.says(MEMBERS)
    emil.send(MEMBERS, f"{MEMBERS}hand-over/accept/", password=PASSWORD)

    kept = list(owner.memberships.values_list("role", flat=True))
    assert kept == ([] if after == "leave" else [after])
    assert member(editor).role == Role.OWNER


def test_without_the_password_nobody_is_asked_and_tries_are_counted(olga, editor):
    pages = [ask(olga, editor, "leave", password="wrong") for _ in range(OLD_PASSWORD.most)]

    assert "This is not your password." in text_of(pages[0])
    assert pages[-1].status_code == 429
    assert "asks you" not in Visitor(editor).says(MEMBERS)


def test_only_who_was_asked_says_yes(olga, owner, editor, viewer):
    ask(olga, editor, "editor")
    vera = Visitor(viewer)
    leave = vera.get(f"{MEMBERS}leave/").content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', leave)[1]
    yes = {"csrfmiddlewaretoken": token, "password": PASSWORD}

    page = vera.post(f"{MEMBERS}hand-over/accept/", yes, follow=True)

    assert "Nobody asks you for this any more." in text_of(page)
    assert member(viewer).role == Role.VIEWER


def test_no_ends_the_question(olga, editor):
    ask(olga, editor, "leave")
    emil = Visitor(editor)

    emil.send(MEMBERS, f"{MEMBERS}hand-over/end/")

    assert "asks you" not in emil.says(MEMBERS)
    assert member(editor).role == Role.EDITOR


def test_a_question_that_waits_stands_on_the_overview_of_those_concerned(olga, editor, viewer):
    ask(olga, editor, "leave")

    asked = Visitor(editor).get(OVERVIEW)
    assert "olga asks you to own Main." in text_of(asked)
    assert f'href="{MEMBERS}#asked"' in asked.content.decode()
    asking = olga.get(OVERVIEW)
    assert "You asked Emil Edit to own Main." in text_of(asking)
    assert f'href="{MEMBERS}#hand-over"' in asking.content.decode()
    assert "to own Main" not in Visitor(viewer).says(OVERVIEW)


def test_who_brings_back_what_is_back_is_told_so(olga, workspace):
    workspaces.archive(workspace, by=User.objects.get(username="olga"))
    page = olga.get("/workspaces/").content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]
    back = "/workspaces/main/bring-back/"

    pages = [olga.post(back, {"csrfmiddlewaretoken": token}, follow=True) for _ in range(2)]

    assert "Main is back, with everything that was in it." in text_of(pages[0])
    assert "Main is back already." in text_of(pages[1])


def test_an_operator_who_hands_over_stays_one_and_everybody_reads_so(workspace, editor):
    root = User.objects.create_superuser("root")
    Membership.objects.filter(user=root).delete()
    Membership.objects.create(user=root, workspace=workspace, role=Role.OWNER)
    hand_over.ask(workspace, editor.memberships.get().pk, After.EDITOR, by=root)
    visitor, said = Visitor(editor), "They stay an operator of the whole installation"

    assert said in visitor.says("/w/main/dashboard/")
    assert said in visitor.says(MEMBERS)
    done = visitor.send(MEMBERS, f"{MEMBERS}hand-over/accept/", password=PASSWORD)

    assert "root stays an operator, and may go on doing all that an owner may." in text_of(done)
    assert "does not own it any more" not in text_of(done)
    assert "As an operator I may go on" not in visitor.says(MEMBERS)
