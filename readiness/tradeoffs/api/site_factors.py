"""The factors of a site as a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from readiness.tradeoffs.core.ages import outdated
from readiness.tradeoffs.core.factors import Factor, KnownValue, SiteFactors


def document(site: SiteFactors, at: datetime) -> dict[str, Any]:
    return {
        "site": {"id": site.site_id, "slug": site.slug, "name": site.name, "country": site.country},
        "stage": site.stage,
        "verdict": site.verdict or None,
        "score": site.score,
        "accelerators": dict(site.accelerators),
        "factors": _all(site.factors, at),
        "latency": _all(site.latency, at),
        "between": _all(site.between, at),
    }


def _all(factors: Mapping[str, Factor], at: datetime) -> dict[str, Any]:
    return {name: _factor(factor, at) for name, factor in factors.items()}


def _factor(factor: Factor, at: datetime) -> dict[str, Any]:
    """The value that counts, the other sources beside it, and why there is none."""
    best = factor.best
    stated: dict[str, Any] = {"unknown": factor.unknown or None, "disagrees": factor.disagrees}
    if best is not None:
        stated |= _known(factor.kind, best, at)
        stated["others"] = [_known(factor.kind, other, at) for other in factor.others]
    return stated


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
