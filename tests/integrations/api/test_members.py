"""Members and invitations: for owners in a session, never for a token."""

import json

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from integrations.models import Invitation, Role
from integrations.services.people import invitations
from integrations.services.people.guesses import MAIL_TO, OLD_PASSWORD
from tests.integrations.conftest import signed_in, with_token
from tests.integrations.pages.people import PASSWORD

MEMBERS, INVITATIONS = "/api/members", "/api/invitations"


class Session:
    """A signed-in person's script, which sends what a page's script would."""

    def __init__(self, user):
        self.client = signed_in(user)
        self.client.get("/api/", headers={"Accept": "text/html"})

    def __call__(self, method, path, body=None):
        headers = {"X-CSRFToken": self.client.cookies[settings.CSRF_COOKIE_NAME].value}
        return self.client.generic(
            method, path, _json(body), content_type="application/json", headers=headers
        )


def _json(body):
    return json.dumps(body) if body is not None else ""


@pytest.fixture
def olga(owner):
    return Session(owner)


def one(user):
    return f"{MEMBERS}/{user.memberships.get().pk}"


CALLS = [
    ("GET", MEMBERS),
    ("POST", MEMBERS),
    ("PATCH", f"{MEMBERS}/1"),
    ("DELETE", f"{MEMBERS}/1"),
    ("GET", INVITATIONS),
    ("DELETE", f"{INVITATIONS}/0197f3a2-5c1e-7d4b-9a8e-2f6b1c3d4e5f"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_token_manages_members(owner, method, path):
    reply = with_token(owner).generic(method, path)

    assert (reply.status_code, reply.json()["code"]) == (403, "session_required")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_but_an_owner_does(editor, method, path):
    reply = Session(editor)(method, path)

    assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")


def test_the_members_are_listed(olga, owner, editor):
    listed = olga("GET", MEMBERS).json()

    assert [(row["username"], row["role"], row["isYou"]) for row in listed] == [
        ("olga", "owner", True),
        ("emil", "editor", False),
    ]
    assert listed[1]["name"] == "Emil Edit"


def test_a_link_is_in_the_answer_that_made_it_alone(olga):
    made = olga("POST", MEMBERS, {"role": "viewer", "note": "the new analyst"})
    listed = olga("GET", INVITATIONS)

    assert made.status_code == 201
    token = made.json()["link"].rstrip("/").rsplit("/", 1)[1]
    assert invitations.find(token).role == Role.VIEWER
    assert listed.json() == [{key: value for key, value in made.json().items() if key != "link"}]
    assert token not in listed.content.decode()


def test_by_mail_there_is_no_link(olga, settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True

    made = olga("POST", MEMBERS, {"role": "viewer", "email": "carla@acme.example"})

    assert (made.status_code, made.json()["link"]) == (201, None)
    assert mailoutbox[0].to == ["carla@acme.example"]


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "role", "This field is required."),
        ({"role": "king"}, "role", "Choose one of these: viewer, editor, owner."),
        ({"role": "viewer", "email": 7}, "email", "This must be a text."),
        ({"role": "viewer", "email": "a@b.example"}, "email", invitations.NO_MAIL),
        ({"role": "viewer", "note": "n" * 101}, "note", "This is longer than 100 characters."),
        ({"role": "viewer", "id": 1}, "id", "Unknown key. Use: role, email, note, password."),
    ],
)
def test_what_is_not_right_is_said_by_field(olga, body, field, sentence):
    reply = olga("POST", MEMBERS, body)

    assert (reply.status_code, reply.json()) == (400, {field: [sentence]})


def test_many_mails_are_a_429(olga, settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True
    body = {"role": "viewer", "email": "carla@acme.example"}
    replies = [olga("POST", MEMBERS, body) for _ in range(MAIL_TO.most + 1)]

    assert [reply.status_code for reply in replies] == [201] * MAIL_TO.most + [429]
    assert replies[-1].json()["code"] == "throttled"
    assert int(replies[-1].headers["Retry-After"]) > 0


def test_a_role_is_changed(olga, editor):
    reply = olga("PATCH", one(editor), {"role": "viewer"})

    assert (reply.status_code, reply.json()["role"]) == (200, "viewer")
    assert editor.memberships.get().role == Role.VIEWER


def test_somebody_is_removed(olga, editor):
    assert olga("DELETE", one(editor)).status_code == 204
    assert not editor.memberships.exists()


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"role": "editor"}), ("DELETE", None)])
def test_the_last_owner_stays(olga, owner, method, body):
    reply = olga(method, one(owner), body)

    assert (reply.status_code, reply.json()["code"]) == (409, "last_owner")
    assert owner.memberships.get().role == Role.OWNER


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"role": "editor"}), ("DELETE", None)])
def test_an_unknown_member_is_not_found(olga, method, body):
    assert olga(method, f"{MEMBERS}/999999", body).status_code == 404


def test_an_invitation_is_withdrawn_once(olga):
    made = olga("POST", MEMBERS, {"role": "viewer"}).json()
    where = f"{INVITATIONS}/{made['id']}"

    assert [olga("DELETE", where).status_code for _ in range(2)] == [204, 404]
    assert not Invitation.objects.exists()


def test_an_operator_manages_a_named_workspace(workspace, editor):
    root = User.objects.create_superuser("root")
    root.memberships.all().delete()

    listed = Session(root)("GET", f"{MEMBERS}?workspace=main").json()

    assert [row["username"] for row in listed] == ["emil"]


# --- The role owner takes the password -----------------------------------------------------------


@pytest.fixture(params=["POST", "PATCH"])
def makes_an_owner(request, olga, editor):
    """`makes_an_owner(password="…")` invites an owner, or makes the editor one."""
    where = MEMBERS if request.param == "POST" else one(editor)
    return lambda **typed: olga(request.param, where, {"role": "owner", **typed})


def is_made(editor):
    return editor.memberships.get().role == Role.OWNER or Invitation.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Send your own password too: the role owner takes it."),
        ({"password": "wrong"}, "This is not your password. Type it again."),
    ],
)
def test_an_open_session_alone_makes_no_owner(makes_an_owner, editor, typed, sentence):
    reply = makes_an_owner(**typed)

    assert (reply.status_code, reply.json()) == (400, {"password": [sentence]})
    assert not is_made(editor)


def test_with_the_password_it_makes_one(makes_an_owner, editor):
    reply = makes_an_owner(password=PASSWORD)

    assert reply.status_code in (200, 201)
    assert PASSWORD not in reply.content.decode()
    assert is_made(editor)


def test_passwords_are_not_tried_for_long(makes_an_owner):
    replies = [makes_an_owner(password="wrong") for _ in range(OLD_PASSWORD.most)]

    assert "Two tries left, then wait 15 minutes." in replies[2].json()["password"][0]
    assert (replies[-1].status_code, replies[-1].json()["code"]) == (429, "throttled")
