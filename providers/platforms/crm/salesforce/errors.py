"""What Salesforce's refusals mean, of data and of the sign-in with an app."""

from providers.declare import codes, limited, misunderstood, rule
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    Blocked,
    Forwarded,
    InvalidConfig,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    UnexpectedReply,
)

FLOW_URL = (
    "https://help.salesforce.com/s/articleView"
    "?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm&type=5"
)
STATUS_URL = "https://status.salesforce.com/"
SWITCH_ON = "In the app's policies, enable the Client Credentials Flow and choose a Run As user."

OF_APPS = "Setup, Connected Apps OAuth Usage"
# What comes back instead of a code, as administrators and vendors report it.
CALLBACK_REFUSALS = (
    rule(PermissionMissing, code="OAUTH_APP_BLOCKED").says(
        "An administrator of this Salesforce organization has blocked the app.",
        f"Ask the administrator to unblock it in {OF_APPS}.",
    ),
    rule(PermissionMissing, text="must be installed|not installed").says(
        "The app is not installed in this Salesforce organization.",
        f"Ask a Salesforce administrator to install it in {OF_APPS}.",
    ),
    rule(PermissionMissing, code="OAUTH_APP_ACCESS_DENIED").says(
        "This Salesforce organization lets only users in who were approved for the app.",
        "Ask a Salesforce administrator to add your profile or a permission set to the app.",
    ),
    rule(PermissionMissing, text="not admin approved").says(
        "This Salesforce organization lets only users in who were approved for the app.",
        "Ask a Salesforce administrator to add your profile or a permission set to the app.",
    ),
    rule(PermissionMissing, code="OAUTH_AUTHORIZATION_BLOCKED").says(
        "This Salesforce organization does not allow this way to sign in.",
        "Ask a Salesforce administrator to allow it for the app.",
    ),
    rule(PermissionMissing, code="OAUTH_APPROVAL_ERROR_GENERIC").says(
        "Salesforce did not let you approve the app, most often as it is not installed.",
        f"Ask a Salesforce administrator to install it in {OF_APPS}, and to permit you.",
    ),
)

ERRORS = (
    rule(AuthInvalid, code=codes("invalid_client", "invalid_client_id")).says(
        "Salesforce does not accept this consumer key and secret.",
        "Copy both again; a new app works after about ten minutes.",
    ),
    rule(PermissionMissing, code="invalid_grant", text="no client credentials user").says(
        "The Salesforce app has no Run As user.", SWITCH_ON, FLOW_URL
    ),
    rule(InvalidConfig, code="invalid_grant", text="domain").says(
        "This sign-in works at your own My Domain alone.",
        "Enter the address that ends in .my.salesforce.com, from Setup, My Domain.",
        FLOW_URL,
    ),
    rule(AuthExpired, code="invalid_grant", text="expired|inactive").says(
        "The approval for this Salesforce app is no longer valid.",
        "Check that the Run As user is active, then enter the app's key and secret again.",
    ),
    rule(AuthExpired, code="inactive_user").says(
        "The Salesforce user behind this app is no longer active.",
        "Choose an active Run As user in the app's policies, then test again.",
        FLOW_URL,
    ),
    rule(AuthInvalid, code="invalid_grant").says(
        "Salesforce refused the sign-in of this app.", SWITCH_ON, FLOW_URL
    ),
    rule(InvalidConfig, code="redirect_uri_mismatch").says(
        "Salesforce does not know the callback address.",
        "Copy it into the app's callback addresses exactly as it is shown here.",
    ),
    rule(PermissionMissing, code="INVALID_SESSION_ID", text="not valid for use with").says(
        "The Salesforce app may not use the API.",
        "Add the scope api to the app's OAuth settings, then test again.",
    ),
    rule(AuthExpired, code="INVALID_SESSION_ID").says(
        "The Salesforce session has ended, or may not be used from here.",
        "Enter the credentials again, and check the app's IP restrictions.",
    ),
    rule(AuthExpired, status=403, text="^Bad_OAuth_Token").says(
        "The Salesforce session has ended.", "Enter the credentials again."
    ),
    rule(QuotaExhausted, code="REQUEST_LIMIT_EXCEEDED").says(
        "Salesforce's quota of 24 hours is used up.",
        "Wait until requests of the last 24 hours run out of it, or buy more.",
    ),
    limited("Salesforce", code="TXN_SECURITY_METERING_ERROR"),
    rule(
        PermissionMissing,
        code=codes(
            "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INSUFFICIENT_ACCESS", "FORBIDDEN"
        ),
    ).says(
        "This Salesforce edition or user has no access to the API.",
        "Ask your Salesforce administrator for the permission API Enabled.",
    ),
    rule(PermissionMissing, code=codes("INVALID_TYPE", "INVALID_FIELD")).says(
        "The Salesforce user may not see this object or one of its fields.",
        "Ask your Salesforce administrator to let this user read it.",
    ),
    misunderstood("Salesforce", code="MALFORMED_QUERY"),
    rule(UnexpectedReply, code="NOT_FOUND").says("Salesforce no longer knows what we asked for."),
    rule(UnexpectedReply, status=410).says("Salesforce has retired this version of its API."),
    rule(ProviderUnavailable, status=420).says(
        "Salesforce is under maintenance.", action_url=STATUS_URL
    ),
    rule(Forwarded, status=codes(range(300, 400))).says(
        "This My Domain forwards to another address, as a renamed one does.",
        "Enter the present one, from Setup, My Domain.",
    ),
    rule(Blocked, status=codes(range(200, 300), 400, 401, 403, 404), text=r"^\s*<").says(
        "A web page answered where Salesforce's data was due."
    ),
)
