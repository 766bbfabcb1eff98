"""A question as PromQL: the same series, aggregation and unit, for whoever asks Prometheus itself.

Muster's points are ends of steps, so every reduction is one over the time before an instant.
"""

from collections.abc import Mapping, Sequence

from telemetry.core.metric import MetricKind, per_second
from telemetry.core.spec import Aggregation, Matcher, QuerySpec
from telemetry.explore.core.relating import DIFFERENCE

_OVER_TIME = {
    Aggregation.AVG: "avg_over_time",
    Aggregation.MIN: "min_over_time",
    Aggregation.MAX: "max_over_time",
    Aggregation.SUM: "sum_over_time",
    Aggregation.COUNT: "count_over_time",
    Aggregation.LAST: "last_over_time",
    Aggregation.RATE: "rate",
    Aggregation.INCREASE: "increase",
    Aggregation.QUANTILE: "quantile_over_time",
}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def promql(
    spec: QuerySpec,
    *,
    names: Sequence[str],
    place: Mapping[str, str],
    scale: float,
    unit: str,
    kind: MetricKind | None,
) -> str | None:
    """The expression of one metric; None if PromQL has none. `names` are the names that its series have, `place` the
    labels that name its site or object, `scale` and `unit` how its values are stored."""
    within = f"[{_duration(spec.step_s)}]"
    if spec.aggregation is Aggregation.QUANTILE:
        return _quantile(spec, names, place, within, kind)
    line = f"{_OVER_TIME[spec.aggregation]}({_selector(spec, names, place)}{within})"
    factor = scale
    if spec.aggregation is Aggregation.RATE:
        factor *= per_second(unit)[0]
    elif spec.aggregation is Aggregation.COUNT:
        factor = 1.0
    if spec.group_by is not None:
        line = f"{spec.combine}{_grouping(spec.group_by)} ({line})"
    return f"{line} * {factor:.12g}" if factor != 1.0 else line


def related(relation: str, first: str, second: str, *, one_second: bool) -> str:
    """The expression of two; `one_second` if the second is one line that goes with each of the first."""
    sign = "-" if relation == DIFFERENCE else "/"
    matching = " on () group_left ()" if one_second else ""
    return f"{_grouped(first)}\n{sign}{matching}\n{_grouped(second)}"


def _grouped(expression: str) -> str:
    return f"({expression})" if " * " in expression else expression


def _quantile(
    spec: QuerySpec,
    names: Sequence[str],
    place: Mapping[str, str],
    within: str,
    kind: MetricKind | None,
) -> str | None:
    q = f"{spec.quantile:.12g}"
    if kind is MetricKind.HISTOGRAM:
        buckets = [name if name.endswith("_bucket") else f"{name}_bucket" for name in names]
        line = f"rate({_selector(spec, buckets, place)}{within})"
        if spec.group_by is not None:
            line = f"sum{_grouping(('le', *spec.group_by))} ({line})"
        return f"histogram_quantile({q}, {line})"
    # Muster merges the readings of all series; a quantile of quantiles is another figure.
    if spec.group_by is not None:
        return None
    return f"quantile_over_time({q}, {_selector(spec, names, place)}{within})"


def _grouping(labels: Sequence[str]) -> str:
    return f" by ({', '.join(map(_label_name, labels))})" if labels else ""


def _selector(spec: QuerySpec, names: Sequence[str], place: Mapping[str, str]) -> str:
    conditions = [_condition(matcher) for matcher in spec.matchers]
    matched_labels = {matcher.label for matcher in spec.matchers}
    conditions += [
        f"{_label_name(name)}={_text(value)}" for name, value in place.items() if name not in matched_labels
    ]
    if len(names) == 1 and _is_plain(names[0]):
        return f"{names[0]}{{{', '.join(conditions)}}}" if conditions else names[0]
    either = "|".join(sorted(names))
    first = f"__name__={_text(names[0])}" if len(names) == 1 else f"__name__=~{_text(either)}"
    return f"{{{', '.join([first, *conditions])}}}"


def _condition(matcher: Matcher) -> str:
    return f"{_label_name(matcher.label)}{matcher.op}{_text(matcher.value)}"


def _is_plain(name: str) -> bool:
    return name.replace("_", "a").replace(":", "a").isalnum() and name.isascii() and not name[0].isdigit()


def _label_name(name: str) -> str:
    """A label as Prometheus 3 writes it: in quotes if it has dots, for example."""
    return name if _is_plain(name) and ":" not in name else _text(name)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _duration(seconds: int) -> str:
    return next(f"{seconds // size}{unit}" for size, unit in _UNITS if seconds % size == 0)
