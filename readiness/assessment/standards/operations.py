"""Draft, publish and retire versions of standards; ask for waivers of deviations and decide on them.

Triggers of the tables leave the claims of sites, so that the next evaluation finds what changed.
"""

from datetime import datetime
from types import EllipsisType
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Device, Site
from readiness.assessment.grants.models import LONGEST
from readiness.assessment.standards.core.rules import plain_rules, read_rules
from readiness.assessment.standards.models import DeviationWaiver, Standard, StandardVersion, WaiverStanding
from readiness.assessment.standards.models.waivers import OPEN
from web.actor import acting
from web.permissions import roles_of
from web.units import instant
from web.versioned.core.documents import DocumentError
from web.workflows import NotInState, Turn, Workflow, require, second
from web.workflows.steps import still_there
from web.workflows.waiting import subjects_by

MAY_DRAFT = "standards.change_standardversion"
MAY_PUBLISH = "standards.publish_standardversion"
MAY_REQUEST = "standards.add_deviationwaiver"
MAY_DECIDE = "standards.approve_deviationwaiver"
_FIXED = "The version is {state}, and stays as it is. Draft a new one."


def checked_rules(rules: Any) -> list[dict[str, Any]]:
    """The rules as they are stored. Raises ValidationError with every fault."""
    try:
        return plain_rules(read_rules(rules))
    except DocumentError as error:
        raise ValidationError({"rules": [str(each) for each in (error, *error.others)]}) from error


@transaction.atomic
def draft_version(
    *, standard: Standard, version: str, by: User, now: datetime, **values: Any
) -> StandardVersion:
    """Raises MissingPermission, and ValidationError by field."""
    require(by, MAY_DRAFT)
    row = StandardVersion(standard=standard, version=version, created_at=now, created_by=by)
    _write(row, values)
    return row


@transaction.atomic
def change_version(draft: StandardVersion, /, *, by: User, now: datetime, **values: Any) -> StandardVersion:
    """Give a draft other rules, another scope or name. Raises as `draft_version` does, and NotInState."""
    require(by, MAY_DRAFT)
    if "standard" in values and values["standard"] != draft.standard:
        raise ValidationError({"standard": ["A version stays with its standard. Draft one of the other."]})
    row = _locked_draft(draft)
    _write(row, values)
    return row


def _write(row: StandardVersion, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, checked_rules(value) if name == "rules" else value)
    if "rules" not in values and not row.pk:
        row.rules = checked_rules(row.rules)
    row.full_clean(exclude=["created_by", "published_by"])
    row.save()


def _locked_draft(version: StandardVersion) -> StandardVersion:
    # Whoever drafts or publishes locks the standard first, so that two publishers wait for each other.
    still_there(Standard.objects.select_for_update(), version.standard_id)
    row = still_there(
        StandardVersion.objects.select_related("standard").select_for_update(of=("self",)), version.pk
    )
    if not row.is_draft:
        raise NotInState(_FIXED.format(state=row.get_status_display().lower()))
    return row


@transaction.atomic
def discard_version(version: StandardVersion, *, by: User, now: datetime) -> None:
    """Delete a draft. Raises MissingPermission, NotInState."""
    require(by, MAY_DRAFT)
    row = _locked_draft(version)
    with acting(by, message=f"Discard {row}"):
        row.delete()


@transaction.atomic
def publish_version(
    version: StandardVersion, *, replaces: int | EllipsisType | None = ..., by: User, now: datetime
) -> StandardVersion:
    """Put a draft in force, and retire the version in force. `replaces` is the id of the version in force that the
    publisher saw, None for none: where another one is in force by now, what they saw does not happen.

    Raises MissingPermission, NotInState, ValidationError.
    """
    require(by, MAY_PUBLISH)
    row = _locked_draft(version)
    checked_rules(row.rules)
    in_force = row.standard.versions.filter(status=StandardVersion.Status.PUBLISHED).first()
    if replaces is not ... and replaces != (in_force.pk if in_force else None):
        raise NotInState(
            f"{in_force or 'No version'} is in force by now. Look at the preview again before you publish."
        )
    with acting(by, message=f"Publish {row}"):
        if in_force is not None:
            _retire(in_force, now)
        row.status, row.published_at, row.published_by = StandardVersion.Status.PUBLISHED, now, by
        row.save()
    return row


@transaction.atomic
def retire_version(version: StandardVersion, *, by: User, now: datetime) -> StandardVersion:
    """Take the version in force out of force, without another. Raises MissingPermission, NotInState."""
    require(by, MAY_PUBLISH)
    still_there(Standard.objects.select_for_update(), version.standard_id)
    row = still_there(StandardVersion.objects.select_for_update(of=("self",)), version.pk)
    if row.status != StandardVersion.Status.PUBLISHED:
        raise NotInState("The version is not in force.")
    with acting(by, message=f"Retire {row}"):
        _retire(row, now)
    return row


def _retire(row: StandardVersion, now: datetime) -> None:
    row.status, row.retired_at = StandardVersion.Status.RETIRED, now
    row.save()


class OwnWaiver(PermissionDenied):
    """Nobody approves their own request."""


WAIVERS = Workflow(
    model=DeviationWaiver,
    states=dict(WaiverStanding.choices),
    state_of=DeviationWaiver.standing_now,
    joined=("standard", "site"),
    refusal="It is {state}, which cannot be changed any more.",
)


@transaction.atomic
def request_waiver(
    *,
    standard: Standard,
    site: Site,
    device: Device | None = None,
    rule: str = "",
    reason: str,
    ends_at: datetime,
    by: User,
    now: datetime,
) -> DeviationWaiver:
    """Ask that a deviation may stay until an instant; it counts once somebody else approved it.

    Raises MissingPermission, and ValidationError by field.
    """
    require(by, MAY_REQUEST)
    waiver = DeviationWaiver(
        standard=standard,
        site=site,
        device=device,
        rule=rule,
        reason=reason.strip(),
        requested_by=by,
        requested_at=now,
        starts_at=now,
        ends_at=ends_at,
    )
    _refuse(waiver, now)
    waiver.full_clean(exclude=["requested_by", "approver"])
    waiver.save(force_insert=True)
    return waiver


def _refuse(waiver: DeviationWaiver, now: datetime) -> None:
    if waiver.ends_at <= now:
        raise ValidationError({"ends_at": ["The end must be after now."]})
    if waiver.ends_at - now > LONGEST:
        raise ValidationError({"ends_at": [f"It lasts {LONGEST.days} days at most."]})
    if waiver.device is not None and waiver.device.site_id != waiver.site_id:
        raise ValidationError({"device": ["This device is at another site."]})
    in_force = waiver.standard.versions.filter(status=StandardVersion.Status.PUBLISHED).first()
    rules = {rule["id"] for rule in in_force.rules} if in_force else set()
    if waiver.rule and waiver.rule not in rules:
        raise ValidationError({"rule": ["The version in force has no rule of this id."]})
    # The lock makes two requests for one site wait, so that each sees the other. The table's constraint refuses it too.
    still_there(Site.objects.select_for_update(no_key=True), waiver.site_id)
    same = DeviationWaiver.objects.filter(
        standard=waiver.standard, rule=waiver.rule, site=waiver.site, device=waiver.device
    )
    if (other := same.filter(state__in=OPEN, ends_at__gt=now).first()) is not None:
        raise ValidationError(
            f"Waiver {other.pk} of this is {other.get_state_display().lower()} already, until {instant(other.ends_at)}."
        )


def _refuse_own(waiver: DeviationWaiver, by: User) -> None:
    if waiver.requested_by_id == by.pk:
        raise OwnWaiver(
            f"You requested this yourself: a second person with the role {roles_of(MAY_DECIDE)} must approve it."
        )


def _refuse_stranger(waiver: DeviationWaiver, by: User) -> None:
    """The requester may end it too, because that only makes the result stricter."""
    if waiver.requested_by_id != by.pk:
        require(by, MAY_DECIDE)


def _asked_by_others(by: User, now: datetime) -> Q:
    is_open = Q(state=DeviationWaiver.State.REQUESTED, ends_at__gt=now)
    return is_open & second.others("requested_by", by, now)


def _subject(waiver: DeviationWaiver) -> str:
    return f"{waiver.standard}{f', {waiver.device}' if waiver.device else ''}"


DECIDING = Turn(
    kind="Decide on a waiver of a deviation",
    verb="Decide",
    tab="standard-list",
    page="deviation-waiver-detail",
    of=_asked_by_others,
    subjects=subjects_by(_subject),
    asked_by=lambda waiver: waiver.requested_by,
    since="requested_at",
    joined=("site", "standard", "device", "requested_by"),
)


@WAIVERS.step(
    after=[WaiverStanding.REQUESTED],
    any_of=(MAY_DECIDE,),
    refuse=_refuse_own,
    second=second.first_in("requested_by", "requested_at"),
    turn=DECIDING,
)
def approve(waiver: DeviationWaiver, *, note: str, by: User, now: datetime) -> None:
    """Approve somebody else's waiver of a deviation."""
    _decide(waiver, DeviationWaiver.State.APPROVED, note, by, now)


@WAIVERS.step(after=[WaiverStanding.REQUESTED], any_of=(MAY_DECIDE,), refuse=_refuse_own, must_say=True)
def deny(waiver: DeviationWaiver, *, note: str, by: User, now: datetime) -> None:
    """Deny somebody else's waiver of a deviation, with a reason."""
    _decide(waiver, DeviationWaiver.State.DENIED, note, by, now)


@WAIVERS.step(after=OPEN, any_of=(MAY_DECIDE, MAY_REQUEST), refuse=_refuse_stranger, must_say=True)
def revoke(waiver: DeviationWaiver, *, note: str, by: User, now: datetime) -> None:
    """End a waiver early, or withdraw your own request."""
    waiver.state, waiver.revoked_at, waiver.decision_note = DeviationWaiver.State.REVOKED, now, note
    waiver.save(update_fields=["state", "revoked_at", "decision_note"])


def _decide(waiver: DeviationWaiver, state: str, note: str, by: User, now: datetime) -> None:
    waiver.state, waiver.approver, waiver.decided_at, waiver.decision_note = state, by, now, note
    waiver.save(update_fields=["state", "approver", "decided_at", "decision_note"])
