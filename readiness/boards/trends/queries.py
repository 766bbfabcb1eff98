"""Scores and verdicts by UTC day.

The score of several sites is weighted by the deployed kW that each site had when its score was stored.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.urls import reverse

from readiness.assessment.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.wording import name_checks
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.core.mean import Sums
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.results import NEAR
from readiness.assessment.scoring.queries.standing import CAPACITY
from readiness.boards.params import Place
from web.links import link
from web.states import state


@dataclass(frozen=True, slots=True)
class Subject(Place):
    pillar: str = ""

    @property
    def query(self) -> dict[str, str]:
        return self.place | ({"pillar": self.pillar} if self.pillar else {})


@dataclass(frozen=True, slots=True)
class Day:
    """Scores from 0 to 1: weighted means over several sites, or the score of one site.

    `plain` is the plain mean over the sites with a verdict. `verdicts` counts the sites by verdict, "" for none.
    """

    on: date
    score: float | None
    upper: float | None
    coverage: float | None
    plain: float | None = None
    verdicts: dict[str, int] = field(default_factory=dict)

    @property
    def sites(self) -> int:
        return sum(self.verdicts.values())

    @property
    def judged(self) -> int:
        return self.sites - self.verdicts.get("", 0)

    @property
    def verdict(self) -> str:
        return next(iter(self.verdicts))


@dataclass(frozen=True, slots=True)
class Trend:
    days: tuple[Day, ...]
    several: bool

    @property
    def last(self) -> Day:
        return self.days[-1]

    @property
    def scores(self) -> list[float]:
        return [day.score for day in self.days if day.score is not None]

    @property
    def plain(self) -> list[float]:
        return [day.plain for day in self.days if day.plain is not None]


def trend(subject: Subject, start: date, end: date) -> Trend:
    return Trend(days(subject, start, end), several=subject.site is None)


def days(subject: Subject, start: date, end: date) -> tuple[Day, ...]:
    """Scores by day, oldest first; days without data are left out. One statement.

    With several sites, each keeps counting for two weeks after its last score, so that a missing day does not move the
    mean. A single site shows only the days on which it was scored.
    """
    near = 1 if subject.site else NEAR.days
    figures, pillar = _figures(subject.pillar)
    where, of = _where(subject)
    parameters: list[str | int | date] = [
        *pillar,
        start - timedelta(days=near - 1),
        end,
        *of,
        near,
        end,
        start,
    ]
    sums_by_day: dict[date, list[_DaySums]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DAYS.format(figures=figures, where=where), parameters)
        for on, *rest in cursor.fetchall():
            sums_by_day.setdefault(on, []).append(_part(*rest))
    return tuple(_day(on, parts, by_kw=subject.site is None) for on, parts in sums_by_day.items())


def _sums(figure: str) -> str:
    return (
        f"count({figure}), coalesce(sum({figure}), 0), coalesce(sum(kw) FILTER (WHERE {figure} IS NOT NULL), 0),"
        f" coalesce(sum({figure} * kw), 0)"
    )


# A point without a verdict belongs to a stage without capacity.
_DAYS = f"""
    WITH capacity AS MATERIALIZED ({CAPACITY}), point AS (
        SELECT on_date, verdict, {{figures}}, CASE WHEN verdict = '' THEN 0
                   ELSE coalesce(capacity.kw[width_bucket(point.evaluated_at, capacity.since)], 0) END AS kw,
               lead(on_date) OVER (PARTITION BY point.site_id ORDER BY on_date) AS next_on
        FROM scoring_scorepoint AS point
        LEFT JOIN capacity ON capacity.site_id = point.site_id
        WHERE on_date BETWEEN %s AND %s {{where}}
    )
    SELECT day::date, verdict, count(*), {", ".join(_sums(name) for name in ("score", "upper", "coverage"))}
    FROM point
    CROSS JOIN LATERAL generate_series(
        on_date::timestamp,
        least(coalesce(next_on, 'infinity'::date), on_date + %s::int, %s::date + 1)::timestamp - interval '1 day',
        interval '1 day'
    ) AS day
    WHERE day >= %s
    GROUP BY day, verdict
    ORDER BY day, verdict
"""


class _DaySums(NamedTuple):
    verdict: str
    sites: int
    score: Sums
    upper: Sums
    coverage: Sums


def _figures(pillar: str) -> tuple[str, list[str]]:
    if not pillar:
        return "score, score_upper AS upper, coverage", []
    names = ("score", "upper", "coverage")
    return ", ".join(f"(pillars #>> ARRAY[%s, '{name}'])::float AS {name}" for name in names), [pillar] * 3


def _where(subject: Subject) -> tuple[str, list[int]]:
    if subject.site is not None:
        return "AND point.site_id = %s", [subject.site.pk]
    if subject.region is not None:
        return "AND point.site_id IN (SELECT id FROM inventory_site WHERE region_id = %s)", [
            subject.region.pk
        ]
    return "", []


def _part(verdict: str, sites: int, *sums: Any) -> _DaySums:
    return _DaySums(verdict, sites, *(Sums(*sums[place : place + 4]) for place in (0, 4, 8)))


def _day(on: date, parts: Sequence[_DaySums], *, by_kw: bool) -> Day:
    # As in lists, sites without a verdict have no score among several.
    counted = [part for part in parts if part.verdict or not by_kw]
    score, upper, coverage = (
        sum((getattr(part, figure) for part in counted), Sums()) for figure in ("score", "upper", "coverage")
    )
    return Day(
        on=on,
        score=score.kw_weighted if by_kw else score.plain,
        upper=upper.kw_weighted if by_kw else upper.plain,
        coverage=coverage.kw_weighted if by_kw else coverage.plain,
        plain=score.plain,
        verdicts={part.verdict: part.sites for part in parts},
    )


DAY = timedelta(days=1)
MOST = 500
"""Largest number of marks of one kind: a chart or list cannot show more distinctly."""
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
        """An id that stays the same, so that a refresh recognises the row."""
        digest = zlib.crc32(f"{self.sentence}{self.detail}".encode())
        return f"{self.kind}-{self.at:%Y%m%d%H%M%S}-{self.site_slug}-{digest:08x}"


def marks(subject: Subject, framework: Framework, *, start: datetime, end: datetime) -> list[Mark]:
    """Marks, newest first; six statements. Grants are limited to the checks of the pillar; other marks concern every
    pillar."""
    between = (start, end)
    every_mark = [
        *_versions(between),
        *_grants(subject, framework, between),
        *_verdicts(subject, framework, between),
        *_voided(subject, between),
    ]
    return sorted(
        every_mark, key=lambda mark: (mark.at, mark.kind, mark.site_slug, mark.sentence), reverse=True
    )


def _filter_sites(rows: QuerySet[Any], subject: Subject) -> QuerySet[Any]:
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
    rows = _filter_sites(approved.filter(moved), subject).select_related("site").order_by("-starts_at", "-pk")
    if subject.pillar:
        rows = rows.filter(check_id__in=[check.id for check in framework.checks_of(subject.pillar)])
    for grant in rows[:MOST]:
        began, ended = _time_of(grant)
        # A grant that was revoked before it began never counted.
        for kind, at in (("grant-began", began), ("grant-ended", ended)):
            if between[0] <= at <= between[1] and began < ended:
                yield _grant_mark(grant, kind, at, framework)


def _time_of(grant: Grant) -> tuple[datetime, datetime]:
    """The span in which the grant counted: from its approval at the earliest until it was revoked."""
    began = max(grant.starts_at, grant.decided_at or grant.starts_at)
    return began, min(grant.ends_at, grant.revoked_at or grant.ends_at)


def _grant_mark(grant: Grant, kind: str, at: datetime, framework: Framework) -> Mark:
    check = framework.checks_by_id.get(grant.check_id)
    did = "began" if kind == "grant-began" else "was revoked" if grant.revoked_at == at else "ended"
    sentence = f"{grant.get_kind_display()} #{grant.pk} {did}: {check.name if check else grant.check_id}"
    return Mark(
        at, kind, sentence, grant.site.name, grant.site.slug, grant.reason, reverse("waiver", args=[grant.pk])
    )


def _verdicts(subject: Subject, framework: Framework, between: tuple[datetime, datetime]) -> Iterator[Mark]:
    flips = Flip.objects.filter(subject=Flip.Subject.VERDICT, at__range=between)
    for flip in _filter_sites(flips, subject).select_related("site").order_by("-at", "-pk")[:MOST]:
        before, after = (state("verdict", each).word for each in (flip.from_state, flip.to_state))
        sentence = f"Verdict: {before} → {after}"
        day = flip.at.date().isoformat()
        url = link("explain", site=flip.site.slug, start=(flip.at - DAY).date().isoformat(), end=day)
        reason = name_checks(flip.reason, framework)
        yield Mark(flip.at, "verdict", sentence, flip.site.name, flip.site.slug, reason, url)


def _voided(subject: Subject, between: tuple[datetime, datetime]) -> Iterator[Mark]:
    counted: Counter[tuple[Any, ...]] = Counter()
    for model in (ValidationRun, RecordedFact, Attestation):
        rows = _filter_sites(model._default_manager.filter(voided_at__range=between), subject)
        columns = ("voided_at", "void_reason", "site__name", "site__slug")
        counted.update(rows.order_by("-voided_at", "-pk").values_list(*columns)[:MOST])
    for (at, reason, name, slug), count in counted.items():
        pieces = "piece of evidence was" if count == 1 else "pieces of evidence were"
        sentence = f"{count} {pieces} voided"
        yield Mark(at, "voided", sentence, name, slug, reason, link("evidence", site=slug))
