"""Asking for a grant, deciding on it, and taking it back. The site's claim row is left by the table's triggers."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.vocabulary import Gate
from readiness.grants.core.rules import MOST_WAIVERS, NotGrantable, check_of, refuse_unsuitable
from readiness.grants.models import LONGEST, OPEN, Grant, GrantStanding, is_live
from web.permissions import roles_of
from web.units import instant
from web.workflows import Turn, Workflow, require, still_there

MAY_REQUEST = "grants.add_grant"
MAY_DECIDE = "grants.approve_grant"


class OwnRequest(PermissionDenied):
    """Nobody approves their own request."""


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
    """Ask for a grant; it counts from `starts_at` (now, if none is given) once somebody else has approved it.

    `gate` is the check's at this site, None where it was never evaluated there: then it is that of the definition.
    `excluded` says that the check does not apply at the site anyway.

    Raises MissingPermission, and ValidationError by field: a check that cannot have it, a span out of bounds, one that
    is live in that time, too many waivers at the site.
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
    """Whoever asked may take it back too: that only makes things stricter."""
    if grant.requested_by_id != by.pk:
        require(by, MAY_DECIDE)


def _asked_by_others(by: User, now: datetime) -> Q:
    return is_live(now) & Q(state=Grant.State.REQUESTED) & ~Q(requested_by=by)


def _subjects(grants: Sequence[Grant]) -> Iterable[str]:
    checks = framework_queries.current()[1].checks_by_id
    for grant in grants:
        check = checks.get(grant.check_id)
        name = check.name if check else grant.check_id
        # That it waits for a decision on a waiver is said beside it.
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


@GRANTS.step(after=[Grant.State.REQUESTED], any_of=(MAY_DECIDE,), refuse=_refuse_own, turn=DECIDING)
def approve(grant: Grant, *, note: str, by: User, now: datetime) -> None:
    """Approve a request of somebody else."""
    _decide(grant, Grant.State.APPROVED, note, by, now)


@GRANTS.step(after=[Grant.State.REQUESTED], any_of=(MAY_DECIDE,), refuse=_refuse_own, must_say=True)
def deny(grant: Grant, *, note: str, by: User, now: datetime) -> None:
    """Deny a request of somebody else, and say why."""
    _decide(grant, Grant.State.DENIED, note, by, now)


@GRANTS.step(after=OPEN, any_of=(MAY_DECIDE, MAY_REQUEST), refuse=_refuse_stranger, must_say=True)
def revoke(grant: Grant, *, note: str, by: User, now: datetime) -> None:
    """End it before its time, or withdraw one's request."""
    grant.state = Grant.State.REVOKED
    grant.revoked_by, grant.revoked_at, grant.revocation_note = by, now, note
    grant.save(update_fields=["state", "revoked_by", "revoked_at", "revocation_note"])


def _decide(grant: Grant, state: Grant.State, note: str, by: User, now: datetime) -> None:
    grant.state, grant.approver, grant.decided_at, grant.decision_note = state, by, now, note
    grant.save(update_fields=["state", "approver", "decided_at", "decision_note"])


def _refuse_span(grant: Grant, now: datetime) -> None:
    if grant.starts_at < now:
        raise ValidationError(
            {"starts_at": ["It cannot begin before it is asked for: what was, stays as it was."]}
        )
    if grant.ends_at <= grant.starts_at:
        raise ValidationError({"ends_at": ["The end is not after the start."]})
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
    # Two requests for one site wait for each other, so that neither overlooks the other's.
    still_there(Site.objects.select_for_update(no_key=True), grant.site_id)
    _refuse_second(grant)
    _refuse_too_many(grant, now)


def _refuse_second(grant: Grant) -> None:
    """The constraint of the table refuses it too; this says which one is there."""
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
