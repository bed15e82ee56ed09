"""What a platform file declares, and what its tester is given.

A platform is a `Provider`: facts in frozen dataclasses, and one `Tester` whose steps ask
the platform the questions that tell the truth. Nothing here knows Django.
"""

import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from providers import addresses, errors
from providers.errors import PermissionMissing, ProviderError
from providers.http import Api, Reply, Timeouts
from providers.sign_in import SIGN_IN, Grant, OAuth, Scope
from providers.transport import USUAL_TIMEOUTS

FieldType = Literal["text", "textarea", "url", "choice"]
BASE_URL = "base_url"
NO_CONTENT = 204  # the one good status that comes without a body


@dataclass(frozen=True)
class Method:
    """One way to prove who one is: a pasted token, an API key, a service account …

    `lives` is the published life of what is pasted, for an estimate of when it ends.
    """

    slug: str
    label: str
    help: str = ""
    warning: str = ""
    lives: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value a person types.

    `pattern` refuses, `usual_pattern` warns; both match the whole value after `normalize`.
    `required` is for every method that takes the field, `required_by` for these alone.
    `decides_destination` marks a value that decides where a secret is sent: it cannot
    change without the secrets being sent again. `methods` is empty for every method.
    """

    name: str
    label: str
    help: str = ""
    help_url: str | None = None
    type: FieldType = "text"
    choices: tuple[tuple[str, str], ...] = ()
    secret: bool = False
    required: bool = False
    required_by: tuple[str, ...] = ()
    pattern: str | None = None
    pattern_message: str = ""
    usual_pattern: str | None = None
    usual_message: str = ""
    example: str = ""
    methods: tuple[str, ...] = ()
    decides_destination: bool = False
    max_length: int = 4096
    normalize: Callable[[str], str] = str.strip

    @property
    def api_name(self) -> str:
        """`access_token` -> `accessToken`, the name in the API and in forms."""
        head, *tail = self.name.split("_")
        return head + "".join(part.capitalize() for part in tail)

    def clean(self, text: str) -> tuple[str, str | None]:
        """What to keep, and a warning or None. Raises ValueError with a sentence."""
        value = self.normalize(text)
        if not value:
            raise ValueError("This may not be blank.")
        if len(value) > self.max_length:
            raise ValueError(f"This is longer than {self.max_length} characters.")
        if self.type != "textarea" and not value.isprintable():
            raise ValueError("This holds a line break or another invisible character.")
        if self.secret and self.type != "textarea" and not value.isascii():
            raise ValueError("This holds a character that no secret has: copy it again.")
        if self.choices and value not in dict(self.choices):
            known = ", ".join(key for key, _ in self.choices)
            raise ValueError(f"Choose one of these: {known}.")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValueError(self.pattern_message)
        if self.usual_pattern and not re.fullmatch(self.usual_pattern, value):
            return value, self.usual_message
        return value, None


def access_token(**changes: Any) -> Field:
    """The generic secret field that every provider takes."""
    given: dict[str, Any] = {"label": "Access token", "secret": True, "required": True} | changes
    return Field(name="access_token", **given)


def account_id(**changes: Any) -> Field:
    """The generic account field that every provider takes."""
    given: dict[str, Any] = {"label": "Account ID"} | changes
    return Field(name="account_id", **given)


def base_url(**changes: Any) -> Field:
    """The generic address field that every provider takes."""
    given: dict[str, Any] = {
        "label": "Base URL",
        "help": "Leave this empty unless you were told otherwise.",
        "type": "url",
        "decides_destination": True,
        "max_length": 2048,
    } | changes
    return Field(name=BASE_URL, **given)


def codes(*parts: int | str | range) -> frozenset[str]:
    """`codes(10, range(200, 300))` -> every code as the text that rules compare."""
    return frozenset(
        str(code) for part in parts for code in (part if isinstance(part, range) else (part,))
    )


@dataclass(frozen=True, kw_only=True)
class ErrorRule:
    """Reply -> kind, sentence, action. Every condition that is given must hold.

    `text` is a regular expression searched in the platform's message, or in the start of a
    reply that is not JSON: for the few platforms that tell two errors apart in no other way.
    """

    error: type[ProviderError]
    message: str
    action: str
    action_url: str | None = None
    status: frozenset[str] | int | None = None
    code: frozenset[str] | str | int | None = None
    subcode: frozenset[str] | str | int | None = None
    text: str | None = None
    transient: bool | None = None

    def matches(self, facts: "ErrorFacts") -> bool:
        return (
            _is_one_of(facts.status, self.status)
            and _is_one_of(facts.code, self.code)
            and _is_one_of(facts.subcode, self.subcode)
            and (self.text is None or re.search(self.text, facts.text, re.IGNORECASE) is not None)
            and self.transient in (None, facts.transient)
        )


def _is_one_of(value: Any, wanted: frozenset[str] | str | int | None) -> bool:
    if wanted is None:
        return True
    return str(value) in wanted if isinstance(wanted, frozenset) else str(value) == str(wanted)


@dataclass(frozen=True)
class ErrorFacts:
    """What a reply says about its error, where the platform's file says to look."""

    status: int
    code: Any = None
    subcode: Any = None
    text: str = ""
    transient: bool = False


@dataclass(frozen=True)
class Account:
    """Whose data the credentials reach, as the platform names it."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Passed:
    detail: str = ""
    outcome: ClassVar[str] = "passed"


@dataclass(frozen=True)
class Warned:
    detail: str
    outcome: ClassVar[str] = "warned"


@dataclass(frozen=True)
class Skipped:
    detail: str
    outcome: ClassVar[str] = "skipped"


Answer = Passed | Warned | Skipped


Renewed = Callable[[Mapping[str, str]], None]


class Tester:
    """One test of one connection. Subclasses add `@step` methods, run in written order.

    A step returns `Passed`, `Warned` or `Skipped`, or lets a `ProviderError` out, which
    ends the test. What it learns on the way goes into `account` and `expires_at`: the moment
    at which a person must act, so not that of a token which renews itself.
    With the method `sign_in`, `values["access_token"]` is good for the whole test, and `grant`
    is what the sign-in was given.
    """

    account: Account | None = None
    expires_at: datetime | None = None
    expires_is_estimate: bool = False
    grant = Grant()

    def __init__(
        self,
        api: Api,
        method: str,
        values: Mapping[str, str],
        on_renewed: Renewed = lambda _values: None,
    ) -> None:
        self.api = api
        self.method = method
        self.values = values
        self._on_renewed = on_renewed

    def keep_renewed(self, reply: Mapping[str, Any]) -> None:
        """Have a rotated refresh token stored before anything else is asked.

        RFC 6749 section 6: the old one may be worth nothing from now on.
        """
        new = reply.get("refresh_token")
        if isinstance(new, str) and new and new != self.values.get("refresh_token"):
            self.api.add_secret(new)
            self._on_renewed({"refresh_token": new})

    def accounts(self) -> list[Account] | None:
        """Every account the credentials reach, to choose from; None where no list can be had.

        Asked on its own, before any step: it signs in by itself.
        """
        return None

    @classmethod
    def steps(cls) -> list["Step"]:
        return [value for value in vars(cls).values() if isinstance(value, Step)]


@dataclass(frozen=True)
class Step:
    """One named question. An optional step that is refused warns instead of failing.

    `methods` is empty for a step of every method.
    """

    label: str
    ask: Callable[[Any], Answer]
    optional: bool = False
    methods: tuple[str, ...] = ()


def step(
    label: str, *, optional: bool = False, methods: tuple[str, ...] = ()
) -> Callable[[Callable[[Any], Answer]], Step]:
    return lambda ask: Step(label, ask, optional, methods)


def compare_scopes(
    asked: tuple[Scope, ...], granted: frozenset[str] | None, platform: str
) -> Answer:
    """What a sign-in has, what is missing and what stops. Raises PermissionMissing for a scope
    without which nothing works.
    """
    if granted is None or not asked:
        return Skipped(f"{platform} does not list what was granted; the next steps prove it.")
    missing = [scope for scope in asked if not scope.is_in(granted)]
    have = "; ".join(scope.gives for scope in asked if scope not in missing)
    told = f"You have: {have or 'nothing of what is needed'}."
    if not missing:
        return Passed(told)
    lacks = "; ".join(f"{scope.name} ({scope.gives})" for scope in missing)
    stops = " ".join(dict.fromkeys(scope.stops for scope in missing))
    told = f"{told} Missing: {lacks}. {stops}"
    if all(scope.is_optional for scope in missing):
        return Warned(f"{told} Sign in again and allow everything to have it.")
    raise PermissionMissing(told, f"Sign in to {platform} again, and allow everything it asks.")


@step("Permissions", methods=(SIGN_IN,))
def permissions_of_sign_in(tester: Tester) -> Answer:
    """Asks nothing: the sign-in's reply listed them. For platforms that have no list of them."""
    return compare_scopes(tester.grant.asked, tester.grant.granted, tester.api.platform)


def sign_in(label: str, explained: str, *, warning: str = "") -> Method:
    """The method in which a person signs in at the platform instead of pasting anything."""
    return Method(SIGN_IN, label, help=explained, warning=warning)


@dataclass(frozen=True)
class Cost:
    """`calls` that a test makes at most, and in words what that is of the platform's quota."""

    calls: int
    note: str = ""


class InvalidValues(ValueError):
    """Sentences by field name: `{"account_id": ["…"]}`. Holds nothing that was typed."""

    def __init__(self, by_field: Mapping[str, list[str]]) -> None:
        self.by_field = dict(by_field)
        super().__init__("Some values are not right: " + ", ".join(self.by_field))


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One platform: what it is, how one connects, how it is tested, what its errors mean.

    `hosts` names every origin that is called: `{"API": "https://…", "TOKEN": "https://…"}`.
    `base_urls` lists the other origins of the platform that `base_url` may name instead of
    API's; with `takes_any_address` it may be any public address. `overrides` replaces hosts
    by origins that the operator trusts; hosts without one are then refused.
    `error_*_at` are dotted paths into a reply's JSON, in which `*` stands for every part;
    of several, the first that leads to a text or number counts. `cost` is what a test of a
    healthy connection uses of its quota.
    `variant` is for a platform that is several: it makes of this one what the values ask for;
    `oauth_variants` are values that lead to each variant with a sign-in of its own.
    """

    slug: str
    name: str
    used_by: tuple[str, ...]
    docs_url: str
    setup_url: str
    hosts: Mapping[str, str]
    methods: tuple[Method, ...]
    fields: tuple[Field, ...]
    base_urls: tuple[str, ...] = ()
    takes_any_address: bool = False
    tester: type[Tester] | None = None
    errors: tuple[ErrorRule, ...] = ()
    error_code_at: str | tuple[str, ...] = ""
    error_subcode_at: str = ""
    error_text_at: str | tuple[str, ...] = ""
    error_transient_at: str = ""
    retry_after: Callable[[Reply], float | None] | None = None
    variant: Callable[["Provider", Mapping[str, str]], "Provider"] | None = None
    check: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    oauth: OAuth | None = None
    oauth_variants: tuple[Mapping[str, str], ...] = ()
    proof_budget: timedelta = timedelta(hours=24)
    cost: Cost | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def lists_accounts(self) -> bool:
        return self.tester is not None and self.tester.accounts is not Tester.accounts

    def pointed_at(self, overrides: Mapping[str, str]) -> "Provider":
        """The same platform with these origins in place of its own hosts."""
        return replace(self, overrides=dict(overrides))

    def for_values(self, values: Mapping[str, str]) -> "Provider":
        """Who is asked with these values: this platform, or the variant of it that they name."""
        return self.variant(self, values) if self.variant else self

    @property
    def sign_ins(self) -> list[OAuth]:
        """Every way to sign in that the platform or one of its variants declares."""
        own = [self, *(self.for_values(values) for values in self.oauth_variants)]
        return [provider.oauth for provider in own if provider.oauth]

    def method(self, slug: str) -> Method:
        """Raises KeyError for a method the platform does not have."""
        return {method.slug: method for method in self.methods}[slug]

    def method_for(self, names: Iterable[str]) -> Method:
        """The first method that takes all these fields; the first of all when none does."""
        wanted = set(names)
        for method in self.methods:
            if wanted <= {field.name for field in self.fields_of(method.slug)}:
                return method
        return self.methods[0]

    def fields_of(self, method: str) -> list[Field]:
        return [field for field in self.fields if not field.methods or method in field.methods]

    def field(self, name: str) -> Field:
        """Raises KeyError for a field the platform does not have."""
        return {field.name: field for field in self.fields}[name]

    @property
    def secret_names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.secret)

    def missing(self, method: str, names: Iterable[str]) -> list[Field]:
        """The required fields of a method that are not among these names."""
        have = set(names)
        needed = (f for f in self.fields_of(method) if f.required or method in f.required_by)
        return [f for f in needed if f.name not in have]

    def clean(
        self, changes: Mapping[str, str | None], *, allow: Iterable[addresses.Allowed] = ()
    ) -> tuple[dict[str, str | None], dict[str, str]]:
        """Typed values by field name -> what to keep, and warnings by field name.

        None clears a value. Raises InvalidValues with every sentence at once.
        """
        cleaned: dict[str, str | None] = {}
        warnings: dict[str, str] = {}
        wrong: dict[str, list[str]] = {}
        for name, text in changes.items():
            try:
                if text is None:
                    cleaned[name] = None
                    continue
                value, warning = self.field(name).clean(text)
                cleaned[name] = self._clean_base_url(value, allow) if name == BASE_URL else value
            except ValueError as error:
                wrong[name] = [str(error)]
            else:
                if warning:
                    warnings[name] = warning
        if wrong:
            raise InvalidValues(wrong)
        return cleaned, warnings

    def _clean_base_url(self, value: str, allow: Iterable[addresses.Allowed]) -> str:
        if self.takes_any_address:
            return addresses.clean(value, allow=allow)
        own = (self.hosts["API"], *self.base_urls)
        if value.rstrip("/") in own:
            return value.rstrip("/")
        raise ValueError(
            f"This is not an address of {self.name}. Leave it empty, or use {' or '.join(own)}."
        )

    def contradictions(self, values: Mapping[str, str]) -> dict[str, list[str]]:
        """Sentences by field about values that do not go together."""
        found = self.check(values) if self.check else {}
        return {name: [sentence] for name, sentence in found.items()}

    def origins(self, values: Mapping[str, str]) -> dict[str, str]:
        """Where each host is, for a test with these values."""
        if self.overrides:
            return dict(self.overrides)
        typed = values.get(BASE_URL)
        return {**self.hosts, "API": typed} if typed else dict(self.hosts)

    def place_of(self, url: str, role: str, values: Mapping[str, str]) -> tuple[str, str]:
        """The host that an address lies on and its path there: `("TOKEN", "/oauth/token")`.

        Of several hosts at one address the one named like the role counts. Raises ValueError
        for an address on none of them.
        """
        typed = values.get(BASE_URL)
        hosts = {**self.hosts, "API": typed} if typed else self.hosts
        on = [name for name, origin in hosts.items() if f"{url}/".startswith(f"{origin}/")]
        if not on:
            raise ValueError(f"{self.name}: {role} lies on none of the hosts.")
        name = role if role in on else on[0]
        return name, url.removeprefix(hosts[name])

    def api(
        self,
        values: Mapping[str, str],
        *,
        allow: Iterable[addresses.Allowed] = (),
        secrets: Iterable[str] = (),
        deadline_seconds: float = math.inf,
        timeouts: Timeouts = USUAL_TIMEOUTS,
    ) -> Api:
        """The way to this platform for these values, whose secrets it redacts."""
        return Api(
            self.origins(values),
            judge=self.judge,
            trusted=frozenset(self.overrides.values()),
            allow=tuple(allow),
            secrets=[
                *(values[name] for name in self.secret_names if name in values),
                *secrets,
            ],
            deadline_at=time.monotonic() + deadline_seconds,
            timeouts=timeouts,
            platform=self.name,
            typed=self.takes_any_address,
        )

    def facts_of(self, reply: Reply) -> ErrorFacts:
        body = reply.json_or_none()
        text = _first_in(body, self.error_text_at)
        if body is None:  # not JSON: what it says is its text
            text = reply.body[:1000].decode(errors="replace")
        return ErrorFacts(
            status=reply.status,
            code=_first_in(body, self.error_code_at),
            subcode=dig(body, self.error_subcode_at),
            text=str(text or ""),
            transient=dig(body, self.error_transient_at) is True,
        )

    def judge(self, reply: Reply) -> None:
        """Return for a good reply; raise the ProviderError that a bad one means."""
        facts = self.facts_of(reply)
        rule = next((rule for rule in self.errors if rule.matches(facts)), None)
        good = 200 <= reply.status < 300
        if good and facts.code is None and not (rule and rule.status is not None):
            if reply.json_or_none() is None and reply.status != NO_CONTENT:
                raise self._not_json(reply)
            return
        retry_after = self.retry_after(reply) if self.retry_after else None
        after = {"retry_after_seconds": retry_after or reply.retry_after_seconds}
        if rule:
            raise rule.error(rule.message, rule.action, action_url=rule.action_url, **after)
        raise self._by_status(reply, after)

    def _not_json(self, reply: Reply) -> ProviderError:
        if self.takes_any_address:
            return errors.InvalidConfig(
                "This address answered with a web page, not with data.",
                "Enter the address of the API itself.",
            )
        if reply.is_html:
            return errors.Blocked(
                f"A web page answered where {self.name}'s data was due.",
                "Test again later, or from another network.",
            )
        return errors.UnexpectedReply(f"{self.name} answered with something that is not JSON.")

    def _by_status(self, reply: Reply, after: Mapping[str, Any]) -> ProviderError:
        """What a status means when the platform's file has no rule for the reply."""
        name, status = self.name, reply.status
        if status == 429:
            return errors.RateLimited(f"{name} is limiting requests at the moment.", **after)
        if status >= 500 or status == 408:
            return errors.ProviderUnavailable(f"{name} has a problem at the moment.", **after)
        if 300 <= status < 400 and self.takes_any_address:
            return errors.InvalidConfig(
                "This address forwards to another one.", "Enter the final address."
            )
        if reply.json_or_none() is None and (reply.is_html or self.takes_any_address):
            return self._not_json(reply)
        if status == 401:
            return errors.AuthInvalid(f"{name} does not accept these credentials.")
        if status in (402, 403):
            return errors.PermissionMissing(f"{name} says these credentials may not do this.")
        if status == 404:
            return errors.AccountNotFound(f"{name} does not find what was asked for.")
        return errors.UnexpectedReply(f"{name} answered in a way we did not expect.")


def _first_in(body: Any, at: str | tuple[str, ...]) -> str | int | None:
    """The text or number that the first of these paths with one leads to."""
    found = (dig(body, path) for path in (at if isinstance(at, tuple) else (at,)))
    return next((value for value in found if isinstance(value, str | int)), None)


def dig(body: Any, path: str) -> Any:
    """`dig({"error": {"code": 190}}, "error.code")` -> 190; None where the path breaks.

    `*` stands for every part there is: `dig(…, "errors.*.reason")` is the first reason.
    """
    return _follow(body, path.split(".")) if path else None


def _follow(body: Any, parts: list[str]) -> Any:
    if not parts:
        return body
    part, *rest = parts
    if part == "*":
        inner = list(body.values()) if isinstance(body, Mapping) else body
        found = (_follow(one, rest) for one in (inner if isinstance(inner, list) else ()))
        return next((value for value in found if value is not None), None)
    if isinstance(body, list) and part.isdigit() and int(part) < len(body):
        return _follow(body[int(part)], rest)
    return _follow(body.get(part), rest) if isinstance(body, Mapping) else None
