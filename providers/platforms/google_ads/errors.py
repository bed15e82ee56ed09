"""What the refusals of Google Ads mean.

Source: the enums in google/ads/googleads/v26/errors of googleapis/googleapis (read 2026-11-22).
A GoogleAdsFailure has one reason under one family: {"errorCode": {"<family>": "<reason>"}}.
Failures before the Ads layer have a google.rpc.ErrorInfo instead.
"""

from providers.declare import ErrorRule, codes
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    InvalidConfig,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.families.google import errors as google_errors

ADS_URL = "https://ads.google.com"
ACCESS_URL = "https://ads.google.com/aw/accountaccess/users"
API_ACCESS_URL = "https://console.cloud.google.com/google/ads-apis/overview"
CODE_AT = ("error.details.*.errors.*.errorCode.*", *google_errors.CODE_AT)

ERRORS = (
    ErrorRule(
        code="OAUTH_TOKEN_EXPIRED",
        error=AuthExpired,
        message="The access token has expired.",
        action="Paste a new one, or choose another way to connect.",
    ),
    ErrorRule(
        code=codes(
            *("OAUTH_TOKEN_INVALID", "OAUTH_TOKEN_REVOKED", "OAUTH_TOKEN_DISABLED"),
            *("OAUTH_TOKEN_HEADER_INVALID", "GOOGLE_ACCOUNT_COOKIE_INVALID"),
            *("GOOGLE_ACCOUNT_DELETED", "AUTHENTICATION_ERROR"),
        ),
        error=AuthInvalid,
        message="Google Ads does not accept this sign-in.",
        action="Sign in again, or make a new key, and paste it here.",
    ),
    ErrorRule(
        code="NOT_ADS_USER",
        error=AccountNotFound,
        message="This sign-in belongs to no Google Ads account.",
        action="Add it in Google Ads, Admin, Access and security, with the level Read only.",
        action_url=ACCESS_URL,
    ),
    ErrorRule(
        code=codes("TWO_STEP_VERIFICATION_NOT_ENROLLED", "ADVANCED_PROTECTION_NOT_ENROLLED"),
        error=PermissionMissing,
        message="The admin of this Google account demands a stronger sign-in.",
        action="Turn it on for the Google account, then sign in again.",
        action_url="https://myaccount.google.com/security",
    ),
    ErrorRule(
        code="USER_PERMISSION_DENIED",
        error=PermissionMissing,
        message="This sign-in has no access to the customer.",
        action="Enter the manager account ID if it has one, or ask its admin for access.",
        action_url=ACCESS_URL,
    ),
    ErrorRule(
        code=codes("CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", "DEVELOPER_TOKEN_NOT_APPROVED"),
        error=PermissionMissing,
        message="The Cloud project may see test accounts only.",
        action="Apply for Explorer access on the project's Google Ads API page.",
        action_url=API_ACCESS_URL,
    ),
    ErrorRule(
        code=codes(
            *("PROJECT_DISABLED", "ORGANIZATION_NOT_APPROVED", "ORGANIZATION_NOT_RECOGNIZED"),
            *("CLOUD_PROJECT_NOT_UNDER_ORGANIZATION", "MISSING_TOS", "SERVICE_ACCESS_DENIED"),
            "METRIC_ACCESS_DENIED",
        ),
        error=PermissionMissing,
        message="The Cloud project may not use this part of Google Ads.",
        action="Ask its owner to finish the sign-up for the Google Ads API.",
        action_url=API_ACCESS_URL,
    ),
    ErrorRule(
        code=codes("CUSTOMER_NOT_ENABLED", "INCOMPLETE_SIGNUP", "ACCESS_DENIED_FOR_ACCOUNT_TYPE"),
        error=AccountNotFound,
        message="This customer account is closed, or was never finished.",
        action="Open it in Google Ads, or choose another.",
        action_url=ADS_URL,
    ),
    ErrorRule(
        code="INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION",
        error=PermissionMissing,
        message="That manager account does not manage this customer.",
        action="Correct the manager account ID, or leave it empty.",
        action_url=ADS_URL,
    ),
    ErrorRule(
        code=codes(
            *("CUSTOMER_NOT_FOUND", "CLIENT_CUSTOMER_ID_INVALID", "INVALID_CUSTOMER_ID"),
            "INVALID_LOGIN_CUSTOMER_ID",
        ),
        error=AccountNotFound,
        message="Google Ads knows no such customer ID.",
        action="Copy the ten digits at the top right of Google Ads.",
        action_url=ADS_URL,
    ),
    ErrorRule(
        code="LOGIN_CUSTOMER_ID_PARAMETER_MISSING",
        error=InvalidConfig,
        message="This customer is reached through a manager account only.",
        action="Enter the manager account ID too.",
        action_url=ADS_URL,
    ),
    ErrorRule(
        code="REQUESTED_METRICS_FOR_MANAGER",
        error=InvalidConfig,
        message="This customer ID is of a manager account, which has no ads of its own.",
        action="Enter it as manager account ID, and the ID of one of its accounts here.",
        action_url=ADS_URL,
    ),
    ErrorRule(
        code=codes("DEVELOPER_TOKEN_INVALID", "DEVELOPER_TOKEN_PROHIBITED"),
        error=InvalidConfig,
        message="Google Ads does not accept this developer token.",
        action="Remove it: it is no longer needed.",
    ),
    # Of the day: it comes back 24 hours after the calls that used it up.
    ErrorRule(
        code="RESOURCE_EXHAUSTED",
        error=QuotaExhausted,
        message="The Cloud project has used up its Google Ads operations of the day.",
        action="Wait up to 24 hours, or apply for a higher access level.",
        action_url=API_ACCESS_URL,
    ),
    ErrorRule(
        code=codes(
            *("RESOURCE_TEMPORARILY_EXHAUSTED", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION"),
            "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION",
        ),
        error=RateLimited,
        message="Google Ads is limiting requests at the moment.",
        action="Wait a little and test again, or apply for a higher access level.",
    ),
    ErrorRule(
        code=codes("DEADLINE_EXCEEDED", "UNAVAILABLE"),
        error=ProviderUnavailable,
        message="Google Ads has a problem at the moment.",
        action="Nothing to fix here: test again later.",
    ),
    ErrorRule(
        code="UNSUPPORTED_VERSION",
        error=UnexpectedReply,
        message="Google has switched off this version of the Google Ads API.",
        action="Update this installation: tell whoever runs it.",
    ),
    *google_errors.rules("Google Ads", "the Google Ads API", "googleads.googleapis.com"),
    ErrorRule(  # as a web page, when even the path is gone
        status=404,
        error=UnexpectedReply,
        message="Google has switched off this version of the Google Ads API.",
        action="Update this installation: tell whoever runs it.",
    ),
)
