"""The first steps of every Google platform: the sign-in, and what it was granted."""

from datetime import UTC, datetime
from typing import ClassVar

from providers.declare import Answer, Passed, Placeholder, Scope, Skipped, Tester, ended, step
from providers.declare.permissions import compare_scopes, told_of
from providers.errors import AuthInvalid, PermissionMissing, Refused, UnexpectedReply
from providers.families.google.facts import SCOPE
from providers.families.google.ways import ACCESS_TOKEN, REFRESH_TOKEN


class GoogleTester(Tester):
    """`needs` are the permissions without which the platform cannot be read."""

    needs: ClassVar[tuple[Scope, ...]] = ()
    granted: frozenset[str] | None = None

    @step("Sign-in works")
    def sign_in_works(self) -> Passed:
        """One or two calls, to the token endpoint's host alone: see `sign_in`."""
        return Passed(self.sign_in())

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """No call of its own: the sign-in told them."""
        return self.permissions()

    def sign_in(self) -> str:
        """Be let in, look at the token, and say whose it is.

        POST /token -> {"access_token": str, "expires_in": 3599, "scope": "… …"}, and
        `refresh_token_expires_in` where the person gave access for a time only.
        """
        entry = self.enter()
        if self.method == REFRESH_TOKEN.slug:
            self.granted, self.expires_at = entry.grant.granted, entry.refresh_ends_at
        self._inspect()
        if "client_email" in entry.told:
            return f"Signed in as {entry.told['client_email']}."
        what = "access token" if self.method == ACCESS_TOKEN.slug else "sign-in"
        return f"Google accepts this {what}."

    def permissions(self) -> Answer:
        """Compare what was granted with what is needed here."""
        if self.is_signed_in:
            granted = self.granted or self.grant.granted
            return compare_scopes(self.grant.asked, granted, self.api.platform)
        if self.granted is None:
            return Skipped("Google lists no permissions of this token; the next steps prove them.")
        used: list[str] = []
        missing: list[str] = []
        for needed in self.needs:
            have = [name for name in (needed.name, *needed.implied_by) if name in self.granted]
            used += have[:1]
            missing += [] if have else [_short(needed.name)]
        if missing:
            raise PermissionMissing(
                f"The sign-in lacks a permission: {', '.join(missing)}.",
                "Sign in again, tick every box that Google shows, and paste the new token.",
            )
        others = self.granted.difference(used)
        return Passed(told_of(map(_short, used), map(_short, others)))

    def _inspect(self) -> None:
        """GET /tokeninfo -> {"scope": "… …", "exp": "1800000000", …}, every value a text."""
        is_pasted = self.method == ACCESS_TOKEN.slug
        try:
            token = Placeholder("access_token")
            facts = self.api.get("/tokeninfo", host="TOKEN", access_token=token)
        except (Refused, UnexpectedReply) as error:
            if self.is_signed_in and isinstance(error, AuthInvalid):
                raise ended("Google").meant() from None
            if is_pasted:
                raise
            return  # Google has only just made it: the calls that follow are the proof
        if facts.get("scope"):
            self.granted = frozenset(facts["scope"].split())
        if is_pasted and "exp" in facts:
            self.expires_at = datetime.fromtimestamp(int(facts["exp"]), UTC)


def _short(scope: str) -> str:
    return scope.removeprefix(SCOPE)
