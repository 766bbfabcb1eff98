"""The key figures of each domain: what they are called, and how several sites' add up to the fleet's.

Each site stores `{key: {value, provenance, taken_at, weight, source}}` beside its health. A figure that a
site cannot measure is absent, and never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from readiness.evidence.core.provenance import worst_provenance
from readiness.scoring.queries.rows import DomainFigure
from web.versioned.core.documents import LARGEST


class OverSites(StrEnum):
    """A mean weighted by what stands behind each site's figure, a sum, or the highest."""

    MEAN = "mean"
    SUM = "sum"
    HIGHEST = "highest"


WORDS = {OverSites.MEAN: "mean", OverSites.SUM: "sum", OverSites.HIGHEST: "highest"}


@dataclass(frozen=True, slots=True)
class FigureKind:
    """`within` says what a site's own figure is made of in the same way as the fleet's is of sites; empty where the
    site has one only. `noun` says by itself what is taken where it begins with a superlative ("Hottest GPU")."""

    key: str
    domain: str
    noun: str
    unit: str
    over_sites: OverSites
    within: str = ""

    def label(self, sites: int) -> str:
        """The name of the figure of so many sites: "Link flaps, 24 h, sum of ports", "Power, sum of sites"."""
        if sites == 1 and not self.within:
            return str(self.noun)
        if self.over_sites is OverSites.HIGHEST and not self.within:
            return str(self.noun)
        return f"{self.noun}, {WORDS[self.over_sites]} of {self.within or 'sites'}"


GPU_UTILISATION = FigureKind("gpu-utilisation", "compute", "GPU utilisation", "%", OverSites.MEAN, "GPUs")
GPU_TEMPERATURE = FigureKind("gpu-temperature", "compute", "Hottest GPU", "°C", OverSites.HIGHEST)
FAULTS = FigureKind("faults", "compute", "Fatal faults, 24 h", "", OverSites.SUM, "GPUs")
ROUND_TRIP = FigureKind("round-trip", "network", "Round trip p99, 7 d", "ms", OverSites.HIGHEST, "paths")
FLAPS = FigureKind("flaps", "network", "Link flaps, 24 h", "", OverSites.SUM, "ports")
LINK_ERRORS = FigureKind("link-errors", "network", "Link errors, 24 h", "", OverSites.SUM, "ports")
POWER = FigureKind("power", "energy", "Power", "kW", OverSites.SUM)
HEADROOM = FigureKind("headroom", "energy", "Headroom to contract", "kW", OverSites.SUM)
PUE = FigureKind("pue", "energy", "PUE now", "", OverSites.MEAN)
INLET = FigureKind("inlet", "energy", "Hottest inlet p99, 7 d", "°C", OverSites.HIGHEST)

_NONE: dict[str, Any] = {"value": None}

UTILISATION_METRICS = ("DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity")
GPU_TEMPERATURE_METRICS = ("DCGM_FI_DEV_GPU_TEMP", "gpu_junction_temperature")

FIGURES = (
    GPU_UTILISATION,
    GPU_TEMPERATURE,
    FAULTS,
    ROUND_TRIP,
    FLAPS,
    LINK_ERRORS,
    POWER,
    HEADROOM,
    PUE,
    INLET,
)


def stored(
    kind: FigureKind,
    value: float,
    *,
    taken_at: datetime,
    provenance: str,
    weight: float = 1.0,
    source: str = "",
) -> dict[str, dict[str, Any]]:
    """One figure as a site keeps it. `weight` is what a mean over sites weighs it by; `source` names what
    it is of. What a broken meter makes of it, no number or one beyond any, is none."""
    if not abs(value) <= LARGEST or not 0 <= weight <= LARGEST:
        return {}
    return {
        kind.key: {
            "value": value,
            "weight": weight,
            "taken_at": taken_at.isoformat(),
            "provenance": provenance,
            "source": source,
        }
    }


def of_site(kind: FigureKind, figures: dict[str, Any]) -> DomainFigure:
    """A site's own figure; unknown where the site has none."""
    return combined(kind, [figures])


def combined(kind: FigureKind, sites: Sequence[dict[str, Any]]) -> DomainFigure:
    """The fleet's figure from those sites that have one."""
    figures = [site[kind.key] for site in sites if site.get(kind.key, _NONE)["value"] is not None]
    if not figures:
        return DomainFigure(kind.key, kind.label(len(sites)), None, kind.unit)
    values = [figure["value"] for figure in figures]
    weights = [figure["weight"] for figure in figures]
    match kind.over_sites:
        case OverSites.SUM:
            value = sum(values)
        case OverSites.HIGHEST:
            value = max(values)
        case OverSites.MEAN:
            weighed = sum(value * weight for value, weight in zip(values, weights, strict=True))
            # Where no figure has a weight, all count alike.
            value = weighed / sum(weights) if any(weights) else sum(values) / len(values)
    return DomainFigure(
        key=kind.key,
        label=kind.label(len(sites)),
        value=value,
        unit=kind.unit,
        provenance=worst_provenance(figure["provenance"] for figure in figures),
        source=figures[values.index(value)]["source"] if value in values else "",
        taken_at=min(datetime.fromisoformat(figure["taken_at"]) for figure in figures),
    )
