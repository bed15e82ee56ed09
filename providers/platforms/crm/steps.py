"""What the tests of all vendors share."""

from typing import NoReturn

from providers.declare.steps import Account, Passed, Tester, step
from providers.errors import AccountNotFound, InvalidConfig, UnexpectedReply
from providers.platforms.crm.vendors import WITH_CLIENT, host_of


class CrmTester(Tester):
    """One vendor's test."""

    def entered(self, with_client: Passed) -> Passed:
        """Be let in, and say with what: `with_client` where a token was asked for."""
        self.enter()
        if self.method in WITH_CLIENT:
            return with_client
        whose = "sign-in's" if self.is_signed_in else "pasted"
        return Passed(f"The {whose} access token is used; the next steps prove it.")

    def named_by_sign_in(self, address: str, *suffixes: str) -> str:
        """The origin that a sign-in's reply names. Raises UnexpectedReply for a stranger's."""
        host, vendor = host_of(address), self.api.platform
        if not host.endswith(suffixes):
            raise UnexpectedReply(f"{vendor} named an address that is not one of its own.")
        return f"https://{host}"

    def belongs_to(self, account: Account, *other_ids: str, hint: str | None = None) -> None:
        """Keep whose data these are. Raises AccountNotFound when another account was entered.

        `other_ids` are other ways to write the account's; `hint` counts where no id was typed.
        """
        wanted, vendor = self.values.get("account_id") or hint, self.api.platform
        if wanted and wanted not in (account.id, *other_ids):
            raise AccountNotFound(
                f"These credentials belong to another {vendor} account than the one entered.",
                "Correct the account, or sign in to that one."
                if self.is_signed_in
                else "Correct the account, or enter credentials of that one.",
            )
        self.account = Account(self.api.redact(account.id), self.api.redact(account.name))


class NobodyYetTester(Tester):
    """Stands in until a vendor is known: there is nobody to ask."""

    @step("CRM is known")
    def crm_is_known(self) -> NoReturn:
        """Asks nothing."""
        raise _nobody()

    def accounts(self) -> NoReturn:
        raise _nobody()


def _nobody() -> InvalidConfig:
    return InvalidConfig(
        "Nothing says which CRM you use.", "Choose your CRM, or enter its address."
    )


def named(account: Account) -> str:
    """`Acme (123)`, or `123` where the vendor gives no name."""
    return f"{account.name} ({account.id})" if account.name else account.id


def one_read(told: str, is_any: object) -> Passed:
    """`told` is what such a call proves: it asks for one row alone."""
    return Passed(f"{told} {'One was read' if is_any else 'There are none yet'}.")
