"""How a connection to Google Ads is tested: with three reports at most."""

from typing import Any

from providers.declare import Account, Passed, Warned, step
from providers.errors import AccountNotFound, PermissionMissing
from providers.families.google.facts import scope
from providers.families.google.steps import GoogleTester
from providers.platforms.google_ads.errors import ACCESS_URL, MANAGER

VERSION = "v26"
MOST_LOOKED_AT = 10  # of the accounts that a list names by number only
MOST_CLIENTS = 500
MANAGER_FIELD = "login_customer_id"

CUSTOMER = (
    "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, "
    "customer.manager, customer.test_account, customer.status FROM customer LIMIT 1"
)
CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.level, "
    "customer_client.manager, customer_client.currency_code, customer_client.time_zone, "
    "customer_client.status, customer_client.test_account, customer_client.hidden "
    f"FROM customer_client WHERE customer_client.level <= 1 LIMIT {MOST_CLIENTS}"
)
SPEND = (
    "SELECT segments.date, metrics.cost_micros, metrics.impressions, metrics.clicks, "
    "metrics.conversions FROM customer WHERE segments.date DURING LAST_7_DAYS"
)
NOT_ACTIVE = {"CANCELED": "cancelled", "SUSPENDED": "suspended", "CLOSED": "closed"}


class GoogleAdsTester(GoogleTester):
    needs = (
        scope(
            "adwords",
            gives="accounts, campaigns and spend in Google Ads",
            stops="Google Ads cannot be read.",
        ),
    )
    currency = ""

    @step("Google Ads is open to this sign-in")
    def ads_are_open(self) -> Passed:
        """GET /customers:listAccessibleCustomers -> {"resourceNames": ["customers/123…"]}.

        Lists what the sign-in was added to itself, not what a manager account holds.
        """
        ids = self._listed()
        if not ids:
            raise AccountNotFound(
                "No Google Ads account was given to this sign-in.",
                "Add it in Google Ads, Admin, Access and security, with the level Read only.",
                action_url=ACCESS_URL,
            )
        return Passed(f"Accounts that this sign-in was added to: {len(ids)}.")

    @step("Account reachable")
    def account_is_reachable(self) -> Passed | Warned:
        """POST googleAds:search -> {"results": [{"customer": {"id": "123…", "descriptiveName":
        str, "currencyCode": "EUR", "timeZone": str, "manager": bool, "testAccount": bool,
        "status": "ENABLED"}}]}.
        """
        [row] = self._search(self.values["account_id"], CUSTOMER, **self._chosen())
        found = row["customer"]
        self.account = Account(found["id"], found.get("descriptiveName", ""))
        self.currency = found.get("currencyCode", "")
        name = self.account.name or self.account.id
        if found.get("manager"):
            raise MANAGER.meant()
        if found.get("testAccount"):
            return Warned(f"{name} is a test account, which never shows ads. Choose a real one.")
        if found.get("status") in NOT_ACTIVE:
            return Warned(f"{name} is {NOT_ACTIVE[found['status']]}. Look at it in Google Ads.")
        zone = found.get("timeZone", "a time zone of its own")
        return Passed(f"{name} is active. Its days follow {zone}.")

    @step("Spend can be read")
    def spend_is_readable(self) -> Passed:
        """POST googleAds:search -> {"results": [{"metrics": {"costMicros": "12340000",
        "clicks": "7", "impressions": "500"}, "segments": {"date": "2026-11-21"}}]}.
        """
        rows = self._search(self.values["account_id"], SPEND, **self._chosen())
        if not rows:
            return Passed("Reports can be read. Nothing was shown in the last seven days.")
        spent = sum(int(row["metrics"].get("costMicros", 0)) for row in rows) / 1_000_000
        clicks = sum(int(row["metrics"].get("clicks", 0)) for row in rows)
        cost = f"{spent:.2f} {self.currency}".strip()
        return Passed(f"The last seven days: {cost} spent, {clicks} clicks.")

    def accounts(self) -> list[Account]:
        """Every account with ads: those that the sign-in was added to, and below managers."""
        self.sign_in()
        found: dict[str, Account] = {}
        ids = self._listed()
        for customer_id in ids[:MOST_LOOKED_AT]:
            for account in self._looked_at(customer_id):
                found.setdefault(account.id, account)
        for customer_id in ids[MOST_LOOKED_AT:]:
            found.setdefault(customer_id, Account(customer_id))
        return list(found.values())

    def _looked_at(self, customer_id: str) -> list[Account]:
        try:
            [row] = self._search(customer_id, CUSTOMER)
            customer = row["customer"]
            if not customer.get("manager"):
                return [Account(customer_id, customer.get("descriptiveName", ""))]
            rows = self._search(customer_id, CLIENTS, login_customer_id=customer_id)
        except (AccountNotFound, PermissionMissing):
            return [Account(customer_id)]  # closed, say: a test of it will tell
        clients = [row["customerClient"] for row in rows]
        return [
            Account(client["id"], _below(client, customer_id), {MANAGER_FIELD: customer_id})
            for client in clients
            if not client.get("manager") and not client.get("hidden")
        ]

    def _listed(self) -> list[str]:
        found = self.api.get(
            f"/{VERSION}/customers:listAccessibleCustomers", headers=self._headers()
        )
        return [name.removeprefix("customers/") for name in found.get("resourceNames", [])]

    def _search(self, customer_id: str, query: str, **headers: str) -> list[Any]:
        """The first page, which has up to 10,000 rows. `pageSize` would be refused."""
        found = self.api.post(
            f"/{VERSION}/customers/{customer_id}/googleAds:search",
            headers=self._headers(**headers),
            json={"query": query},
        )
        return found.get("results", [])

    def _chosen(self) -> dict[str, str]:
        """The accounts that the typed one is reached through."""
        names = ("login_customer_id", "linked_customer_id")
        return {name: self.values[name] for name in names if self.values.get(name)}

    def _headers(self, **given: str) -> dict[str, str]:
        return {name.replace("_", "-"): value for name, value in given.items()}


def _below(client: dict[str, Any], manager_id: str) -> str:
    """Its name, and the manager account ID that reaching it takes."""
    return f"{client.get('descriptiveName', '')} (through manager {manager_id})".strip()
