"""Made-up platforms whose ladder is one call: two, for one alone may hold half of the threads."""

from integrations import platforms
from integrations.benchmarks.data import SECRETS
from providers import registry
from providers.declare import Account, Bearer, Cost, Method, Passed, Provider, Tester, step
from providers.declare.fields import access_token, account_id, base_url
from providers.sandbox.server import Answer, Asked

SLUGS = ("postbox-east", "postbox-west")
PATH = "/v1/me"
HEADERS = {"Authorization": f"Bearer {SECRETS['access_token']}"}


class PostboxTester(Tester):
    @step("Key is valid")
    def key_is_valid(self) -> Passed:
        """GET /v1/me -> {"id": str, "name": str}."""
        me = self.api.get(PATH)
        self.account = Account(me["id"], me["name"])
        return Passed(f"This is the key of {me['name']}.")


def answer(_asked: Asked) -> Answer:
    return Answer(body={"id": "1234567890", "name": "Acme Shop"})


def install() -> None:
    """Have this process know them, for as long as it lives."""
    registry.catalogue().update({slug: _provider(slug) for slug in SLUGS})
    platforms.catalogue.cache_clear()


def _provider(slug: str) -> Provider:
    return Provider(
        slug=slug,
        name="Postbox",
        used_by=("Newsletters",),
        docs_url="https://postbox.example/docs",
        hosts={"API": "https://api.postbox.example"},
        methods=(Method("api_key", "API key", help="Made by an admin.", access=Bearer()),),
        fields=(access_token(label="API key", help="Of Postbox."), account_id(), base_url()),
        tester=PostboxTester,
        cost=Cost(calls=1, note="One call."),
    )
