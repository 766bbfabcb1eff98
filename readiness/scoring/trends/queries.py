"""Scores by UTC day, and the verdicts that stood then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.db import connection

from inventory.models import Region, Site
from readiness.scoring.queries.score_points import NEAR


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose score, and of which pillar; without a site or region the fleet's, without a pillar the whole."""

    site: Site | None = None
    region: Region | None = None
    pillar: str = ""

    @property
    def query(self) -> dict[str, str]:
        of = {"site": self.site.slug} if self.site else {"region": self.region.slug} if self.region else {}
        return of | ({"pillar": self.pillar} if self.pillar else {})


@dataclass(frozen=True, slots=True)
class Day:
    """Means over the sites, from 0 to 1; `verdicts` counts them, "" for none."""

    on: date
    score: float | None
    upper: float | None
    coverage: float | None
    verdicts: dict[str, int] = field(default_factory=dict)

    @property
    def sites(self) -> int:
        return sum(self.verdicts.values())


def days(subject: Subject, start: date, end: date) -> tuple[Day, ...]:
    """Oldest first; a day on which nothing is known of any site is not there. One statement.

    Of several sites each stands for two weeks after it was scored last, so that a day on which one was not scored
    does not move the mean. One site alone shows the days on which it was.
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
    found: dict[date, list[_Part]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DAYS.format(figures=figures, where=where), parameters)
        for on, *rest in cursor.fetchall():
            found.setdefault(on, []).append(_Part(*rest))
    return tuple(_day(on, parts) for on, parts in found.items())


_DAYS = """
    SELECT day::date, verdict, count(*), avg(score), avg(upper), avg(coverage),
           count(score), count(upper), count(coverage)
    FROM (
        SELECT on_date, verdict, {figures},
               lead(on_date) OVER (PARTITION BY site_id ORDER BY on_date) AS next_on
        FROM scoring_scorepoint
        WHERE on_date BETWEEN %s AND %s {where}
    ) AS point
    CROSS JOIN LATERAL generate_series(
        on_date::timestamp,
        least(coalesce(next_on, 'infinity'::date), on_date + %s::int, %s::date + 1)::timestamp - interval '1 day',
        interval '1 day'
    ) AS day
    WHERE day >= %s
    GROUP BY day, verdict
    ORDER BY day, verdict
"""


class _Part(NamedTuple):
    """The sites of one verdict on one day: how many, their means, and how many have such a figure."""

    verdict: str
    sites: int
    score: float | None
    upper: float | None
    coverage: float | None
    scored: int
    banded: int
    covered: int


def _figures(pillar: str) -> tuple[str, list[str]]:
    if not pillar:
        return "score, score_upper AS upper, coverage", []
    names = ("score", "upper", "coverage")
    return ", ".join(f"(pillars #>> ARRAY[%s, '{name}'])::float AS {name}" for name in names), [pillar] * 3


def _where(subject: Subject) -> tuple[str, list[int]]:
    if subject.site is not None:
        return "AND site_id = %s", [subject.site.pk]
    if subject.region is not None:
        return "AND site_id IN (SELECT id FROM inventory_site WHERE region_id = %s)", [subject.region.pk]
    return "", []


def _day(on: date, parts: Sequence[_Part]) -> Day:
    return Day(
        on=on,
        score=_mean([(part.score, part.scored) for part in parts]),
        upper=_mean([(part.upper, part.banded) for part in parts]),
        coverage=_mean([(part.coverage, part.covered) for part in parts]),
        verdicts={part.verdict: part.sites for part in parts},
    )


def _mean(parts: Iterable[tuple[float | None, int]]) -> float | None:
    """Of means over parts of the sites, each as heavy as its sites are many."""
    known = [(mean, sites) for mean, sites in parts if mean is not None]
    every = sum(sites for _, sites in known)
    return sum(mean * sites for mean, sites in known) / every if every else None
