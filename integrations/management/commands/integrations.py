"""Lists, tests, disconnects and imports connections from a shell or a schedule."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations import platforms
from integrations.api import presentation
from integrations.management.arguments import confirm, named_workspace
from integrations.models import ConnectionTest, Status, TestOutcome, Trigger, Workspace
from integrations.pages import sentences
from integrations.services import rows
from integrations.services.connecting import disconnecting, importing
from integrations.services.connecting.importing import Report, UnreadableFile
from integrations.services.proving import runs, testing
from integrations.services.refusals import NothingToTest

PASSED, FAILED, USAGE, NO_ANSWER, NOTHING_TO_TEST = range(5)
EXIT_CODES = """exit codes:
  0  every test passed (or its platform has no test yet)
  1  at least one test failed; of an import, at least one row was refused
  2  not understood: arguments, platform, workspace, file; or nobody confirmed
  3  no test failed, but at least one got no answer
  4  no test failed or stayed unanswered, but something is not connected or was not tested
"""


class Command(BaseCommand):
    help = "Lists, tests, disconnects and imports the connections of a workspace."

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
        which.add_argument("providers", nargs="*", default=[], metavar="PROVIDER")
        which.add_argument("--all", action="store_true", help="all that are set up and enabled")

        disconnect = actions.add_parser("disconnect", help="forget saved values", **everyone)
        disconnect.add_argument("provider", metavar="PROVIDER")
        disconnect.add_argument("--yes", action="store_true", help="do not ask")

        taking_over = actions.add_parser("import", help="take over older rows", **everyone)
        taking_over.add_argument("file", help="a JSON list or JSON lines; - reads standard input")
        taking_over.add_argument("--replace", action="store_true", help="also what is saved")
        taking_over.add_argument("--dry-run", action="store_true", help="only say what would be")

        for action in (listing, test, disconnect, taking_over):
            action.add_argument("--workspace", metavar="SLUG", help="the first one unless named")
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, action: str, workspace: str | None, **options: Any) -> None:
        handlers: dict[str, Callable[..., int]] = {
            "list": self.list,
            "test": self.test,
            "disconnect": self.disconnect,
            "import": self.take_over,
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
            presentation.integration(connection, now)
            for connection in rows.catalogue(workspace)
            if status in (None, connection.status) and provider in (None, connection.provider)
        ]
        if json:
            self.write_json(shown)
        else:
            self.write_table([_line(one) for one in shown])
        return PASSED

    # --- test --------------------------------------------------------------------------------

    def test(
        self, workspace: Workspace, *, providers: Sequence[str], json: bool, **options: Any
    ) -> int:
        named = [_known(slug) for slug in providers]
        found = []
        for one in _all(workspace) if options["all"] else _each(workspace, named):
            found.append(_reported(one))
            if not json:
                self.stdout.write(f"{platforms.get(one.slug).name}: {_said(one)}")
        if json:
            self.write_json(found)
        elif not found:
            self.stdout.write("Nothing is connected and enabled here.")
        return _exit_code([one["outcome"] for one in found])

    # --- disconnect --------------------------------------------------------------------------

    def disconnect(
        self, workspace: Workspace, *, provider: str, yes: bool, json: bool, **_: Any
    ) -> int:
        platform = platforms.get(_known(provider))
        if not yes:
            confirm(self.stderr, sentences.what_stops(platform), "disconnect it")
        done = disconnecting.disconnect(workspace, provider, by=None)
        if json:
            self.write_json(presentation.integration(done.connection, timezone.now()))
        else:
            self.stdout.write(f"{platform.name} is disconnected. Its history stays.")
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
                self.stdout.write(_reported_row(report))
            if dry_run:
                self.stdout.write("This was a dry run: nothing was saved.")
        return FAILED if any(report.outcome == "refused" for report in reports) else PASSED

    def write_json(self, value: Any) -> None:
        # Elsewhere than in UTF-8 some letters would have to be left out.
        plain = str(getattr(self.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=not plain))

    def write_table(self, lines: Sequence[Sequence[str]]) -> None:
        head = ("PROVIDER", "STATUS", "ATTENTION", "ACCOUNT", "LAST TEST")
        columns = list(zip(head, *lines, strict=True))
        widths = [max(map(len, column)) for column in columns]
        for line in (head, *lines):
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(padded).rstrip())


def _known(slug: str) -> str:
    if slug not in platforms.catalogue():
        known = ", ".join(platforms.catalogue())
        raise CommandError(f"There is no such platform. Use one of {known}.", returncode=USAGE)
    return slug


def _line(shown: presentation.Json) -> tuple[str, ...]:
    account, last = shown["account"], shown["lastTest"]
    account_id = account["id"] if account else shown["config"]["accountId"]
    return (
        shown["provider"],
        shown["status"],
        shown["attention"] or "-",
        account_id or "-",
        f"{last['outcome']} {last['startedAt']}" if last else "-",
    )


@dataclass(frozen=True)
class Asked:
    """A platform that was to be tested: its test, or why there is none."""

    slug: str
    test: ConnectionTest | None
    status: str = ""
    problem: str = ""


def _all(workspace: Workspace) -> Iterator[Asked]:
    """All together, in catalogue order."""
    run = runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)
    order = list(platforms.catalogue())
    known = [item for item in run.items.all() if item.connection.provider in order]
    for item in sorted(known, key=lambda item: order.index(item.connection.provider)):
        yield Asked(item.connection.provider, item.test, "not tested", item.problem)


def _each(workspace: Workspace, slugs: Iterable[str]) -> Iterator[Asked]:
    """One after the other, as they are named."""
    for slug in slugs:
        try:
            connection = rows.find(workspace, slug)
            yield Asked(slug, testing.test_connection(connection, trigger=Trigger.COMMAND))
        except NothingToTest:
            yield Asked(slug, None, "not connected", sentences.NOTHING_TO_TEST)


def _said(one: Asked) -> str:
    if one.test is None:
        return f"{one.status}. {one.problem}"
    return f"{one.test.outcome}. {sentences.of_test(one.test)}"


def _reported(one: Asked) -> presentation.Json:
    if one.test is None:
        return {"provider": one.slug, "outcome": None, "message": one.problem}
    return presentation.test(one.test, one.slug)


def _exit_code(outcomes: Sequence[str | None]) -> int:
    if TestOutcome.FAILED in outcomes:
        return FAILED
    if TestOutcome.INCONCLUSIVE in outcomes or TestOutcome.RUNNING in outcomes:
        return NO_ANSWER
    return NOTHING_TO_TEST if None in outcomes or not outcomes else PASSED


def _text(file: str) -> str:
    """In any encoding that JSON may have, with a byte-order mark or without one."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode(json.detect_encoding(content))
    except OSError:
        raise UnreadableFile("The file cannot be read. Check its name and your rights.") from None
    except UnicodeDecodeError:
        raise UnreadableFile("This is not UTF-8. Save it in that encoding.") from None


def _reported_row(report: Report) -> str:
    who = report.provider or "unknown platform"
    return f"Row {report.row}, {who}: {report.outcome}. {report.message}".rstrip()
