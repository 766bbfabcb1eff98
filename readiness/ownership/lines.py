"""The page of an assignment in words: facts, what may be done with it, its checklist, terms before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from accounts.models import User
from readiness.ownership import rules
from readiness.ownership.models import Assignment
from readiness.ownership.sentences import day, due, item_label, link
from web.visibility import sees_names

type Line = dict[str, Any]


def _hidden(assignment: Assignment) -> str:
    return gettext("somebody of %(team)s") % {"team": assignment.team}


def facts(one: Assignment, *, names: bool, now: datetime) -> list[Line]:
    told: list[Line] = [
        {"term": gettext("State"), "kind": "assignment", "state": one.state},
        {"term": gettext("Site"), "value": one.site.name, "url": link("site", one.site.slug)},
        {"term": gettext("Item"), "value": item_label(one.item)},
        {
            "term": gettext("Accountable"),
            "value": one.accountable.name if names else _hidden(one),
            "url": link("person", one.accountable_id) if names else "",
            "note": gettext("has left") if one.accountable.left_by(now) else "",
        },
        {
            "term": gettext("Team"),
            "value": one.team.name,
            "url": link("team", one.team_id),
            "note": one.team.contact,
        },
        {"term": gettext("Deputy"), **_deputy(one, names=names, now=now)},
        {"term": gettext("Responsible"), "value": (one.responsible or one.team).name},
        {
            "term": gettext("Proposed"),
            "value": day(one.proposed_at),
            "note": str(one.proposed_by) if names else "",
        },
        {"term": gettext("Begins"), "value": day(one.effective_at)},
    ]
    if one.answered_at:
        told.append({"term": gettext("Answered"), "value": day(one.answered_at), "note": one.answer_note})
    if one.answered_by and names:
        told.append({"term": gettext("Answered by"), "value": one.answered_by.username})
    if one.confirmed_at:
        told.append({"term": gettext("Confirmed"), "value": day(one.confirmed_at)})
    if one.due_at and one.is_live(now):
        told.append({"term": gettext("To be confirmed by"), "value": due(one.due_at, now)})
    if one.ended_at:
        term = gettext("Ends") if one.ended_at > now else gettext("Ended")
        told.append({"term": term, "value": due(one.ended_at, now), "note": one.end_reason})
    return told


def _deputy(one: Assignment, *, names: bool, now: datetime) -> Line:
    if one.deputy is None:
        return {"value": gettext("nobody")}
    left = gettext("has left") if one.deputy.left_by(now) else ""
    return {"value": one.deputy.name if names else gettext("named"), "note": left}


def choices_of(one: Assignment, user: User, now: datetime) -> Line:
    """What the reader is offered, and why not the rest."""
    named, live = rules.is_named(one, user), one.is_live(now)
    waits = one.state == Assignment.State.PROPOSED
    own_proposal = waits and one.proposed_by_id == user.pk and user.has_perm(rules.MAY_PROPOSE)
    why_not = ""
    if waits and not named:
        why_not = gettext("Only the person named accepts or declines.")
    return {
        "may_answer": waits and named,
        "may_confirm": live and not waits and named,
        "may_end": live and (named or own_proposal or user.has_perm(rules.MAY_END)),
        "may_tick": live and (named or user.has_perm(rules.MAY_PROPOSE)),
        "may_amend": live and user.has_perm(rules.MAY_PROPOSE) and sees_names(user),
        "withdraws": waits,
        "why_not": why_not,
    }


def terms(found: list[Assignment], *, names: bool, now: datetime) -> list[Line]:
    """The other assignments of the same item, the newest first."""
    return [
        {
            "id": one.pk,
            "url": link("assignment", one.pk),
            "state": one.state,
            "who": one.accountable.name if names else _hidden(one),
            "team": one.team.name,
            "span": _span(one),
            "reason": (one.end_reason or one.answer_note) if names else "",
        }
        for one in found
    ]


def _span(one: Assignment) -> str:
    if one.confirmed_at is None:
        return gettext("proposed %(day)s") % {"day": day(one.proposed_at)}
    begun = day(one.effective_at)
    return f"{begun} – {day(one.ended_at)}" if one.ended_at else gettext("since %(day)s") % {"day": begun}
