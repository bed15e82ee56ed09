"""A refusal in the callback is told as what it is, by each platform's own words."""

import pytest

from providers import registry
from providers.access.returned import LONGEST_TEXT, refusal_in

CANCELLED = "was cancelled. Nothing was changed."
SECRET = "s3cr3t-of-the-app-1234567890"
VENDORS = {values["vendor"]: ("crm", values) for values in registry.get("crm").oauth_variants}


def refusal(platform, **callback):
    slug, values = VENDORS.get(platform, (platform, {}))
    return refusal_in(registry.get(slug), callback, values, secrets=[SECRET])


@pytest.mark.parametrize(
    ("platform", "callback", "message", "action"),
    [
        (
            "meta",
            {"error_code": "1349048", "error_message": "Can't load URL: not in the app's domains"},
            "Meta does not know the redirect URI of this installation.",
            "An owner copies it",
        ),
        (
            "meta",
            {"error_code": "191", "error_message": "URL Blocked"},
            "Meta does not know the redirect URI of this installation.",
            "letter for letter",
        ),
        (
            "meta",
            {"error_code": "1349187", "error_message": "App not active"},
            "This Meta app is in Development mode, or you have no role in it.",
            "publishes the app",
        ),
        (
            "meta",
            {"error_code": "100", "error_message": "Invalid Scopes: ads_read, pages_show"},
            "Meta does not give this app ads_read (ad accounts, their reports and datasets).",
            "adds it to the app",
        ),
        (
            "meta",
            {"error_code": "1349220", "error_message": "Feature Unavailable: Facebook Login"},
            "Meta has switched Facebook Login off for this app for now.",
            "dashboard",
        ),
        ("meta", {"error_code": "4"}, "Meta is limiting requests at the moment.", ""),
        ("meta", {"error_code": "2"}, "Meta has a temporary problem.", "Sign in again."),
        (
            "salesforce",
            {"error": "OAUTH_APP_BLOCKED", "error_description": "this app is blocked by admin"},
            "An administrator of this Salesforce organization has blocked the app.",
            "Ask the administrator to unblock it",
        ),
        (
            "salesforce",
            {"error": "invalid_client", "error_description": "app must be installed into org"},
            "The app is not installed in this Salesforce organization.",
            "Ask a Salesforce administrator to install it",
        ),
        (
            "salesforce",
            {
                "error": "OAUTH_APP_ACCESS_DENIED",
                "error_description": "user is not admin approved to access this app",
            },
            "This Salesforce organization lets only users in who were approved for the app.",
            "your profile or a permission set",
        ),
        (
            "salesforce",
            {"error": "OAUTH_APPROVAL_ERROR_GENERIC"},
            "Salesforce did not let you approve the app, most often as it is not installed.",
            "install it",
        ),
        (
            "salesforce",
            {
                "error": "redirect_uri_mismatch",
                "error_description": "redirect_uri must match configuration",
            },
            "Salesforce does not know the redirect URI of this installation.",
            "An owner copies it",
        ),
        (
            "linkedin",
            {
                "error": "unauthorized_scope_error",
                "error_description": "Scope &quot;rw_organization_admin&quot; is not authorized "
                "for your application",
            },
            "LinkedIn does not give this app rw_organization_admin (your Pages and their "
            "followers).",
            "adds it to the app",
        ),
        (
            "linkedin",
            {
                "error": "unauthorized_scope_error",
                "error_description": "Scope &quot;r_liteprofile&quot; is not authorized",
            },
            "LinkedIn does not give this app the permissions that were asked for, and says: "
            "“Scope \"r_liteprofile\" is not authorized”.",
            "says which",
        ),
        (
            "linkedin",
            {"error": "invalid_redirect_uri"},
            "LinkedIn does not know the redirect URI of this installation.",
            "An owner copies it",
        ),
        (
            "google_ads",
            {"error": "admin_policy_enforced"},
            "An admin does not let this Google account use this client.",
            "Ask the admin",
        ),
        (
            "google_ads",
            {"error": "disabled_client"},
            "This app's client was deleted or disabled at Google.",
            "An owner makes a new one",
        ),
        (
            "reddit",
            {"error": "unauthorized_client"},
            "This Reddit app is of a type that may not sign in in this way.",
            "web app",
        ),
        (
            "zoho",
            {"error": "invalid_client"},
            "Zoho does not know this app in this data centre.",
            "Multi-DC",
        ),
        (
            "hubspot",
            {"error": "unauthorized_client"},
            "HubSpot does not let this app sign people in.",
            "Settings, Sign-in apps",
        ),
        ("x", {"error": "server_error"}, "X (Twitter) has a problem at the moment.", "again"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)  # fmt: skip
def test_a_refusal_is_read_with_the_platforms_own_rules(platform, callback, message, action):
    found = refusal(platform, **callback)

    assert found.message == message
    assert action in found.action


@pytest.mark.parametrize(
    ("platform", "callback"),
    [
        ("calendly", {"error": "access_denied"}),
        ("google_ads", {"error": "access_denied"}),
        ("linkedin", {"error": "user_cancelled_login"}),
        ("linkedin", {"error": "user_cancelled_authorize"}),
        ("meta", {"error": "access_denied", "error_code": "200", "error_reason": "user_denied"}),
        ("meta", {"error_code": "200", "error_reason": "user_denied"}),
        ("pipedrive", {"error": "user_denied"}),
        (
            "salesforce",
            {"error": "access_denied", "error_description": "end-user denied authorization"},
        ),
        ("stripe", {"error": "access_denied", "error_description": "The user denied your request"}),
        (
            "hubspot",
            {"error": "access_denied", "error_description": "User did not approve this app"},
        ),
    ],
)
def test_a_no_is_told_as_a_no(platform, callback):
    assert refusal(platform, **callback).message.endswith(CANCELLED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Your admin must approve this app", "An administrator has to allow this app at"),
        ("The app is not installed", "This app is not installed in your account at"),
        ("This client was suspended", "has blocked or disabled this app."),
        ("You are no test user of the app", "This app is not published at"),
        ("The redirect URI does not match", "does not know the redirect URI"),
    ],
)
@pytest.mark.parametrize("code", ["access_denied", "some_error"])
def test_what_an_unknown_code_is_about_shows_in_its_text(code, text, message):
    assert message in refusal("upwork", error=code, error_description=text).message


def test_what_nobody_knows_is_told_in_the_platforms_words():
    found = refusal("upwork", error="odd", error_description="Your key is too young.")

    assert found.message == "Upwork refused the sign-in, and says: “Your key is too young”."
    assert found.kind == "unexpected_reply"


@pytest.mark.parametrize(
    "callback",
    [
        {"error_code": "999"},
        {"errorCode": "999"},
        {"error_message": "999"},
        {"error_uri": "999"},
        {"error": "999", "code": "a-code-all-the-same"},
    ],
)
def test_a_refusal_is_seen_under_whatever_name(callback):
    assert refusal("upwork", **callback).message == "Upwork refused the sign-in, and says: “999”."


def test_the_platforms_text_is_masked_cut_and_one_line():
    text = f"a\r\nb\u202ec {SECRET} " + "long " * 1000

    message = refusal("upwork", error="odd", error_description=text).message

    assert SECRET not in message
    assert "•••" in message
    assert len(message) < LONGEST_TEXT + 60
    assert message.isprintable()


def test_who_writes_an_answer_is_not_told_what_a_secret_begins_with():
    """An address can be typed: a run of twelve that is masked would be one that is right."""
    found = refusal("upwork", error="odd", error_description=f"Is it {SECRET[:-1]}?")

    assert found.message.endswith(f"“Is it {SECRET[:-1]}?”.")


@pytest.mark.parametrize("callback", [{}, {"code": "c", "state": "s"}, {"error": ""}])
def test_a_callback_without_an_error_is_no_refusal(callback):
    assert refusal("upwork", **callback) is None
