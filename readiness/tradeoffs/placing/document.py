"""A weighed placement as JSON, and the snapshot of what it stands on, which can be stored as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from readiness.tradeoffs.core.ages import outdated
from readiness.tradeoffs.core.consequences import line
from readiness.tradeoffs.core.factors import Factor
from readiness.tradeoffs.core.options import BandedFigure, LegalAnswer
from readiness.tradeoffs.core.performance import book
from readiness.tradeoffs.core.placement import UnkeptLimit
from readiness.tradeoffs.placing import sentences
from readiness.tradeoffs.placing.candidates import used_factors
from readiness.tradeoffs.placing.facts import FleetFacts
from readiness.tradeoffs.placing.params import CarbonKind, PlacementQuestion, WhatIf
from readiness.tradeoffs.placing.weighing import IN_SERVICE, PlacementAnswer, PlacementOption
from readiness.workloads.core.envelope import Envelope


def document(found: PlacementAnswer, *, with_snapshot: bool = True) -> dict[str, Any]:
    counts = {"feasible": 0, "undecided": 0, "rejected": 0}
    for one in found.options:
        counts[one.placed.standing] += 1
    answer = {
        "workload": {"slug": found.envelope.slug, "name": found.envelope.name},
        "currency": found.currency,
        "carbon": found.question.carbon.value,
        "objectives": [
            {
                "name": one.name,
                "direction": one.direction.value,
                "on_front": one.name in found.on_front,
                "against": one.against.value,
                "reference": one.reference,
                "scale": one.scale,
            }
            for one in found.objectives
        ],
        "weights": dict(found.weights),
        "what_if": what_if(found.question.what_if),
        "today": list(found.today),
        "counts": counts,
        "best": found.best.slug if found.best else None,
        "unscored": sentences.unscored(found),
        "options": [_option(one) for one in found.options],
        "not_in_service": [
            {"site": slug, "name": name, "stage": stage} for slug, name, stage in found.not_in_service
        ],
        "sensitivity": _sensitivity(found),
        "loosen": sentences.to_loosen(found),
    }
    return answer | {"snapshot": snapshot(found)} if with_snapshot else answer


def _option(one: PlacementOption) -> dict[str, Any]:
    ranked = one.ranked
    found: dict[str, Any] = {
        "site": one.slug,
        "name": one.name,
        "country": one.country,
        "region": one.region,
        "stage": one.stage,
        "standing": one.placed.standing.value,
        "feasible": one.feasible,
        "objectives": {name: figure(each) for name, each in one.figures.items()},
        "reasons": [_reason(each) for each in one.reasons],
        "pareto": one.pareto if one.feasible else None,
        "dominated_by": one.dominated_by or None,
        "rank": ranked.rank if ranked else None,
        "score": ranked.score if ranked else None,
        "best_rank": ranked.best_rank if ranked else None,
        "worst_rank": ranked.worst_rank if ranked else None,
        "effect": ranked.effect if ranked else "",
        "step": one.step.words if one.step else None,
        "margin": one.placed.compliance_margin,
        "outdated": dict(one.outdated),
        "unit_cost": figure(one.candidate.unit_cost),
        "accelerators": _held(one),
        "useful_hour_cost": figure(one.useful_hour),
        "capacity_after": {name: figure(each) for name, each in one.after.items()},
        "verdict": one.candidate.verdict,
        "jurisdiction": {
            "answer": one.law.answer.value,
            "rule": one.law.rule,
            "text": one.law.text,
            "rules": list(one.law.rules),
            "operator_country": one.operator_country or None,
            "sovereignty": None
            if one.law.sovereignty is LegalAnswer.NOT_ASKED
            else one.law.sovereignty.value,
            "sovereignty_text": one.law.sovereignty_text,
            "sovereignty_rules": list(one.law.sovereignty_rules),
        },
        "is_today": one.is_today,
        "consequence": None,
        "consequences": [],
    }
    if one.moved is not None:
        found["consequence"] = line(one.moved)
        found["consequences"] = [
            {
                "domain": each.domain.value,
                "name": each.name,
                "words": each.words,
                "effect": each.effect.value,
                "change": each.change,
                "low": _finite(each.low),
                "high": _finite(each.high),
                "unit": each.unit,
            }
            for each in one.moved
        ]
    return found


def _held(one: PlacementOption) -> dict[str, Any] | None:
    """How many accelerators of which type, and what they count in the reference type."""
    if one.held is None:
        return None
    return asdict(one.held) | {"reference": book().reference, "precision": book().precision}


def figure(one: BandedFigure) -> dict[str, Any]:
    """`unknown` says why there is no value; `low` and `high` bound it all the same, where anything does."""
    return {
        "value": one.value,
        "unit": one.unit,
        "provenance": one.provenance,
        "as_of": one.as_of,
        "low": one.low,
        "high": one.high,
        "source": one.source if one.value is not None else "",
        "unknown": None if one.value is not None else one.source or "Nothing is known of it.",
    }


def _reason(one: UnkeptLimit) -> dict[str, Any]:
    return {
        "limit": one.limit,
        "subject": one.subject,
        "standing": one.standing.value,
        "bound": one.bound,
        "actual": None if one.actual is None else one.actual.value,
        "low": None if one.actual is None else one.actual.low,
        "high": None if one.actual is None else one.actual.high,
        "margin": one.margin,
        "unit": one.unit,
        "words": one.words,
        "why": "" if one.actual is None or one.actual.value is not None else one.actual.source,
    }


def _sensitivity(found: PlacementAnswer) -> dict[str, Any] | None:
    if found.sensitivity is None or found.robustness is None:
        return None
    flips, robust = found.sensitivity, found.robustness
    return {
        "winner": flips.winner,
        "flips": [
            {
                "objective": flip.objective,
                "share": flip.share,
                "weight": flip.weight,
                "to": flip.to,
                "up": flip.up,
                "words": sentences.flip(flip, found),
            }
            for flip in flips.flips
        ],
        "fixed": list(flips.fixed),
        "robustness": {
            "share": robust.share,
            "by_site": robust.by_option,
            "draws": robust.draws,
            "objectives": list(robust.objectives),
            "words": sentences.robust(robust, found),
        },
    }


def what_if(levers: WhatIf) -> dict[str, Any]:
    """As it can be asked again."""
    return {
        "demand": levers.demand,
        "electricity_price": levers.electricity_price,
        "carbon_price": levers.carbon_price,
        "pue": levers.pue,
        "sites_lost": sorted(levers.sites_lost),
        "links_slower": [
            {"site": one.site, "region": one.region, "add_ms": one.add_ms} for one in levers.links_slower
        ],
        "limits": dict(levers.limits),
        "data_origin": levers.data_origin,
        "bases": sorted(levers.bases),
    }


def snapshot(found: PlacementAnswer) -> dict[str, Any]:
    """Every factor that figures were worked out from, with provenance and age, and the versions of what judged it. Its
    `sites` are JSON already, which `orjson` writes and `frozen` reads.
    """
    regions = tuple(user.region for user in found.envelope.users)
    carbon = found.question.carbon
    return {
        "version": 1,
        "taken_at": found.at,
        "factors_at": found.facts.at,
        "envelope": envelope(found.envelope),
        "asked": envelope(found.asked),
        "weights": dict(found.weights),
        "what_if": what_if(found.question.what_if),
        "currency": found.currency,
        "carbon": carbon.value,
        "today": list(found.today),
        "rules": dict(found.rules) if found.rules else None,
        "framework": found.facts.framework,
        "rates": [
            {
                "currency": rate.currency,
                "to_currency": rate.to_currency,
                "rate": rate.rate,
                "as_of": rate.as_of,
                "source": rate.source,
            }
            for rate in found.facts.rates.all
        ],
        "sites": orjson.Fragment(_sites(found.facts, carbon, regions)),
    }


@lru_cache(maxsize=8)
def _sites(facts: FleetFacts, carbon: CarbonKind, regions: tuple[str, ...]) -> bytes:
    """As JSON already: no lever changes what is known, and a thousand sites take megabytes."""
    sites = {
        site.slug: {
            "verdict": site.verdict or None,
            "score": site.score,
            "score_upper": standing.score_upper if standing else None,
            "evaluated_at": standing.evaluated_at if standing else None,
            "accelerators": dict(site.accelerators),
            "factors": {
                kind: _factor(factor, facts.at)
                for kind, factor in used_factors(site, carbon, regions).items()
            },
        }
        for site in facts.sites
        if site.stage in IN_SERVICE
        for standing in [facts.standings.get(site.slug)]
    }
    return orjson.dumps(sites, option=orjson.OPT_UTC_Z)


def _factor(factor: Factor | None, at: datetime) -> dict[str, Any]:
    best = factor.best if factor is not None else None
    if factor is None or best is None:
        return {"value": None, "unknown": factor.unknown if factor else "No source has a value for it."}
    return {
        "value": best.value,
        "unit": best.unit,
        "low": best.low,
        "high": best.high,
        "percentile": best.percentile,
        "basis": best.basis.value,
        "provenance": best.provenance,
        "source": best.source,
        "as_of": best.as_of,
        "age_s": max(0.0, best.age_s(at)),
        "outdated": outdated(factor.kind, best, at),
        "unknown": None,
        "disagrees": factor.disagrees,
    }


def envelope(one: Envelope) -> dict[str, Any]:
    """All its fields; sets as sorted lists."""
    return {name: _plain(value) for name, value in asdict(one).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _finite(value: float | None) -> float | None:
    return value if value is None or abs(value) != float("inf") else None


def body(workload: str, question: PlacementQuestion) -> dict[str, Any]:
    """What to POST for the same answer, with what is as it is left out."""
    levers = {
        name: value
        for name, value in what_if(question.what_if).items()
        if value not in ([], {}, "", None) and value != what_if(WhatIf())[name]
    }
    asked: dict[str, Any] = {"workload": workload, "weights": dict(question.weights), "what_if": levers}
    if question.currency:
        asked["currency"] = question.currency
    if question.carbon.value != "average":
        asked["carbon"] = question.carbon.value
    if question.today:
        asked["today"] = question.today
    return asked


def frozen(found: PlacementAnswer) -> dict[str, Any]:
    """The whole answer as JSON has it, to be stored: instants are texts."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(document(found), option=orjson.OPT_UTC_Z))
    return plain
