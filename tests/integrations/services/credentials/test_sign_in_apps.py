"""The apps that sign-ins need: set up by an owner, or by whoever runs the server."""

import pytest
from django.urls import reverse

from integrations.models import AppRegistration, Credential, Workspace
from integrations.services.connecting import lending
from integrations.services.credentials import apps, sealing
from integrations_center import env
from providers.declare import App
from providers.sandbox import calendly as sandbox
from providers.sandbox import crm as crm_sandbox
from providers.sandbox import google as google_sandbox
from providers.sandbox import linkedin as linkedin_sandbox
from providers.sandbox import meta as meta_sandbox
from providers.sandbox import reddit as reddit_sandbox
from providers.sandbox import stripe as stripe_sandbox
from providers.sandbox import upwork as upwork_sandbox
from providers.sandbox import x as x_sandbox
from providers.sandbox import youtube as youtube_sandbox
from providers.sandbox.crm import hubspot, pipedrive, salesforce, zoho
from providers.sandbox.server import Answer
from tests.integrations.conftest import sign_in_as
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.connecting.test_signing_in import Visitor, here, live

KNOWN = sandbox.SIGN_IN
GOOD = {"client_id": KNOWN.client_id, "client_secret": KNOWN.client_secret}
# App -> a platform that uses it, its stand-in, and what that knows of the app.
PLATFORMS = {
    "meta": ("meta", meta_sandbox, meta_sandbox.SIGN_IN),
    "linkedin": ("linkedin", linkedin_sandbox, linkedin_sandbox.SIGN_IN),
    "upwork": ("upwork", upwork_sandbox, upwork_sandbox.SIGN_IN),
    "x": ("x", x_sandbox, x_sandbox.SIGN_IN),
    "reddit": ("reddit", reddit_sandbox, reddit_sandbox.SIGN_IN),
    "google": ("google_ads", youtube_sandbox, google_sandbox.SIGN_IN),
    "stripe": ("stripe", stripe_sandbox, stripe_sandbox.SIGN_IN),
    "calendly": ("calendly", sandbox, KNOWN),
    "hubspot": ("crm", crm_sandbox, hubspot.SIGN_IN),
    "salesforce": ("crm", crm_sandbox, salesforce.SIGN_IN),
    "pipedrive": ("crm", crm_sandbox, pipedrive.SIGN_IN),
    "zoho": ("crm", crm_sandbox, zoho.SIGN_IN),
}


@pytest.fixture
def visitor(owner, calendly, settings):
    settings.APPS = {}
    return Visitor(owner)


def page_of(app="calendly", workspace="main"):
    return reverse("sign-in-app", args=[workspace, app])


def saved(app="calendly"):
    return AppRegistration.objects.get(app=app)


# --- The pages -----------------------------------------------------------------------------------


def test_every_app_is_listed_once_with_the_platforms_that_use_it(visitor):
    page = text_of(visitor.client.get(reverse("sign-in-apps", args=["main"])))

    assert all(facts.form.name in page for facts in apps.catalogue().values())
    assert "Google Ads · YouTube · Google Analytics (GA4) · Search Console" in page
    assert page.count("Not set up") == len(apps.catalogue()) == len(PLATFORMS)


@pytest.mark.parametrize("app", PLATFORMS)
def test_each_apps_page_says_how_it_is_made(visitor, app):
    page = text_of(visitor.client.get(page_of(app)))
    html = visitor.client.get(page_of(app)).content.decode()

    facts = apps.catalogue()[app]
    assert f"http://testserver/oauth/{app}/callback/" in page
    assert f'href="{facts.form.console_url}"'.replace("&", "&amp;") in html
    assert "What usually goes wrong" in page
    for use in facts.uses:
        for scope in use.oauth.scopes:
            assert scope.name in page


@pytest.mark.parametrize(
    ("public_url", "warns"), [("http://a.test", True), ("https://a.test", False)]
)
def test_an_address_that_is_not_https_is_said_to_be_for_trials(
    visitor, settings, public_url, warns
):
    settings.PUBLIC_URL = public_url

    page = text_of(visitor.client.get(page_of()))

    assert f"{public_url}/oauth/calendly/callback/" in page
    assert ("This address is for trials on this machine." in page) == warns


def test_what_is_lent_counts_where_the_app_is_that_renews_it(calendly_signed_in, workspace):
    north = Workspace.objects.create(slug="north", name="North")
    lending.lend(calendly_signed_in, north, [], by=None)

    def counted(place):
        return {one.facts.form.slug: one.sign_ins for one in apps.listed(place)}["calendly"]

    assert (counted(workspace), counted(north)) == (2, 0)


def test_an_app_is_saved_encrypted_and_proven(visitor, calendly):
    page = visitor.send(page_of(), **GOOD)

    row = saved()
    assert "Saved, and proven: Calendly accepts this app." in text_of(page)
    assert row.proven_at
    assert row.updated_by.username == "olga"
    assert row.credential.secrets.startswith("v2.")
    assert KNOWN.client_secret not in row.credential.secrets
    assert apps.find(row.workspace_id, "calendly") == App(KNOWN.client_id, KNOWN.client_secret)


def test_of_the_secret_the_page_shows_the_end_alone(visitor):
    visitor.send(page_of(), **GOOD)

    page = visitor.client.get(page_of()).content.decode()

    assert KNOWN.client_secret not in page
    assert f"It ends in {saved().hint}. Leave empty to keep it." in page
    assert KNOWN.client_id in page


def test_of_a_short_secret_nothing_is_shown(visitor, workspace, owner):
    row = apps.save(workspace, "calendly", client_id="an-id", client_secret="short", by=owner)

    assert row.hint == ""
    assert "It ends in" not in text_of(visitor.client.get(page_of()))


def test_with_an_app_people_can_sign_in(visitor, workspace):
    assert "Not set up yet" in text_of(visitor.get("connection", "calendly"))

    visitor.send(page_of(), **GOOD)

    assert "Not set up yet" not in text_of(visitor.get("connection", "calendly"))
    assert "Calendly works" in text_of(visitor.connects())


def test_an_app_that_is_not_accepted_is_saved_and_says_so(visitor):
    page = text_of(visitor.send(page_of(), client_id=KNOWN.client_id, client_secret="wrong-one"))

    assert "Saved, but not proven. Calendly does not accept this app" in page
    assert saved().proven_at is None
    listed = text_of(visitor.client.get(reverse("sign-in-apps", args=["main"])))
    assert "Not accepted" in listed


def test_an_outage_leaves_it_open(visitor, calendly):
    usual = calendly.answer
    calendly.answer = lambda asked: (
        Answer(503, "<html>Down</html>") if asked.path == "/oauth/token" else usual(asked)
    )

    page = text_of(visitor.send(page_of(), **GOOD))

    assert "Saved, but not proven. Calendly has a problem at the moment." in page
    assert saved().proven_at is None


def test_an_answer_that_tells_nothing_leaves_it_open(visitor, calendly):
    usual = calendly.answer
    calendly.answer = lambda asked: (
        Answer(400, {"error": "invalid_request"}) if asked.path == "/oauth/token" else usual(asked)
    )

    page = text_of(visitor.send(page_of(), **GOOD))

    assert "Calendly tells only at the first sign-in whether it accepts the app." in page
    assert (saved().proven_at, saved().problem) == (None, "")


def test_the_secret_goes_to_the_platform_alone_and_no_code_with_it(visitor, calendly):
    visitor.send(page_of(), **GOOD)

    [asked] = calendly.requests_seen
    assert (asked.method, asked.path) == ("POST", "/oauth/token")
    assert asked.form["grant_type"] == "refresh_token"


@pytest.mark.parametrize("app", PLATFORMS)
def test_each_platform_tells_a_right_app_from_a_wrong_one(owner, workspace, settings, app):
    slug, stand_in, known = PLATFORMS[app]
    right = {"client_id": known.client_id, "client_secret": known.client_secret}
    with here(settings, slug, stand_in.PLATFORM.answer):
        row = apps.save(workspace, app, **right, by=owner)
        assert apps.prove(row)

        wrong = known.client_secret[:-4] + "0000"
        row = apps.save(workspace, app, client_id=known.client_id, client_secret=wrong, by=owner)
        assert not apps.prove(row)

    assert "An owner corrects both in Settings, Sign-in apps." in row.problem


# --- What is typed -------------------------------------------------------------------------------


def test_an_empty_secret_keeps_the_saved_one(visitor, workspace):
    visitor.send(page_of(), **GOOD)

    page = visitor.send(page_of(), client_id=KNOWN.client_id, client_secret="")

    assert "Saved, and proven" in text_of(page)
    assert apps.find(workspace.pk, "calendly").client_secret == KNOWN.client_secret


def test_another_client_id_needs_its_own_secret(visitor, workspace):
    visitor.send(page_of(), **GOOD)

    page = visitor.send(page_of(), client_id="another-app", client_secret="")

    assert page.status_code == 422
    assert "This is required." in text_of(page)
    assert saved().client_id == KNOWN.client_id


@pytest.mark.parametrize(
    ("app", "typed", "sentence"),
    [
        ("calendly", {}, "This is required."),
        ("calendly", {"client_id": "id"}, "This is required."),
        ("calendly", {"client_secret": "secret"}, "This is required."),
        ("calendly", {**GOOD, "client_id": "two words"}, "This holds a space. Copy the ID alone."),
        ("calendly", {**GOOD, "client_secret": "two words"}, "Copy the secret alone."),
        ("calendly", {**GOOD, "client_secret": "geheimnißvoll"}, "copy it again"),
        ("calendly", {**GOOD, "client_id": "x" * 256}, "This is longer than 255 characters."),
        ("meta", {"client_id": "my app", "client_secret": "a" * 32}, "An App ID is a number."),
    ],
)
def test_what_is_not_right_is_said_at_its_field(visitor, app, typed, sentence):
    page = visitor.send(page_of(app), **typed)

    assert page.status_code == 422
    assert sentence in text_of(page)
    assert not AppRegistration.objects.exists()


def test_what_was_typed_as_the_secret_is_not_sent_back(visitor):
    page = visitor.send(page_of(), client_id="two words", client_secret="canary-secret-4711")

    assert page.status_code == 422
    assert "canary-secret-4711" not in page.content.decode()


def test_spaces_around_a_copied_value_do_no_harm(visitor, workspace):
    visitor.send(
        page_of(), client_id=f" {KNOWN.client_id}\n", client_secret=f"{GOOD['client_secret']} "
    )

    assert apps.find(workspace.pk, "calendly") == App(**GOOD)


# --- A key that is lost --------------------------------------------------------------------------


@pytest.fixture
def unreadable(visitor, settings):
    visitor.send(page_of(), **GOOD)
    settings.CREDENTIAL_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0="]
    return saved()


def test_an_app_that_no_key_opens_says_so(visitor, unreadable):
    sentence = "The saved secret cannot be read."

    assert sentence in text_of(visitor.client.get(page_of()))
    assert sentence in text_of(visitor.client.get(reverse("sign-in-apps", args=["main"])))


def test_an_app_that_no_key_opens_cannot_be_signed_in_with(visitor, unreadable):
    assert "it needs an app of yours" in text_of(visitor.get("connection", "calendly"))


def test_an_empty_secret_keeps_nothing_that_no_key_opens(visitor, unreadable):
    page = visitor.send(page_of(), client_id=KNOWN.client_id, client_secret="")

    assert page.status_code == 422
    assert "This is required." in text_of(page)


def test_entering_it_again_helps(visitor, unreadable):
    page = visitor.send(page_of(), **GOOD)

    assert "Saved, and proven" in text_of(page)


# --- Whose app counts ----------------------------------------------------------------------------


def test_the_servers_own_app_serves_every_workspace(visitor, settings, workspace):
    settings.APPS = {"calendly": App(**GOOD)}
    other = Workspace.objects.create(name="Client", slug="client")

    assert apps.find(other.pk, "calendly") == App(**GOOD)
    assert "Set on the server" in text_of(
        visitor.client.get(reverse("sign-in-apps", args=["main"]))
    )


def test_the_servers_secret_is_not_on_its_page(visitor, settings):
    settings.APPS = {"calendly": App("server-id", "server-secret-4711")}

    assert "4711" not in visitor.client.get(page_of()).content.decode()


def test_a_workspaces_own_app_counts_instead(visitor, settings, workspace):
    settings.APPS = {"calendly": App("server-id", "server-secret")}
    visitor.send(page_of(), **GOOD)

    other = Workspace.objects.create(name="Client", slug="client")
    assert apps.find(workspace.pk, "calendly").client_id == KNOWN.client_id
    assert apps.find(other.pk, "calendly").client_id == "server-id"


def test_a_sign_in_is_renewed_with_the_app_it_was_made_with(
    calendly_signed_in, workspace, owner, settings
):
    apps.save(workspace, "calendly", client_id="newer", client_secret="newer-secret", by=owner)

    found = apps.find(workspace.pk, "calendly", client_id=sign_ins().get().client_id)

    assert found == App(**GOOD)
    assert apps.find(workspace.pk, "calendly", client_id="gone") is None


def test_an_app_of_one_workspace_is_no_others(visitor, workspace):
    visitor.send(page_of(), **GOOD)
    other = Workspace.objects.create(name="Client", slug="client")

    assert apps.find(other.pk, "calendly") is None
    copied = saved()
    Credential.objects.filter(pk=copied.credential_id).update(workspace=other)
    AppRegistration.objects.filter(pk=copied.pk).update(workspace=other)
    assert apps.find(other.pk, "calendly") is None  # sealed for the workspace that it was of


def test_apps_of_the_environment_are_those_that_the_settings_hold(settings, workspace):
    settings.APPS = env.apps(
        {"APP_CALENDLY__CLIENT_ID": "from-env", "APP_CALENDLY__CLIENT_SECRET": "its-secret"}
    )

    assert apps.find(workspace.pk, "calendly") == App("from-env", "its-secret")


# --- Removing, and who may -----------------------------------------------------------------------


def test_removing_an_app_forgets_it(visitor, workspace):
    visitor.send(page_of(), **GOOD)

    page = visitor.send(reverse("remove-sign-in-app", args=["main", "calendly"]))

    assert "The Calendly app is removed here." in text_of(page)
    assert apps.find(workspace.pk, "calendly") is None


def test_the_page_says_who_is_signed_in_with_it(visitor, workspace, owner):
    visitor.send(page_of(), **GOOD)
    sign_in_as("healthy", workspace, owner)

    page = text_of(visitor.client.get(page_of()))

    assert "1 connection signed in with this app." in page
    assert "1 connection signed in with it: its sign-in cannot be renewed any more." in page
    assert live(workspace).status == "connected"


@pytest.mark.parametrize("view", ["sign-in-apps", "sign-in-app", "remove-sign-in-app"])
@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_only_owners_see_and_change_apps(request, calendly, workspace, view, who):
    visitor = Visitor(request.getfixturevalue(who))
    args = ["main"] if view == "sign-in-apps" else ["main", "calendly"]

    replies = [
        visitor.client.get(reverse(view, args=args)),
        visitor.send(reverse(view, args=args), **GOOD),
    ]

    assert {reply.status_code for reply in replies} <= {403, 405}
    assert 403 in {reply.status_code for reply in replies}
    assert not AppRegistration.objects.exists()


def test_another_workspaces_apps_are_not_there(visitor):
    Workspace.objects.create(name="Client", slug="client")

    assert visitor.client.get(page_of(workspace="client")).status_code == 404


def test_an_unknown_app_is_not_found(visitor):
    assert visitor.client.get(page_of("tiktok")).status_code == 404
    assert visitor.send(reverse("remove-sign-in-app", args=["main", "tiktok"])).status_code == 404


def test_an_app_is_never_removed_by_a_link(visitor):
    assert (
        visitor.client.get(reverse("remove-sign-in-app", args=["main", "calendly"])).status_code
        == 405
    )


def test_a_key_is_needed_for_apps_too(visitor):
    visitor.send(page_of(), **GOOD)

    assert sealing.anything_encrypted()
