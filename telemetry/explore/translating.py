"""Questions of Explore as PromQL, by the labels with which the senders of their series name site and object."""

from collections.abc import Mapping
from dataclasses import dataclass

from telemetry.core.matching import Form, KeyPart
from telemetry.core.metric import Metric, MetricKind
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation
from telemetry.explore.comparing import Explored
from telemetry.explore.core import promql
from telemetry.explore.core.relating import SIGN
from telemetry.models import Series
from telemetry.params import AdmittedQuery, series_of


@dataclass(frozen=True, slots=True)
class Translation:
    """One expression, or the reason why there is none."""

    key: str
    text: str
    reason: str = ""


NO_QUANTILE = "PromQL has no quantile over the readings of several series: draw a line for each series."


def translations(explored: Explored) -> list[Translation]:
    question = explored.question
    expressions = [_translated(query) for query in (question.first, question.second) if query]
    keys = [panel.key for panel in explored.panels]
    answers = [
        Translation(key, text or "", "" if text else NO_QUANTILE)
        for key, text in zip(keys, expressions, strict=False)
    ]
    if question.relation and len(expressions) == 2 and all(expressions):
        first, second = (text or "" for text in expressions)
        one_second = len(explored.panels[1].lines.lines) == 1 and len(explored.first.lines) > 1
        text = promql.related(question.relation, first, second, one_second=one_second)
        answers.append(Translation(SIGN[question.relation], text))
    return answers


def _translated(query: AdmittedQuery) -> str | None:
    spec = query.spec
    series = series_of(spec).select_related("source", "site").order_by("ended_at", "pk").first()
    labels = series.labels if series else None
    definition = registry().get(spec.metric, labels)
    family = registry().get(definition.family) if definition and definition.family else definition
    is_histogram = query.has_buckets and spec.aggregation is Aggregation.QUANTILE
    return promql.promql(
        spec,
        names=registry().expand(spec.metric) if spec.metric.startswith("hw.") else (spec.metric,),
        place=_place_labels(query, series, definition) if series else {},
        scale=definition.scale if definition else 1.0,
        unit=definition.unit if definition else "",
        kind=MetricKind.HISTOGRAM if is_histogram else (family.kind if family else None),
    )


def _place_labels(query: AdmittedQuery, series: Series, metric: Metric | None) -> dict[str, str]:
    """The labels that name the one site and the object of a question in its first series. A sender of one site
    seldom names it: its Prometheus has no other."""
    labels: dict[str, str] = {}
    if query.spec.site_ids is not None and len(query.spec.site_ids) == 1:
        labels |= _site_labels(series)
    if query.spec.object is not None:
        labels |= _object_labels(query.spec.object.kind, series.labels, metric)
    return labels


def _site_labels(series: Series) -> dict[str, str]:
    label = series.source.site_label
    if label and label in series.labels:
        return {label: series.labels[label]}
    slug = series.site.slug if series.site else ""
    return {name: value for name, value in series.labels.items() if slug and value == slug}


def _object_labels(kind: str, labels: Mapping[str, str], metric: Metric | None) -> dict[str, str]:
    """The labels of the most exact rule for this kind of object that the series has all labels of."""
    by_name = {name.lower().removeprefix("exported_"): name for name in labels}
    for rule in metric.match if metric else registry().default_rules:
        parts = [_present(part, by_name) for part in rule.parts]
        if rule.kind == kind and all(parts):
            return {name: labels[name] for names in parts for name in names}
    return {}


def _present(part: KeyPart, by_name: Mapping[str, str]) -> list[str]:
    names = [by_name[name] for name in part.labels if name in by_name]
    if part.form is Form.JOINED:
        return names if len(names) == len(part.labels) else []
    return names[:1]
