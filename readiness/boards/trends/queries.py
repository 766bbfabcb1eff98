"""Scores by UTC day, and the verdicts that stood then.

Of several sites they are by deployed kW: what each site had when its score was stored counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection

from readiness.boards.params import Place
from readiness.scoring.core.mean import Sums
from readiness.scoring.queries.deployed import CAPACITY
from readiness.scoring.queries.kept import NEAR


@dataclass(frozen=True, slots=True)
class Subject(Place):
    pillar: str = ""

    @property
    def query(self) -> dict[str, str]:
        return self.place | ({"pillar": self.pillar} if self.pillar else {})


@dataclass(frozen=True, slots=True)
class Day:
    """Means over the sites by deployed kW, from 0 to 1, or what one site had; `plain` is the plain mean of the scores.

    `verdicts` counts the sites, "" for none.
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
    """Oldest first; a day on which nothing is known of any site is not there. One statement.

    Each of several sites stands for two weeks after it was scored last, so that a day on which one was not scored
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


# A point without a verdict is of a stage without capacity.
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
    score, upper, coverage = (
        sum(sums, Sums())
        for sums in zip(*((part.score, part.upper, part.coverage) for part in parts), strict=True)
    )
    return Day(
        on=on,
        score=score.by_kw if by_kw else score.plain,
        upper=upper.by_kw if by_kw else upper.plain,
        coverage=coverage.by_kw if by_kw else coverage.plain,
        plain=score.plain,
        verdicts={part.verdict: part.sites for part in parts},
    )
