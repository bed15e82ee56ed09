"""What Stripe's refusals mean: by code where there is one, by the words where there is none."""

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule, codes
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    Blocked,
    PermissionMissing,
    ProviderUnavailable,
    RateLimited,
    UnexpectedReply,
)

KEYS_URL = "https://dashboard.stripe.com/apikeys"
NEW_KEY_URL = "https://dashboard.stripe.com/apikeys/create"

NEW_KEY = "Make a new restricted key in Stripe and paste it here."


class RightMissing(PermissionMissing):
    """The key is good and may not read this one thing, which says nothing about the others."""


class NoConnectPlatform(AccountNotFound):
    """The account of the key has no other accounts under it."""


WALL = ErrorRule(
    status=codes(range(400, 500)),
    text=r"^\s*<(!doctype|html)",
    error=Blocked,
    message="A web page answered where Stripe's data was due.",
    action="The key may be fine: test again later, or from another network.",
)

# At the address for tokens, where the key is the platform's own.
SIGN_IN_ERRORS = (
    WALL,
    ErrorRule(
        status=codes(401, 403),
        error=AppRefused,
        message="Stripe does not accept this platform's client ID and secret key together.",
        action=APP_ACTION,
    ),
)

ERRORS = (
    ErrorRule(
        status=429,
        error=RateLimited,
        message="Stripe is limiting requests at the moment.",
        action="Nothing to fix: wait a little and test again.",
    ),
    ErrorRule(
        code=codes("rate_limit", "lock_timeout"),
        error=RateLimited,
        message="Stripe is limiting requests at the moment.",
        action="Nothing to fix: wait a little and test again.",
    ),
    WALL,
    ErrorRule(
        code=codes("api_key_expired", "platform_api_key_expired"),
        error=AuthExpired,
        message="This Stripe key has expired or was replaced by another.",
        action=NEW_KEY,
        action_url=NEW_KEY_URL,
    ),
    ErrorRule(
        code="secret_key_required",
        error=AuthInvalid,
        message="This is the publishable key, which cannot read anything.",
        action="Paste a restricted key, which starts with rk_.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=codes(401, 403),
        text="does not allow requests from your ip",
        error=PermissionMissing,
        message="This key works from certain IP addresses only, and not from this server's.",
        action="Add this server's address to the key in Stripe.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        text="only stripe connect platforms|signed up for connect",
        error=NoConnectPlatform,
        message="This key's account is no Connect platform, so it reaches no other account.",
        action="Clear the connected account, or paste that account's own key.",
    ),
    ErrorRule(
        code="account_invalid",
        error=AccountNotFound,
        message="This key does not reach the connected account.",
        action="Clear or correct its ID, or paste that account's own key.",
    ),
    ErrorRule(
        status=codes(401, 403),
        text="does not have access to account",
        error=AccountNotFound,
        message="This key does not reach the connected account.",
        action="Clear or correct its ID, or paste that account's own key.",
    ),
    ErrorRule(
        code="more_permissions_required",
        error=RightMissing,
        message="This Stripe key lacks a permission.",
        action="Edit the restricted key in Stripe and set what is missing to Read.",
        action_url=KEYS_URL,
    ),
    ErrorRule(  # older replies have the status 401
        status=codes(401, 403),
        text="does not have the required permissions",
        error=RightMissing,
        message="This Stripe key lacks a permission.",
        action="Edit the restricted key in Stripe and set what is missing to Read.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=403,
        error=RightMissing,
        message="Stripe says this key may not do this.",
        action="Edit the restricted key in Stripe and set what is missing to Read.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=401,
        text="did not provide an api key",
        error=AuthInvalid,
        message="Stripe received no key.",
        action="Save a restricted key and test again.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=401,
        error=AuthInvalid,
        message="Stripe does not know this key.",
        action="Copy it again from Developers, API keys, or make a new one.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        code="resource_missing",
        error=AccountNotFound,
        message="Stripe does not find the account in this key's mode.",
        action="Correct the ID, or use a key of the same mode: live or test.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=409,
        error=ProviderUnavailable,
        message="Stripe was busy with another request.",
        action="Nothing to fix here: test again.",
    ),
    ErrorRule(
        subcode="api_error",
        error=ProviderUnavailable,
        message="Stripe has a problem at the moment.",
        action="Nothing to fix here: test again later.",
    ),
    ErrorRule(
        status=codes(400, 402, 404),
        error=UnexpectedReply,
        message="Stripe did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)
