"""Publishing a version of the framework, and publishing again what an earlier one said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import User
from readiness.framework import queries
from readiness.framework.core.changes import changes
from readiness.framework.core.editing import refuse_unlike
from readiness.framework.core.loading import load
from readiness.framework.core.mapping import to_mapping
from readiness.framework.models import DraftStep, FrameworkVersion
from readiness.framework.operations.drafts import free_name, locked_draft
from readiness.framework.refusals import MAY_PUBLISH, NeedsReason, NotADraft, require
from web.actor import acting

_LOCK = 0x465257  # "FRW"
SHIPPED = Path(__file__).parents[1] / "data" / "muster-1"


class VersionExistsError(ValueError):
    """A version of that name is stored already; published definitions are never rewritten."""


@transaction.atomic
def publish(definition: Mapping[str, Any] | Path, *, by: User | None, now: datetime) -> FrameworkVersion:
    """Check a definition, store it as a new version and put it in force; the one in force until now retires.

    Raises DefinitionError naming the field at fault, VersionExistsError for a name that is taken.
    """
    framework = load(definition)
    if FrameworkVersion.objects.filter(version=framework.version).exists():
        raise VersionExistsError(f"Version {framework.version} is stored already.")
    with acting(by, message=f"Publish framework {framework.version}"):
        _retire()
        return FrameworkVersion.objects.create(
            version=framework.version,
            title=framework.title,
            status=FrameworkVersion.Status.PUBLISHED,
            definition=to_mapping(framework),
            digest=framework.content_digest,
            created_at=now,
            created_by=by,
            published_at=now,
            published_by=by,
        )


def publish_shipped(*, now: datetime) -> FrameworkVersion | None:
    """Put the version that comes with Muster in force where none is; an operator's choice is left alone."""
    if FrameworkVersion.objects.published().exists():
        return None
    return publish(SHIPPED, by=None, now=now)


@transaction.atomic
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
    """Put a draft in force; a claim row for every site has it scored again.

    `digest` is that of the content decided on. `against` are sentences of what speaks against it; beside them, that
    whoever edited a draft does not publish it. With any of these it takes an `override_reason`, which is kept.
    Raises MissingPermission, NotADraft, StaleContent, NeedsReason, DefinitionError.
    """
    require(by, MAY_PUBLISH)
    hold_the_one_in_force()
    locked = locked_draft(draft, revision=None)
    if locked.digest != digest:
        raise StaleContent("The draft was changed since you read it. Look at it again before you publish it.")
    framework = load(locked.definition)
    refuse_unlike(framework, queries.current()[1])
    why = [*(against or []), *_own_work(locked, by)]
    if why and not override_reason.strip():
        raise NeedsReason(why)
    with acting(by, message=f"Publish framework {locked.version}"):
        _retire()
        locked.status = FrameworkVersion.Status.PUBLISHED
        locked.published_at, locked.published_by = now, by
        locked.note = note.strip()
        locked.override_reason = override_reason.strip() if why else ""
        locked.save()
    return locked


class StaleContent(Exception):
    """The content is another one than what was decided on."""


def _own_work(draft: FrameworkVersion, by: User) -> list[str]:
    """That no one person changes what every site is judged by, unless they say why."""
    if DraftStep.objects.filter(version=draft, by=by).exclude(changes=[]).exists():
        return ["You edited this draft yourself: somebody else publishes it."]
    return []


@transaction.atomic
def roll_back(
    to: FrameworkVersion, *, version: str = "", note: str, by: User, now: datetime
) -> FrameworkVersion:
    """Put what an earlier version said in force again, as a new version that names it.

    It was decided on once and stood, so one person may do it at once and without a dry-run; they say why.
    Raises MissingPermission, NotADraft, ValidationError.
    """
    require(by, MAY_PUBLISH)
    if not note.strip():
        raise ValidationError({"note": ["Say why."]})
    if len(note) > 2000:
        raise ValidationError({"note": ["2,000 characters at most."]})
    in_force = hold_the_one_in_force()
    earlier = FrameworkVersion.objects.get(pk=to.pk)
    if earlier.status != FrameworkVersion.Status.RETIRED:
        raise NotADraft("Only a version that was in force before can be gone back to.")
    name = free_name(version)
    framework = load({**earlier.definition, "version": name})
    differences = changes(queries.definition_of(in_force), framework)
    with acting(by, message=f"Roll framework back to {earlier.version} as {name}"):
        _retire()
        return FrameworkVersion.objects.create(
            version=name,
            title=framework.title,
            status=FrameworkVersion.Status.PUBLISHED,
            definition=to_mapping(framework),
            digest=framework.content_digest,
            made_from=in_force,
            rolls_back_to=earlier,
            changes=[asdict(change) for change in differences],
            created_at=now,
            created_by=by,
            published_at=now,
            published_by=by,
            note=note.strip(),
        )


def hold_the_one_in_force() -> FrameworkVersion:
    """Until the end of the transaction, so that of two who publish at once the second sees what the first did.

    A lock on the row would not do: whoever waited for it finds it retired, and not the one that took its place.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOCK])
    return FrameworkVersion.objects.published().defer("definition").get()


def _retire() -> None:
    FrameworkVersion.objects.published().update(status=FrameworkVersion.Status.RETIRED)
