"""Whether a unit rule fits the metrics that it names."""

from collections.abc import Iterable

from telemetry.core.conversions import NoConversion
from telemetry.core.metric import Metric, MetricKind
from telemetry.core.registry import Registry
from telemetry.core.unit_rules import SentUnit


def check_unit(rule: SentUnit, registry: Registry) -> None:
    """Raise NoConversion if a metric that the rule names is not stored in a unit to which its own converts."""
    names = [name for name in registry.names if rule.applies_to(name)]
    if not names:
        raise NoConversion(f"Muster knows no metric {rule.pattern}, so it cannot convert {rule.unit}")
    for name in names:
        family = registry.names.get(registry.names[name].family)
        if family is not None and family.kind is MetricKind.HISTOGRAM:
            raise NoConversion(f"{name} is of a histogram, whose bounds are labels that no rule converts")
        _check_one(rule, name, registry.meanings(name))


def _check_one(rule: SentUnit, name: str, meanings: Iterable[Metric]) -> None:
    """Labels may decide in which unit a metric is stored: one to which the rule converts is enough."""
    refusals = []
    for metric in meanings:
        try:
            rule.conversion(metric)
        except NoConversion as error:
            refusals.append(error)
        else:
            return
    raise NoConversion(f"{name}: {refusals[-1]}")
