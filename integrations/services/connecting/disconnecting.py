"""Disconnecting: what a sign-in here obtained is ended at the platform too, ours in any case."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import get_text_list

from integrations.models import Candidate, Credential, IntegrationConnection, naming
from integrations.services import rows, waiting
from integrations.services.connecting import lending, saving
from integrations.services.credentials import leases, revoking, sharing
from integrations.services.refusals import SignedInMeanwhile, VersionConflict
from providers.access.refusals import NotRevocable
from providers.declare import Provider
from providers.errors import ProviderError

LENT = "What let it in is lent by {} and was kept there."


class _InUse(Exception):
    """A sign-in lets in others too, so it is not ended. The text says who they are."""


@dataclass(frozen=True)
class Disconnected:
    """`warning` says what the person has to know or do at the platform; "" when nothing."""

    connection: IntegrationConnection
    warning: str = ""


@dataclass(frozen=True)
class Siblings:
    """Connections that revoking may end as well: by name in this workspace alone."""

    names: tuple[str, ...] = ()
    elsewhere: int = 0

    def __bool__(self) -> bool:
        return bool(self.names or self.elsewhere)

    def __str__(self) -> str:
        """ "Postbox, Inbox (North) and connections of other workspaces"."""
        others = ["connections of other workspaces"] if self.elsewhere else []
        return get_text_list([*naming.few(self.names, len(self.names)), *others], "and")


def siblings(connection: IntegrationConnection, row: Credential | None = None) -> Siblings:
    """What else may end when a sign-in of this connection, the saved one, is revoked."""
    row = row or connection.sign_in
    if row is None or connection.is_lent:
        return Siblings()
    found = revoking.siblings(row)
    own_token = revoking.is_pasted_of(connection, row)
    others = [one for one in found if own_token or one.pk != connection.pk]
    return _told(others, connection)


def _told(found: list[IntegrationConnection], connection: IntegrationConnection) -> Siblings:
    here = [one for one in found if one.workspace_id == connection.workspace_id]
    several = rows.several_in(connection.workspace_id) if here else ()
    return Siblings(naming.by_platform(here, several), len(found) - len(here))


def farewell(candidate: Candidate) -> str:
    """What the person has to know who gives up a sign-in; "" when it is ended at the platform."""
    row, connection = candidate.sign_in, candidate.connection
    if row is None or row.pk == connection.sign_in_id:
        return ""
    return _farewell(connection, row, "If you signed in there as somebody else")


def farewell_before(candidate: Candidate) -> str:
    """What to know of the sign-in that a candidate's is about to replace.

    "" when it is ended at the platform, and for the same account: its approval goes on.
    """
    row, connection, test = candidate.connection.sign_in, candidate.connection, candidate.test
    if row is None or candidate.sign_in_id in (None, row.pk):
        return ""
    if test and test.account_id and test.account_id == connection.platform_account_id:
        return ""
    return _farewell(connection, row, "If somebody else had signed in there before")


def _farewell(connection: IntegrationConnection, row: Credential, only_if: str) -> str:
    """What is left at a platform, and where to end it, only if that ends nothing in use."""
    provider = _variant(connection, row)
    if provider.oauth is None:
        return ""
    others = _told(revoking.siblings(row), connection)
    if not provider.oauth.revocation_url:
        told = f"{provider.name} has no way to end a sign-in from here."
    elif others:
        told = (
            f"The approval at {provider.name} was left in place: ending it may also end the "
            f"sign-in of {others}."
        )
    else:
        return ""
    is_alone = not others and not connection.is_signed_in
    return " ".join([told, *([] if is_alone else [f"{only_if}:"]), _way_out(provider)])


def _way_out(provider: Provider) -> str:
    """Where a person ends an approval at the platform."""
    how = provider.oauth.how_to_remove if provider.oauth else ""
    return how or f"Remove the app in the settings of your {provider.name} account."


def disconnect(
    connection: IntegrationConnection,
    *,
    by: User | None,
    revokes: bool | None = None,
    takes_back: bool = False,
    expected_version: int | None = None,
) -> Disconnected:
    """Revoke a sign-in at its platform, then forget everything here, whatever it answered.

    `revokes` is what a person chose; without a choice it is revoked unless that may end the
    sign-in of another connection. A pasted token is never revoked. What is lent of it stays as it
    is, unless it `takes_back` that first. No transaction is open while the platform answers.
    Raises NotAnOwner of who takes back, Busy before anything is ended, and VersionConflict when
    `expected_version` is no longer true: before that, too, unless it was changed meanwhile.
    """
    connection = rows.again(connection)
    if takes_back:
        lent = lending.lent_with(connection).values_list("pk", flat=True)
        lending.take_back(connection.workspace, [*lent], by=by)
    with ExitStack() as place:
        return _disconnect(connection, place, by=by, revokes=revokes, expected=expected_version)


def _disconnect(
    connection: IntegrationConnection,
    place: ExitStack,
    *,
    by: User | None,
    revokes: bool | None,
    expected: int | None,
) -> Disconnected:
    """With one place from the first sign-in that is ended until all is forgotten."""
    done: set[UUID] = set()
    kept: set[UUID] = set()
    lender = connection.lender
    warnings = [LENT.format(lender.name)] if lender else []
    if not connection.is_signed_in and (used := used_too(connection)):
        warnings.append(f"What let it in was kept: {used}.")
    while True:
        connection = rows.again(connection)
        if expected is not None and expected != connection.version:
            raise VersionConflict(connection)
        for row in _sign_ins(connection):
            if row.pk in done | kept:
                continue
            try:
                warnings.append(_end(connection, row, place, by=by, revokes=revokes))
                done.add(row.pk)
            except _InUse as others:
                warnings.append(f"The sign-in was kept: {others}.")
                kept.add(row.pk)
        # Somebody may have signed in anew while the platform answered: that one is ended too.
        with suppress(SignedInMeanwhile):
            gone = saving.disconnect(
                connection, by=by, revoked=done, kept=kept, expected_version=expected
            )
            return Disconnected(gone, " ".join(dict.fromkeys(filter(None, warnings))))


def _sign_ins(connection: IntegrationConnection) -> list[Credential]:
    """The saved one, unless it is lent, and those that still wait to be proven."""
    waiting = Credential.objects.filter(candidates__connection=connection.pk).distinct()
    saved = None if connection.is_lent else connection.sign_in
    return [saved, *waiting.exclude(pk=saved.pk)] if saved else list(waiting)


def _end(
    connection: IntegrationConnection,
    row: Credential,
    place: ExitStack,
    *,
    by: User | None,
    revokes: bool | None,
) -> str:
    """End a sign-in at its platform; "" when that confirmed, else what it did not, or why not.

    Raises _InUse and Busy.
    """
    if used := used_too(connection, row):
        raise _InUse(used)
    if said := _left_in_place(connection, row, by=by, revokes=revokes):
        return said
    place.enter_context(waiting.place(connection.workspace_id))
    return _revoke(connection, row.pk)


def _left_in_place(
    connection: IntegrationConnection, row: Credential, *, by: User | None, revokes: bool | None
) -> str:
    """Why a sign-in is not ended at its platform; "" when it is to be."""
    others = siblings(connection, row)
    name = _variant(connection, row).name
    left = f"The approval at {name} was left in place."
    if revokes and others.elsewhere and not may_end_elsewhere(by):
        return f"{left} Connections of other workspaces use the same app."
    if revokes or (revokes is None and not others):
        return ""
    return left if revokes is False else f"{left} Ending it may also end the sign-in of {others}."


def used_too(connection: IntegrationConnection, row: Credential | None = None) -> str:
    """Which others what lets it in, or that sign-in, lets in: "Ads north uses it"; "" for none."""
    if connection.is_lent:
        return ""
    using = sharing.sharers(connection, row.pk if row else None)
    names = sharing.named(using, connection.workspace_id)
    return names and f"{names} {'uses' if using.count() == 1 else 'use'} it"


def may_end_elsewhere(by: User | None) -> bool:
    """Whether somebody may do what ends connections of other workspaces too.

    Nobody at all is whoever runs the installation, by a command.
    """
    return by is None or by.is_superuser


def _revoke(connection: IntegrationConnection, sign_in_id: UUID) -> str:
    """End the grant; "" when the platform confirmed, else what it did not. Raises _InUse."""
    row = _going(connection, sign_in_id)
    if row is None or row.is_ended:
        return ""
    provider = _variant(connection, row)
    remove = _way_out(provider)
    try:
        revoking.revoke(row)
    except NotRevocable:
        return f"{provider.name} has no way to end a sign-in from here. {remove}"
    except ProviderError as error:
        return (
            f"{provider.name} did not confirm that the sign-in was ended. {error.message} {remove}"
        )
    return ""


def _going(connection: IntegrationConnection, sign_in_id: UUID) -> Credential | None:
    """The row under a lease, and from now on nobody else's to use; None when it is gone.

    The mark is that of one that is given back: whoever dies here has it given back or, where
    somebody uses it all the same, taken up again. Raises _InUse.
    """
    if (held := leases.hold(sign_in_id)) is None:
        return None
    mine = Credential.objects.filter(pk=sign_in_id, lease=held.lease)
    with transaction.atomic():
        # Whoever is about to use it, too, has done so, or waits and finds it going.
        row = mine.select_for_update().first()
        if row is None or not used_too(connection, row):
            mine.update(give_back_at=held.lease_until)
            return row
        mine.update(lease=None, lease_until=None)
    raise _InUse(used_too(connection, row))


def _variant(connection: IntegrationConnection, row: Credential) -> Provider:
    return connection.platform.for_values(row.plain)
