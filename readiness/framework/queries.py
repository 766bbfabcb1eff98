"""The framework in force, and other versions of it, as the frozen values that scoring reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from readiness.framework.core.changes import DefinitionChange, changes
from readiness.framework.core.definition import Framework
from readiness.framework.core.document import load
from readiness.framework.models import DraftStep, FrameworkVersion, FrameworkVersionQuerySet


class NothingPublishedError(RuntimeError):
    """No version of the framework is published; `migrate` publishes the shipped one."""


def current() -> tuple[FrameworkVersion, Framework]:
    """The published version and its definition; one small statement once the definition has been read."""
    version = FrameworkVersion.objects.published().defer("definition").first()
    if version is None:
        raise NothingPublishedError("No framework version is published. Run `manage.py migrate`.")
    return version, _definition(version.pk, version.digest)


def definition_of(version: FrameworkVersion) -> Framework:
    """The definition of any version, such as the one that an older result was judged by."""
    return _definition(version.pk, version.digest)


@lru_cache(maxsize=8)
def _definition(version_id: int, digest: str) -> Framework:
    """Keyed by digest too, so that a row rewritten under the same id is never mistaken for what it was."""
    stored = FrameworkVersion.objects.values_list("definition", flat=True).get(pk=version_id, digest=digest)
    return load(stored)


def versions() -> FrameworkVersionQuerySet:
    """All of them without their definitions, with those who made, edited and published them."""
    return FrameworkVersion.objects.defer("definition").select_related(
        "created_by", "edited_by", "published_by", "made_from", "rolls_back_to"
    )


def steps(version: FrameworkVersion, *, limit: int = 50) -> list[DraftStep]:
    """How a draft became what it is, the newest step first."""
    return list(DraftStep.objects.filter(version=version).select_related("by").order_by("-revision")[:limit])


def difference(before: FrameworkVersion, after: FrameworkVersion) -> tuple[DefinitionChange, ...]:
    return changes(definition_of(before), definition_of(after))


def next_name() -> str:
    """`muster-3` after muster-1 and muster-2, whatever others are called."""
    named = FrameworkVersion.objects.filter(version__regex=r"^muster-[0-9]{1,6}$").values_list(
        "version", flat=True
    )
    numbers = [int(re.sub(r"\D", "", name)) for name in named]
    return f"muster-{max(numbers, default=0) + 1}"


def stored_changes(stored: list[Mapping[str, Any]]) -> list[DefinitionChange]:
    """Changes as a version or a step keeps them."""
    return [DefinitionChange(**change) for change in stored]
