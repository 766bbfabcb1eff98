"""Drafts: made from any version, edited in steps of which each holds together, thrown away."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.framework import queries
from readiness.framework.core.changes import changes
from readiness.framework.core.definition import Framework
from readiness.framework.core.editing import refuse_unlike
from readiness.framework.core.loading import load
from readiness.framework.core.mapping import renamed, to_mapping
from readiness.framework.models import DraftStep, FrameworkVersion
from readiness.framework.refusals import MAY_ADD, MAY_DISCARD, MAY_EDIT, NotADraft, StaleRevision, require
from web.actor import acting

type Definition = Mapping[str, Any]
type Edit = Callable[[Definition], Definition]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")


@transaction.atomic
def make_draft(
    *,
    made_from: FrameworkVersion,
    version: str = "",
    definition: Definition | None = None,
    by: User,
    now: datetime,
) -> FrameworkVersion:
    """A draft that says what `made_from` says, or `definition` where one is given; the next number names it if nothing.

    Raises MissingPermission, ValidationError for a name that is taken or none, DefinitionError.
    """
    require(by, MAY_ADD)
    name = free_name(version)
    base = queries.definition_of(made_from)
    framework = load({**(definition if definition is not None else to_mapping(base)), "version": name})
    refuse_unlike(framework, queries.current()[1])
    differences = [asdict(change) for change in changes(base, framework)]
    with acting(by, message=f"Draft framework {name} from {made_from.version}"):
        draft = FrameworkVersion.objects.create(
            version=name,
            title=framework.title,
            definition=to_mapping(framework),
            digest=framework.content_digest,
            made_from=made_from,
            changes=differences,
            created_at=now,
            created_by=by,
            edited_at=now if differences else None,
            edited_by=by if differences else None,
        )
        DraftStep.objects.create(version=draft, revision=1, at=now, by=by, changes=differences)
    return draft


@transaction.atomic
def edit(
    draft: FrameworkVersion, change: Edit, *, revision: int | None, by: User, now: datetime
) -> FrameworkVersion:
    """One step: `change` gets the definition as it is and returns it as it shall be.

    `revision` is what the editor had before them; None where something else, such as an ETag, has compared already.
    A step that changes nothing is none. Raises MissingPermission, NotADraft, StaleRevision, DefinitionError.
    """
    require(by, MAY_EDIT)
    locked = locked_draft(draft, revision=revision)
    framework = load({**change(locked.definition), "version": locked.version})
    return _step(locked, framework, by=by, now=now)


def replace(
    draft: FrameworkVersion, framework: Framework, *, revision: int | None, by: User, now: datetime
) -> FrameworkVersion:
    """One step to a definition that was read already: the draft is locked no longer than it takes to compare and write.

    The draft keeps its name. Raises as `edit` does.
    """
    require(by, MAY_EDIT)
    named = renamed(framework, draft.version)
    with transaction.atomic():
        return _step(locked_draft(draft, revision=revision), named, by=by, now=now)


def _step(locked: FrameworkVersion, framework: Framework, *, by: User, now: datetime) -> FrameworkVersion:
    """A step that changes nothing is none."""
    before = queries.definition_of(locked)
    refuse_unlike(framework, queries.current()[1])
    if framework.content_digest == locked.digest:
        return locked
    base = queries.definition_of(locked.made_from) if locked.made_from else before
    locked.title = framework.title
    locked.definition = to_mapping(framework)
    locked.digest = framework.content_digest
    locked.changes = [asdict(change) for change in changes(base, framework)]
    locked.revision += 1
    locked.edited_at, locked.edited_by = now, by
    step = [asdict(change) for change in changes(before, framework)]
    with acting(by, message=f"Edit framework {locked.version}, revision {locked.revision}"):
        locked.save()
        DraftStep.objects.create(version=locked, revision=locked.revision, at=now, by=by, changes=step)
    return locked


@transaction.atomic
def discard(draft: FrameworkVersion, *, revision: int | None = None, by: User) -> None:
    """Throw a draft away. Raises MissingPermission, NotADraft, StaleRevision."""
    require(by, MAY_DISCARD)
    locked = locked_draft(draft, revision=revision)
    with acting(by, message=f"Discard framework draft {locked.version}"):
        locked.delete()


def locked_draft(draft: FrameworkVersion, *, revision: int | None) -> FrameworkVersion:
    """Lock the draft as it is now until the end of the transaction; another revision than the one that was read is
    refused.
    """
    locked = (
        FrameworkVersion.objects.select_for_update(of=("self",))
        .select_related("edited_by", "made_from")
        .get(pk=draft.pk)
    )
    if not locked.is_draft:
        raise NotADraft(
            f"{locked.version} is {locked.get_status_display().lower()}, so it is not changed any "
            "more. Make a draft from it."
        )
    if revision is not None and revision != locked.revision:
        raise StaleRevision(
            f"{locked.edited_by or 'Somebody'} changed the draft since: it is at revision "
            f"{locked.revision}, you read revision {revision}. Open it again and repeat what still "
            "applies."
        )
    return locked


def free_name(version: str) -> str:
    """The name asked for, else the next number. ValidationError if it is taken, or no name for files and addresses."""
    if not version:
        return queries.next_name()
    if not _NAME.fullmatch(version):
        raise ValidationError(
            {
                "version": [
                    "Letters, digits, dots, hyphens and underscores, 50 at most, not beginning with a dot."
                ]
            }
        )
    if FrameworkVersion.objects.filter(version=version).exists():
        raise ValidationError({"version": [f"Version {version} is there already."]})
    return version
