"""Marks of events: versions published, grants that began or ended, verdicts that flipped, evidence voided."""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from readiness.boards.trends.queries import Subject
from readiness.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.framework.core.definition import Framework
from readiness.framework.models import FrameworkVersion
from readiness.grants.models import Grant
from readiness.scoring.models import Flip
from web.links import link
from web.states import state

DAY = timedelta(days=1)
MOST = 500
"""Marks of one kind that are read: more could be told from each other neither on a chart nor in a list."""
KINDS = {
    "rule": "Framework published",
    "grant-began": "Grant began",
    "grant-ended": "Grant ended",
    "verdict": "Verdict flipped",
    "voided": "Evidence voided",
}


@dataclass(frozen=True, slots=True)
class Mark:
    at: datetime
    kind: str
    sentence: str
    site: str = ""
    site_slug: str = ""
    detail: str = ""
    url: str = ""

    @property
    def id(self) -> str:
        """An id that stays the same at each reading, so that a refresh knows the row again."""
        said = zlib.crc32(f"{self.sentence}{self.detail}".encode())
        return f"{self.kind}-{self.at:%Y%m%d%H%M%S}-{self.site_slug}-{said:08x}"


def marks(subject: Subject, framework: Framework, *, start: datetime, end: datetime) -> list[Mark]:
    """Newest first; six statements. Grants of a pillar are those of its checks; all else concerns every pillar."""
    between = (start, end)
    every_mark = [
        *_versions(between),
        *_grants(subject, framework, between),
        *_verdicts(subject, between),
        *_voided(subject, between),
    ]
    return sorted(
        every_mark, key=lambda mark: (mark.at, mark.kind, mark.site_slug, mark.sentence), reverse=True
    )


def _at_sites(rows: QuerySet[Any], subject: Subject) -> QuerySet[Any]:
    if subject.site is not None:
        return rows.filter(site=subject.site)
    return rows.filter(site__region=subject.region) if subject.region is not None else rows


def _versions(between: tuple[datetime, datetime]) -> Iterator[Mark]:
    published = FrameworkVersion.objects.filter(published_at__range=between).order_by("-published_at")
    for version in published.defer("definition")[:MOST]:
        at = version.published_at or version.created_at
        sentence = f"{version.version} was published"
        yield Mark(at, "rule", sentence, detail=version.title, url=link("framework-version", version.pk))


def _grants(subject: Subject, framework: Framework, between: tuple[datetime, datetime]) -> Iterator[Mark]:
    approved = Grant.objects.filter(decided_at__isnull=False).exclude(state=Grant.State.DENIED)
    moved = (
        Q(starts_at__range=between)
        | Q(ends_at__range=between)
        | Q(revoked_at__range=between)
        | Q(decided_at__range=between)
    )
    rows = _at_sites(approved.filter(moved), subject).select_related("site").order_by("-starts_at", "-pk")
    if subject.pillar:
        rows = rows.filter(check_id__in=[check.id for check in framework.checks_of(subject.pillar)])
    for grant in rows[:MOST]:
        began, ended = _time_of(grant)
        # One that was taken back before it began never counted.
        for kind, at in (("grant-began", began), ("grant-ended", ended)):
            if between[0] <= at <= between[1] and began < ended:
                yield _grant_mark(grant, kind, at, framework)


def _time_of(grant: Grant) -> tuple[datetime, datetime]:
    """The span in which the grant counted: not before its approval, not after it was revoked."""
    began = max(grant.starts_at, grant.decided_at or grant.starts_at)
    return began, min(grant.ends_at, grant.revoked_at or grant.ends_at)


def _grant_mark(grant: Grant, kind: str, at: datetime, framework: Framework) -> Mark:
    check = framework.checks_by_id.get(grant.check_id)
    did = "began" if kind == "grant-began" else "was revoked" if grant.revoked_at == at else "ended"
    sentence = f"{grant.get_kind_display()} #{grant.pk} {did}: {check.name if check else grant.check_id}"
    return Mark(
        at, kind, sentence, grant.site.name, grant.site.slug, grant.reason, reverse("waiver", args=[grant.pk])
    )


def _verdicts(subject: Subject, between: tuple[datetime, datetime]) -> Iterator[Mark]:
    flips = Flip.objects.filter(subject=Flip.Subject.VERDICT, at__range=between)
    for flip in _at_sites(flips, subject).select_related("site").order_by("-at", "-pk")[:MOST]:
        before, after = (state("verdict", each).word for each in (flip.from_state, flip.to_state))
        sentence = f"Verdict: {before} → {after}"
        day = flip.at.date().isoformat()
        url = link("explain", site=flip.site.slug, start=(flip.at - DAY).date().isoformat(), end=day)
        yield Mark(flip.at, "verdict", sentence, flip.site.name, flip.site.slug, flip.reason, url)


def _voided(subject: Subject, between: tuple[datetime, datetime]) -> Iterator[Mark]:
    counted: Counter[tuple[Any, ...]] = Counter()
    for model in (ValidationRun, RecordedFact, Attestation):
        rows = _at_sites(model._default_manager.filter(voided_at__range=between), subject)
        columns = ("voided_at", "void_reason", "site__name", "site__slug")
        counted.update(rows.order_by("-voided_at", "-pk").values_list(*columns)[:MOST])
    for (at, reason, name, slug), count in counted.items():
        pieces = "piece of evidence was" if count == 1 else "pieces of evidence were"
        sentence = f"{count} {pieces} voided"
        yield Mark(at, "voided", sentence, name, slug, reason, link("evidence", site=slug))
