"""Request, decide and revoke grants. The table's triggers leave the site's claim row."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.grants.core.rules import MOST_WAIVERS, NotGrantable, check_of, refuse_unsuitable
from readiness.assessment.grants.models import LONGEST, OPEN, Grant, GrantStanding, is_live
from web.permissions import roles_of
from web.units import instant
from web.workflows import Turn, Workflow, require, second, still_there

MAY_REQUEST = "grants.add_grant"
MAY_DECIDE = "grants.approve_grant"


class OwnRequest(PermissionDenied):
    """Nobody may approve their own request."""


GRANTS = Workflow(
    model=Grant,
    states=dict(GrantStanding.choices),
    state_of=Grant.standing_now,
    refusal="It is {state}, which cannot be changed any more.",
)


@transaction.atomic
def request(
    *,
    site: Site,
    kind: str,
    check_id: str,
    part: str = "",
    reason: str,
    starts_at: datetime | None = None,
    ends_at: datetime,
    gate: Gate | None,
    excluded: bool,
    by: User,
    now: datetime,
) -> Grant:
    """Request a grant; it counts from `starts_at` (default: now) once somebody else has approved it.

    `gate` is the check's gate at this site, None if it was never evaluated there; then the definition's gate is used.
    `excluded` says that the check does not apply at the site anyway. Raises MissingPermission, and ValidationError by
    field: an unsuitable check, a span out of bounds, a live grant in that time, too many waivers at the site.
    """
    require(by, MAY_REQUEST)
    grant = Grant(
        site=site,
        kind=kind,
        check_id=check_id,
        part=part,
        reason=reason.strip(),
        requested_by=by,
        requested_at=now,
        starts_at=starts_at or now,
        ends_at=ends_at,
    )
    _refuse_span(grant, now)
    grant.clean_fields(exclude=["requested_by"])
    _refuse_unsuitable(grant, gate, excluded=excluded)
    _refuse_beside_others(grant, now)
    grant.save(force_insert=True)
    return grant


def _refuse_own(grant: Grant, by: User) -> None:
    if grant.requested_by_id == by.pk:
        raise OwnRequest(
            f"You requested this yourself: a second person with the role {roles_of(MAY_DECIDE)} must approve it."
        )


def _refuse_stranger(grant: Grant, by: User) -> None:
    """The requester may revoke it too, because that only makes the result stricter."""
    if grant.requested_by_id != by.pk:
        require(by, MAY_DECIDE)


def _asked_by_others(by: User, now: datetime) -> Q:
    return is_live(now) & Q(state=Grant.State.REQUESTED) & second.others("requested_by", by, now)


def _subjects(grants: Sequence[Grant]) -> Iterable[str]:
    checks = framework_queries.current()[1].checks_by_id
    for grant in grants:
        check = checks.get(grant.check_id)
        name = check.name if check else grant.check_id
        # The page already shows that it waits for a decision.
        yield name if grant.kind == Grant.Kind.WAIVER else f"{grant.get_kind_display()}: {name}"


DECIDING = Turn(
    kind="Decide on a waiver",
    verb="Decide",
    tab="waivers",
    page="waiver",
    of=_asked_by_others,
    subjects=_subjects,
    asked_by=lambda grant: grant.requested_by,
    since="requested_at",
    joined=("site", "requested_by"),
)


@GRANTS.step(
    after=[Grant.State.REQUESTED],
    any_of=(MAY_DECIDE,),
    refuse=_refuse_own,
    second=second.first_in("requested_by", "requested_at"),
    turn=DECIDING,
)
def approve(grant: Grant, *, note: str, by: User, now: datetime) -> None:
    """Approve somebody else's request."""
    _decide(grant, Grant.State.APPROVED, note, by, now)


@GRANTS.step(after=[Grant.State.REQUESTED], any_of=(MAY_DECIDE,), refuse=_refuse_own, must_say=True)
def deny(grant: Grant, *, note: str, by: User, now: datetime) -> None:
    """Deny somebody else's request, with a reason."""
    _decide(grant, Grant.State.DENIED, note, by, now)


@GRANTS.step(after=OPEN, any_of=(MAY_DECIDE, MAY_REQUEST), refuse=_refuse_stranger, must_say=True)
def revoke(grant: Grant, *, note: str, by: User, now: datetime) -> None:
    """End a grant early, or withdraw your own request."""
    grant.state = Grant.State.REVOKED
    grant.revoked_by, grant.revoked_at, grant.revocation_note = by, now, note
    grant.save(update_fields=["state", "revoked_by", "revoked_at", "revocation_note"])


def _decide(grant: Grant, state: Grant.State, note: str, by: User, now: datetime) -> None:
    grant.state, grant.approver, grant.decided_at, grant.decision_note = state, by, now, note
    grant.save(update_fields=["state", "approver", "decided_at", "decision_note"])


def _refuse_span(grant: Grant, now: datetime) -> None:
    if grant.starts_at < now:
        raise ValidationError(
            {"starts_at": ["It cannot begin before the request: the past does not change."]}
        )
    if grant.ends_at <= grant.starts_at:
        raise ValidationError({"ends_at": ["The end must be after the start."]})
    if grant.ends_at - grant.starts_at > LONGEST:
        raise ValidationError({"ends_at": [f"It lasts {LONGEST.days} days at most."]})
    if grant.starts_at - now > LONGEST:
        raise ValidationError({"starts_at": [f"It begins within {LONGEST.days} days."]})


def _refuse_unsuitable(grant: Grant, gate: Gate | None, *, excluded: bool) -> None:
    _version, framework = framework_queries.current()
    if grant.part and grant.kind != Grant.Kind.NOT_APPLICABLE:
        raise ValidationError({"part": ["Only a declared n-a may be of one sub-measure."]})
    try:
        check = check_of(framework, grant.check_id)
        refuse_unsuitable(grant.kind, check, grant.part, gate=gate or check.gate, excluded=excluded)
    except NotGrantable as error:
        raise ValidationError({error.field: [error.reason]}) from error


def _refuse_beside_others(grant: Grant, now: datetime) -> None:
    # The lock makes two requests for one site wait, so that each sees the other.
    still_there(Site.objects.select_for_update(no_key=True), grant.site_id)
    _refuse_second(grant)
    _refuse_too_many(grant, now)


def _refuse_second(grant: Grant) -> None:
    """The table's constraint refuses it too; this message names the existing grant."""
    others = Grant.objects.filter(
        site=grant.site,
        kind=grant.kind,
        check_id=grant.check_id,
        part=grant.part,
        state__in=OPEN,
        starts_at__lt=grant.ends_at,
        ends_at__gt=grant.starts_at,
    )
    if (other := others.first()) is not None:
        raise ValidationError(
            f"{other.get_kind_display()} {other.pk} is {other.get_state_display().lower()} for this already, "
            f"until {instant(other.ends_at)}."
        )


def _refuse_too_many(grant: Grant, now: datetime) -> None:
    if grant.kind != Grant.Kind.WAIVER:
        return
    live = Grant.objects.live(now).filter(site=grant.site, kind=Grant.Kind.WAIVER).count()
    if live >= MOST_WAIVERS:
        raise ValidationError(
            f"{grant.site.name} has {live} live waivers, and {MOST_WAIVERS} is the most (operator-set "
            "default). Revoke one, or meet a check."
        )
