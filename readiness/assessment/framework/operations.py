"""Change the framework: drafts and their steps, publishing, and rolling back."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from readiness.assessment.framework.core import shipped
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.upgrading import add_shipped
from readiness.assessment.framework.models import DraftStep, FrameworkVersion
from readiness.assessment.framework.queries import VERSIONS
from web.actor import acting
from web.versioned.core.documents import written
from web.versioned.models import DocumentVersion
from web.versioned.versions import NeedsReason, NotADraft, VersionConflict
from web.workflows import second

make_draft, edit, replace, discard = VERSIONS.make_draft, VERSIONS.edit, VERSIONS.replace, VERSIONS.discard
hold_in_force, require = VERSIONS.hold_in_force, VERSIONS.require


class VersionExistsError(ValueError):
    """A version of that name already exists; published definitions are never rewritten."""


class NothingToAdd(VersionConflict):
    """The version in force lacks nothing of Muster's newest definition."""


@transaction.atomic
def publish(definition: Mapping[str, Any] | Path, *, by: User | None, now: datetime) -> FrameworkVersion:
    """Check a definition, store it as a new version and put it in force; the present version retires. Raises
    DocumentError for a wrong field, VersionExistsError for a name that is taken."""
    framework = load(definition)
    if FrameworkVersion.objects.filter(version=framework.version).exists():
        raise VersionExistsError(f"Version {framework.version} is stored already.")
    with acting(by, message=f"Publish framework {framework.version}"):
        VERSIONS.take_out(by=by, now=now)
        return VERSIONS.create(framework, by=by, now=now, **_publication(by, now))


def publish_shipped(*, now: datetime) -> FrameworkVersion | None:
    """Put the version shipped with Muster in force if there is none; an operator's choice stays."""
    if VERSIONS.version_in_force() is not None:
        return None
    return publish(shipped.FOLDER, by=None, now=now)


def draft_shipped(*, by: User, now: datetime) -> FrameworkVersion:
    """Make a draft of the version in force with what it lacks of Muster's newest definition. Whoever makes it counts as
    its editor. Raises MissingPermission, NothingToAdd."""
    in_force, framework = VERSIONS.current()
    offered = add_shipped(framework)
    require(by, "add")
    if offered == framework:
        raise NothingToAdd(f"{in_force.version} lacks nothing of {shipped.shipped().version}.")
    return make_draft(made_from=in_force, definition=written(offered), by=by, now=now)


def publish_draft(
    draft: FrameworkVersion,
    *,
    digest: str,
    note: str = "",
    override_reason: str = "",
    against: list[str] | None = None,
    by: User,
    now: datetime,
) -> FrameworkVersion:
    """Put a draft in force; a claim row for every site makes it scored again.

    `digest` is that of the content decided on. `against` are objections; another objection is that editors of a draft
    do not publish it. With any objection an `override_reason` is required and kept. Raises MissingPermission,
    NotADraft, StaleContent, NeedsReason, DocumentError.
    """

    def columns(locked: FrameworkVersion) -> dict[str, Any]:
        steps = _steps_in(locked)
        own = _own_work(locked, steps, by, now)
        if own and second.is_strict():
            raise second.SamePerson(" ".join(own))
        why = [*(against or []), *own]
        if why and not override_reason.strip():
            raise NeedsReason(why)
        firsts = [(step.by_id, step.at) for step in steps]
        second.record(
            locked, "publish", firsts, by=by, now=now, flags=[second.ApprovalFlag.ALONE] if own else ()
        )
        return {"note": note.strip(), "override_reason": override_reason.strip() if why else ""}

    return VERSIONS.publish(draft, digest=digest, by=by, now=now, columns=columns)


def _steps_in(draft: FrameworkVersion) -> list[DraftStep]:
    """The last edit of this content by each editor. A copy of a draft holds what was edited there before it was
    made."""
    edits = Q(version=draft)
    copy: DocumentVersion = draft
    base = draft.made_from
    while base is not None and (base.published_at is None or base.published_at > copy.created_at):
        edits |= Q(version=base.pk, at__lte=copy.created_at)
        copy, base = base, base.made_from
    steps = DraftStep.objects.filter(edits, by__isnull=False).exclude(changes=[]).select_related("version")
    return list(steps.order_by("by", "-at", "-pk").distinct("by"))


def _own_work(draft: FrameworkVersion, steps: Sequence[DraftStep], by: User, now: datetime) -> list[str]:
    """Return why this person needs a reason to publish: rules for every site need a second pair of eyes."""
    for step in sorted(steps, key=lambda step: step.by_id != by.pk):
        try:
            second.refuse_same_person(step.by_id, by, now=now, since=step.at)
        except second.SamePerson as error:
            if step.by_id != by.pk:
                return [str(error)]
            if step.version_id == draft.pk:
                return ["You edited this draft yourself: a second person must publish it."]
            return [f"You edited {step.version}, which this is a copy of: a second person must publish it."]
    return []


@transaction.atomic
def roll_back(
    to: FrameworkVersion, *, version: str = "", note: str, by: User, now: datetime
) -> FrameworkVersion:
    """Put the content of an earlier version in force again, as a new version that refers to it.

    It was decided once, so one person may do it at once and without a dry-run, with a reason. Raises MissingPermission,
    NotADraft, ValidationError.
    """
    require(by, "publish")
    if not note.strip():
        raise ValidationError({"note": ["Enter a reason."]})
    if len(note) > 2000:
        raise ValidationError({"note": ["Enter at most 2,000 characters."]})
    in_force = hold_in_force()
    earlier = FrameworkVersion.objects.get(pk=to.pk)
    if earlier.status != FrameworkVersion.Status.RETIRED:
        raise NotADraft("You can only roll back to a version that was in force before.")
    framework = dataclasses.replace(VERSIONS.content(earlier), version=VERSIONS.free_name(version))
    with acting(by, message=f"Roll framework back to {earlier.version} as {framework.version}"):
        VERSIONS.take_out(by=by, now=now)
        return VERSIONS.create(
            framework,
            made_from=in_force,
            rolls_back_to=earlier,
            note=note.strip(),
            by=by,
            now=now,
            **_publication(by, now),
        )


def _publication(by: User | None, now: datetime) -> dict[str, Any]:
    return {"status": FrameworkVersion.Status.PUBLISHED, "published_at": now, "published_by": by}
