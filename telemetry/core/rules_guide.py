"""The rules of health as the rows of a table: what each problem means, when it begins and ends, what to do."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from telemetry.core.metric import HealthRule, LimitTest, Metric, MetricObject, Precondition
from telemetry.core.registry import Registry

HEADINGS = {
    MetricObject.ACCELERATOR: "Accelerators",
    MetricObject.NODE: "Nodes",
    MetricObject.SWITCH: "Switches",
    MetricObject.PORT: "Ports",
    MetricObject.LINK: "Links, sites and devices that are probed",
    MetricObject.FEED: "Feeds",
    MetricObject.PDU: "PDUs",
    MetricObject.UPS: "UPSs",
    MetricObject.COOLING_UNIT: "Cooling",
    MetricObject.SITE: "Sites",
}
ONLY = {
    Precondition.PORT_IN_USE: "the port is in use",
    Precondition.WRITABLE: "the file system is writable",
    Precondition.WAS_WRITABLE: "the file system was writable within 7 days",
    Precondition.LIQUID: "the unit cools a liquid loop",
    Precondition.AIR: "the unit cools air",
}
TABLE = (
    "| problem | begins (warn) | begins (critical) | ends | what to do | metric | source |",
    "|" + "---|" * 7,
)


def guide(registry: Registry) -> Iterator[str]:
    """The lines of the tables, a heading before each."""
    judged = [(metric, rule) for metric in _meanings(registry) for rule in metric.health]
    order = list(HEADINGS)
    judged.sort(key=lambda pair: (order.index(pair[0].object), pair[1].title, pair[0].name))
    for kind, pairs in groupby(judged, key=lambda pair: pair[0].object):
        yield from ("", f"## {HEADINGS[kind]}", "", *TABLE)
        yield from (_line(metric, rule) for metric, rule in pairs)


def _meanings(registry: Registry) -> Iterator[Metric]:
    yield from registry.judged()
    for variants in registry.variants.values():
        yield from (variant.metric for variant in variants if variant.metric.health)


def _line(metric: Metric, rule: HealthRule) -> str:
    cells = (
        rule.title,
        _begins(metric, rule, rule.warn),
        _begins(metric, rule, rule.critical),
        _ends(metric, rule),
        rule.action,
        f"`{metric.name}{_selector(rule)}`",
        f"`{rule.source}`",
    )
    return f"| {' | '.join(cells)} |"


def _begins(metric: Metric, rule: HealthRule, limits: tuple[float, ...]) -> str:
    if not limits:
        return "-"
    words = f"{_direction(rule)} {_values(metric, rule, limits)}"
    if rule.min_duration_s:
        words += f" for {rule.min_duration_s // 60} min"
    return words + (f", if {ONLY[rule.only]}" if rule.only else "")


def _direction(rule: HealthRule) -> str:
    return {LimitTest.ONE_OF: "is", LimitTest.OTHER_THAN: "is not"}.get(rule.direction, str(rule.direction))


def _values(metric: Metric, rule: HealthRule, limits: Iterable[float]) -> str:
    if metric.codes:
        return f"one of {len(tuple(limits))} fatal codes within {rule.window}"
    unit = rule.unit(metric.unit)
    return ", ".join(_value(metric, rule, value, unit) for value in limits)


def _value(metric: Metric, rule: HealthRule, value: float, unit: str) -> str:
    name = rule.word(value) if rule.label else metric.state_name(value)
    if rule.direction in (LimitTest.ONE_OF, LimitTest.OTHER_THAN) and name:
        return f'"{name}"'
    of_whole = f" of `{rule.share_of}`" if rule.share_of else ""
    return f"{value:,.10g} {unit}".strip() + of_whole


def _selector(rule: HealthRule) -> str:
    labels = ", ".join(f'{name}="{pattern}"' for name, pattern in rule.when)
    return f"{{{labels}}}" if labels else ""


def _ends(metric: Metric, rule: HealthRule) -> str:
    if rule.window_s:
        return f"{rule.window} after the last one"
    if rule.direction in (LimitTest.ONE_OF, LimitTest.OTHER_THAN):
        return "at the next good state"
    limit = (rule.warn or rule.critical)[0]
    is_above = rule.direction is LimitTest.ABOVE
    edge = limit - rule.hysteresis if is_above else limit + rule.hysteresis
    return f"at {edge:,.10g} {rule.unit(metric.unit)} or {'below' if is_above else 'above'}".replace(
        "  ", " "
    )
