"""A REST service of one's own: what Fiverr's data service and the generic CRM share.

A person types where it is and how it wants its key. The header's name is kept in lower
case, as names of headers are alike in any case.
"""

from collections.abc import Mapping
from typing import Any

from providers.declare import Field
from providers.errors import InvalidConfig
from providers.outbound.basic import basic

# A platform whose API is only where a person says. The name never resolves (RFC 6761), so
# that nothing is sent anywhere until they do; an operator may still point API elsewhere.
NO_ADDRESS = "https://base-url.invalid"

AUTH_KINDS = (
    ("bearer", "As a bearer token (usual)"),
    ("api_key_header", "In a header of its own"),
    ("basic", "As the password beside a user name"),
    ("none", "It needs no key"),
)
# Names that would change the request itself, or who it seems to come from.
RESERVED = (
    "host|content-length|transfer-encoding|connection|upgrade|te|trailer|cookie|expect"
    "|forwarded|x-forwarded-.*|proxy-.*"
)


def health_path(*methods: str) -> Field:
    """Shared hosts tell their customers apart by path, so it decides where the key goes."""
    return Field(
        name="health_path",
        label="Path to test",
        help="What to add to the address for a test, when the address itself gives no data.",
        pattern=r"\/(?!\/)[^\s#\\]*",
        pattern_message="A path starts with one slash and holds no spaces, such as /health.",
        example="/health",
        methods=methods,
        decides_destination=True,
    )


def auth_kind(*methods: str, without: tuple[str, ...] = ()) -> Field:
    return Field(
        name="auth_kind",
        label="How the key is sent",
        help="Leave this empty for the usual way: as a bearer token.",
        type="choice",
        choices=tuple(choice for choice in AUTH_KINDS if choice[0] not in without),
        methods=methods,
    )


def header_name(name: str, *methods: str) -> Field:
    return Field(
        name=name,
        label="Name of the header",
        help="Only for a key in a header of its own: the name your service wants.",
        pattern=rf"(?!(?:{RESERVED})$)[a-z0-9\-]{{1,64}}",
        pattern_message="This name cannot carry a key. Use letters, digits and dashes, "
        "such as X-API-Key.",
        example="X-API-Key",
        methods=methods,
        normalize=lambda text: text.strip().lower(),
    )


def key_headers(
    kind: str, key: str, *, header: str | None = None, username: str | None = None
) -> dict[str, str]:
    """The headers that carry a key the way that was chosen; none for a service without keys.

    Raises InvalidConfig when that way lacks a value.
    """
    if kind == "none":
        return {}
    if not key:
        raise InvalidConfig(
            "This address is to be asked with a key, and none was entered.",
            "Enter the key, or choose that the address needs none.",
        )
    if kind == "api_key_header":
        if not header:
            raise InvalidConfig(
                "The key is to be sent in a header of its own, whose name was not entered.",
                "Enter the name of the header, such as X-API-Key.",
            )
        return {header: key}
    if kind == "basic":
        if not username:
            raise InvalidConfig(
                "The key is to be sent beside a user name, which was not entered.",
                "Enter the user name, or choose another way to send the key.",
            )
        return {"Authorization": basic(username, key)}
    return {"Authorization": f"Bearer {key}"}


def tells_of_an_error(body: Any) -> bool:
    """Whether a good status carries a refusal, as home-made services like to send it."""
    if not isinstance(body, Mapping):
        return False
    failed = body.get("success") is False or body.get("ok") is False
    return failed or bool(body.get("error") or body.get("errors"))
