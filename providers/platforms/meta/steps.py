"""Meta's test: whose token it is, what it may read, and what the ad account delivered."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from providers import errors
from providers.access.refusals import app_refused
from providers.declare.digging import dig
from providers.declare.paging import pages
from providers.declare.permissions import compare_scopes, told_of
from providers.declare.provider import MOST_TEXT
from providers.declare.rules import ErrorFacts, first_match
from providers.declare.steps import Account, Answer, Passed, Skipped, Tester, Warned, step
from providers.outbound.secrets import Placeholder
from providers.platforms.meta.access import VERSION
from providers.platforms.meta.errors import (
    AD_ACCOUNTS,
    APPS,
    ENTER_ITS_APP,
    ERRORS,
    INVALID_PARAMETER,
    NEW_TOKEN,
    NOT_ACCEPTED,
    SYSTEM_USERS,
    ForeignToken,
)

# Either is enough to read; the first is all we need.
READS_ADS = ("ads_read", "ads_management")
NOT_GRANTED = {"declined": "was declined", "expired": "has expired"}
KINDS = {"SYSTEM_USER": "System user token", "USER": "User token"}
NOBODYS = {"PAGE": "a Page", "APP": "an app"}
ACTIVE = 1
LONGEST_APP = 150  # characters of an app's name and ID
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


class MetaTester(Tester):
    scopes: list[str] | None = None
    currency = ""
    app_id = ""

    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /me?fields=id,name -> {"id": str, "name": str}."""
        self.app_id = self.enter().told["app_id"]
        about = self._inspect_token() if self.app_id and self.has("app_secret") else ""
        me = self._get("me", fields="id,name")
        who = f"Meta knows this {self.what} as {me.get('name') or me['id']}."
        return Passed(f"{who} {about or 'Save the App ID and App Secret to see when it expires.'}")

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """GET /me/permissions -> {"data": [{"permission": str, "status": "granted" …}]}."""
        listed = self._listed_permissions()
        if listed is None:
            return Skipped("Meta lists no permissions for this token; the next steps prove them.")
        granted = [name for name, status in listed.items() if status == "granted"]
        if self.is_signed_in:
            return compare_scopes(self.grant.asked, frozenset(granted), self.api.platform)
        if not set(granted) & set(READS_ADS):
            why = NOT_GRANTED.get(listed.get("ads_read", ""), "is missing")
            raise errors.PermissionMissing(
                f"This token may not read ads: ads_read {why}.",
                "Give the system user ads_read, then generate a new token and paste it here.",
                action_url=SYSTEM_USERS,
            )
        needed = next(name for name in READS_ADS if name in granted)
        return Passed(told_of([needed], set(granted) - {needed}))

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
        ask = partial(self._get, "me/adaccounts", fields="account_id,name", limit=100)
        rows = (row for page in pages(ask, _next_page) for row in page["data"])
        return [Account(f"act_{row['account_id']}", row.get("name", "")) for row in rows]

    def _get(self, path: str, **params: Any) -> Any:
        """Ask; what it says of system users is said of a person after a sign-in."""
        try:
            return self.api.get(f"/{VERSION}/{path}", **params)
        except (errors.PermissionMissing, errors.AccountNotFound) as error:
            if self.is_signed_in and "system user" in error.action:
                error.action, error.action_url = FOR_A_PERSON, AD_ACCOUNTS
            raise

    def _inspect_token(self) -> str:
        """GET /debug_token -> {"data": {"is_valid": bool, "app_id": digits, "type": "USER" …,
        "expires_at": seconds or 0 for never, "scopes": [str], "error": {…} when not valid}}.
        """
        reply = self.api.request(
            "GET",
            f"/{VERSION}/debug_token",
            anonymous=True,
            input_token=Placeholder("access_token"),
            access_token=Placeholder("app_token"),
        )
        body = reply.json_or_none()
        if INVALID_PARAMETER in (dig(body, "error.code"), dig(body, "data.error.code")):
            self._refuse_foreign(*self._app_of_token())
        try:
            self.api.judge(reply)
        except ForeignToken:
            raise
        except errors.AuthInvalid:
            # A bad input_token is told inside `data`: this is about the app that asks.
            if self.is_signed_in:
                raise app_refused("Meta").meant() from None
            raise errors.AuthInvalid(
                "Meta does not accept this App ID and App Secret for this token.",
                "Copy both again, from App settings, Basic, of the app that made the token.",
                action_url=APPS,
            ) from None
        data: dict[str, Any] = body["data"]
        _refuse_dead(data)
        if data["type"] in NOBODYS:
            raise errors.AuthInvalid(
                f"This is the token of {NOBODYS[data['type']]}, which cannot read ads.",
                NEW_TOKEN,
                action_url=SYSTEM_USERS,
            )
        self._refuse_foreign(str(data["app_id"]), data.get("application"))
        self.scopes = data.get("scopes")
        if self.is_signed_in:
            self.expires_at = _moment(_consent_end(data))
            if self.expires_at is None:
                return "It renews itself."
            return f"It renews itself until {self.expires_at:%Y-%m-%d}, then sign in again."
        self.expires_at = _earliest_end(data)
        kind = KINDS.get(data["type"], "Token")
        ends = f"expires on {self.expires_at:%Y-%m-%d}" if self.expires_at else "never expires"
        return f"{kind} that {ends}."

    def _app_of_token(self) -> tuple[str, Any]:
        """GET /app, with the token alone -> {"id": digits, "name": str}; nothing if it is refused.

        A proof with the secret of another app would be refused as well.
        """
        token = Placeholder("access_token")
        try:
            found = self.api.get(
                f"/{VERSION}/app", anonymous=True, access_token=token, fields="id,name"
            )
        except errors.ProviderError:
            return "", None
        return str(dig(found, "id") or ""), dig(found, "name")

    def _refuse_foreign(self, app_id: str, name: Any) -> None:
        """Raise when the token belongs to another app, and say to which."""
        if app_id in ("", self.app_id):
            return
        app = f"{name} ({app_id})" if name else app_id
        app = self.api.redact(app, longest=LONGEST_APP)
        raise ForeignToken(
            f"The access token belongs to another Meta app: {app}.", ENTER_ITS_APP, action_url=APPS
        )

    def _listed_permissions(self) -> dict[str, str] | None:
        """Status by permission; None when Meta gives no list, as it may for a system user."""
        if self.scopes is not None:
            return dict.fromkeys(self.scopes, "granted")
        try:
            rows = self._get("me/permissions")["data"]
        except (errors.PermissionMissing, errors.AccountNotFound, errors.UnexpectedReply):
            return None
        return {row["permission"]: row["status"] for row in rows} or None


def _next_page(page: Any) -> dict[str, str]:
    return {"after": page["paging"]["cursors"]["after"]} if dig(page, "paging.next") else {}


def _refuse_dead(data: Mapping[str, Any]) -> None:
    """Raise what the reason that Meta gives for a dead token means."""
    if data["is_valid"]:
        return
    subcode = dig(data, "error.subcode")
    end = _earliest_end(data)
    if subcode is None and end and end < datetime.now(UTC):
        raise errors.AuthExpired(
            "The Meta access token has expired.", NEW_TOKEN, action_url=SYSTEM_USERS
        )
    said = str(dig(data, "error.message") or "")[:MOST_TEXT]
    facts = ErrorFacts(400, dig(data, "error.code"), subcode, said)
    rule = first_match(ERRORS, facts)
    is_told = rule and issubclass(rule.error, errors.Refused)
    raise (rule if rule and is_told else NOT_ACCEPTED).meant()


def _earliest_end(data: Mapping[str, Any]) -> datetime | None:
    """When the token, or a person's consent to read data with it, ends; None for never."""
    return _moment(data.get("expires_at"), _consent_end(data))


def _consent_end(data: Mapping[str, Any]) -> int | None:
    return data.get("data_access_expires_at") if data.get("type") == "USER" else None


def _moment(*ends: int | None) -> datetime | None:
    known = [end for end in ends if end]
    return datetime.fromtimestamp(min(known), UTC) if known else None
