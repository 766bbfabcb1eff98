"""Deputies: who acts for an owner on leave, and the hand-over that follows a leave.

A deputy acts while the owner is on leave and they are not. Nobody acts for a deputy, so an item whose owner and deputy
are both away has nobody, and says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from readiness.organisation.ownership.core.standing import Hindrance
from readiness.organisation.ownership.models import Assignment, LeaveHandover, condition_in_force
from readiness.organisation.people.models import Leave, Person
from web import actor
from web.audit import AuditEntry
from web.workflows import second

LONG_LEAVE = timedelta(days=7)
"""Longer leave proposes a hand-over to the deputy. Operator-set default: what waits a week can wait for the owner."""
OFFERED_AHEAD = timedelta(days=30)
"""How long before the leave the deputy is asked. Operator-set default."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the owner of one assignment is there. `leave` is the present one; `hindrance` says why the deputy does
    not stand in. `handover` is the deputy's answer to it, None while there is none."""

    leave: Leave | None
    deputy: Person | None
    hindrance: Hindrance | None
    handover: LeaveHandover | None

    @property
    def acting(self) -> Person | None:
        return self.deputy if self.leave is not None and self.hindrance is None else None


def presence_of(assignment: Assignment, *, at: datetime) -> Presence:
    """Three statements at most, where the deputy and their user are joined in."""
    leaves = Leave.objects.filter(person=assignment.accountable_id, starts_at__lte=at, ends_at__gt=at)
    leave = leaves.order_by("-ends_at", "pk").first()
    if leave is None:
        return Presence(None, assignment.deputy, None, None)
    deputy = assignment.deputy
    answers = LeaveHandover.objects.filter(assignment=assignment, deputy=deputy, leave__in=leaves)
    handover = answers.order_by("accepted", "pk").first()
    return Presence(leave, deputy, _hindrance(deputy, handover, at), handover)


def _hindrance(deputy: Person | None, handover: LeaveHandover | None, at: datetime) -> Hindrance | None:
    if deputy is None:
        return Hindrance.NO_DEPUTY
    if deputy.left_by(at):
        return Hindrance.LEFT
    if deputy.user_id is None:
        return Hindrance.NO_ACCOUNT
    if Leave.objects.filter(person=deputy, starts_at__lte=at, ends_at__gt=at).exists():
        return Hindrance.AWAY
    return Hindrance.DECLINED if handover is not None and not handover.accepted else None


def acting_for(assignment: Assignment, *, at: datetime) -> Person | None:
    """The deputy, if they act for the owner at this instant."""
    person = assignment.accountable
    if person.left_by(at) or person.user_id is None:
        return None
    return presence_of(assignment, at=at).acting


def acted_for_by(user: User, now: datetime) -> Q:
    """A condition for assignments whose deputy is this user and acts for the owner now."""
    return Q(_acts_now(now), deputy__user=user)


def _acts_now(now: datetime) -> Q:
    """A condition for assignments whose owner is on leave, and whose deputy can act and is there."""
    return Q(
        leave_exists("accountable", now),
        ~leave_exists("deputy", now),
        ~Exists(
            LeaveHandover.objects.filter(
                assignment=OuterRef("pk"),
                deputy=OuterRef("deputy"),
                accepted=False,
                leave__starts_at__lte=now,
                leave__ends_at__gt=now,
            )
        ),
        Q(accountable__left_at=None) | Q(accountable__left_at__gt=now),
        Q(deputy__left_at=None) | Q(deputy__left_at__gt=now),
        accountable__user__is_active=True,
        deputy__user__is_active=True,
    )


def owner_represented_by(user: User, now: datetime, *, owner: str = "owner", site: str = "site") -> Q:
    """A condition for objects of a site that an account owns, on leave, for whom this user acts at that site."""
    assignments = Assignment.objects.only_in_force(now).filter(acted_for_by(user, now))
    return Q(Exists(assignments.filter(accountable__user=OuterRef(owner), site=OuterRef(site))))


def deputy_of(assignment: Any, now: datetime) -> QuerySet[Assignment]:
    """The assignment of this key, if its deputy answers for the owner now; for subqueries."""
    return Assignment.objects.filter(_acts_now(now), pk=assignment)


def represents(user: User, *, owner_id: int | None, site_id: int, now: datetime) -> bool:
    """Whether this user acts at the site for an account on leave, as a deputy there."""
    if owner_id is None or owner_id == user.pk:
        return False
    assignments = Assignment.objects.only_in_force(now).filter(acted_for_by(user, now))
    return assignments.filter(accountable__user=owner_id, site=site_id).exists()


def entered_leave(user: User, assignment: Assignment, now: datetime) -> bool:
    """Whether this user entered the leave because of which they would act. One person then decided alone."""
    leaves = Leave.objects.filter(person=assignment.accountable_id, starts_at__lte=now, ends_at__gt=now)
    entries = AuditEntry.objects.filter(
        table=Leave._meta.db_table,
        object_id__in=list(leaves.values_list("pk", flat=True)),
        user_id__in=second.own_accounts(user, now=now),
    )
    return entries.filter(action__in=[AuditEntry.Action.CREATED, AuditEntry.Action.CHANGED]).exists()


def note_deputy(owner: object) -> None:
    """Have the history say for whom this is done. `owner` is a name only where the history needs names."""
    actor.note(f"As deputy of {owner}")


def leave_exists(person: str, now: datetime) -> Exists:
    return Exists(Leave.objects.filter(person=OuterRef(person), starts_at__lte=now, ends_at__gt=now))


def _offered_leaves(now: datetime) -> QuerySet[Leave]:
    """Leave, of the owner of an outer assignment, that proposes a hand-over which the deputy has not answered."""
    answers = LeaveHandover.objects.filter(
        leave=OuterRef("pk"), assignment=OuterRef(OuterRef("pk")), deputy=OuterRef(OuterRef("deputy"))
    )
    is_long = Q(ends_at__gt=F("starts_at") + LONG_LEAVE)
    is_due_meanwhile = Q(starts_at__lte=OuterRef("due_at"), ends_at__gt=OuterRef("due_at"))
    return Leave.objects.filter(
        ~Exists(answers),
        is_long | is_due_meanwhile,
        person=OuterRef("accountable"),
        ends_at__gt=now,
        starts_at__lte=now + OFFERED_AHEAD,
    )


def offered(now: datetime) -> Q:
    """A condition for assignments with a hand-over that waits for the deputy's answer. Nothing is stored before it."""
    return Q(condition_in_force(now), Exists(_offered_leaves(now)), deputy__isnull=False)


def offered_leaves(assignment: Assignment, now: datetime) -> list[Leave]:
    """Leave that proposes a hand-over of this assignment, unanswered, the first first. Two statements."""
    answered = LeaveHandover.objects.filter(assignment=assignment, deputy=assignment.deputy_id)
    leaves = (
        Leave.objects.filter(
            person=assignment.accountable_id, ends_at__gt=now, starts_at__lte=now + OFFERED_AHEAD
        )
        .exclude(pk__in=list(answered.values_list("leave", flat=True)))
        .order_by("starts_at", "pk")
    )
    return [leave for leave in leaves if proposes_handover(assignment, leave)]


def proposes_handover(assignment: Assignment, leave: Leave) -> bool:
    """Long leave does, and leave during which a confirmation falls due."""
    is_due = assignment.due_at is not None and leave.starts_at <= assignment.due_at < leave.ends_at
    return is_due or leave.ends_at - leave.starts_at > LONG_LEAVE
