"""Framework versions: the one in force, and how versions are read and stored."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from django.db.models import Q

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import dump, folder, load, load_files
from readiness.assessment.framework.core.editing import refuse_unlike
from readiness.assessment.framework.core.shipped import shipped
from readiness.assessment.framework.core.upgrading import add_shipped
from readiness.assessment.framework.core.wording import changes
from readiness.assessment.framework.models import DraftStep, FrameworkVersion, FrameworkVersionQuerySet
from web.versioned.core.comparing import DocumentChange
from web.versioned.core.documents import written
from web.versioned.versions import Versioned
from web.workflows import second

MAY_SEE = "framework.view_frameworkversion"
MAY_PUBLISH = "framework.publish_frameworkversion"


def _store(row: FrameworkVersion, framework: Framework) -> None:
    base = VERSIONS.content(row.made_from) if row.made_from else framework
    row.definition = written(framework)
    row.changes = [asdict(change) for change in changes(base, framework)]
    row.save()


def _note_step(row: FrameworkVersion, before: Framework, after: Framework) -> None:
    DraftStep.objects.create(
        version=row,
        revision=row.revision,
        at=row.edited_at or row.created_at,
        by=row.edited_by or row.created_by,
        changes=[asdict(change) for change in changes(before, after)],
    )


VERSIONS: Versioned[FrameworkVersion, Framework] = Versioned(
    model=FrameworkVersion,
    noun="framework",
    prefix="muster",
    read=load,
    load=load_files,
    files=folder,
    dump=dump,
    stored=lambda row: load(row.definition),
    store=_store,
    refuse=lambda framework: refuse_unlike(framework, VERSIONS.current()[1]),
    note_step=_note_step,
)


current, definition_of = VERSIONS.current, VERSIONS.content


class ShippedOffer(NamedTuple):
    """Additions of Muster's newest definition that the version in force lacks; `draft` has them already."""

    version: str
    changes: tuple[DocumentChange, ...]
    draft: FrameworkVersion | None


def shipped_offer() -> ShippedOffer | None:
    """Return None if the version in force lacks nothing."""
    _, in_force = current()
    offered = add_shipped(in_force)
    if offered == in_force:
        return None
    drafts = FrameworkVersion.objects.filter(status=FrameworkVersion.Status.DRAFT).defer("definition")
    complete = (row for row in drafts if add_shipped(content := definition_of(row)) == content)
    return ShippedOffer(shipped().version, changes(in_force, offered), next(complete, None))


def versions() -> FrameworkVersionQuerySet:
    return FrameworkVersion.objects.select_people().annotate(approval_flags=second.flags_of(FrameworkVersion))


def steps(version: FrameworkVersion, *, limit: int = 50) -> list[DraftStep]:
    return list(DraftStep.objects.filter(version=version).select_related("by").order_by("-revision")[:limit])


def difference(before: FrameworkVersion, after: FrameworkVersion) -> tuple[DocumentChange, ...]:
    return changes(definition_of(before), definition_of(after))


def stored_changes(stored: Iterable[Mapping[str, Any]]) -> list[DocumentChange]:
    return [DocumentChange(**change) for change in stored]


def check_names() -> Mapping[str, str]:
    return {check.id: check.name for check in current()[1].checks}


def check_name_matches(query: str) -> Q:
    """Return a condition for rows whose `check_id` belongs to a check with these words in its name or claim."""
    words = query.casefold()
    checks = current()[1].checks
    return Q(check_id__in=[each.id for each in checks if words in f"{each.name}\n{each.claim}".casefold()])
