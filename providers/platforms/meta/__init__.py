"""Meta: ads read from an ad account, leads tracked by a dataset (the API says Pixel).

API reference: https://developers.facebook.com/docs/graph-api and
https://developers.facebook.com/documentation/ads-commerce/marketing-api (read 2026-11-22).
Quirks: a dead token is no reason for /debug_token to fail, it says so in a good reply; and a
version of the Marketing API lasts about a year, so two of them are alive at any time.
"""

import re

from providers.declare import (
    HOURLY,
    Cost,
    CountedBy,
    CountsBy,
    Field,
    Method,
    Provider,
    access_token,
    account_id,
    base_url,
)
from providers.platforms.meta import guide
from providers.platforms.meta.access import GraphToken
from providers.platforms.meta.errors import AD_ACCOUNTS, APPS, ERRORS, SYSTEM_USERS, retry_after
from providers.platforms.meta.sign_in import BY_SIGN_IN, OAUTH
from providers.platforms.meta.steps import MetaTester

TOKEN = "access_token"


def _with_act(text: str) -> str:
    text = text.strip()
    return f"act_{text}" if re.fullmatch("[0-9]+", text) else text


PROVIDER = Provider(
    slug="meta",
    name="Meta",
    aliases=("Facebook", "Instagram"),
    position=10,
    used_by=("Ads monitor", "Pixel/CAPI lead tracking"),
    docs_url="https://developers.facebook.com/documentation/ads-commerce/marketing-api",
    hosts={"API": "https://graph.facebook.com", "AUTHORIZATION": "https://www.facebook.com"},
    methods=(
        Method(
            TOKEN,
            "System user token",
            help="An admin of the Business portfolio makes it in Business settings. First assign "
            "the ad account, the dataset and the app to the system user, then generate it.",
            access=GraphToken(),
            grant_of="app_id",
            guide=guide.SYSTEM_USER,
        ),
        BY_SIGN_IN,
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            label="Access token",
            help="Business settings → Users → System users → Generate token, with ads_read and "
            "the expiry Never. Meta shows it once.",
            help_url=SYSTEM_USERS,
            pattern=r"[^\|:\/\s]+",
            pattern_message="This looks like an app's token or a web address, which cannot read "
            "ads. Paste the token of a system user, which starts with EAA.",
            usual_pattern=r"EAA[A-Za-z0-9]+",
            usual_message="Tokens that can read ads usually start with EAA and have only letters "
            "and digits: check that all of it was copied.",
            example="EAABsbCS1iHgBAOexample",
            methods=(TOKEN,),
        ),
        account_id(
            label="Ad account ID",
            help="The number in Ads Manager's account menu, or after act= in its address.",
            help_url=AD_ACCOUNTS,
            required=True,
            pattern=r"(act_)?[0-9]+",
            pattern_message="An ad account ID is a number, with or without act_ before it. Copy "
            "it from the account menu of Ads Manager.",
            example="act_1234567890",
            normalize=_with_act,
        ),
        Field(
            name="pixel_id",
            label="Dataset (Pixel) ID",
            help="Only for lead tracking: Events Manager → Datasets.",
            help_url="https://business.facebook.com/events_manager2",
            pattern=r"[0-9]+",
            pattern_message="A dataset ID is a number. One that starts with act_ is an ad "
            "account: copy the dataset's own from Events Manager.",
            example="987654321012345",
        ),
        Field(
            name="app_id",
            label="App ID",
            help="With the App Secret, tests can say when the token expires: the app's "
            "dashboard → App settings → Basic.",
            help_url=APPS,
            pattern=r"[0-9]+",
            pattern_message="An App ID is a number. Copy it from App settings, Basic.",
            example="123456789012345",
            methods=(TOKEN,),
        ),
        Field(
            name="app_secret",
            label="App Secret",
            help="On the same page as the App ID. Needed when the app requires it of every call.",
            help_url=APPS,
            secret=True,
            usual_pattern=r"[0-9a-fA-F]{32}",
            usual_message="An App Secret usually has 32 characters, 0 to 9 and a to f: check "
            "that this is not a token.",
            methods=(TOKEN,),
        ),
        base_url(),
    ),
    tester=MetaTester,
    # Overview, Rate limits: ads by the ad account; the errors tell of the rest.
    counts_by=CountsBy(rate=CountedBy.ACCOUNT),
    # A check is one report of an hourly allowance of hundreds.
    checks=HOURLY,
    cost=Cost(calls=6, note="1 report of the ad account's hourly allowance of 600 and more."),
    errors=ERRORS,
    error_code_at="error.code",
    error_subcode_at="error.error_subcode",
    error_text_at="error.message",
    error_transient_at="error.is_transient",
    retry_after=retry_after,
)
