"""Preconditions that have to hold before a rule of the registry judges an object, and the other metrics that rules
need."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from readiness.assessment.scoring.core.reasons import ObjectKey
from readiness.assessment.scoring.facts import EvaluationFacts, object_key
from telemetry.core.labels import NAME
from telemetry.core.metric import HealthRule, Precondition
from telemetry.core.registry import registry
from telemetry.core.rows import Latest, Rise

READ_ONLY = "node_filesystem_readonly"
ADMIN_STATE, ADMIN_UP = "ifAdminStatus", 1.0
INTERFACE_FACTS, ADMIN_LABEL = "node_network_info", "adminstate"
OF_THE_PAST = frozenset({Precondition.PORT_IN_USE, Precondition.WAS_WRITABLE})
"""These hold too if the series was well within 7 days."""

REACH = timedelta(days=7)

type _Place = tuple[int, frozenset[tuple[str, str]]]


@cache
def companions() -> frozenset[str]:
    """Metrics that no rule judges but some rule needs."""
    shares = {rule.share_of for metric in registry().judged() for rule in metric.health if rule.share_of}
    return frozenset({READ_ONLY, ADMIN_STATE, INTERFACE_FACTS} | shares)


@dataclass(slots=True)
class Surroundings:
    """The facts around a sample, looked up once per evaluation. Two series belong together if they have one source and
    the same labels."""

    facts: EvaluationFacts
    now: datetime
    _values: dict[str, Mapping[_Place, float]] = field(default_factory=dict)
    _off: frozenset[ObjectKey] | None = None

    def value(self, metric: str, row: Latest | Rise) -> float | None:
        if metric not in self._values:
            samples = self.facts.latest.get(metric, ())
            self._values[metric] = {
                _place(sample): sample.value for sample in samples if self.facts.is_live(sample, self.now)
            }
        return self._values[metric].get(_place(row))

    def hold(self, rule: HealthRule, key: ObjectKey, row: Latest | Rise) -> bool:
        """Whether the rule judges the object. An interface that the inventory does not have describes its device, which
        is no port."""
        was_well = row.series_id in self.facts.was_well
        match rule.only:
            case Precondition.PORT_IN_USE:
                in_use = was_well or key in self.facts.linked_ports
                return key[0] == "port" and in_use and key not in self._switched_off()
            case Precondition.WAS_WRITABLE:
                return was_well
            case Precondition.WRITABLE:
                return self.value(READ_ONLY, row) != 1
            case Precondition.LIQUID | Precondition.AIR:
                return (key[1] in self.facts.loops) is (rule.only is Precondition.LIQUID)
            case _:
                return True

    def _switched_off(self) -> frozenset[ObjectKey]:
        if self._off is None:
            self._off = frozenset(self._off_by_operator())
        return self._off

    def _off_by_operator(self) -> Iterator[ObjectKey]:
        for sample in self.facts.latest.get(ADMIN_STATE, ()):
            key = object_key(sample)
            if key and sample.value != ADMIN_UP and self.facts.is_live(sample, self.now):
                yield key
        # Its labels change with the state, so the newest series of a port tells.
        newest: dict[ObjectKey, Latest] = {}
        for sample in self.facts.latest.get(INTERFACE_FACTS, ()):
            key = object_key(sample)
            if key and (key not in newest or newest[key].ts < sample.ts):
                newest[key] = sample
        yield from (key for key, sample in newest.items() if sample.labels.get(ADMIN_LABEL) == "down")


def _place(row: Latest | Rise) -> _Place:
    return row.source_id, frozenset(item for item in row.labels.items() if item[0] != NAME)


def suspects(facts: EvaluationFacts) -> Iterator[tuple[Latest, HealthRule]]:
    """Series that are not well now, and that a rule judges only if they were before."""
    for metric, rules in _rules_of_the_past().items():
        for sample in facts.latest.get(metric, ()):
            for rule in rules:
                if (
                    rule.judge(sample.value) != "ok"
                    and object_key(sample) not in facts.linked_ports
                    and rule.applies_to(sample.labels)
                ):
                    yield sample, rule


def well_series(rules: Mapping[int, HealthRule], ranges: Mapping[int, tuple[float, float]]) -> frozenset[int]:
    """The states of these rules are well at one end of their numbers: up is the least or the greatest."""
    return frozenset(
        series_id
        for series_id, rule in rules.items()
        if any(rule.judge(value) == "ok" for value in ranges.get(series_id, ()))
    )


@cache
def _rules_of_the_past() -> dict[str, tuple[HealthRule, ...]]:
    by_name: dict[str, tuple[HealthRule, ...]] = {}
    for metric in registry().judged():
        rules = tuple(rule for rule in metric.health if rule.only in OF_THE_PAST)
        by_name |= dict.fromkeys((metric.name, *metric.aliases), rules) if rules else {}
    return by_name
