"""What the refusals of Google Ads mean.

Source: the enums in google/ads/googleads/v26/errors of googleapis/googleapis (read 2026-11-22).
A GoogleAdsFailure has one reason under one family: {"errorCode": {"<family>": "<reason>"}}.
Failures before the Ads layer have a google.rpc.ErrorInfo instead.
"""

from providers.declare import codes, rule, troubled
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    CountedBy,
    InvalidConfig,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.families.google import errors as google_errors

ADS_URL = "https://ads.google.com"
ACCESS_URL = "https://ads.google.com/aw/accountaccess/users"
API_ACCESS_URL = "https://console.cloud.google.com/google/ads-apis/overview"
CODE_AT = ("error.details.*.errors.*.errorCode.*", *google_errors.CODE_AT)

MANAGER = rule(InvalidConfig, code="REQUESTED_METRICS_FOR_MANAGER").says(
    "This customer ID is of a manager account, which has no ads of its own.",
    "Enter it as manager account ID, and the ID of one of its accounts here.",
    ADS_URL,
)
SWITCHED_OFF = (
    "Google has switched off this version of the Google Ads API.",
    "Update this installation: tell whoever runs it.",
)
LIMITED = (
    "Google Ads is limiting requests at the moment.",
    "Wait a little and test again, or apply for a higher access level.",
)
ERRORS = (
    rule(AuthExpired, code="OAUTH_TOKEN_EXPIRED").says(
        "The access token has expired.", "Paste a new one, or choose another way to connect."
    ),
    rule(
        AuthInvalid,
        code=codes(
            *("OAUTH_TOKEN_INVALID", "OAUTH_TOKEN_REVOKED", "OAUTH_TOKEN_DISABLED"),
            *("OAUTH_TOKEN_HEADER_INVALID", "GOOGLE_ACCOUNT_COOKIE_INVALID"),
            *("GOOGLE_ACCOUNT_DELETED", "AUTHENTICATION_ERROR"),
        ),
    ).says(
        "Google Ads does not accept this sign-in.",
        "Sign in again, or make a new key, and paste it here.",
    ),
    rule(AccountNotFound, code="NOT_ADS_USER").says(
        "This sign-in belongs to no Google Ads account.",
        "Add it in Google Ads, Admin, Access and security, with the level Read only.",
        ACCESS_URL,
    ),
    rule(
        PermissionMissing,
        code=codes("TWO_STEP_VERIFICATION_NOT_ENROLLED", "ADVANCED_PROTECTION_NOT_ENROLLED"),
    ).says(
        "The admin of this Google account demands a stronger sign-in.",
        "Turn it on for the Google account, then sign in again.",
        "https://myaccount.google.com/security",
    ),
    rule(PermissionMissing, code="USER_PERMISSION_DENIED").says(
        "This sign-in has no access to the customer.",
        "Enter the manager account ID if it has one, or ask its admin for access.",
        ACCESS_URL,
    ),
    rule(
        PermissionMissing,
        code=codes("CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", "DEVELOPER_TOKEN_NOT_APPROVED"),
    ).says(
        "The Cloud project may see test accounts only.",
        "Apply for Explorer access on the project's Google Ads API page.",
        API_ACCESS_URL,
    ),
    rule(
        PermissionMissing,
        code=codes(
            *("PROJECT_DISABLED", "ORGANIZATION_NOT_APPROVED", "ORGANIZATION_NOT_RECOGNIZED"),
            *("CLOUD_PROJECT_NOT_UNDER_ORGANIZATION", "MISSING_TOS", "SERVICE_ACCESS_DENIED"),
            "METRIC_ACCESS_DENIED",
        ),
    ).says(
        "The Cloud project may not use this part of Google Ads.",
        "Ask its owner to finish the sign-up for the Google Ads API.",
        API_ACCESS_URL,
    ),
    rule(
        AccountNotFound,
        code=codes("CUSTOMER_NOT_ENABLED", "INCOMPLETE_SIGNUP", "ACCESS_DENIED_FOR_ACCOUNT_TYPE"),
    ).says(
        "This customer account is closed, or was never finished.",
        "Open it in Google Ads, or choose another.",
        ADS_URL,
    ),
    rule(PermissionMissing, code="INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION").says(
        "That manager account does not manage this customer.",
        "Correct the manager account ID, or leave it empty.",
        ADS_URL,
    ),
    rule(
        AccountNotFound,
        code=codes(
            *("CUSTOMER_NOT_FOUND", "CLIENT_CUSTOMER_ID_INVALID", "INVALID_CUSTOMER_ID"),
            "INVALID_LOGIN_CUSTOMER_ID",
        ),
    ).says(
        "Google Ads knows no such customer ID.",
        "Copy the ten digits at the top right of Google Ads.",
        ADS_URL,
    ),
    rule(InvalidConfig, code="LOGIN_CUSTOMER_ID_PARAMETER_MISSING").says(
        "This customer is reached through a manager account only.",
        "Enter the manager account ID too.",
        ADS_URL,
    ),
    MANAGER,
    rule(InvalidConfig, code=codes("DEVELOPER_TOKEN_INVALID", "DEVELOPER_TOKEN_PROHIBITED")).says(
        "Google Ads does not accept this developer token.", "Remove it: it is no longer needed."
    ),
    # Of the day: it comes back 24 hours after the calls that used it up.
    rule(QuotaExhausted, code="RESOURCE_EXHAUSTED").says(
        "The Cloud project has used up its Google Ads operations of the day.",
        "Wait up to 24 hours, or apply for a higher access level.",
        API_ACCESS_URL,
    ),
    rule(
        RateLimited,
        code=codes(
            "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION",
            "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION",
        ),
        counted_by=CountedBy.ACCOUNT,
    ).says(*LIMITED),
    # Of the customer or of the project, as its `rateScope` says: taken for the wider one.
    rule(RateLimited, code="RESOURCE_TEMPORARILY_EXHAUSTED").says(*LIMITED),
    troubled("Google Ads", code=codes("DEADLINE_EXCEEDED", "UNAVAILABLE")),
    rule(UnexpectedReply, code="UNSUPPORTED_VERSION").says(*SWITCHED_OFF),
    *google_errors.rules("Google Ads", "the Google Ads API", "googleads.googleapis.com"),
    # as a web page, when even the path is gone
    rule(UnexpectedReply, status=404).says(*SWITCHED_OFF),
)
