"""All rules of health in the registry, and values just inside and just outside their limits."""

from collections.abc import Callable

from telemetry.core.metric import HealthRule, LimitTest, Metric
from telemetry.core.registry import registry

ORDERED = (LimitTest.ABOVE, LimitTest.BELOW)


def meanings():
    """Metrics with rules, and the variants of metrics that have some."""
    yield from registry().judged()
    for variants in registry().variants.values():
        yield from (variant.metric for variant in variants if variant.metric.health)


RULES = [(metric, rule) for metric in meanings() for rule in metric.health]


def each_rule(test: Callable[[Metric, HealthRule], None]) -> Callable[[], None]:
    """One test for all rules, which reports every fault."""

    def run_all() -> None:
        faults = {}
        for metric, rule in RULES:
            try:
                test(metric, rule)
            except AssertionError as fault:
                faults[metric.name, rule.title] = str(fault)
        assert faults == {}

    return run_all


def levels(rule):
    return [(level, limits) for level, limits in (("warn", rule.warn), ("critical", rule.critical)) if limits]


def beyond(rule, limits):
    """A value that only just enters the state of these limits."""
    if rule.direction in ORDERED:
        step = max(1e-6, abs(limits[0]) * 1e-9)
        return limits[0] + (step if rule.direction is LimitTest.ABOVE else -step)
    return limits[0] if rule.direction is LimitTest.ONE_OF else max(limits) + 1


def well(rule):
    """A value just so far inside that it ends every state."""
    limits = rule.warn or rule.critical
    match rule.direction:
        case LimitTest.ABOVE:
            return limits[0] - rule.hysteresis
        case LimitTest.BELOW:
            return limits[0] + rule.hysteresis
        case LimitTest.ONE_OF:
            return next(float(value) for value in range(200) if value not in {*rule.warn, *rule.critical})
        case LimitTest.OTHER_THAN:
            return limits[0]
