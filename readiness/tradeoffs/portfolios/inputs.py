"""The question of a portfolio, as it is stored and answered; `params` reads it from a request."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from readiness.tradeoffs.moves.options import CarbonKind

OBJECTIVES = ("cost", "carbon", "latency", "risk")
"""Less of each is better. Risk is the difference to a readiness score of 100 points."""
WEIGHTS: Mapping[str, float] = {"cost": 60.0, "carbon": 40.0, "latency": 50.0, "risk": 30.0}
CURRENCY = "EUR"
POINTS = 12
MOST_POINTS = 40
MOST_WORKLOADS = 2_000


@dataclass(frozen=True, slots=True)
class PortfolioQuestion:
    """`workloads` are the slugs to place; `weights` has the objectives that count, all above 0."""

    workloads: tuple[str, ...]
    left_out: tuple[str, ...]
    pins: Mapping[str, str]
    weights: Mapping[str, float]
    points: int
    currency: str
    carbon: CarbonKind

    def inputs(self) -> dict[str, Any]:
        """Return the stored columns, which `PortfolioQuestion.restore` reads."""
        return asdict(self)

    @classmethod
    def restore(cls, inputs: Mapping[str, Any]) -> "PortfolioQuestion":
        workloads, left_out = tuple(inputs["workloads"]), tuple(inputs["left_out"])
        carbon = CarbonKind(inputs["carbon"])
        return cls(**{**inputs, "workloads": workloads, "left_out": left_out, "carbon": carbon})

    @property
    def objectives(self) -> tuple[str, ...]:
        return tuple(name for name in OBJECTIVES if name in self.weights)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.inputs(), sort_keys=True).encode()).hexdigest()
