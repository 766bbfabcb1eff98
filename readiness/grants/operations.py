"""Asking for a grant, deciding on it, and taking it back. The site's claim row is left by the table's triggers."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.vocabulary import Gate
from readiness.grants.core.rules import MOST_WAIVERS, NotGrantable, check_of, refuse_unsuitable
from readiness.grants.models import LONGEST, Grant
from web.permissions import MissingPermission, roles_of

MAY_REQUEST = "grants.add_grant"
MAY_DECIDE = "grants.approve_grant"


class OwnRequest(PermissionDenied):
    """Nobody decides what they asked for."""


class AlreadyDecided(Exception):
    """The grant is in a state that this decision does not follow from; the message says in which."""


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
    _require(by, MAY_REQUEST)
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
    # Two requests for one site wait for each other, so that neither overlooks the other's.
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    _refuse_second(grant)
    _refuse_too_many(grant, now)
    grant.save(force_insert=True)
    return grant


@transaction.atomic
def approve(grant: Grant, *, note: str = "", by: User, now: datetime) -> Grant:
    """Let the grant count. Raises MissingPermission, OwnRequest, AlreadyDecided."""
    return _decide(grant, Grant.State.APPROVED, note=note, by=by, now=now)


@transaction.atomic
def deny(grant: Grant, *, note: str, by: User, now: datetime) -> Grant:
    """Refuse the grant, with a reason. Raises MissingPermission, OwnRequest, AlreadyDecided, ValidationError."""
    _refuse_silence(note)
    return _decide(grant, Grant.State.DENIED, note=note, by=by, now=now)


@transaction.atomic
def revoke(grant: Grant, *, note: str, by: User, now: datetime) -> Grant:
    """End a grant before its time, or withdraw the request. Whoever asked may do so too: it only makes things stricter.

    Raises MissingPermission, AlreadyDecided, ValidationError.
    """
    own = grant.requested_by_id == by.pk
    _require(by, MAY_REQUEST if own and not by.has_perm(MAY_DECIDE) else MAY_DECIDE)
    _refuse_silence(note)
    locked = _locked(grant)
    _refuse_unless(locked, {Grant.State.REQUESTED, Grant.State.APPROVED}, now)
    locked.state = Grant.State.REVOKED
    locked.revoked_by, locked.revoked_at, locked.revocation_note = by, now, note.strip()
    locked.save(update_fields=["state", "revoked_by", "revoked_at", "revocation_note"])
    return locked


def _decide(grant: Grant, state: Grant.State, *, note: str, by: User, now: datetime) -> Grant:
    _require(by, MAY_DECIDE)
    locked = _locked(grant)
    if locked.requested_by_id == by.pk:
        raise OwnRequest(
            f"You asked for this yourself: somebody else with the role {roles_of(MAY_DECIDE)} decides."
        )
    _refuse_unless(locked, {Grant.State.REQUESTED}, now)
    locked.state = state
    locked.approver, locked.decided_at, locked.decision_note = by, now, note.strip()
    locked.save(update_fields=["state", "approver", "decided_at", "decision_note"])
    return locked


def _locked(grant: Grant) -> Grant:
    """Lock the grant as it is now: two who decide at once see each other's decision."""
    return Grant.objects.select_for_update().get(pk=grant.pk)


def _require(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise MissingPermission([permission])


def _refuse_unless(grant: Grant, states: set[Grant.State], now: datetime) -> None:
    standing = grant.standing_now(now)
    if standing not in states:
        raise AlreadyDecided(f"It is {str(standing.label).lower()}, which cannot be changed any more.")


def _refuse_silence(note: str) -> None:
    if not note.strip():
        raise ValidationError({"note": ["Say why."]})


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


def _refuse_second(grant: Grant) -> None:
    """The constraint of the table refuses it too; this says which one is there."""
    others = Grant.objects.filter(
        site=grant.site,
        kind=grant.kind,
        check_id=grant.check_id,
        part=grant.part,
        state__in=[Grant.State.REQUESTED, Grant.State.APPROVED],
        starts_at__lt=grant.ends_at,
        ends_at__gt=grant.starts_at,
    )
    if (other := others.first()) is not None:
        raise ValidationError(
            "{kind} {id} is {state} for this already, until {until} UTC.".format(
                kind=other.get_kind_display(),
                id=other.pk,
                state=other.get_state_display().lower(),
                until=f"{other.ends_at:%Y-%m-%d %H:%M}",
            )
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
