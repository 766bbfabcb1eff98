"""The page of an assignment in words: facts, what may be done with it, its checklist, terms before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.ownership import rules
from readiness.ownership.models import Assignment
from readiness.ownership.sentences import day, due, item_label
from web.links import link
from web.visibility import sees_names

type Line = dict[str, Any]


def _hidden(assignment: Assignment) -> str:
    return f"somebody of {assignment.team}"


def facts(assignment: Assignment, *, names: bool, now: datetime) -> list[Line]:
    facts: list[Line] = [
        {"term": "State", "kind": "assignment", "state": assignment.state},
        {"term": "Site", "value": assignment.site.name, "url": link("site", assignment.site.slug)},
        {"term": "Item", "value": item_label(assignment.item)},
        {
            "term": "Accountable",
            "value": assignment.accountable.name if names else _hidden(assignment),
            "url": link("person", assignment.accountable_id) if names else "",
            "note": "has left" if assignment.accountable.left_by(now) else "",
        },
        {
            "term": "Team",
            "value": assignment.team.name,
            "url": link("team", assignment.team_id),
            "note": assignment.team.contact,
        },
        {"term": "Deputy", **_deputy(assignment, names=names, now=now)},
        {"term": "Responsible", "value": (assignment.responsible or assignment.team).name},
        {
            "term": "Proposed",
            "value": day(assignment.proposed_at),
            "note": str(assignment.proposed_by) if names else "",
        },
        {"term": "Begins", "value": day(assignment.effective_at)},
    ]
    if assignment.answered_at:
        facts.append(
            {
                "term": "Answered",
                "value": day(assignment.answered_at),
                "note": assignment.answer_note,
            }
        )
    if assignment.answered_by and names:
        facts.append({"term": "Answered by", "value": assignment.answered_by.username})
    if assignment.confirmed_at:
        facts.append({"term": "Confirmed", "value": day(assignment.confirmed_at)})
    if assignment.due_at and assignment.is_live(now):
        facts.append({"term": "To be confirmed by", "value": due(assignment.due_at, now)})
    if assignment.ended_at:
        term = "Ends" if assignment.ended_at > now else "Ended"
        facts.append({"term": term, "value": due(assignment.ended_at, now), "note": assignment.end_reason})
    return facts


def _deputy(assignment: Assignment, *, names: bool, now: datetime) -> Line:
    if assignment.deputy is None:
        return {"value": "nobody"}
    left = "has left" if assignment.deputy.left_by(now) else ""
    return {"value": assignment.deputy.name if names else "named", "note": left}


def choices_of(assignment: Assignment, user: User, now: datetime) -> Line:
    """Return what the reader is offered, and why not the rest."""
    named, live = rules.is_named(assignment, user), assignment.is_live(now)
    waits = assignment.state == Assignment.State.PROPOSED
    own_proposal = waits and assignment.proposed_by_id == user.pk and user.has_perm(rules.MAY_PROPOSE)
    why_not = ""
    if waits and not named:
        why_not = "Only the person named accepts or declines."
    return {
        "may_answer": waits and named,
        "may_confirm": live and not waits and named,
        "may_end": live and (named or own_proposal or user.has_perm(rules.MAY_END)),
        "may_tick": live and (named or user.has_perm(rules.MAY_PROPOSE)),
        "may_amend": live and user.has_perm(rules.MAY_PROPOSE) and sees_names(user),
        "withdraws": waits,
        "why_not": why_not,
    }


def terms(assignments: list[Assignment], *, names: bool, now: datetime) -> list[Line]:
    """The other assignments of the same item, the newest first."""
    return [
        {
            "id": assignment.pk,
            "url": link("assignment", assignment.pk),
            "state": assignment.state,
            "who": assignment.accountable.name if names else _hidden(assignment),
            "team": assignment.team.name,
            "span": _span(assignment),
            "reason": (assignment.end_reason or assignment.answer_note) if names else "",
        }
        for assignment in assignments
    ]


def _span(assignment: Assignment) -> str:
    if assignment.confirmed_at is None:
        return f"proposed {day(assignment.proposed_at)}"
    begun = day(assignment.effective_at)
    return f"{begun} – {day(assignment.ended_at)}" if assignment.ended_at else f"since {begun}"
