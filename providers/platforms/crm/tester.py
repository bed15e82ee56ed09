"""What the testers of all vendors share."""

from collections.abc import Mapping

from providers.declare import SIGN_IN, Account, Tester
from providers.errors import AccountNotFound, InvalidConfig, UnexpectedReply
from providers.platforms.crm.vendors import contradictions, host_of


class CrmTester(Tester):
    """A vendor's test begins with `begin`, which refuses values that do not go together."""

    vendor = ""

    @property
    def is_signed_in(self) -> bool:
        """Whether a person signed in, so that nobody has anything to paste."""
        return self.method == SIGN_IN

    def begin(self) -> None:
        """Raises InvalidConfig. Saved values were checked; those of a method alone may differ."""
        for sentences in contradictions(self.values).values():
            message, _, action = sentences.partition(". ")
            raise InvalidConfig(f"{message}.", action)

    def named_by_sign_in(self, address: str, suffix: str) -> str:
        """The origin that a sign-in's reply names. Raises UnexpectedReply for a stranger's."""
        host = host_of(address)
        if not host.endswith(suffix):
            raise UnexpectedReply(f"{self.vendor} named an address that is not one of its own.")
        return f"https://{host}"

    def typed(self, name: str, action: str) -> str:
        """A value without which this vendor cannot be asked. Raises InvalidConfig."""
        value = self.values.get(name)
        if not value:
            raise InvalidConfig(f"{self.vendor} cannot be asked with what was entered.", action)
        return value

    def belongs_to(self, account: Account, *other_ids: str, hint: str | None = None) -> None:
        """Keep whose data these are. Raises AccountNotFound when another account was entered.

        `other_ids` are other ways to write the account's; `hint` counts where no id was typed.
        """
        wanted = self.values.get("account_id") or hint
        if wanted and wanted not in (account.id, *other_ids):
            raise AccountNotFound(
                f"These credentials belong to another {self.vendor} account than the one entered.",
                "Correct the account, or sign in to that one."
                if self.is_signed_in
                else "Correct the account, or enter credentials of that one.",
            )
        self.account = Account(self.api.redact(account.id), self.api.redact(account.name))


def named(account: Account) -> str:
    """`Acme (123)`, or `123` where the vendor gives no name."""
    return f"{account.name} ({account.id})" if account.name else account.id


def seconds_in(headers: Mapping[str, str], name: str, at_most: float = 86400) -> float | None:
    """The number of seconds that a header holds; None for anything else."""
    text = headers.get(name, "").strip()
    return min(float(text), at_most) if text.isascii() and text.isdigit() else None
