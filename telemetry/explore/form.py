"""The form of Explore: each metric with how it is drawn, and what both share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Func, Model
from django.http import QueryDict

from inventory.models import Site
from telemetry import sentences
from telemetry.core.labels import NAME
from telemetry.core.matching import ObjectKind
from telemetry.core.registry import registry
from telemetry.core.spec import COMBINATIONS, Aggregation, SpecError
from telemetry.explore.comparing import Explored
from telemetry.explore.core.relating import DIFFERENCE, RATIO
from telemetry.explore.lines import offered
from telemetry.explore.params import params_of_second
from telemetry.explore.shown import ExploreAddress
from telemetry.models import Series
from telemetry.params import (
    EVERY_SITE,
    OBJECTS,
    PLACE,
    SECOND,
    TOGETHER,
    AdmittedQuery,
    admitted_query,
    series_of,
)

EARLIER_WORDS = {
    "": "nothing",
    "before": "the time before",
    "1d": "a day before",
    "7d": "a week before",
    "28d": "four weeks before",
    "364d": "a year before",
}
RELATION_WORDS = {"": "both apart", RATIO: "A ÷ B", DIFFERENCE: "A − B"}
STEPS = ("1m", "5m", "15m", "1h", "6h", "1d")
MOST_LABELS = 20


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PickedMetric:
    """One metric of the form; `prefix` is before the names of its parameters."""

    key: str
    prefix: str
    metric: str
    title: str
    place: str
    hidden: tuple[tuple[str, str], ...]
    aggregations: tuple[Choice, ...]
    combinations: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    quantile: str
    labels: tuple[str, ...]
    remove_url: str
    widen_url: str
    bad_field: str


@dataclass(frozen=True, slots=True)
class ExploreForm:
    picked: tuple[PickedMetric, ...]
    hidden: tuple[tuple[str, str], ...]
    relations: tuple[Choice, ...]
    periods: tuple[Choice, ...]
    steps: tuple[Choice, ...]
    bad_field: str = ""
    reason: str = ""


def explore_form(
    params: QueryDict,
    address: ExploreAddress,
    explored: Explored | None,
    error: SpecError | None,
    *,
    now: datetime,
) -> ExploreForm:
    field = error.field if error else ""
    question = explored.question if explored else None
    picked = []
    if address.metric:
        picked.append(_picked(address, "", params, question.first if question else None, field, now))
    if (second_params := params_of_second(params)) is not None:
        second = question.second if question else None
        picked.append(_picked(address, SECOND, second_params, second, field, now))
    return ExploreForm(
        picked=tuple(picked),
        hidden=tuple(
            (name, str(params[name])) for name in ("start", "end", "by", "q", "kiosk") if params.get(name)
        ),
        relations=_choices(RELATION_WORDS.items(), params.get("relation", "")),
        periods=_choices(EARLIER_WORDS.items(), params.get("earlier", "")),
        steps=_choices([("", "auto"), *((step, step) for step in STEPS)], params.get("step", "")),
        bad_field=field,
        reason=error.reason if error else "",
    )


def _picked(
    address: ExploreAddress,
    prefix: str,
    params: QueryDict,
    query: AdmittedQuery | None,
    bad_field: str,
    now: datetime,
) -> PickedMetric:
    """A metric of the form, from its own parameters without the prefix."""
    metric = params.get("metric", "").strip()
    definition = registry().get(metric)
    group_by = ",".join(params.getlist("group_by"))
    return PickedMetric(
        key="B" if prefix else "A",
        prefix=prefix,
        metric=metric,
        title=definition.title if definition else metric,
        place=_place_words(params, query),
        hidden=tuple(
            (name, value) for name in PLACE for value in map(str, params.getlist(name)) if value.strip()
        ),
        aggregations=_aggregations(query or _alone(metric, now), params.get("aggregation", "")),
        combinations=_combinations(query, params.get("combine", "")) if group_by else (),
        groups=_groups(query, group_by),
        quantile=params.get("quantile", ""),
        labels=(*(text for text in params.getlist("labels") if text.strip()), ""),
        remove_url=_remove_url(address, prefix),
        widen_url=address.widened(prefix),
        bad_field=bad_field.removeprefix(prefix) if bad_field.startswith(prefix) else "",
    )


def _remove_url(address: ExploreAddress, prefix: str) -> str:
    if prefix:
        return address.first_alone()
    return address.second_alone() if address.second_metric else ""


def _choices(words: Iterable[tuple[str, str]], value_now: str) -> tuple[Choice, ...]:
    choices = [Choice(value, label, value == value_now) for value, label in words]
    if value_now and not any(choice.is_chosen for choice in choices):
        choices.append(Choice(value_now, value_now, True))
    return tuple(choices)


def _alone(metric: str, now: datetime) -> AdmittedQuery | None:
    """The question about a metric and nothing else, which can be read if the rest of the address has errors."""
    try:
        return admitted_query(QueryDict(urlencode({"metric": metric, "points": 1})), now=now)
    except SpecError:
        return None


def _aggregations(query: AdmittedQuery | None, value_now: str) -> tuple[Choice, ...]:
    """The possible aggregations; for counters only meaningful ones."""
    words = [(str(each), sentences.PER_STEP[each]) for each in (offered(query) if query else Aggregation)]
    # An aggregation that is refused is not offered again.
    return _choices([("", "as usual"), *words], value_now if value_now in dict(words) else "")


def _combinations(query: AdmittedQuery | None, value_now: str) -> tuple[Choice, ...]:
    if query is not None and query.spec.aggregation is Aggregation.QUANTILE:
        return ()
    usual = sentences.PER_STEP[query.spec.combine] if query and not value_now else "as usual"
    return _choices(
        [("", usual), *((str(each), sentences.PER_STEP[each]) for each in COMBINATIONS)], value_now
    )


def _groups(query: AdmittedQuery | None, value_now: str) -> tuple[Choice, ...]:
    words = [("", "each series"), ("site", "site"), (TOGETHER, "one line")]
    words += [(label, label) for label in _labels(query) if label != "site"] if query else []
    return _choices(words, value_now)


def _labels(query: AdmittedQuery) -> Sequence[str]:
    keys = series_of(query.spec).order_by().annotate(key=Func(F("labels"), function="jsonb_object_keys"))
    names = keys.values_list("key", flat=True).distinct().order_by("key")
    return [name for name in names[: MOST_LABELS + 1] if name != NAME][:MOST_LABELS]


def _place_words(params: QueryDict, query: AdmittedQuery | None) -> str:
    """Where the metric is read, and from how many series: "GVX-1 · 352 series"."""
    slugs = [slug for text in params.getlist("site") for slug in text.split(",") if slug]
    words = ["every site"]
    if slugs and EVERY_SITE not in slugs:
        words = list(Site.objects.filter(slug__in=slugs[:3]).order_by("name").values_list("name", flat=True))
        words += [f"{len(slugs) - 3} more"] if len(slugs) > 3 else []
    for name, kind in OBJECTS.items():
        if params.get(name) and (described := _object(name, str(params[name]))) is not None:
            words = [f"{sentences.NOUNS[ObjectKind(kind)]} {described}"]
    counted = f" · {query.series} series" if query else ""
    return f"{', '.join(words)}{counted}"


def _object(name: str, text: str) -> Model | None:
    model: Any = Series._meta.get_field(name.removesuffix("_id")).related_model
    is_id = text.isascii() and text.isdigit() and len(text) < 19
    return model._default_manager.filter(pk=int(text)).first() if is_id else None
