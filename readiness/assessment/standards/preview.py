"""Previews of versions: the conformance of each site before and after one is published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from readiness.assessment.standards.conformity import conformance_of, scoped, standards_in_force
from readiness.assessment.standards.core.conformance import (
    NO_STANDARDS,
    ObjectDeviation,
    ScopedStandard,
    SiteStandards,
    StandardConformance,
)
from readiness.assessment.standards.models import StandardVersion


@dataclass(frozen=True)
class SitePreview:
    """A site under all standards in force, before and after the version; None where the standard does not apply."""

    site_id: int
    before: SiteStandards
    after: SiteStandards
    standard_id: int

    @cached_property
    def was(self) -> StandardConformance | None:
        return _conformance_to(self.before, self.standard_id)

    @cached_property
    def becomes(self) -> StandardConformance | None:
        return _conformance_to(self.after, self.standard_id)

    @cached_property
    def gained(self) -> list[ObjectDeviation]:
        """Deviations that are not there now, waived or not."""
        places = {each[:3] for each in self.was.deviations} if self.was else set()
        return [each for each in self.becomes.deviations if each[:3] not in places] if self.becomes else []

    @cached_property
    def lost(self) -> list[ObjectDeviation]:
        places = {each[:3] for each in self.becomes.deviations} if self.becomes else set()
        return [each for each in self.was.deviations if each[:3] not in places] if self.was else []

    @property
    def is_same(self) -> bool:
        domains = [each and each.domains for each in (self.was, self.becomes)]
        return domains[0] == domains[1] and not self.gained and not self.lost


def _conformance_to(site: SiteStandards, standard_id: int) -> StandardConformance | None:
    return next((each for each in site.standards if each.standard.standard_id == standard_id), None)


def preview(version: StandardVersion, *, now: datetime) -> list[SitePreview]:
    """Compute what publishing the version now does at each site where it or the version in force applies, by the
    arithmetic of evaluations."""
    draft = scoped(version)
    standard_id = draft.standard.standard_id
    in_force = standards_in_force(now=now)
    others = [each for each in in_force if each.standard.standard_id != standard_id]
    before = conformance_of(None, now=now, standards=in_force)
    after = conformance_of(None, now=now, standards=_sort_standards([*others, draft]))
    previews = [
        SitePreview(site_id, before.get(site_id, NO_STANDARDS), after.get(site_id, NO_STANDARDS), standard_id)
        for site_id in sorted({*before, *after})
    ]
    return [each for each in previews if each.was is not None or each.becomes is not None]


def _sort_standards(standards: Iterable[ScopedStandard]) -> list[ScopedStandard]:
    return sorted(standards, key=lambda each: (each.standard.slug, each.standard.version_id))
