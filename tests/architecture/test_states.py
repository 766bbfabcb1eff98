"""Every mapping keyed by a state, a verdict or a kind has an entry for each member.

A state that one mapping forgets is a page that fails on the day something is in that state.
"""

import importlib
import pkgutil
import re
from enum import Enum
from pathlib import Path

from inventory.models import Site
from readiness.assessment.evidence.confirmations import AttestationStanding
from readiness.assessment.evidence.core.proving import interop
from readiness.assessment.evidence.models import Review, SignOff
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.grants.models import GrantStanding
from readiness.assessment.scoring.core.states import CheckState, Health, Tier, Verdict
from readiness.boards.cover.core import ShiftStanding
from readiness.boards.models import DryRun
from readiness.demand.jurisdiction.core.pack import LegalAnswer
from readiness.demand.jurisdiction.models import RulePack
from readiness.golive.models import Campaign, Progress
from readiness.golive.worklist.queries import WorkItemStanding
from readiness.loop.actions.models import Action
from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding
from readiness.loop.findings.models import Finding, JointReview
from readiness.loop.incidents.models import Incident
from readiness.loop.problems.core.states import ProblemState
from readiness.organisation.ownership.core import standing as ownership
from readiness.organisation.people.core.coverage import CoverDepth
from readiness.organisation.people.core.skills_held import SkillStanding
from readiness.organisation.people.core.team_calendar import EntryKind
from readiness.tradeoffs.models import Decision, PortfolioRun
from readiness.tradeoffs.moves.consequences import ConsequenceEffect
from telemetry.models import InventoryDrift, SchedulerState, SourceProvenance, SourceState
from web.delivery.channels.queries import ChannelStanding
from web.delivery.models import Attempt, MessageState
from web.states import ATTRIBUTES, STATES

APPS = ("accounts", "web", "inventory", "telemetry", "readiness")
PARTIAL = {
    "readiness.loop.lessons.kinds.TONES": "read by `get`: the others are neutral",
    "readiness.loop.alerts.core.leads.LEADS": "the kinds of alerts that come from dates",
    "readiness.loop.alerts.silencing.kinds.TONES": "read by `get`: the others are neutral",
    "web.delivery.channels.entries.SECRETS": "read by `in` first: for the others no secret is entered",
    "web.delivery.channels.forms.ADDRESSES": "the others ask for no address, or for one of two",
    "readiness.boards.evidence.outcomes.NOTES": "read by `get`: the others say their reason",
    "telemetry.core.identity._AGREE": "read by `get`: the others agree if the texts do",
    "telemetry.core.matching.OBJECT_COLUMNS": "the site is a column of every row, no object of its own",
    "telemetry.sources._BADNESS": "a paused or waiting source stays so, whatever waits at the door",
    "web.workflows.second.FLAG_OF": "what a link says depends on whether it is still in force",
    "web.security_log.standing.CONTRADICTIONS": "read by `in` first: the others contradict nothing",
    "web.watch._waiting": "rows wait for this stage alone; the others note what they have reached",
    "telemetry.core.spec._COMBINED_BY": "read by `get`: the others are summed",
    "telemetry.explore.newest._REDUCED": "the ways in which series are combined",
    "telemetry.store.parts.TABLES": "samples that are not rolled up have a statement of their own",
    "telemetry.store.parts.COLUMNS": "quantiles are read from sketches",
    "readiness.assessment.evidence.core.proving.enough.STATED": "read for the amounts that a figure states",
    "readiness.assessment.evidence.core.proving.enough.UNITS": "read by `get`: the others are counts",
    "readiness.organisation.ownership.gaps._QUEUES": "asked first: the others wait in no queue, or in one by date",
    "readiness.assessment.framework.core.names.WITHOUT_RESULT": "asked first: the others have a result",
    "readiness.assessment.scoring.checks.governance.WORDS": "says what is missing, and what is owned is not",
    "readiness.assessment.scoring.core.evaluate.POINTS": "read by `get`: the others give nothing",
    "readiness.loop.problems.ends._IN_SERVICE": "a site is told apart before: it is in service while it is there",
    "readiness.loop.problems.sentences.LACKING": "looked through: the others wait for an answer, or say so as checks",
    "readiness.loop.alerts.core.steps._HOLD_ENDS": "asked first: the others hold nothing back",
    "readiness.loop.alerts.core.steps._HOLD_BEGINS": "read by `get`: the others begin with what somebody does",
    "readiness.loop.alerts.core.steps._MARKS": "asked first: the history says the other reasons itself",
    "readiness.loop.alerts.raising.verdicts.SEVERITIES": "a verdict that dropped is no longer ready",
    "readiness.loop.alerts.telling.messages.EVENTS": "read by `get`: the others say that it was raised",
    "readiness.loop.alerts.telling.recipients.ROLES": "read by `get`: owners say what they own",
    "readiness.loop.alerts.telling.recipients._ON_CALL": "asked first: the others are on no shift",
    "readiness.boards.alerts.told.LACKS": "asked first: a notice that lacks nothing was told",
    "readiness.loop.problems.sentences.SILENT_AFTER": "read for these two alone",
}
SHOWN = {
    "channel": ChannelStanding,
    "check": CheckState,
    "health": Health,
    "verdict": Verdict,
    "source": SourceState,
    "lifecycle": Site.Stage,
    "provenance": SourceProvenance,
    "tier": Tier,
    "confirmation": AttestationStanding,
    "grant": GrantStanding,
    "decision": Decision.State,
    "review": Review.State,
    "sign-off": SignOff.State,
    "action": Action.State,
    "finding": Finding.State,
    "incident": Incident.State,
    "joint-review": JointReview.State,
    "work": WorkItemStanding,
    "ownership": ownership.ItemStanding,
    "cover": CoverDepth,
    "shift": ShiftStanding,
    "skill": SkillStanding,
    "entry": EntryKind,
    "assignment": ownership.TermStanding,
    "interop": interop.PairStanding,
    "framework": FrameworkVersion.Status,
    "rule-pack": RulePack.Status,
    "answer": LegalAnswer,
    "portfolio": PortfolioRun.State,
    "effect": ConsequenceEffect,
    "dry-run": DryRun.State,
    "campaign": Campaign.State,
    "campaign-item": Progress,
    "problem": ProblemState,
    "severity": AlertSeverity,
    "alert": AlertStanding,
    "drift": InventoryDrift.State,
    "scheduler": SchedulerState.Standing,
    "delivery": MessageState,
    "attempt": Attempt.Outcome,
}


def modules():
    for app in APPS:
        package = importlib.import_module(app)
        for each in pkgutil.walk_packages(package.__path__, f"{app}."):
            if ".migrations" not in each.name:
                yield importlib.import_module(each.name)


def enumeration_of(members):
    """The enumeration that all of them belong to, if there is one."""
    kinds = {type(member) for member in members}
    kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind is not None and issubclass(kind, Enum) else None


def missing(members):
    kind = enumeration_of(members)
    return [] if kind is None else sorted(str(member) for member in set(kind) - set(members))


def mappings():
    """Yield each mapping under the module that defines it, not under modules that import it."""
    for module in modules():
        source = Path(module.__file__).read_text()
        for name, value in vars(module).items():
            if isinstance(value, dict) and enumeration_of(value) and re.search(rf"^{name}\b", source, re.M):
                yield f"{module.__name__}.{name}", value


def orders():
    """Tuples that something is ranked by: `WORST_FIRST.index`."""
    for module in modules():
        for name in set(re.findall(r"\b([A-Z_]+)\.index\b", Path(module.__file__).read_text())):
            if isinstance(value := vars(module).get(name), tuple) and enumeration_of(value):
                yield f"{module.__name__}.{name}", value


def test_every_mapping_knows_every_member():
    every = dict(mappings())
    assert {
        "readiness.assessment.scoring.core.combine.SEVERITY",
        "readiness.assessment.scoring.core.health.RANK",
    } <= set(every)
    partial = {name: missing(value) for name, value in every.items() if missing(value)}
    assert {name: lacks for name, lacks in partial.items() if name not in PARTIAL} == {}
    assert set(PARTIAL) <= set(partial), "these are whole, or gone"


def test_every_order_knows_every_member():
    every = dict(orders())
    assert "telemetry.intake.SEVERITY" in every
    assert {name: missing(value) for name, value in every.items() if missing(value)} == {}


def test_every_kind_of_state_that_pages_show_is_an_enumeration():
    assert set(SHOWN) == set(STATES) == set(ATTRIBUTES)


def test_pages_have_a_word_for_every_state():
    words = {kind: set(STATES[kind]) - {"none"} for kind in SHOWN}
    assert words == {kind: {str(member.value) for member in members} for kind, members in SHOWN.items()}
