"""Meta: ads read from an ad account, leads tracked by a dataset (the API says Pixel).

API reference: https://developers.facebook.com/docs/graph-api and
https://developers.facebook.com/documentation/ads-commerce/marketing-api (read 2026-11-22).
Quirks: a dead token is no reason for /debug_token to fail, it says so in a good reply; and a
version of the Marketing API lasts about a year, so two of them are alive at any time.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import (
    SIGN_IN,
    Account,
    Answer,
    Cost,
    ErrorFacts,
    Field,
    Method,
    Passed,
    Provider,
    Skipped,
    Tester,
    Warned,
    access_token,
    account_id,
    base_url,
    compare_scopes,
    dig,
    sign_in,
    step,
)
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    Refused,
    UnexpectedReply,
)
from providers.platforms.meta.errors import (
    AD_ACCOUNTS,
    APP_REFUSED,
    APPS,
    ERRORS,
    NEW_TOKEN,
    SYSTEM_USERS,
    ForeignToken,
    retry_after,
)
from providers.platforms.meta.graph import VERSION, proof_of
from providers.platforms.meta.login import OAUTH

# Either is enough to read; the first is all we need.
READS_ADS = ("ads_read", "ads_management")
NOT_GRANTED = {"declined": "was declined", "expired": "has expired"}
KINDS = {"SYSTEM_USER": "System user token", "USER": "User token"}
NOBODYS = {"PAGE": "a Page", "APP": "an app"}
ACTIVE = 1
MOST_PAGES = 10
FOR_A_PERSON = "Check the ID, and ask an admin of the Business portfolio to assign it to you."
ACCOUNT_STATUSES = {
    2: "disabled",
    3: "unsettled, with a payment due",
    7: "waiting for Meta's review",
    8: "waiting for a payment to settle",
    9: "in its grace period, with a payment due",
    100: "about to be closed",
    101: "closed",
}

TOKEN = Method(
    slug="access_token",
    label="System user token",
    help="An admin of the Business portfolio makes it in Business settings. First assign "
    "the ad account, the dataset and the app to the system user, then generate it.",
)


class MetaTester(Tester):
    scopes: list[str] | None = None
    currency = ""

    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /me?fields=id,name -> {"id": str, "name": str}."""
        about = self._inspect_token() if self._knows_app() else ""
        self.api.headers["Authorization"] = f"Bearer {self.values['access_token']}"
        me = self._get("me", fields="id,name")
        what = "sign-in" if self.method == SIGN_IN else "token"
        who = f"Meta knows this {what} as {me.get('name') or me['id']}."
        return Passed(f"{who} {about or 'Save the App ID and App Secret to see when it expires.'}")

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """GET /me/permissions -> {"data": [{"permission": str, "status": "granted" …}]}."""
        listed = self._listed_permissions()
        if listed is None:
            return Skipped("Meta lists no permissions for this token; the next steps prove them.")
        granted = [name for name, status in listed.items() if status == "granted"]
        if self.method == SIGN_IN:
            return compare_scopes(self.grant.asked, frozenset(granted), self.api.platform)
        if not set(granted) & set(READS_ADS):
            why = NOT_GRANTED.get(listed.get("ads_read", ""), "is missing")
            raise PermissionMissing(
                f"This token may not read ads: ads_read {why}.",
                "Give the system user ads_read, then generate a new token and paste it here.",
                action_url=SYSTEM_USERS,
            )
        needed = next(name for name in READS_ADS if name in granted)
        others = ", ".join(sorted(set(granted) - {needed}))
        return Passed(f"Has {needed}." + (f" Not needed here: {others}." if others else ""))

    @step("Ad account reachable")
    def account_is_reachable(self) -> Passed | Warned:
        """GET /act_<id> -> {"account_id": digits, "name": str, "account_status": int, …}."""
        found = self._get(
            self.values["account_id"],
            fields="account_id,name,account_status,currency,timezone_name",
        )
        self.account = Account(f"act_{found['account_id']}", found.get("name", ""))
        self.currency = found.get("currency", "")
        status = found["account_status"]
        if status != ACTIVE:
            meaning = ACCOUNT_STATUSES.get(status, f"in status {status}, which we do not know")
            return Warned(f"The ad account is {meaning}. Look at it in Ads Manager.")
        zone = found.get("timezone_name", "a time zone of its own")
        return Passed(f"{self.account.name or self.account.id} is active. Its days follow {zone}.")

    @step("Ads data can be read")
    def ads_data_is_readable(self) -> Passed:
        """GET /act_<id>/insights -> {"data": [{"spend": "12.34", …}]}; [] without delivery."""
        rows = self._get(
            f"{self.values['account_id']}/insights",
            level="account",
            date_preset="yesterday",
            fields="spend,impressions,clicks",
            limit=1,
        )["data"]
        if not rows:
            return Passed("Reports can be read. Nothing was delivered yesterday.")
        spend, shown, clicks = (
            rows[0].get(name, "0") for name in ("spend", "impressions", "clicks")
        )
        spent = f"{spend} {self.currency}".strip()
        return Passed(f"Yesterday: {spent} spent, {shown} impressions, {clicks} clicks.")

    @step("Dataset (Pixel) reachable", optional=True)
    def dataset_is_reachable(self) -> Passed | Warned | Skipped:
        """GET /<pixel_id> -> {"name": str, "last_fired_time": ISO 8601, "is_unavailable": bool}."""
        pixel_id = self.values.get("pixel_id")
        if not pixel_id:
            return Skipped("No dataset ID is saved, so lead tracking was not tested.")
        pixel = self._get(pixel_id, fields="id,name,last_fired_time,is_unavailable")
        name = pixel.get("name") or pixel["id"]
        if pixel.get("is_unavailable"):
            return Warned(f"Meta says the dataset {name} is unavailable. Open Events Manager.")
        if not pixel.get("last_fired_time"):
            return Warned(f"The dataset {name} has never received an event. Check the website.")
        last = datetime.fromisoformat(pixel["last_fired_time"]).astimezone(UTC)
        return Passed(f"The dataset {name} last received an event on {last:%Y-%m-%d %H:%M} UTC.")

    def accounts(self) -> list[Account]:
        """GET /me/adaccounts -> {"data": [{"account_id": digits, "name": str}], "paging": …}.

        A page that is short is not the last: that one has no `paging.next`.
        """
        self.api.headers["Authorization"] = f"Bearer {self.values['access_token']}"
        found: list[Account] = []
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = self._get("me/adaccounts", fields="account_id,name", limit=100, **after)
            found += [
                Account(f"act_{row['account_id']}", row.get("name", "")) for row in page["data"]
            ]
            if not dig(page, "paging.next"):
                break
            after = {"after": page["paging"]["cursors"]["after"]}
        return found

    def _get(self, path: str, **params: Any) -> Any:
        """Ask with the proof of the app secret, which Meta demands of some apps."""
        secret = self.values.get("app_secret")
        if secret:
            proof = proof_of(self.values["access_token"], secret)
            self.api.add_secret(proof)
            params["appsecret_proof"] = proof
        try:
            return self.api.get(f"/{VERSION}/{path}", **params)
        except (PermissionMissing, AccountNotFound) as error:
            if self.method == SIGN_IN and "system user" in error.action:
                error.action, error.action_url = FOR_A_PERSON, AD_ACCOUNTS
            raise

    def _knows_app(self) -> bool:
        return bool(self.values.get("app_id") and self.values.get("app_secret"))

    def _inspect_token(self) -> str:
        """GET /debug_token -> {"data": {"is_valid": bool, "app_id": digits, "type": "USER" …,
        "expires_at": seconds or 0 for never, "scopes": [str], "error": {…} when not valid}}.
        """
        app_token = f"{self.values['app_id']}|{self.values['app_secret']}"
        self.api.add_secret(app_token)
        try:
            data = self.api.get(
                f"/{VERSION}/debug_token",
                input_token=self.values["access_token"],
                access_token=app_token,
            )["data"]
        except AuthInvalid as error:
            # A bad input_token is told inside `data`: this is about the app that asks.
            if self.method == SIGN_IN:
                if isinstance(error, ForeignToken):
                    raise
                raise AppRefused(APP_REFUSED, APP_ACTION) from None
            raise AuthInvalid(
                "Meta does not accept this App ID and App Secret for this token.",
                "Copy both again, from App settings, Basic, of the app that made the token.",
                action_url=APPS,
            ) from None
        _refuse_dead(data)
        self._refuse_foreign(data)
        self.scopes = data.get("scopes")
        if self.method == SIGN_IN:
            self.expires_at = _moment(_consent_end(data))
            if self.expires_at is None:
                return "It renews itself."
            return f"It renews itself until {self.expires_at:%Y-%m-%d}, then sign in again."
        self.expires_at = _earliest_end(data)
        kind = KINDS.get(data["type"], "Token")
        ends = f"expires on {self.expires_at:%Y-%m-%d}" if self.expires_at else "never expires"
        return f"{kind} that {ends}."

    def _refuse_foreign(self, data: Mapping[str, Any]) -> None:
        if data["type"] in NOBODYS:
            raise AuthInvalid(
                f"This is the token of {NOBODYS[data['type']]}, which cannot read ads.",
                NEW_TOKEN,
                action_url=SYSTEM_USERS,
            )
        if str(data["app_id"]) != self.values["app_id"]:
            raise AuthInvalid(
                "The access token was made with another Meta app.",
                "Enter the App ID and App Secret of the app that made it.",
                action_url=APPS,
            )

    def _listed_permissions(self) -> dict[str, str] | None:
        """Status by permission; None when Meta gives no list, as it may for a system user."""
        if self.scopes is not None:
            return dict.fromkeys(self.scopes, "granted")
        try:
            rows = self._get("me/permissions")["data"]
        except (PermissionMissing, AccountNotFound, UnexpectedReply):
            return None
        return {row["permission"]: row["status"] for row in rows} or None


def _refuse_dead(data: Mapping[str, Any]) -> None:
    """Raise what the reason that Meta gives for a dead token means."""
    if data["is_valid"]:
        return
    subcode = dig(data, "error.subcode")
    end = _earliest_end(data)
    if subcode is None and end and end < datetime.now(UTC):
        raise AuthExpired("The Meta access token has expired.", NEW_TOKEN, action_url=SYSTEM_USERS)
    facts = ErrorFacts(400, dig(data, "error.code"), subcode)
    rule = next((rule for rule in ERRORS if rule.matches(facts)), None)
    if rule and issubclass(rule.error, Refused):
        raise rule.error(rule.message, rule.action, action_url=rule.action_url)
    raise AuthInvalid("Meta does not accept this access token.", NEW_TOKEN, action_url=SYSTEM_USERS)


def _earliest_end(data: Mapping[str, Any]) -> datetime | None:
    """When the token, or a person's consent to read data with it, ends; None for never."""
    return _moment(data.get("expires_at"), _consent_end(data))


def _consent_end(data: Mapping[str, Any]) -> int | None:
    return data.get("data_access_expires_at") if data.get("type") == "USER" else None


def _moment(*ends: int | None) -> datetime | None:
    known = [end for end in ends if end]
    return datetime.fromtimestamp(min(known), UTC) if known else None


def _with_act(text: str) -> str:
    text = text.strip()
    return f"act_{text}" if re.fullmatch("[0-9]+", text) else text


PROVIDER = Provider(
    slug="meta",
    name="Meta",
    used_by=("Ads monitor", "Pixel/CAPI lead tracking"),
    docs_url="https://developers.facebook.com/documentation/ads-commerce/marketing-api",
    setup_url=SYSTEM_USERS,
    hosts={"API": "https://graph.facebook.com", "AUTHORIZATION": "https://www.facebook.com"},
    methods=(
        TOKEN,
        sign_in(
            "Sign in with Facebook",
            "You are sent to Facebook and come back connected to the ad accounts that you may "
            "see. Meta wants you to come back after about 90 days.",
        ),
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
            methods=(TOKEN.slug,),
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
            methods=(TOKEN.slug,),
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
            methods=(TOKEN.slug,),
        ),
        base_url(),
    ),
    tester=MetaTester,
    cost=Cost(calls=6, note="1 report of the ad account's hourly allowance of 600 and more."),
    errors=ERRORS,
    error_code_at="error.code",
    error_subcode_at="error.error_subcode",
    error_text_at="error.message",
    error_transient_at="error.is_transient",
    retry_after=retry_after,
)
