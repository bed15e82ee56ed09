"""A REST service of one's own: what platforms share whose address a person types.

A person types where it is and how it wants its key. The header's name is kept in lower
case, as names of headers are alike in any case.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.declare import Access, Basic, Bearer, Draft, Field, KeyHeader
from providers.declare.access import ACCESS_TOKEN, Known
from providers.declare.parts import has_any
from providers.declare.steps import Answer, Passed, Skipped, Tester, Warned
from providers.errors import InvalidConfig, Refused
from providers.outbound.headers import OUR_HEADERS

# A platform whose API is only where a person says. The name never resolves (RFC 6761), so
# that nothing is sent anywhere until they do; an operator may still point API elsewhere.
NO_ADDRESS = "https://base-url.invalid"

AUTH_KINDS = (
    ("bearer", "As a bearer token (usual)"),
    ("api_key_header", "In a header of its own"),
    ("basic", "As the password beside a user name"),
    ("none", "It needs no key"),
)


def health_path(*methods: str) -> Field:
    """Shared hosts tell their customers apart by path, so it decides where the key goes."""
    return Field(
        name="health_path",
        label="Path to test",
        decides_destination=True,
        methods=methods,
        help="What to add to the address for a test, when the address itself gives no data.",
        pattern=r"\/(?!\/)[^\s#\\]*",
        pattern_message="A path starts with one slash and holds no spaces, such as /health.",
        example="/health",
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
        pattern=rf"(?!(?:{OUR_HEADERS})$)[a-z0-9\-]{{1,64}}",
        pattern_message="This name cannot carry a key. Use letters, digits and dashes, "
        "such as X-API-Key.",
        example="X-API-Key",
        methods=methods,
        normalize=lambda text: text.strip().lower(),
    )


@dataclass(frozen=True, kw_only=True)
class ChosenKey(Access):
    """A key sent the way that `auth_kind` chose; as a bearer token where nothing was chosen.

    The names are those of fields; `username` is empty where no field is one. With an `is_optional`
    key, having none is to have chosen `none`. A test is told the way as `auth_kind`.
    """

    key: str = ACCESS_TOKEN
    kind: str = "auth_kind"
    header: str = "header_name"
    username: str = "username"
    is_optional: bool = False

    def __post_init__(self) -> None:
        names = (*self.reads, self.kind, self.header, self.username)
        object.__setattr__(self, "reads", tuple(dict.fromkeys(filter(None, names))))

    def check(self, known: Known) -> None:
        self._chosen(known)

    def place(self, draft: Draft, known: Known) -> None:
        self._chosen(known).place(draft, known)

    def fill(self, known: Known) -> dict[str, str]:
        return self._chosen(known).fill(known)

    def tells(self, known: Known) -> dict[str, str]:
        return {"auth_kind": self._kind(known)}

    def _kind(self, known: Known) -> str:
        usual = "none" if self.is_optional and not known.get(self.key) else "bearer"
        return known.get(self.kind) or usual

    def _chosen(self, known: Known) -> Access:
        """Raises InvalidConfig when that way lacks a value."""
        kind = self._kind(known)
        if kind == "none":
            return Access()
        if not known.get(self.key):
            raise InvalidConfig(
                "This address is to be asked with a key, and none was entered.",
                "Enter the key, or choose that the address needs none.",
            )
        if kind == "api_key_header":
            if not known.get(self.header):
                raise InvalidConfig(
                    "The key is to be sent in a header of its own, whose name was not entered.",
                    "Enter the name of the header, such as X-API-Key.",
                )
            return KeyHeader(known[self.header], self.key)
        if kind == "basic":
            if not known.get(self.username):
                raise InvalidConfig(
                    "The key is to be sent beside a user name, which was not entered.",
                    "Enter the user name, or choose another way to send the key.",
                )
            return Basic(self.username, self.key)
        return Bearer(self.key)


def tells_of_an_error(body: Any, wanted: Iterable[str] = ()) -> bool:
    """Whether a good status carries a refusal, as home-made services like to send it.

    Errors beside data are about another part: data is what is in `data`, where GraphQL has it,
    or at one of the dotted paths that are `wanted`.
    """
    if not isinstance(body, Mapping):
        return False
    if body.get("success") is False or body.get("ok") is False:
        return True
    return has_errors(body) and not has_any(body, ("data", *wanted))


def has_errors(body: Any) -> bool:
    return isinstance(body, Mapping) and bool(body.get("error") or body.get("errors"))


def answered(body: Any) -> Passed | Warned:
    """What a step says of an address that gave data, and of errors beside them."""
    if has_errors(body):
        return Warned("The address answered with data, and with errors about a part of them.")
    return Passed("The address answered with data.")


def without_the_key(tester: Tester, ask: Callable[..., Any], otherwise: str) -> Answer:
    """Ask the same without the key, which should be refused; `otherwise` warns that it was not."""
    if tester.enter().told["auth_kind"] == "none":
        return Skipped("This address is asked without a key.")
    try:
        ask(anonymous=True)
    except Refused:
        return Passed("Without the key the address refuses, so the key is what opens it.")
    return Warned(otherwise)
