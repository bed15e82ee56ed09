"""Another CRM: whatever answers with JSON at the address that a person typed.

Statuses follow RFC 9110, keys RFC 6750 and RFC 7617 (read 2026-11-22).
Quirk: a service can answer everybody, so the same request is sent once more without the key.
"""

from dataclasses import replace

from providers.declare import BY_TOKEN, HOURLY, Cost, Field, Provider, Vendor
from providers.declare.access import Closed
from providers.declare.methods import with_access
from providers.families.rest import ChosenKey, auth_kind, header_name, health_path
from providers.platforms.crm.generic import guide
from providers.platforms.crm.generic.errors import ERRORS
from providers.platforms.crm.generic.steps import GenericTester
from providers.platforms.crm.vendors import DESTINATION, REST

# A token of one of the listed CRMs is nobody else's business.
NO_SIGN_IN = Closed(
    "There is no sign-in for a CRM that is not in the list.",
    advice="Choose another way to connect it.",
)


def path_in_reply(
    name: str, label: str, explained: str, *, example: str, decides_shown: bool = False
) -> Field:
    """Where something is in what another CRM answers."""
    return Field(
        name=name,
        label=label,
        help=explained,
        pattern=r"[^\s.]+(?:\.[^\s.]+)*",
        pattern_message=f"Enter names with dots between, such as {example}.",
        example=example,
        methods=(REST,),
        decides_shown=decides_shown,
    )


FIELDS = (
    auth_kind(REST),
    header_name("header_name", REST),
    Field(
        name="username",
        label="User name",
        methods=(REST,),
        help="Only when the key is sent as a password beside a user name.",
        pattern=r"[^:\s]+",
        pattern_message="A user name holds neither colons nor spaces.",
        example="reporting",
    ),
    health_path(REST),
    path_in_reply(
        "expect_path",
        "Value to expect",
        "Optional: where in the answer's JSON a value must be, with dots between.",
        example="data.id",
    ),
    path_in_reply(
        "account_name_path",
        "Where the account's name is",
        "Optional: where in the answer's JSON the account's name is, with dots between.",
        example="data.company",
        decides_shown=True,  # a service may answer with the key itself
    ),
)

VENDOR = Vendor(
    "generic",
    "You need the address of its API and mostly a key, and it must answer in JSON.",
    methods={REST: {"guide": guide.ADDRESS}},
    fields={
        "base_url": {
            "label": "Address of the API",
            "help": "From your CRM's documentation for developers.",
        },
        "access_token": {
            "label": "Key or token",
            "help": "What your CRM calls an API key or token; leave it empty where none is needed.",
            "help_url": None,
        },
        **{field.name: {} for field in FIELDS},
        "account_id": {},
    },
    mark="crm",
)


def speak(crm: Provider) -> Provider:
    return replace(
        crm,
        name="Your CRM",
        mark=VENDOR.mark,
        methods=with_access(crm.methods, ChosenKey(), reads=DESTINATION, sign_in=NO_SIGN_IN),
        tester=GenericTester,
        errors=ERRORS,
        # Whatever another CRM counts, its key is what it knows us by.
        counts_by=BY_TOKEN,
        # Somebody's own service costs what they make it cost.
        checks=HOURLY,
        cost=Cost(calls=2, note="Two requests to the path to test, one of them without the key."),
    )
