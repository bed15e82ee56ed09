"""What is stored: tables, constraints, and what follows from one row. Asks nobody.

Imports crypto and providers.
"""

from integrations.models.candidates import Candidate, SignInAttempt
from integrations.models.channels import Channel, Delivery, ToldUntil
from integrations.models.connections import STATUS_FROM_FACTS, IntegrationConnection, Status
from integrations.models.credentials import AppRegistration, Credential
from integrations.models.days import ConnectionDay
from integrations.models.drills import Drill, DrillKind, DrillPlan, DrillState
from integrations.models.events import Event, EventType
from integrations.models.feeds import End, Feed, FeedKind
from integrations.models.fix_links import FixLink
from integrations.models.guesses import Guesses
from integrations.models.incidents import Cause, Ending, Incident, IncidentConnection, Scope
from integrations.models.invitations import After, HandOver, Invitation
from integrations.models.jobs import Job
from integrations.models.notices import ExpiryNotice, Heartbeat
from integrations.models.pauses import Pause
from integrations.models.people import ApiToken, OwnerLink, Person
from integrations.models.runs import RunItem, TestRun
from integrations.models.spreads import Spread, SpreadPart
from integrations.models.standings import Standing, StandingMark, Stands
from integrations.models.summaries import Summary
from integrations.models.tallies import TalliedUntil, Tally
from integrations.models.tests import ConnectionTest, TestOutcome, Trigger
from integrations.models.turns import Turn
from integrations.models.watches import Budget, Watch
from integrations.models.workspaces import Membership, Role, Workspace

__all__ = [
    "STATUS_FROM_FACTS",
    "After",
    "ApiToken",
    "AppRegistration",
    "Budget",
    "Candidate",
    "Cause",
    "Channel",
    "ConnectionDay",
    "ConnectionTest",
    "Credential",
    "Delivery",
    "Drill",
    "DrillKind",
    "DrillPlan",
    "DrillState",
    "End",
    "Ending",
    "Event",
    "EventType",
    "ExpiryNotice",
    "Feed",
    "FeedKind",
    "FixLink",
    "Guesses",
    "HandOver",
    "Heartbeat",
    "Incident",
    "IncidentConnection",
    "IntegrationConnection",
    "Invitation",
    "Job",
    "Membership",
    "OwnerLink",
    "Pause",
    "Person",
    "Role",
    "RunItem",
    "Scope",
    "SignInAttempt",
    "Spread",
    "SpreadPart",
    "Standing",
    "StandingMark",
    "Stands",
    "Status",
    "Summary",
    "TalliedUntil",
    "Tally",
    "TestOutcome",
    "TestRun",
    "ToldUntil",
    "Trigger",
    "Turn",
    "Watch",
    "Workspace",
]
