"""Which series count for nothing: interfaces that carry no traffic of their own (`data/interfaces.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOutSeries:
    """Series of these metrics count for nothing where the expression fits the label, unless they describe a port.

    PostgreSQL and Python read the expression alike.
    """

    metrics: frozenset[str]
    label: str
    expression: str

    def applies_to(self, metric: str, labels: Mapping[str, str]) -> bool:
        return metric in self.metrics and re.search(self.expression, labels.get(self.label, "")) is not None
