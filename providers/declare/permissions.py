"""Tells what a sign-in was granted of what it asked for."""

from collections.abc import Iterable

from providers.declare.oauth import SIGN_IN, Scope
from providers.declare.steps import Answer, Passed, Skipped, Tester, Warned, step
from providers.errors import PermissionMissing


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


def told_of(used: Iterable[str], others: Iterable[str]) -> str:
    """`Has read, write. Not needed here: admin.`"""
    rest = ", ".join(sorted(others))
    return f"Has {', '.join(used)}." + (f" Not needed here: {rest}." if rest else "")


@step("Permissions", methods=(SIGN_IN,))
def permissions_of_sign_in(tester: Tester) -> Answer:
    """Asks nothing: the sign-in's reply listed them. For platforms that have no list of them."""
    return compare_scopes(tester.grant.asked, tester.grant.granted, tester.api.platform)
