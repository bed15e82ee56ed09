"""What Stripe's refusals mean: by code where there is one, by the words where there is none."""

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import codes, limited, misunderstood, rule, troubled, walled
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    ProviderUnavailable,
)

KEYS_URL = "https://dashboard.stripe.com/apikeys"
NEW_KEY_URL = "https://dashboard.stripe.com/apikeys/create"


class RightMissing(PermissionMissing):
    """The key is good and may not read this one thing, which says nothing about the others."""


class NoConnectPlatform(AccountNotFound):
    """The account of the key has no other accounts under it."""


WALL = walled("Stripe", "The key")
REFUSED = codes(401, 403)
LACKS = "This Stripe key lacks a permission."
TO_READ = "Edit the restricted key in Stripe and set what is missing to Read."
NOT_REACHED = (
    "This key does not reach the connected account.",
    "Clear or correct its ID, or paste that account's own key.",
)

# At the address for tokens, where the key is the platform's own.
SIGN_IN_ERRORS = (
    WALL,
    rule(AppRefused, status=REFUSED).says(
        "Stripe does not accept this platform's client ID and secret key together.", APP_ACTION
    ),
)

ERRORS = (
    limited("Stripe"),
    limited("Stripe", code=codes("rate_limit", "lock_timeout")),
    WALL,
    rule(AuthExpired, code=codes("api_key_expired", "platform_api_key_expired")).says(
        "This Stripe key has expired or was replaced by another.",
        "Make a new restricted key in Stripe and paste it here.",
        NEW_KEY_URL,
    ),
    rule(AuthInvalid, code="secret_key_required").says(
        "This is the publishable key, which cannot read anything.",
        "Paste a restricted key, which starts with rk_.",
        KEYS_URL,
    ),
    rule(PermissionMissing, status=REFUSED, text="does not allow requests from your ip").says(
        "This key works from certain IP addresses only, and not from this server's.",
        "Add this server's address to the key in Stripe.",
        KEYS_URL,
    ),
    rule(NoConnectPlatform, text="only stripe connect platforms|signed up for connect").says(
        "This key's account is no Connect platform, so it reaches no other account.",
        "Clear the connected account, or paste that account's own key.",
    ),
    rule(AccountNotFound, code="account_invalid").says(*NOT_REACHED),
    rule(AccountNotFound, status=REFUSED, text="does not have access to account").says(
        *NOT_REACHED
    ),
    rule(RightMissing, code="more_permissions_required").says(LACKS, TO_READ, KEYS_URL),
    # Older replies have the status 401.
    rule(RightMissing, status=REFUSED, text="does not have the required permissions").says(
        LACKS, TO_READ, KEYS_URL
    ),
    rule(RightMissing, status=403).says("Stripe says this key may not do this.", TO_READ, KEYS_URL),
    rule(AuthInvalid, status=401, text="did not provide an api key").says(
        "Stripe received no key.", "Save a restricted key and test again.", KEYS_URL
    ),
    rule(AuthInvalid, status=401).says(
        "Stripe does not know this key.",
        "Copy it again from Developers, API keys, or make a new one.",
        KEYS_URL,
    ),
    rule(AccountNotFound, code="resource_missing").says(
        "Stripe does not find the account in this key's mode.",
        "Correct the ID, or use a key of the same mode: live or test.",
        KEYS_URL,
    ),
    rule(ProviderUnavailable, status=409).says(
        "Stripe was busy with another request.", "Nothing to fix here: test again."
    ),
    troubled("Stripe", subcode="api_error"),
    misunderstood("Stripe", status=codes(400, 402, 404)),
)
