"""The answer of a placement as JSON, with the snapshot behind it. Decisions store both."""

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from readiness.tradeoffs.factors.core.factors import Factor, outdated
from readiness.tradeoffs.moves.options import BandedFigure, CarbonKind, JurisdictionAnswer
from readiness.tradeoffs.placing import sentences
from readiness.tradeoffs.placing.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.candidates import used_factors
from readiness.tradeoffs.placing.core.placement import UnkeptLimit
from readiness.tradeoffs.placing.facts import FleetFacts, SiteStaffing
from readiness.tradeoffs.placing.waiting import OpeningDay
from readiness.tradeoffs.placing.weighing import IN_SERVICE
from readiness.tradeoffs.units import book


def document(answer: PlacementAnswer, *, with_snapshot: bool = True) -> dict[str, Any]:
    counts = {"feasible": 0, "undecided": 0, "rejected": 0}
    for option in answer.options:
        counts[option.placed.standing] += 1
    document = {
        "workload": {"slug": answer.envelope.slug, "name": answer.envelope.name},
        "currency": answer.currency,
        "carbon": answer.question.carbon,
        "objectives": [
            {
                **_named(objective, "name", "direction"),
                "on_front": objective.name in answer.on_front,
                **_named(objective, "against", "reference", "scale"),
            }
            for objective in answer.objectives
        ],
        "weights": dict(answer.weights),
        "what_if": answer.question.what_if,
        "today": list(answer.today),
        "counts": counts,
        "best": answer.best.slug if answer.best else None,
        "unscored": sentences.unscored(answer),
        "options": [_option(option) | _beside(answer, option) for option in answer.options],
        "not_in_service": [
            {
                "site": site.slug,
                **_named(site, "name", "stage"),
                **_opening(answer.facts.opens.get(site.slug)),
            }
            for site in answer.not_in_service
        ],
        "sensitivity": _sensitivity(answer),
        "loosen": sentences.to_loosen(answer),
    }
    return document | {"snapshot": snapshot(answer)} if with_snapshot else document


def _beside(answer: PlacementAnswer, option: PlacementOption) -> dict[str, Any]:
    """Return facts about an option that depend on the whole answer."""
    return {
        "staffing": _staffing(answer.facts.staffing.get(option.slug)),
        "remarks": sentences.remarks(answer, option),
        "tied_with": [each.slug for each in answer.tied(option)],
    }


def _named(obj: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(obj, name) for name in names}


def _option(option: PlacementOption) -> dict[str, Any]:
    ranked, move = option.ranked, option.move
    ranks = ("rank", "score", "best_rank", "worst_rank")
    return {
        "site": option.slug,
        **_named(option.site, "name", "country", "region", "stage"),
        "standing": option.placed.standing,
        "feasible": option.feasible,
        "objectives": {name: figure(each) for name, each in option.figures.items()},
        "reasons": [_reason(each) for each in option.reasons],
        "pareto": option.pareto if option.feasible else None,
        "dominated_by": option.dominated_by or None,
        **(_named(ranked, *ranks) if ranked else dict.fromkeys(ranks)),
        "effect": ranked.effect if ranked else "",
        "step": option.step.words if option.step else None,
        "margin": option.placed.compliance_margin,
        "outdated": dict(option.outdated),
        "unit_cost": figure(option.candidate.unit_cost),
        "accelerators": _held(option),
        "useful_hour_cost": figure(option.useful_hour),
        "it_power": figure(option.candidate.it_power),
        "peak_power": figure(option.candidate.peak_power),
        "power_basis": option.power_basis,
        "capacity_after": {name: figure(each) for name, each in option.after.items()},
        "verdict": option.verdict,
        "waits_for": [asdict(check) for check in option.waits],
        "jurisdiction": _law(option),
        "is_today": option.is_today,
        "consequence": None if move is None else option.consequence,
        "consequences": move.consequences if move else (),
        "changes": dict(move.changes) if move else None,
    }


def _opening(day: OpeningDay | None) -> dict[str, Any]:
    return {"opens_on": day and day.on, "opens_by": day and day.source}


def _staffing(staffing: SiteStaffing | None) -> dict[str, Any] | None:
    return None if staffing is None else _named(staffing, "requirements", "uncovered")


def _law(option: PlacementOption) -> dict[str, Any]:
    law = option.law
    is_asked = law.sovereignty is not JurisdictionAnswer.NOT_ASKED
    return {
        **_named(law, "answer", "rule", "text", "rules"),
        "operator_country": option.site.operator_country or None,
        "sovereignty": law.sovereignty if is_asked else None,
        **_named(law, "sovereignty_text", "sovereignty_rules"),
    }


def _held(option: PlacementOption) -> dict[str, Any] | None:
    if option.held is None:
        return None
    published = book()
    return {
        **asdict(option.held),
        **_named(published, "reference", "precision"),
    }


def figure(figure_of: BandedFigure) -> dict[str, Any]:
    """`unknown` says why there is no value; `low` and `high` may still bound it."""
    return {
        "value": figure_of.value,
        "unit": figure_of.unit,
        "provenance": figure_of.provenance,
        "as_of": figure_of.as_of,
        "low": figure_of.low,
        "high": figure_of.high,
        "source": figure_of.source if figure_of.value is not None else "",
        "unknown": None
        if figure_of.value is not None
        else figure_of.source or "No source knows this factor.",
    }


def _reason(limit: UnkeptLimit) -> dict[str, Any]:
    actual = limit.actual
    return {
        **_named(limit, "limit", "subject", "standing", "bound"),
        "actual": actual and actual.value,
        "low": actual and actual.low,
        "high": actual and actual.high,
        **_named(limit, "margin", "unit", "words"),
        "why": actual.why_unknown if actual else "",
    }


def _sensitivity(answer: PlacementAnswer) -> dict[str, Any] | None:
    if answer.sensitivity is None or answer.robustness is None:
        return None
    flips, robust = answer.sensitivity, answer.robustness
    return {
        "winner": flips.winner,
        "flips": [{**asdict(flip), "words": sentences.flip(flip, answer)} for flip in flips.flips],
        "fixed": flips.fixed,
        "robustness": {
            "share": robust.share,
            "by_site": robust.by_option,
            **_named(robust, "draws", "objectives"),
            "words": sentences.robust(robust, answer),
        },
    }


def snapshot(answer: PlacementAnswer) -> dict[str, Any]:
    """Every factor behind the figures, with provenance and age, and the versions that judged them. `sites` is already
    JSON, which `orjson` writes and `frozen` reads.
    """
    regions = tuple(user.region for user in answer.envelope.users)
    carbon = answer.question.carbon
    return {
        "version": 1,
        "taken_at": answer.at,
        "factors_at": answer.facts.at,
        "envelope": asdict(answer.envelope),
        "asked": asdict(answer.asked),
        "weights": dict(answer.weights),
        "what_if": answer.question.what_if,
        "currency": answer.currency,
        "carbon": carbon,
        "today": list(answer.today),
        "rules": dict(answer.rules) if answer.rules else None,
        "framework": answer.facts.framework,
        "rates": answer.facts.rates.all,
        "sites": orjson.Fragment(_sites(answer.facts, carbon, regions)),
    }


@lru_cache(maxsize=8)
def _sites(facts: FleetFacts, carbon: CarbonKind, regions: tuple[str, ...]) -> bytes:
    """Return JSON, cached: levers do not change the factors, and a thousand sites take megabytes."""
    sites = {
        site.slug: {
            "verdict": site.verdict or None,
            "score": site.score,
            "score_upper": score.score_upper if score else None,
            "evaluated_at": score.evaluated_at if score else None,
            "accelerators": dict(site.accelerators),
            "power_kw": {slug: asdict(power) for slug, power in site.power.items()},
            "factors": {
                kind: _factor(factor, facts.at)
                for kind, factor in used_factors(site, carbon, regions).items()
            },
        }
        for site in facts.sites
        if site.stage in IN_SERVICE
        for score in [facts.scores.get(site.slug)]
    }
    return orjson.dumps(sites, option=orjson.OPT_UTC_Z)


def _factor(factor: Factor | None, at: datetime) -> dict[str, Any]:
    best = factor.best if factor is not None else None
    if factor is None or best is None:
        return {"value": None, "unknown": factor.unknown if factor else "No source has a value for it."}
    return {
        **_named(
            best, "value", "unit", "low", "high", "percentile", "basis", "provenance", "source", "as_of"
        ),
        "age_s": max(0.0, best.age_s(at)),
        "outdated": outdated(factor.kind, best, at),
        "unknown": None,
        "disagrees": factor.disagrees,
    }


def as_bytes(answer: PlacementAnswer, *, with_snapshot: bool = True) -> bytes:
    """Infinite ends of bands become null, sets become sorted lists."""
    return orjson.dumps(
        document(answer, with_snapshot=with_snapshot), default=sorted, option=orjson.OPT_UTC_Z
    )


def frozen(answer: PlacementAnswer) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(as_bytes(answer))
    return plain
