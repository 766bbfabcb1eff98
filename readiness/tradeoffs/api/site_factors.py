"""What is known of a site, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from readiness.tradeoffs.core.ages import outdated
from readiness.tradeoffs.core.factors import Factor, KnownValue, SiteFactors


def document(found: SiteFactors, at: datetime) -> dict[str, Any]:
    return {
        "site": {"id": found.site_id, "slug": found.slug, "name": found.name, "country": found.country},
        "stage": found.stage,
        "verdict": found.verdict or None,
        "score": found.score,
        "accelerators": dict(found.accelerators),
        "factors": _all(found.factors, at),
        "latency": _all(found.latency, at),
        "between": _all(found.between, at),
    }


def _all(factors: Mapping[str, Factor], at: datetime) -> dict[str, Any]:
    return {name: _factor(factor, at) for name, factor in factors.items()}


def _factor(factor: Factor, at: datetime) -> dict[str, Any]:
    """The value that counts, the other sources beside it, and why there is none."""
    best = factor.best
    found: dict[str, Any] = {"unknown": factor.unknown or None, "disagrees": factor.disagrees}
    if best is not None:
        found |= _known(factor.kind, best, at)
        found["others"] = [_known(factor.kind, other, at) for other in factor.others]
    return found


def _known(kind: str, known: KnownValue, at: datetime) -> dict[str, Any]:
    return {
        "value": known.value,
        "unit": known.unit,
        "currency": known.currency or None,
        "low": known.low,
        "high": known.high,
        "percentile": known.percentile,
        "basis": known.basis.value,
        "provenance": known.provenance,
        "source": known.source,
        "as_of": known.as_of,
        "age_s": max(0.0, known.age_s(at)),
        "outdated": outdated(kind, known, at),
        "coverage": known.coverage,
        "detail": known.detail,
        "caution": known.caution,
    }
