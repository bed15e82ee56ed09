"""Spreads as a shell tells them: the plan of a table, and what became of each workspace."""

from collections import Counter
from typing import Any

from integrations.models import SpreadPart, TestOutcome
from integrations.services.connecting.spread_plans import Line, Plan

PLAN_HEAD = ("LINE", "ACCOUNT", "WORKSPACE", "PLAN")
NOTHING_TO_DO = "There is nothing to do: every account that can be is connected there already."


def plan_line(line: Line) -> tuple[str, ...]:
    slug = line.target.slug if line.target else line.row.workspace
    account_id = line.account.id if line.account else line.row.account
    return str(line.row.number), account_id or "-", slug or "-", said(line)


def said(line: Line) -> str:
    if line.state == "there":
        return "is there already"
    if line.state == "connect":
        is_new = line.target and line.target.is_new
        return "will be connected; the workspace will be made" if is_new else "will be connected"
    return line.sentence


def planned(plan: Plan) -> list[dict[str, Any]]:
    """As JSON."""
    return [
        {
            "line": line.row.number,
            "account": line.account.id if line.account else line.row.account,
            "workspace": line.target.slug if line.target else line.row.workspace,
            "is_new": bool(line.target and line.target.is_new),
            "state": line.state,
            "message": said(line),
        }
        for line in plan.lines
    ]


def outcomes_of(part: SpreadPart) -> Counter[str]:
    return part.run.outcomes if part.run else Counter()


def verdict(part: SpreadPart) -> str:
    if part.problem:
        return f"{part.slug}: not done. {part.problem}"
    if not part.run:
        return f"{part.slug}: all were connected meanwhile."
    tests = outcomes_of(part)
    made = "made, " if part.is_new else ""
    told = [f"{tests[one.value]} {one.label.lower()}" for one in TestOutcome if tests[one.value]]
    return f"{part.slug}: {made}{part.added} connected. {', '.join(told) or 'Not tested'}."


def done(part: SpreadPart) -> dict[str, Any]:
    """As JSON."""
    return {
        "workspace": part.slug,
        "made": part.is_new and not part.problem,
        "connected": part.added,
        "tests": dict(outcomes_of(part)),
        "problem": part.problem or None,
    }
