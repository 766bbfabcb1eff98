"""Conditions on series as SQL: by site, metric and label, without series that count for nothing (`LeftOutSeries`)."""

from collections.abc import Iterable, Sequence
from typing import Any

from telemetry.core.registry import LeftOutSeries, registry
from telemetry.core.spec import LabelOperator, Matcher

type Values = dict[str, Any]

_COMPARE = {
    LabelOperator.IS: "=",
    LabelOperator.IS_NOT: "<>",
    LabelOperator.LIKE: "~",
    LabelOperator.NOT_LIKE: "!~",
}


def conditions_of(
    site_ids: Iterable[int] | None, metrics: Iterable[str] | None, matchers: Sequence[Matcher]
) -> tuple[list[str], Values]:
    """Conditions on series and their values; None means every site, or every metric."""
    values: Values = {}
    conditions = []
    for name, column, selected_values in (("sites", "site_id", site_ids), ("metrics", "metric", metrics)):
        if selected_values is not None:
            conditions.append(f"series.{column} = ANY(%({name})s)")
            values[name] = sorted(set(selected_values))
    rules = registry().left_out_of(values.get("metrics"), {matcher.label for matcher in matchers})
    for condition, condition_values in (
        *(_matching(matcher, number) for number, matcher in enumerate(matchers)),
        *(_counting(rule, number) for number, rule in enumerate(rules)),
    ):
        conditions.append(condition)
        values |= condition_values
    return conditions, values


def _matching(matcher: Matcher, number: int) -> tuple[str, Values]:
    expression = matcher.op in (LabelOperator.LIKE, LabelOperator.NOT_LIKE)
    value = f"^(?:{matcher.value})$" if expression else matcher.value
    label = f"coalesce(series.labels ->> %(label_{number})s, '')"
    return (
        f"{label} {_COMPARE[matcher.op]} %(value_{number})s",
        {f"label_{number}": matcher.label, f"value_{number}": value},
    )


def _counting(rule: LeftOutSeries, number: int) -> tuple[str, Values]:
    metrics, label, expression = (f"left_{name}_{number}" for name in ("metrics", "label", "expression"))
    return (
        f"(series.port_id IS NOT NULL OR series.metric <> ALL(%({metrics})s)"
        f" OR coalesce(series.labels ->> %({label})s, '') !~ %({expression})s)",
        {metrics: sorted(rule.metrics), label: rule.label, expression: rule.expression},
    )
