"""Lists, tests, adds, spreads, disconnects and imports connections from a shell or a schedule."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.text import get_text_list

from integrations import clock, platforms
from integrations.api import presentation
from integrations.api.incidents import incident as incident_json
from integrations.management import spreads, watch
from integrations.management.arguments import confirm, content_of, named_workspace
from integrations.models import (
    ConnectionTest,
    DrillKind,
    Incident,
    IntegrationConnection,
    RunItem,
    SpreadPart,
    Status,
    TestOutcome,
    TestRun,
    Trigger,
    Workspace,
    naming,
)
from integrations.pages import sentences
from integrations.services import rows
from integrations.services.connecting import (
    choosing,
    disconnecting,
    importing,
    spread_plans,
    spreading,
    tables,
)
from integrations.services.connecting.choosing import Reachable
from integrations.services.connecting.importing import Report, UnreadableFile
from integrations.services.connecting.spread_plans import Plan
from integrations.services.connecting.tables import UnreadableTable
from integrations.services.proving import runs, testing
from integrations.services.refusals import (
    Busy,
    InvalidChange,
    NoConnection,
    NothingToTest,
    Paused,
    TooManyTests,
)
from integrations.services.watching import engine, handling
from integrations.services.watching.drills import starting
from integrations_center import public_url
from providers.errors import ProviderError

PASSED, FAILED, USAGE, NO_ANSWER, NOTHING_TO_TEST = range(5)
CONNECTIONS_HEAD = ("PROVIDER", "STATUS", "ATTENTION", "ACCOUNT", "LAST TEST")
ACCOUNTS_HEAD = ("ACCOUNT", "NAME", "CONNECTED AS")
INCIDENTS_HEAD = ("ID", "SINCE", "UNTIL", "TAKEN BY", "WHAT HAPPENED")
MOST_INCIDENTS = 100
ALL_CONNECTED = "All of these are connected already, so nothing was added."
EXIT_CODES = """exit codes:
  0  every test passed (or its platform has no test yet); of incidents: none is open
  1  at least one test failed; of an import or a spread, at least one row was refused; of
     incidents: one is open
  2  not understood: arguments, platform, workspace, file; or nobody confirmed
  3  no test failed, but at least one got no answer
  4  no test failed or stayed unanswered, but something is not connected or was not tested; of a
     drill: it cannot be begun
"""


class Command(BaseCommand):
    help = (
        "Lists, tests, watches, adds, spreads, disconnects and imports a workspace's connections, "
        "and practises a break of one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXIT_CODES
        actions = parser.add_subparsers(dest="action", required=True)
        everyone: dict[str, Any] = {
            "formatter_class": RawDescriptionHelpFormatter,
            "epilog": EXIT_CODES,
        }

        listing = actions.add_parser("list", help="what is connected, and how it is", **everyone)
        listing.add_argument("--status", choices=Status.values)
        listing.add_argument("--provider", choices=platforms.catalogue(), metavar="PROVIDER")

        test = actions.add_parser("test", help="ask the platforms now", **everyone)
        which = test.add_mutually_exclusive_group(required=True)
        which.add_argument("connections", nargs="*", default=[], metavar="PROVIDER[/SLUG]")
        which.add_argument("--all", action="store_true", help="all that are set up and enabled")

        accounts = actions.add_parser("accounts", help="what else can be reached", **everyone)
        accounts.add_argument("connection", metavar="PROVIDER[/SLUG]")
        taken = accounts.add_mutually_exclusive_group()
        taken.add_argument(
            "--add", nargs="+", default=[], metavar="ID", help="connect and test these, too"
        )
        taken.add_argument("--add-all", action="store_true", help="all that are not connected")

        spread = actions.add_parser("spread", help="lend to workspaces by a table", **everyone)
        spread.add_argument("connection", metavar="PROVIDER[/SLUG]")
        spread.add_argument("file", help="a CSV table: account, workspace; - reads standard input")
        spread.add_argument("--plan", action="store_true", help="only say what would be")

        disconnect = actions.add_parser("disconnect", help="forget saved values", **everyone)
        disconnect.add_argument("connection", metavar="PROVIDER[/SLUG]")
        disconnect.add_argument("--yes", action="store_true", help="do not ask")

        taking_over = actions.add_parser("import", help="take over older rows", **everyone)
        taking_over.add_argument("file", help="a JSON list or JSON lines; - reads standard input")
        taking_over.add_argument("--replace", action="store_true", help="also what is saved")
        taking_over.add_argument("--dry-run", action="store_true", help="only say what would be")

        watching = actions.add_parser("watch", help="what is checked when", **everyone)

        broken = actions.add_parser("incidents", help="what is broken, by its causes", **everyone)
        broken.add_argument("--all", action="store_true", help="also what is over, the latest 100")

        drill = actions.add_parser("drill", help="practise a break, told as a drill", **everyone)
        drill.add_argument("connection", metavar="PROVIDER[/SLUG]")
        drill.add_argument("--kind", choices=DrillKind.values, default=DrillKind.REVOKED)

        several = (
            listing,
            test,
            accounts,
            spread,
            disconnect,
            taking_over,
            watching,
            broken,
            drill,
        )
        for action in several:
            action.add_argument("--workspace", metavar="SLUG", help="the first one unless named")
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, action: str, workspace: str | None, **options: Any) -> None:
        handlers: dict[str, Callable[..., int]] = {
            "list": self.list,
            "test": self.test,
            "accounts": self.accounts,
            "spread": self.spread,
            "disconnect": self.disconnect,
            "drill": self.drill,
            "incidents": self.incidents,
            "import": self.take_over,
            "watch": self.watch,
        }
        code = handlers[action](named_workspace(workspace), **options)
        if code:
            sys.exit(code)

    # --- list --------------------------------------------------------------------------------

    def list(
        self,
        workspace: Workspace,
        *,
        json: bool,
        status: str | None,
        provider: str | None,
        **_: Any,
    ) -> int:
        now = timezone.now()
        shown = [
            every for every in rows.catalogue(workspace) if provider in (None, every[0].provider)
        ]
        if json:
            found = handling.open_of([every[0] for every in shown])
            told = [presentation.integration(every[0], now, every, found) for every in shown]
            self.write_json([one for one in told if status in (None, one["status"])])
        else:
            each = [one for every in shown for one in every if status in (None, one.status)]
            self.write_table([_line(one, now) for one in each])
        return PASSED

    def incidents(self, workspace: Workspace, *, json: bool, all: bool, **_: Any) -> int:  # noqa: A002 - as the option
        found = [*handling.of(workspace)[:MOST_INCIDENTS]]
        open_ones = [*handling.of(workspace).filter(closed_at=None)]
        shown = found if all else open_ones
        if json:
            self.write_json([incident_json(one) for one in shown])
        elif shown:
            self.write_table([_incident_line(one) for one in shown], INCIDENTS_HEAD)
        else:
            self.stdout.write("No incident is open." if not all else "There was no incident yet.")
        return FAILED if open_ones else PASSED

    # --- test --------------------------------------------------------------------------------

    def test(
        self, workspace: Workspace, *, connections: Sequence[str], json: bool, **options: Any
    ) -> int:
        named = [_named(workspace, name) for name in connections]
        asked = _all(workspace) if options["all"] else _each(named)
        return self.tell(asked, json=json, nothing="Nothing is connected and enabled here.")

    def tell(self, asked: "Iterable[Asked]", *, json: bool, nothing: str) -> int:
        """How each test went, as soon as it has ended; the exit code."""
        found = []
        for one in asked:
            found.append(_reported(one))
            if not json:
                self.stdout.write(f"{_title(one.connection)}: {_said(one)}")
        if json:
            self.write_json(found)
        elif not found:
            self.stdout.write(nothing)
        return _exit_code([one["outcome"] for one in found])

    # --- accounts ----------------------------------------------------------------------------

    def accounts(
        self,
        workspace: Workspace,
        *,
        connection: str,
        add: Sequence[str],
        add_all: bool,
        json: bool,
        **_: Any,
    ) -> int:
        named = _named(workspace, connection)
        try:
            offered = choosing.reachable(named)
            free = [one.account.id for one in offered if one.connection is None]
            if add or add_all:
                run = choosing.add_for_shell(named, ids) if (ids := add or free) else None
                is_any = bool(run and run.total)
                added = self.proven(run, json=json) if run else ()
                code = self.tell(added, json=json, nothing=ALL_CONNECTED)
                return code if is_any else PASSED
        except InvalidChange as invalid:
            raise CommandError(" ".join(invalid.errors["accounts"]), returncode=USAGE) from None
        except sentences.NOT_LISTED as error:
            raise CommandError(sentences.of_listing(error), returncode=_code_of(error)) from None
        if json:
            self.write_json([_reached(one) for one in offered])
        else:
            self.write_table([_reached_line(one) for one in offered], ACCOUNTS_HEAD)
        return PASSED

    def proven(self, run: TestRun, *, json: bool) -> "Iterable[Asked]":
        """Each as soon as it has ended; as JSON, which is told at once, in their order."""
        return _of_run(runs.test_chosen(run)) if json else map(_of_item, runs.each_of_chosen(run))

    # --- spread ------------------------------------------------------------------------------

    def spread(
        self, workspace: Workspace, *, connection: str, file: str, json: bool, **options: Any
    ) -> int:
        named = _named(workspace, connection)
        try:
            table = tables.read(tables.decoded(content_of(file)))
            plan = spread_plans.plan(named, table, by=None)
        except (UnreadableTable, UnreadableFile) as unreadable:
            raise CommandError(str(unreadable), returncode=USAGE) from None
        except sentences.NOT_LISTED as error:
            raise CommandError(sentences.of_listing(error), returncode=_code_of(error)) from None
        if not json:
            self.write_table([spreads.plan_line(one) for one in plan.lines], spreads.PLAN_HEAD)
        done = [] if options["plan"] else [*self.carry_out(plan, json=json)]
        if json:
            parts = [spreads.done(part) for part in done]
            self.write_json({"lines": spreads.planned(plan), "workspaces": parts})
        return FAILED if plan.problems or any(_has_failed(part) for part in done) else PASSED

    def carry_out(self, plan: Plan, *, json: bool) -> Iterator[SpreadPart]:
        """Each workspace once its accounts were tested."""
        if not plan.targets and not json:
            self.stdout.write(spreads.NOTHING_TO_DO)
        kept = spreading.keep(plan, trigger=Trigger.COMMAND, by=None)
        for part in spreading.perform(kept.pk):
            if part.run:
                part.run = runs.test_chosen(part.run)
            if not json:
                self.stdout.write(spreads.verdict(part))
            yield part

    # --- disconnect --------------------------------------------------------------------------

    def disconnect(
        self, workspace: Workspace, *, connection: str, yes: bool, json: bool, **_: Any
    ) -> int:
        named = _named(workspace, connection)
        if not yes:
            confirm(self.stderr, sentences.what_stops(named.platform), "disconnect it")
        done = disconnecting.disconnect(named, by=None)
        if json:
            every = rows.of_platform(workspace, named.provider)
            found = handling.open_of([done.connection])
            shown = presentation.integration(done.connection, timezone.now(), every, found)
            self.write_json(shown)
        else:
            self.stdout.write(f"{_title(done.connection)} is disconnected. Its history stays.")
        if done.warning:
            self.stderr.write(done.warning)
        return PASSED

    # --- import ------------------------------------------------------------------------------

    def take_over(
        self,
        workspace: Workspace,
        *,
        file: str,
        replace: bool,
        dry_run: bool,
        json: bool,
        **_: Any,
    ) -> int:
        try:
            rows = importing.read_rows(_text(file))
        except UnreadableFile as unreadable:
            raise CommandError(str(unreadable), returncode=USAGE) from None
        reports = importing.import_rows(workspace, rows, replace=replace, dry_run=dry_run)
        if json:
            self.write_json([vars(report) for report in reports])
        else:
            for report in reports:
                self.stdout.write(_reported_row(report, dry_run=dry_run))
            if dry_run:
                self.stdout.write("This was a dry run: nothing was saved.")
        return FAILED if any(report.outcome == "refused" for report in reports) else PASSED

    # --- watch -------------------------------------------------------------------------------

    def watch(self, workspace: Workspace, *, json: bool, **_: Any) -> int:
        now = clock.now()
        saved = [one for every in rows.catalogue(workspace) for one in every if one.version]
        if problem := engine.problem(now):
            self.stderr.write(problem)
        if json:
            self.write_json([watch.told(_name(one), one, now) for one in saved])
        else:
            ordered = sorted(saved, key=watch.order)
            self.write_table([watch.line(_name(one), one, now) for one in ordered], watch.HEAD)
        return PASSED

    # --- drill -------------------------------------------------------------------------------

    def drill(
        self, workspace: Workspace, *, connection: str, kind: str, json: bool, **_: Any
    ) -> int:
        """Have the worker do it; the connection's page has its record."""
        found = _named(workspace, connection)
        try:
            begun = starting.start(found, DrillKind(kind), by=None, now=clock.now())
        except starting.NotPossible as refused:
            raise CommandError(refused.sentence, returncode=NOTHING_TO_TEST) from None
        page = public_url.link("connection-page", workspace.slug, found.pk)
        if json:
            self.write_json({"drill": begun.pk, "connection": _name(found), "kind": kind})
        else:
            self.stdout.write(f"The drill begins. Follow it at {page}#drill")
        return PASSED

    def write_json(self, value: Any) -> None:
        # Elsewhere than in UTF-8 some letters would have to be left out.
        plain = str(getattr(self.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=not plain))

    def write_table(
        self, lines: Sequence[Sequence[str]], head: Sequence[str] = CONNECTIONS_HEAD
    ) -> None:
        columns = list(zip(head, *lines, strict=True))
        widths = [max(map(len, column)) for column in columns]
        for line in (head, *lines):
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(padded).rstrip())


def _named(workspace: Workspace, name: str) -> IntegrationConnection:
    """A platform alone is its default connection; with a slash and a slug the one of that slug."""
    provider, _, slug = name.partition("/")
    if provider not in platforms.catalogue():
        known = ", ".join(platforms.catalogue())
        raise CommandError(f"There is no such platform. Use one of {known}.", returncode=USAGE)
    try:
        return rows.find(workspace, provider, slug)
    except NoConnection:
        found = rows.of_platform(workspace, provider)
        few = naming.few([_name(one) for one in found[: naming.MOST_NAMED]], len(found))
        raise CommandError(
            f"There is no such connection. Use one of {get_text_list(few, 'and')}.",
            returncode=USAGE,
        ) from None


def _name(connection: IntegrationConnection) -> str:
    """As it is named in these commands."""
    other = "" if connection.is_default else f"/{connection.slug}"
    return f"{connection.provider}{other}"


def _title(connection: IntegrationConnection) -> str:
    """The platform's name, and of another than the default one its slug, which no two have."""
    other = "" if connection.is_default else f" ({connection.slug})"
    return f"{connection.platform.name}{other}"


def _reached(one: Reachable) -> presentation.Json:
    """An account, and how the connection that has it is named in these commands."""
    has = one.connection
    named = {"connection": _name(has) if has else None}
    return {"id": one.account.id, "name": one.account.name} | named


def _reached_line(one: Reachable) -> tuple[str, ...]:
    has = one.connection
    return one.account.id, one.account.name or "-", _name(has) if has else "-"


def _incident_line(one: Incident) -> tuple[str, ...]:
    return (
        str(one.pk),
        presentation.moment(one.opened_at) or "-",
        presentation.moment(one.closed_at) or "-",
        presentation.username(one.owner) or "-",
        one.title,
    )


def _line(connection: IntegrationConnection, now: datetime) -> tuple[str, ...]:
    last = connection.last_test
    account_id = connection.platform_account_id or connection.config.get("account_id")
    return (
        _name(connection),
        connection.status,
        connection.attention(now) or "-",
        account_id or "-",
        f"{last.outcome} {presentation.moment(last.started_at)}" if last else "-",
    )


@dataclass(frozen=True)
class Asked:
    """A connection that was to be tested: its test, or why there is none."""

    connection: IntegrationConnection
    test: ConnectionTest | None
    status: str = ""
    problem: str = ""


def _all(workspace: Workspace) -> Iterator[Asked]:
    """All together, in catalogue order."""
    yield from _of_run(runs.test_all(workspace, trigger=Trigger.COMMAND, by=None))


def _of_run(run: TestRun) -> Iterator[Asked]:
    order = list(platforms.catalogue())
    known = [item for item in run.items.all() if item.connection.provider in order]

    def place(item: RunItem) -> tuple[int, bool, str]:
        one = item.connection
        return order.index(one.provider), not one.is_default, one.slug

    for item in sorted(known, key=place):
        yield _of_item(item)


def _of_item(item: RunItem) -> "Asked":
    return Asked(item.connection, item.test, "not tested", item.problem)


def _each(connections: Iterable[IntegrationConnection]) -> Iterator[Asked]:
    """One after the other, as they are named."""
    for connection in connections:
        try:
            test = testing.test_connection(connection, trigger=Trigger.COMMAND)
            yield Asked(connection, test)
        except NothingToTest:
            yield Asked(connection, None, "not connected", sentences.NOTHING_TO_TEST)
        except Paused as paused:
            yield Asked(connection, None, "not tested", paused.sentence)


def _said(one: Asked) -> str:
    if one.test is None:
        return f"{one.status}. {one.problem}"
    return f"{one.test.outcome}. {sentences.of_test(one.test)}"


def _reported(one: Asked) -> presentation.Json:
    provider, named = one.connection.provider, {"connection": _name(one.connection)}
    if one.test is None:
        return {"provider": provider, "outcome": None, "message": one.problem} | named
    return presentation.test(one.test, provider) | named


def _exit_code(outcomes: Sequence[str | None]) -> int:
    if TestOutcome.FAILED in outcomes:
        return FAILED
    if TestOutcome.INCONCLUSIVE in outcomes or TestOutcome.RUNNING in outcomes:
        return NO_ANSWER
    return NOTHING_TO_TEST if None in outcomes or not outcomes else PASSED


def _code_of(error: Exception) -> int:
    """Of a list of accounts that was not had."""
    if isinstance(error, ProviderError):
        return _exit_code([error.outcome])
    is_asked = isinstance(error, TooManyTests | Busy)
    return NO_ANSWER if is_asked else NOTHING_TO_TEST


def _text(file: str) -> str:
    """In any encoding that JSON may have, with a byte-order mark or without one."""
    content = content_of(file)
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        raise UnreadableFile("This is not UTF-8. Save it in that encoding.") from None


def _has_failed(part: SpreadPart) -> bool:
    return bool(part.problem or spreads.outcomes_of(part)[TestOutcome.FAILED])


def _reported_row(report: Report, *, dry_run: bool) -> str:
    who = report.provider or "unknown platform"
    would_be = "would be " if dry_run and report.outcome != "skipped" else ""
    return f"Row {report.row}, {who}: {would_be}{report.outcome}. {report.message}".rstrip()
