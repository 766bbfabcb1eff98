"""Parse query strings into telemetry queries, for the endpoint and the explorer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_

from django.db.models import Count, Max, Q, QuerySet
from django.http import QueryDict

from inventory.models import Site
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.metric import MetricKind
from telemetry.core.registry import registry
from telemetry.core.spec import (
    COMBINATIONS,
    Aggregation,
    Matcher,
    ObjectRef,
    QuerySpec,
    SpecError,
    parse_matcher,
    parse_step,
    parse_time,
)
from telemetry.label_conditions import condition_of, left_out_by
from telemetry.models import Series
from telemetry.store import FIVE_MINUTES_S, grid_for

# Limit of one answer: a little more than a thousand series of 400 points, 10 MB or more of JSON.
MOST_VALUES = 500_000
POINTS = 400
# Without an explicit step, do not go below the roll-ups: reading raw samples of a longer range would be wasted.
LONGEST_RAW_S = 7200
TOGETHER = "*"
EVERY_SITE = "*"
_STEPS_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400),
    604_800,
)
# Only the growth of a counter is meaningful: its value depends on when it began.
OF_COUNTERS = (Aggregation.RATE, Aggregation.INCREASE, Aggregation.COUNT)
SENSELESS_OF_COUNTERS = (Aggregation.AVG, Aggregation.SUM, Aggregation.QUANTILE)
# Parameters that limit a query to one object, with the kind and column of each.
OBJECTS = {column: str(kind) for kind, column in OBJECT_COLUMNS.items()}
PARAMETERS = (
    *("site", "site_id", "metric", "aggregation", "quantile", "group_by", "labels", "start", "end", "step"),
    *("points", "combine", *OBJECTS),
)
# Explore compares two metrics: names of the second one's parameters have this before them.
SECOND = "b_"
# Parameters that both metrics share, because they have one axis of time.
OF_BOTH = frozenset({"start", "end", "step", "points"})
# Parameters that say where a metric is read.
PLACE = ("site", "site_id", *OBJECTS)
RELATIONS = ("ratio", "difference")
# How much earlier the period lies that is drawn beside: `before` is as long as what is drawn.
EARLIER = ("before", "1d", "7d", "28d", "364d")
EXPLORED = (
    *PARAMETERS,
    *(f"{SECOND}{name}" for name in PARAMETERS if name not in OF_BOTH),
    *("relation", "earlier", "by", "q"),
)


@dataclass(frozen=True, slots=True)
class AdmittedQuery:
    """A spec that may be run, the number of series it reads, and the number it leaves out (`LeftOutSeries`)."""

    spec: QuerySpec
    series: int
    left_out: int = 0
    counts_up: bool = False
    has_buckets: bool = False


def admitted_query(params: QueryDict, *, now: datetime, default_start: str = "now-1h") -> AdmittedQuery:
    now_ms = round(now.timestamp() * 1000)
    metric = params.get("metric", "").strip()
    if not metric:
        raise SpecError("metric", "is missing")
    start_ms = parse_time(params.get("start") or default_start, now_ms, field="start")
    end_ms = parse_time(params.get("end") or "now", now_ms, field="end")
    sites, matchers, described = _sites(params), _matchers(params), _object(params)
    names = _names(metric, params.get("aggregation", ""))
    # The spec later refuses values out of bounds.
    start = datetime.fromtimestamp(min(max(start_ms, 0), now_ms) / 1000, UTC)
    read = _series(names, sites, matchers, described, start)
    aggregation = _aggregation(params, metric, read)
    spec = QuerySpec(
        metric=metric,
        start_ms=start_ms,
        end_ms=end_ms,
        step_s=_step(params, (end_ms - start_ms) / 1000, read.cadence_s),
        aggregation=aggregation,
        quantile=_quantile(params),
        matchers=matchers,
        site_ids=sites,
        object=described,
        group_by=_group_by(params),
        combined_by=_combination(params),
    )
    # Roll-ups have windows of their own: the steps of the answer may be wider than asked.
    spec = replace(spec, step_s=grid_for(spec, now).step_s)
    if read.series * spec.steps > MOST_VALUES:
        excess = f"{read.series} series of {spec.steps} points are more than {MOST_VALUES} values"
        raise SpecError("step", f"{excess}: choose a longer one, or fewer series")
    return AdmittedQuery(
        spec, read.series, read.left_out, counts_up=read.counts_up, has_buckets=read.buckets > 0
    )


def _sites(params: QueryDict) -> tuple[int, ...] | None:
    slugs = [slug for slug in _words(params.getlist("site")) if slug != EVERY_SITE]
    ids = _words(params.getlist("site_id"))
    if not slugs and not ids:
        return None
    id_by_slug = dict(Site.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    if unknown := [slug for slug in slugs if slug not in id_by_slug]:
        raise SpecError("site", f"No site has the slug {unknown[0][:50]}.")
    return tuple(sorted({*id_by_slug.values(), *(_id("site_id", each) for each in ids)}))


def _matchers(params: QueryDict) -> tuple[Matcher, ...]:
    try:
        return tuple(parse_matcher(text) for text in params.getlist("labels") if text.strip())
    except SpecError as error:
        raise SpecError("labels", error.reason) from error


def _object(params: QueryDict) -> ObjectRef | None:
    names = [name for name in OBJECTS if params.get(name)]
    if len(names) > 1:
        raise SpecError(names[1], f"goes with no {names[0]}: name one object")
    return ObjectRef(OBJECTS[names[0]], _id(names[0], params[names[0]])) if names else None


def _id(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise SpecError(field, f"{text[:50]!r} is not an id")
    return int(text)


def _names(metric: str, aggregation: str) -> tuple[str, ...]:
    names = registry().expand(metric)
    if aggregation == Aggregation.QUANTILE:
        return (*names, *(f"{name}_bucket" for name in names))
    return names


@dataclass(frozen=True, slots=True)
class _Read:
    """Everything that a query reads: its series, the counters and buckets among them, those that had not ended before
    its start (`series`, and `left_out`), and the longest cadence (60 s by default)."""

    matched: int
    counters: int
    buckets: int
    series: int
    left_out: int
    cadence_s: int

    @property
    def counts_up(self) -> bool:
        return self.counters + self.buckets == self.matched > 0


def _series(
    names: Sequence[str],
    sites: tuple[int, ...] | None,
    matchers: Sequence[Matcher],
    described: ObjectRef | None,
    start: datetime,
) -> _Read:
    condition = _condition(names, sites, matchers, described)
    rules = registry().left_out_of(names, {matcher.label for matcher in matchers})
    out = reduce(or_, map(left_out_by, rules), Q(pk__in=()))
    sends = Q(ended_at=None) | Q(ended_at__gte=start)
    counts = Series.objects.filter(condition).aggregate(
        matched=Count("pk", filter=~out),
        counters=Count("pk", filter=~out & Q(kind=MetricKind.COUNTER)),
        buckets=Count("pk", filter=~out & Q(kind=MetricKind.HISTOGRAM)),
        series=Count("pk", filter=~out & sends),
        left_out=Count("pk", filter=out & sends),
        cadence_s=Max("source__cadence_s"),
    )
    return _Read(**counts | {"cadence_s": counts["cadence_s"] or 60})


def _condition(
    names: Sequence[str],
    sites: tuple[int, ...] | None,
    matchers: Sequence[Matcher],
    described: ObjectRef | None,
) -> Q:
    condition = Q(metric__in=names)
    if sites is not None:
        condition &= Q(site__in=sites)
    if described is not None:
        column = next(name for name, kind in OBJECTS.items() if kind == described.kind)
        condition &= Q(**{column: described.id})
    return reduce(and_, map(condition_of, matchers), condition)


def series_of(spec: QuerySpec) -> QuerySet[Series]:
    """The series that a question names, also those that it leaves out or that ended."""
    names = _names(spec.metric, spec.aggregation)
    return Series.objects.filter(_condition(names, spec.site_ids, spec.matchers, spec.object))


def _step(params: QueryDict, seconds: float, cadence_s: int) -> int:
    """Return the requested step, else the shortest that gives at most `points` and no steps without samples."""
    if params.get("step"):
        return parse_step(params["step"])
    text = params.get("points") or str(POINTS)
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 10_000):
        raise SpecError("points", f"{text[:50]!r} is not a number from 1 to 10000")
    least = max(seconds / int(text), cadence_s, 0 if seconds <= LONGEST_RAW_S else FIVE_MINUTES_S)
    return next((step for step in _STEPS_S if step >= least), round(least))


def _aggregation(params: QueryDict, metric: str, read: _Read) -> Aggregation:
    text = params.get("aggregation") or _usual(metric, read)
    if text not in tuple(Aggregation):
        raise SpecError("aggregation", f"{text[:50]!r} is not one of {', '.join(Aggregation)}")
    senseless = text in SENSELESS_OF_COUNTERS and read.counters and not (read.buckets and text == "quantile")
    if senseless and not read.counts_up:
        raise SpecError("labels", "some of these series are counters and some are not: choose by a label")
    if senseless:
        raise SpecError("aggregation", f"{text} means nothing for a counter: use rate or increase")
    return Aggregation(text)


def _usual(metric: str, read: _Read) -> Aggregation:
    """Rates of counters, the last of codes, because the mean of two codes is a third one, and means of anything
    else."""
    if read.counts_up:
        return Aggregation.RATE
    definition = registry().get(metric)
    return Aggregation.LAST if definition and definition.codes else Aggregation.AVG


def _quantile(params: QueryDict) -> float | None:
    text = params.get("quantile", "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise SpecError("quantile", "is not a number from 0 to 1") from error


def _combination(params: QueryDict) -> Aggregation | None:
    text = params.get("combine", "").strip()
    if text and text not in COMBINATIONS:
        raise SpecError("combine", f"{text[:50]!r} is not one of {', '.join(COMBINATIONS)}")
    return Aggregation(text) if text else None


def _group_by(params: QueryDict) -> tuple[str, ...] | None:
    """None for a line for each series; `group_by=*` combines everything into one line."""
    labels = tuple(dict.fromkeys(_words(params.getlist("group_by"))))
    if labels == (TOGETHER,):
        return ()
    return labels or None


def _words(values: Iterable[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]
