"""The metric registry: `telemetry/data/metrics/*.yaml`, `matching.yaml`, `interfaces.yaml` and `sources.yaml`, read
once and strictly. Values are stored under the name they were sent with; `Registry.expand` gives names with the same
meaning.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import isnan
from pathlib import Path
from typing import Any

from telemetry.core.labels import NAME
from telemetry.core.matching import MatchCandidate, MatchingRule, candidates
from telemetry.core.metric import HealthRule, Metric, MetricKind, guess_kind
from telemetry.core.reading import RegistryError as RegistryError
from telemetry.core.reading import read_left_out, read_matching, read_metric_file, read_yaml


@dataclass(frozen=True, slots=True)
class LeftOutSeries:
    """Series of these metrics are ignored if the expression fits the label, unless they describe a port. PostgreSQL and
    Python interpret the expression alike."""

    metrics: frozenset[str]
    label: str
    expression: str

    def applies_to(self, metric: str, labels: Mapping[str, str]) -> bool:
        return metric in self.metrics and re.search(self.expression, labels.get(self.label, "")) is not None


BOUND = "le"
DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Variant:
    """A metric whose meaning depends on labels: it applies if each label has one of the values."""

    when: tuple[tuple[str, tuple[str, ...]], ...]
    metric: Metric

    def applies_to(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(name) in values for name, values in self.when)


@dataclass(frozen=True, slots=True)
class Registry:
    """`names` maps every name of a sample, including aliases and histogram parts, to its metric."""

    names: Mapping[str, Metric]
    variants: Mapping[str, tuple[Variant, ...]]
    default_rules: tuple[MatchingRule, ...]
    sources: Mapping[str, str]
    left_out: tuple[LeftOutSeries, ...] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(metric for name, metric in self.names.items() if name == metric.name == metric.family)

    def get(self, name: str, labels: Mapping[str, str] | None = None) -> Metric | None:
        for variant in self.variants.get(name, ()):
            if labels and variant.applies_to(labels):
                return variant.metric
        return self.names.get(name)

    def meanings(self, name: str) -> tuple[Metric, ...]:
        """List the metrics that a known name may mean: by itself, and by labels."""
        return (self.names[name], *(variant.metric for variant in self.variants.get(name, ())))

    def kind(self, name: str, labels: Mapping[str, str]) -> MetricKind:
        metric = self.get(name, labels)
        return metric.kind if metric else guess_kind(name)

    def bound(self, labels: Mapping[str, str]) -> float | None:
        """The upper bound of a histogram's bucket, in the histogram's unit; None if the label is not a number."""
        metric = self.get(labels[NAME], labels)
        try:
            bound = float(labels.get(BOUND, "")) * (metric.le_scale if metric else 1.0)
        except ValueError:
            return None
        return None if isnan(bound) else bound

    def candidates(self, labels: Mapping[str, str]) -> list[MatchCandidate]:
        metric = self.names.get(labels.get(NAME, ""))
        return candidates(labels, metric.match if metric else self.default_rules)

    def expand(self, name: str) -> tuple[str, ...]:
        """Every name with the same meaning as `name`, itself first: its aliases, or all that share an `hw.` name."""
        if name.startswith("hw."):
            metrics = [metric for metric in self.metrics if self._has_hw(metric, name)]
            return tuple(each for metric in metrics for each in (metric.name, *metric.aliases))
        metric = self.names.get(name)
        if metric is None:
            return (name,)
        return tuple(dict.fromkeys((name, metric.name, *metric.aliases)))

    def _has_hw(self, metric: Metric, name: str) -> bool:
        return name in (metric.hw, *(variant.metric.hw for variant in self.variants.get(metric.name, ())))

    def left_out_of(self, names: Iterable[str] | None, labels: Collection[str] = ()) -> list[LeftOutSeries]:
        metrics = None if names is None else set(names)
        return [
            rule
            for rule in self.left_out
            if rule.label not in labels and (metrics is None or not rule.metrics.isdisjoint(metrics))
        ]

    def judged(self) -> tuple[Metric, ...]:
        return tuple(metric for metric in self.metrics if metric.health)

    def source_title(self, rule: HealthRule) -> str:
        return self.sources[rule.source]


def load(folder: Path = DATA) -> Registry:
    sources = {name: str(title) for name, title in read_yaml(folder / "sources.yaml").items()}
    rules = read_matching(folder / "matching.yaml")
    names: dict[str, Metric] = {}
    variants: dict[str, tuple[Variant, ...]] = {}
    for path in sorted((folder / "metrics").glob("*.yaml")):
        for metric, variant_list in read_metric_file(path, rules=rules, sources=sources):
            for name, meaning in _names(metric):
                if name in names:
                    raise RegistryError(
                        path, f"metrics.{metric.name}", f"{name} is {names[name].name} already"
                    )
                names[name] = meaning
            variants[metric.name] = tuple(Variant(when, each) for when, each in variant_list)
    left_out = tuple(
        LeftOutSeries(
            frozenset(name for name, metric in names.items() if metric.match == matched), label, expression
        )
        for matched, label, expression in read_left_out(folder / "interfaces.yaml", rules)
    )
    return Registry(names, variants, rules["default"], sources, left_out)


@cache
def registry() -> Registry:
    return load()


def _names(metric: Metric) -> Iterator[tuple[str, Metric]]:
    """A metric under its own name and aliases; for a histogram also its three parts."""
    for name in (metric.name, *metric.aliases):
        yield name, metric
        if metric.kind is MetricKind.HISTOGRAM:
            count: dict[str, Any] = {
                "unit": "",
                "scale": 1.0,
                "aliases": (),
                "health": (),
                "hw": "",
                "sketch": False,
            }
            bucket = replace(metric, name=f"{name}_bucket", le_scale=metric.scale, **count)
            yield f"{name}_bucket", bucket
            yield f"{name}_count", replace(metric, name=f"{name}_count", kind=MetricKind.COUNTER, **count)
            yield (
                f"{name}_sum",
                replace(metric, name=f"{name}_sum", kind=MetricKind.COUNTER, aliases=(), hw="", health=()),
            )
