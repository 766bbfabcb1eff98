"""Reassign everything that one person owns: planned and shown first, then done completely or not at all."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.organisation.ownership import operations, rules
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Person, Team
from web.workflows import require

KEPT = ("site", "item", "responsible", "decision_rights", "escalation")


@dataclass(frozen=True, slots=True)
class Reassignment:
    """One assignment, before and after.

    `problem` says why it cannot be done, "" if it can. `kind` is `ask` (the other person is asked to accept),
    `ask-again` (a proposal is withdrawn and made to the other person), or `deputy` (the other person becomes deputy at
    once).
    """

    assignment: Assignment
    kind: str
    accountable: Person
    team: Team
    deputy: Person | None
    problem: str = ""

    @property
    def state(self) -> str:
        return self.assignment.state if self.kind == "deputy" else Assignment.State.PROPOSED.value


def plan(source: Person, target: Person, *, team: Team | None = None, now: datetime) -> list[Reassignment]:
    live = Assignment.objects.live(now).filter(_touching(source))
    assignments = list(
        live.select_related("site", "team", "accountable__user", "deputy__user", "responsible").order_by(
            "site__name", "item", "pk"
        )
    )
    among = Assignment.objects.live(now).filter(site__in={assignment.site_id for assignment in assignments})
    waiting = {
        (assignment.site_id, assignment.item): assignment
        for assignment in among.order_by("pk")
        if assignment.state == Assignment.State.PROPOSED or assignment.effective_at > now
    }
    return [
        _move(assignment, source, target, team, waiting.get((assignment.site_id, assignment.item)), now)
        for assignment in assignments
    ]


def _move(
    assignment: Assignment,
    source: Person,
    target: Person,
    team: Team | None,
    pending_assignment: Assignment | None,
    now: datetime,
) -> Reassignment:
    if assignment.accountable_id != source.pk:
        problem = (
            "The deputy and the accountable person must be two people."
            if assignment.accountable_id == target.pk
            else ""
        )
        return Reassignment(assignment, "deputy", assignment.accountable, assignment.team, target, problem)
    kind = "ask-again" if assignment.state == Assignment.State.PROPOSED else "ask"
    deputy = assignment.deputy
    if deputy is not None and (deputy.pk == target.pk or deputy.left_by(now)):
        deputy = None
    problem = ""
    if pending_assignment is not None and pending_assignment.pk != assignment.pk:
        problem = f"Assignment {pending_assignment.pk} is proposed to somebody or begins later: end it first."
    elif assignment.state == Assignment.State.ACCEPTED and assignment.effective_at > now:
        problem = "It was accepted and begins later: end it first."
    return Reassignment(assignment, kind, target, team or assignment.team, deputy, problem)


@transaction.atomic
def reassign(
    *,
    source: Person,
    target: Person,
    team: Team | None = None,
    shown_digest: str = "",
    by: User,
    now: datetime,
) -> list[Reassignment]:
    """Ask `target` for everything that `source` owns or is asked for, and make `target` deputy where `source` is.

    `shown_digest`, if given, is the digest of the preview: any other plan is refused.

    Everything or nothing: raises ValidationError with a message for each obstacle, MissingPermission. Terms in force
    continue until the other person accepts.
    """
    require(by, rules.MAY_PROPOSE)
    require(by, rules.MAY_END)
    refuse_target(source, target, now)
    sites = Site.objects.filter(assignments__in=Assignment.objects.live(now).filter(_touching(source)))
    ids = sorted(set(sites.order_by().values_list("pk", flat=True)))
    list(Site.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    moves = plan(source, target, team=team, now=now)
    _refuse_problems(moves)
    if shown_digest and shown_digest != digest_of(moves):
        raise ValidationError("What would move is not what was shown: look at it again.")
    _apply(moves, by=by, now=now)
    return moves


def digest_of(moves: Sequence[Reassignment]) -> str:
    rows = [
        (move.assignment.pk, move.kind, move.accountable.pk, move.team.pk, move.deputy and move.deputy.pk)
        for move in moves
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def _touching(source: Person) -> Q:
    return Q(accountable=source) | Q(deputy=source)


def items_to_hand_over(person: Person, now: datetime) -> list[str]:
    """List what a person must hand over before they are erased."""
    live = Assignment.objects.live(now).filter(_touching(person)).select_related("site")
    return [
        f"This person is {'accountable' if each.accountable_id == person.pk else 'deputy'}"
        f" for {each.get_item_display().lower()} at {each.site}."
        for each in live.order_by("site__name", "item", "pk")
    ]


def refuse_target(source: Person, target: Person, now: datetime) -> None:
    if target.pk == source.pk:
        raise ValidationError({"to": ["Choose another person: this is the present owner."]})
    if target.left_by(now):
        raise ValidationError({"to": ["This person has left."]})
    if target.user_id is None:
        raise ValidationError({"to": ["No user has confirmed to be this person, so nobody could accept."]})


def _refuse_problems(moves: Sequence[Reassignment]) -> None:
    problems = [f"{move.assignment}: {move.problem}" for move in moves if move.problem]
    if problems:
        raise ValidationError({"from": problems})
    if not moves:
        raise ValidationError({"from": ["This person owns no item and has no open proposal."]})


def _apply(moves: Sequence[Reassignment], *, by: User, now: datetime) -> None:
    proposals = []
    for move in moves:
        assignment = move.assignment
        if move.kind == "deputy":
            rules.refuse_own_deputy(assignment, move.deputy, by, now)
            assignment.deputy = move.deputy
            assignment.save(update_fields=["deputy"])
            continue
        if move.kind == "ask-again":
            operations.end(assignment, reason="Another person is asked instead.", by=by, now=now)
        values = {name: getattr(assignment, name) for name in KEPT}
        values |= {"accountable": move.accountable, "team": move.team, "deputy": move.deputy}
        begins_at = assignment.effective_at if move.kind == "ask-again" else None
        proposals.append(operations.Proposal(**values, effective_at=begins_at))
    if proposals:
        operations.propose_many(proposals, by=by, now=now)
