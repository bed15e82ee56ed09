"""How somebody makes a key that may only read."""

from providers.declare import Guide, at, scope
from providers.platforms.stripe.errors import NEW_KEY_URL


def to_read(what: str, gives: str) -> tuple[str, str, str]:
    return f"{what}: Read", gives, f"{what} cannot be read."


READS = tuple(
    scope(*to_read(what, gives))
    for what, gives in (
        ("Balance", "what is on the account"),
        ("Charges", "revenue, fees and refunds"),
        ("Checkout sessions", "finished checkouts"),
        ("Subscriptions", "new and ended subscriptions"),
    )
)
RESTRICTED_KEY = Guide(
    who="An Administrator or a Developer of your Stripe account.",
    steps=(
        at(
            "Open Developers, API keys, Create restricted key. Where Stripe asks what for, choose "
            "Providing this key to another website.",
            NEW_KEY_URL,
            "the form for a restricted key",
        ),
        "Set what is listed below to Read, and nothing else.",
        "Create the key, copy it at once and paste it into the dialog. Stripe shows a live key "
        "only once.",
    ),
    lasts="Until somebody rolls or deletes it in Stripe.",
    pitfalls=(
        "A key that starts with pk is the publishable one, and one that starts with whsec belongs "
        "to a webhook. Neither is taken.",
        "A test key shows test payments only. Make the key in live mode to see real ones.",
        "A key that is limited to some IP addresses must allow the one of this server.",
        "A secret key works too, but may do everything in the account.",
    ),
    scopes=READS,
)
