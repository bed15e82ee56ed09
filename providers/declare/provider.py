"""A platform: what it is, how one connects, how it is tested, what its errors mean."""

import math
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from providers import errors
from providers.declare.access import ACCESS_TOKEN, Access, Obtained
from providers.declare.checks import HOURLY, Checks
from providers.declare.digging import dig, first_in
from providers.declare.fields import BASE_URL, Field
from providers.declare.limits import BY_TOKEN, CountsBy
from providers.declare.methods import Method
from providers.declare.oauth import OAuth
from providers.declare.rules import ErrorFacts, ErrorRule, first_match
from providers.declare.steps import Tester
from providers.declare.usual import OUTAGE, limited, troubled
from providers.declare.vendors import Vendor
from providers.errors import WAS_RIGHT, ProviderError
from providers.outbound import addresses
from providers.outbound.api import Api
from providers.outbound.reply import Reply
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts

MOST_TEXT = 1000  # characters of an error that rules look at
NO_CONTENT = 204  # the one good status that comes without a body
UNAUTHORIZED = 401  # many say it with a web page
WEB_PAGE_FOR_DATA = "A web page answered where {}'s data was due."


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
    `open_in_token` finds at the beginning of an access token what is no secret, as a group.
    `error_*_at` are dotted paths into a reply's JSON, in which `*` stands for every part;
    of several, the first that leads to a text or number counts. `cost` is what a test of a
    healthy connection uses of its quota, `counts_by` what its limits are counted by, and `checks`
    how often the schedule tests.
    `position` orders our own platforms in the catalogue;
    those without one come last, by slug.
    `aliases` are other names that people look for it by. `mark` is the file of its mark where
    that is not named by the slug; "" where there is none that may be used.
    `also` is what every request carries beside what lets it in. `family` names the platforms
    that share an app and credentials; alone it is the slug.
    `variant` is for a platform that is several: it makes of this one what the values ask for;
    `oauth_variants` are values that lead to each variant with a sign-in of its own.
    `asks_first` names the field that a form asks before all others, and `vendors` say what
    each of its choices takes.
    """

    slug: str
    name: str
    used_by: tuple[str, ...]
    docs_url: str
    hosts: Mapping[str, str]
    methods: tuple[Method, ...]
    fields: tuple[Field, ...]
    base_urls: tuple[str, ...] = ()
    takes_any_address: bool = False
    tester: type[Tester] | None = None
    errors: tuple[ErrorRule, ...] = ()
    open_in_token: str = ""
    error_code_at: str | tuple[str, ...] = ""
    error_subcode_at: str = ""
    error_text_at: str | tuple[str, ...] = ""
    error_transient_at: str = ""
    retry_after: Callable[[Reply], float | None] | None = None
    variant: Callable[["Provider", Mapping[str, str]], "Provider"] | None = None
    check: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    oauth: OAuth | None = None
    also: tuple[Access, ...] = ()
    family: str = ""
    oauth_variants: tuple[Mapping[str, str], ...] = ()
    asks_first: str = ""
    vendors: tuple[Vendor, ...] = ()
    proof_budget: timedelta = timedelta(hours=24)
    cost: Cost | None = None
    counts_by: CountsBy = BY_TOKEN
    checks: Checks = HOURLY
    aliases: tuple[str, ...] = ()
    position: int = 1000
    mark: str | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def ways(self) -> list[tuple[str, Method]]:
        """Every way to connect, with the vendor that it is of: "" where the platform is one."""
        if not self.vendors:
            return [("", method) for method in self.methods]
        return [(v.value, method) for v in self.vendors for method in v.methods_of(self.methods)]

    @property
    def lists_accounts(self) -> bool:
        return self.tester is not None and self.tester.accounts is not Tester.accounts

    def pointed_at(self, overrides: Mapping[str, str]) -> "Provider":
        """The same platform with these origins in place of its own hosts."""
        return replace(self, overrides=dict(overrides))

    def for_values(self, values: Mapping[str, str]) -> "Provider":
        """Who is asked with these values: this platform, or the variant of it that they name."""
        return self.variant(self, values) if self.variant else self

    def vendor(self, value: str) -> Vendor | None:
        """What one choice of the field that is asked first takes; None where there is none."""
        return next((one for one in self.vendors if one.value == value), None)

    @property
    def sign_ins(self) -> list[OAuth]:
        """Every way to sign in that the platform or one of its variants declares."""
        own = [self, *(self.for_values(values) for values in self.oauth_variants)]
        return [provider.oauth for provider in own if provider.oauth]

    def asked_with(self, app: str) -> str:
        """The name of who is asked when one signs in with this app: ours, or a variant's."""
        own = [self, *(self.for_values(values) for values in self.oauth_variants)]
        signed_in_with = (one for one in own if one.oauth and one.oauth.app.slug == app)
        return next((one.name for one in signed_in_with), self.name)

    def first_of(self, app: str) -> str | None:
        """What was chosen first of a platform that is several, to sign in with this app."""
        for values in self.oauth_variants:
            declared = self.for_values(values).oauth
            if declared and declared.app.slug == app:
                return values.get(self.asks_first)
        return None

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

    def bound(self, method: str, values: Mapping[str, str]) -> dict[str, str | None]:
        """The plain values that say where and how the secrets of a method are used.

        What is sealed is bound to them, also to there being none (None). Raises nothing for a
        method that is unknown.
        """
        asked = self.for_values(values)
        known = {declared.slug: declared.access for declared in asked.methods}
        access = known.get(method, Access())
        names = {*access.needs, *access.reads}
        names |= {field.name for field in asked.fields if field.decides_destination}
        plain = names - asked.secret_names - {ACCESS_TOKEN}
        return {name: values.get(name) or None for name in sorted(plain)}

    def decisive(self, secrets: Collection[str], values: Mapping[str, str]) -> set[str]:
        """The plain fields that decide where or how these secrets are used, by any method.

        So do those that decide what of an answer people see.
        """
        asked = self.for_values(values)
        names = {f.name for f in asked.fields if f.decides_destination or f.decides_shown}
        for method in asked.methods:
            if any(field.name in secrets for field in self.fields_of(method.slug)):
                names |= self.bound(method.slug, values).keys()
        return names

    def used_otherwise(
        self, secrets: Collection[str], method: str, values: Mapping[str, str]
    ) -> bool:
        """Whether another method would use one of these secrets in another way than this one.

        What every request carries beside what lets it in is the same in all of them.
        """
        asked = self.for_values(values)
        same = {name for access in asked.also for name in access.needs}
        ways = {way.slug: self._way(way.slug, values) for way in asked.methods}
        return any(
            ways[other.slug] != ways[method]
            for field in self.fields_of(method)
            if field.name in secrets and field.name not in same
            for other in asked.methods
            if field in self.fields_of(other.slug)
        )

    def _way(self, method: str, values: Mapping[str, str]) -> dict[str, str]:
        """The decisive values that a method has."""
        takes = {field.name for field in self.fields_of(method)}
        bound = self.bound(method, values)
        return {name: value for name, value in bound.items() if value and name in takes}

    def plain_in(self, values: Mapping[str, str]) -> set[str]:
        """The values that are no secret, also where a secret holds them."""
        plain = {value for name, value in values.items() if name not in self.secret_names}
        return plain | self.for_values(values).open_parts(values.get(ACCESS_TOKEN, ""))

    def open_parts(self, token: str) -> set[str]:
        """What a token holds that is no secret."""
        found = re.match(self.open_in_token, token) if self.open_in_token else None
        return {found[1]} if found else set()

    def obtains(self, method: str, values: Mapping[str, str]) -> bool:
        """Whether a method gets a token for what was typed."""
        asked = self.for_values(values)
        return any(m.slug == method and isinstance(m.access, Obtained) for m in asked.methods)

    def contradictions(self, values: Mapping[str, str]) -> dict[str, list[str]]:
        """Sentences by field about values that do not go together."""
        found = self.check(values) if self.check else {}
        return {name: [sentence] for name, sentence in found.items()}

    def origins(self, values: Mapping[str, str]) -> dict[str, str]:
        """Where each host is, for a test with these values."""
        return dict(self.overrides or self._own_hosts(values))

    def _own_hosts(self, values: Mapping[str, str]) -> Mapping[str, str]:
        typed = values.get(BASE_URL)
        return {**self.hosts, "API": typed} if typed else self.hosts

    def place_of(self, url: str, role: str, values: Mapping[str, str]) -> tuple[str, str]:
        """The host that an address lies on and its path there: `("TOKEN", "/oauth/token")`.

        Of several hosts at one address the one named like the role counts. Raises ValueError
        for an address on none of them.
        """
        hosts = self._own_hosts(values)
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
            secrets=[*(values[name] for name in self.secret_names if name in values), *secrets],
            deadline_at=time.monotonic() + deadline_seconds,
            timeouts=timeouts,
            platform=self.name,
            typed=self.takes_any_address,
        )

    def facts_of(self, reply: Reply) -> ErrorFacts:
        body = reply.json_or_none()
        text = first_in(body, self.error_text_at)
        if body is None:  # not JSON: what it says is its text
            text = reply.body[:MOST_TEXT].decode(errors="replace")
        return ErrorFacts(
            status=reply.status,
            code=first_in(body, self.error_code_at),
            subcode=dig(body, self.error_subcode_at),
            text=str(text or "")[:MOST_TEXT],
            transient=dig(body, self.error_transient_at) is True,
        )

    def judge(self, reply: Reply) -> None:
        """Return for a good reply; raise the ProviderError that a bad one means."""
        facts = self.facts_of(reply)
        by_status = (limited(self.name), troubled(self.name, status=OUTAGE))
        rule = first_match((*self.errors, *by_status), facts)
        good = 200 <= reply.status < 300
        if good and facts.code is None and not (rule and rule.status is not None):
            if reply.json_or_none() is None and reply.status != NO_CONTENT:
                raise self._believed_of_typed(self._not_json(reply), reply, facts)
            return
        error = rule.meant(**self.after(reply)) if rule else self._by_status(reply)
        raise self._believed_of_typed(error, reply, facts)

    def _believed_of_typed(
        self, error: ProviderError, reply: Reply, facts: ErrorFacts
    ) -> ProviderError:
        """A typed address that was right once may answer with something else for a while.

        What names an error of the platform is its own, and so is a key that is not accepted.
        """
        if not self.takes_any_address or not isinstance(error, errors.Refused):
            return error
        if reply.is_html and reply.status != UNAUTHORIZED:
            error.once_proven = errors.Blocked(WEB_PAGE_FOR_DATA.format(self.name), WAS_RIGHT)
        elif isinstance(error, errors.InvalidConfig) and facts.code is None:
            error.once_proven = errors.UnexpectedReply(error.message, WAS_RIGHT)
        return error

    def after(self, reply: Reply) -> dict[str, Any]:
        """When to come back, by the platform's own header or the usual one, as errors take it."""
        seconds = self.retry_after(reply) if self.retry_after else None
        return {"retry_after_seconds": seconds or reply.retry_after_seconds}

    def _not_json(self, reply: Reply) -> ProviderError:
        if self.takes_any_address:
            return errors.InvalidConfig(
                "This address answered with a web page, not with data.",
                "Enter the address of the API itself.",
            )
        if reply.is_html:
            return errors.Blocked(
                WEB_PAGE_FOR_DATA.format(self.name),
                "Test again later, or from another network.",
            )
        return errors.UnexpectedReply(f"{self.name} answered with something that is not JSON.")

    def _by_status(self, reply: Reply) -> ProviderError:
        """What a status means when the platform's file has no rule for the reply."""
        name, status = self.name, reply.status
        if 300 <= status < 400 and self.takes_any_address:
            return errors.Forwarded(
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
