"""The answer of a placement as JSON, with the snapshot behind it. Decisions store both."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

import orjson

from readiness.tradeoffs.factors.core.factors import Factor, SiteFactors, outdated
from readiness.tradeoffs.moves.options import BandedFigure, CarbonKind, JurisdictionAnswer
from readiness.tradeoffs.placing import sentences
from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.core.candidates import used_factors
from readiness.tradeoffs.placing.core.inputs import FleetFacts, SiteStaffing
from readiness.tradeoffs.placing.core.placement import UnkeptLimit
from readiness.tradeoffs.placing.core.weighing import IN_SERVICE
from readiness.tradeoffs.placing.shapes import (
    PlacementAccelerators,
    PlacementCounts,
    PlacementDocument,
    PlacementDocumentWithSnapshot,
    PlacementFigure,
    PlacementJurisdiction,
    PlacementObjectives,
    PlacementOptionShape,
    PlacementReason,
    PlacementSensitivity,
    PlacementSnapshot,
    PlacementStaffing,
    SiteNotInService,
    SnapshotFactor,
    SnapshotSite,
    UnknownSnapshotFactor,
)
from readiness.tradeoffs.units import book
from web.cached import CachedAnswer


def document(answer: PlacementAnswer, options: Sequence[PlacementOption]) -> PlacementDocument:
    """The answer with some of its options; `counts`, ranks and all else are of the whole."""
    counts: PlacementCounts = {"feasible": 0, "undecided": 0, "rejected": 0}
    for option in answer.options:
        counts[option.placed.standing.value] += 1
    return {
        "workload": {"slug": answer.envelope.slug, "name": answer.envelope.name},
        "currency": answer.currency,
        "carbon": answer.question.carbon,
        "objectives": [
            {
                "name": objective.name,
                "direction": objective.direction,
                "on_front": objective.name in answer.on_front,
                "against": objective.against,
                "reference": objective.reference,
                "scale": objective.scale,
            }
            for objective in answer.objectives
        ],
        "weights": dict(answer.weights),
        "what_if": answer.question.what_if,
        "today": list(answer.today),
        "counts": counts,
        "best": answer.best.slug if answer.best else None,
        "unscored": sentences.unscored(answer),
        "options": [_option(option, answer) for option in options],
        "not_in_service": [_not_in_service(site, answer) for site in answer.not_in_service],
        "sensitivity": _sensitivity(answer),
        "loosen": sentences.limits_to_loosen(answer),
    }


def _option(option: PlacementOption, answer: PlacementAnswer) -> PlacementOptionShape:
    site, ranked, move = option.site, option.ranked, option.move
    return {
        "site": option.slug,
        "name": site.name,
        "country": site.country,
        "region": site.region,
        "stage": site.stage,
        "standing": option.placed.standing,
        "feasible": option.feasible,
        "objectives": cast(PlacementObjectives, _figures(option.figures)),
        "reasons": [_reason(each) for each in option.reasons],
        "pareto": option.pareto if option.feasible else None,
        "dominated_by": option.dominated_by or None,
        "rank": ranked.rank if ranked else None,
        "score": ranked.score if ranked else None,
        "best_rank": ranked.best_rank if ranked else None,
        "worst_rank": ranked.worst_rank if ranked else None,
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
        "capacity_after": _figures(option.after),
        "verdict": option.verdict,
        "waits_for": option.waits,
        "jurisdiction": _law(option),
        "is_today": option.is_today,
        "consequence": None if move is None else option.consequence,
        "consequences": move.consequences if move else (),
        "changes": dict(move.changes) if move else None,
        "staffing": _staffing(answer.facts.staffing.get(option.slug)),
        "remarks": sentences.remarks(answer, option),
        "tied_with": [each.slug for each in answer.tied(option)],
    }


def _not_in_service(site: SiteFactors, answer: PlacementAnswer) -> SiteNotInService:
    day = answer.facts.opens.get(site.slug)
    return {
        "site": site.slug,
        "name": site.name,
        "stage": site.stage,
        "opens_on": day.on if day else None,
        "opens_by": day.source if day else None,
    }


def _staffing(staffing: SiteStaffing | None) -> PlacementStaffing | None:
    if staffing is None:
        return None
    return {"requirements": staffing.requirements, "uncovered": staffing.uncovered}


def _law(option: PlacementOption) -> PlacementJurisdiction:
    law = option.law
    is_asked = law.sovereignty is not JurisdictionAnswer.NOT_ASKED
    return {
        "answer": law.answer,
        "rule": law.rule,
        "text": law.text,
        "rules": law.rules,
        "operator_country": option.site.operator_country or None,
        "sovereignty": law.sovereignty if is_asked else None,
        "sovereignty_text": law.sovereignty_text,
        "sovereignty_rules": law.sovereignty_rules,
    }


def _held(option: PlacementOption) -> PlacementAccelerators | None:
    if option.accelerators is None:
        return None
    accelerators, published = option.accelerators, book()
    return {
        "asked": accelerators.needed,
        "of": accelerators.of,
        "count": accelerators.count,
        "here": accelerators.here,
        "equivalents": accelerators.equivalents,
        "reference": published.reference,
        "precision": published.precision,
    }


def _figures(figures: Mapping[str, BandedFigure]) -> dict[str, PlacementFigure]:
    return {name: figure(each) for name, each in figures.items()}


def figure(figure_of: BandedFigure) -> PlacementFigure:
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


def _reason(limit: UnkeptLimit) -> PlacementReason:
    actual = limit.actual
    return {
        "limit": limit.limit,
        "subject": limit.subject,
        "standing": limit.standing,
        "bound": limit.bound,
        "actual": actual.value if actual else None,
        "low": actual.low if actual else None,
        "high": actual.high if actual else None,
        "margin": limit.margin,
        "unit": limit.unit,
        "words": limit.words,
        "why": actual.why_unknown if actual else "",
    }


def _sensitivity(answer: PlacementAnswer) -> PlacementSensitivity | None:
    if answer.sensitivity is None or answer.robustness is None:
        return None
    flips, robust = answer.sensitivity, answer.robustness
    return {
        "winner": flips.winner,
        "flips": [
            {
                "objective": flip.objective,
                "share": flip.share,
                "weight": flip.weight,
                "to": flip.to,
                "up": flip.up,
                "words": sentences.flip(flip, answer),
            }
            for flip in flips.flips
        ],
        "fixed": flips.fixed,
        "robustness": {
            "share": robust.share,
            "by_site": robust.by_option,
            "draws": robust.draws,
            "objectives": robust.objectives,
            "words": sentences.robust(robust, answer),
        },
    }


def snapshot(answer: PlacementAnswer) -> PlacementSnapshot:
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
        "asked": asdict(answer.tried_envelope),
        "weights": dict(answer.weights),
        "what_if": answer.question.what_if,
        "currency": answer.currency,
        "carbon": carbon,
        "today": list(answer.today),
        "rules": dict(answer.rules) if answer.rules else None,
        "framework": answer.facts.framework,
        "rates": answer.facts.rates.all,
        "sites": cast(
            Mapping[str, SnapshotSite],
            orjson.Fragment(
                _SITES.value(
                    lambda: _sites(answer.facts, carbon, regions),
                    key=(answer.facts.percentile, carbon, regions),
                    basis=answer.facts,
                )
            ),
        ),
    }


# Levers do not change the factors, and a thousand sites take megabytes.
_SITES: CachedAnswer[None, bytes] = CachedAnswer("factors of sites as JSON", most=8)


def _sites(facts: FleetFacts, carbon: CarbonKind, regions: tuple[str, ...]) -> bytes:
    sites: Mapping[str, SnapshotSite] = {
        site.slug: {
            "verdict": site.verdict or None,
            "score": site.score,
            "score_upper": score.score_upper if score else None,
            "evaluated_at": score.evaluated_at if score else None,
            "accelerators": dict(site.accelerators),
            "power_kw": site.power,
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


def _factor(factor: Factor | None, at: datetime) -> SnapshotFactor | UnknownSnapshotFactor:
    best = factor.best if factor is not None else None
    if factor is None or best is None:
        return {"value": None, "unknown": factor.unknown if factor else "No source has a value for it."}
    return {
        "value": best.value,
        "unit": best.unit,
        "low": best.low,
        "high": best.high,
        "percentile": best.percentile,
        "basis": best.basis,
        "provenance": best.provenance,
        "source": best.source,
        "as_of": best.as_of,
        "age_s": max(0.0, best.age_s(at)),
        "outdated": outdated(factor.kind, best, at),
        "unknown": None,
        "disagrees": factor.disagrees,
    }


def encoded(answer: PlacementAnswer, *, options: Sequence[PlacementOption], with_snapshot: bool) -> bytes:
    """Infinite ends of bands become null, sets become sorted lists."""
    body: PlacementDocument | PlacementDocumentWithSnapshot = document(answer, options)
    if with_snapshot:
        body = {**body, "snapshot": snapshot(answer)}
    return orjson.dumps(body, default=sorted, option=orjson.OPT_UTC_Z)


def frozen(answer: PlacementAnswer) -> dict[str, Any]:
    """The whole answer, as decisions keep it."""
    plain: dict[str, Any] = orjson.loads(encoded(answer, options=answer.options, with_snapshot=True))
    return plain
