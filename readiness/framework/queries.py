"""The framework in force, and other versions of it, as the frozen values that scoring reads."""

from collections.abc import Iterable, Mapping
from typing import Any

from readiness.framework.core.changes import changes
from readiness.framework.models import DraftStep, FrameworkVersion, FrameworkVersionQuerySet
from readiness.framework.versions import VERSIONS
from web.versioned.core.comparing import DocumentChange

current, definition_of = VERSIONS.current, VERSIONS.content


def versions() -> FrameworkVersionQuerySet:
    """All of them without their definitions, with those who made, edited and published them."""
    return FrameworkVersion.objects.with_people()


def steps(version: FrameworkVersion, *, limit: int = 50) -> list[DraftStep]:
    """How a draft became what it is, the newest step first."""
    return list(DraftStep.objects.filter(version=version).select_related("by").order_by("-revision")[:limit])


def difference(before: FrameworkVersion, after: FrameworkVersion) -> tuple[DocumentChange, ...]:
    return changes(definition_of(before), definition_of(after))


def stored_changes(stored: Iterable[Mapping[str, Any]]) -> list[DocumentChange]:
    """Changes as a version or a step keeps them."""
    return [DocumentChange(**change) for change in stored]
