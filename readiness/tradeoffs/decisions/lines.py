"""A decision in words: its facts, what came of it, the factors it stood on, and what the reader may do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.tradeoffs.core import ages
from readiness.tradeoffs.core.factors import ValueBasis
from readiness.tradeoffs.core.words import number, signed
from readiness.tradeoffs.decisions import words
from readiness.tradeoffs.decisions.compared import Pair
from readiness.tradeoffs.decisions.operations import MAY_APPROVE, MAY_RECORD
from readiness.tradeoffs.decisions.params import DecisionParams
from readiness.tradeoffs.decisions.queries import DecisionCounts, FrozenFactor
from readiness.tradeoffs.models import Decision
from web.links import link
from web.permissions import roles_of
from web.units import duration, plural
from web.visibility import name_of

type Line = dict[str, Any]


def key_figures(counts: DecisionCounts) -> list[Line]:
    return [
        {
            "label": "Wait for approval",
            "value": counts.waiting,
            "url": link("decisions", state="recorded"),
            "tone": "warn" if counts.waiting else "",
            "note": "somebody else than who decided answers",
        },
        {"label": "Approved", "value": counts.approved, "url": link("decisions", state="approved")},
        {
            "label": "Review is due",
            "value": counts.due,
            "url": link("decisions", due="true"),
            "note": "written down within the hour",
        },
        {"label": "Reviewed", "value": counts.reviewed, "url": link("decisions", reviewed="true")},
    ]


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def facts(decision: Decision) -> list[Line]:
    workload = decision.workload
    lines: list[Line] = [
        {"term": "State", "kind": "decision", "state": decision.state},
        {
            "term": "Workload",
            "value": decision.workload_name,
            "url": link("workload", workload.slug) if workload else "",
            "note": "" if workload else "is gone",
        },
        {
            "term": "Chosen site",
            "value": decision.site.name,
            "url": link("site", decision.site.slug),
        },
        {"term": "Site before", "value": decision.previous_name or "ran nowhere"},
        {
            "term": "Decided by",
            "value": name_of(decision.decided_by),
            "note": _utc(decision.decided_at),
        },
        {"term": "Review", "value": decision.due_on.isoformat(), "note": _utc(decision.reviewed_at)},
    ]
    if decision.answered_by:
        term = "Rejected by" if decision.state == "rejected" else "Approved by"
        lines.append(
            {"term": term, "value": name_of(decision.answered_by), "note": _utc(decision.answered_at)}
        )
    if decision.answer_note:
        lines.append({"term": "Note", "value": decision.answer_note})
    if decision.withdrawn_by:
        who = {"value": name_of(decision.withdrawn_by), "note": _utc(decision.withdrawn_at)}
        lines.append({"term": "Withdrawn by"} | who)
        lines.append({"term": "Why", "value": decision.withdrawal_note})
    return lines


def weights(decision: Decision) -> list[Line]:
    """Return the weight of each objective, and its share of all weight."""
    total = sum(decision.weights.values()) or 1.0
    return [
        {
            "term": words.objective(name),
            "value": number(weight),
            "note": f"{round(100 * weight / total)} % of all",
        }
        for name, weight in decision.weights.items()
    ]


_AS_IT_IS: Mapping[str, float] = {"demand": 1, "electricity_price": 1, "carbon_price": 0}


def levers(decision: Decision) -> list[Line]:
    """Return what was assumed otherwise than it was; empty where nothing was."""
    return [
        {"term": name.replace("_", " "), "value": _spoken(value)}
        for name, value in sorted(decision.what_if.items())
        if _is_moved(name, value)
    ]


def _is_moved(name: str, value: Any) -> bool:
    return value not in (None, "", [], {}) and value != _AS_IT_IS.get(name)


def _spoken(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_spoken(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_spoken(part) for part in value)
    return number(value) if isinstance(value, (int, float)) else str(value)


def flips(decision: Decision) -> list[str]:
    sensitivity = decision.sensitivity
    robust = sensitivity.get("robustness", {}).get("words")
    return [*([robust] if robust else []), *(flip["words"] for flip in sensitivity.get("flips", ()))]


def finding(pairs: Sequence[Pair], decision: Decision, now: datetime) -> str:
    """One sentence: how many came as expected, or why there is nothing to compare."""
    if not pairs:
        return _nothing(decision)
    known = [pair for pair in pairs if pair.percent is not None]
    if not known:
        return "Nothing of it can be compared: what came is unknown."
    within = sum(abs(pair.percent or 0.0) <= 15 for pair in known)
    # What nobody knows is among what was expected: leaving it out would read as if all had been checked.
    said = plural(
        len(pairs),
        f"{within} of {len(pairs)} objective came within 15 % of what was expected",
        f"{within} of {len(pairs)} objectives came within 15 % of what was expected",
    )
    missing = [pair for pair in pairs if pair.percent is None]
    if missing:
        names = ", ".join(words.objective(pair.forecast.objective) for pair in missing)
        said += f", {len(missing)} unknown ({names})"
    return said + ("." if pairs[0].final else ", so far.")


def _nothing(decision: Decision) -> str:
    if decision.state == Decision.State.RECORDED:
        return "It is compared once somebody has approved it."
    return "It was not approved, so nothing is compared."


def comparison(pairs: Sequence[Pair]) -> list[Line]:
    return [_compared(pair) for pair in pairs]


def _compared(pair: Pair) -> Line:
    expected, came = pair.comparison.expected, pair.comparison.realised
    unit = expected.unit
    within = {None: "", True: "within the band", False: "beyond the band"}
    before = pair.forecast.before
    return {
        "label": words.objective(pair.forecast.objective),
        "expected": words.figure(expected.value, unit),
        "band": words.band(expected.low, expected.high),
        "before": words.figure(before, unit),
        "expected_provenance": expected.provenance or "",
        "expected_source": expected.source,
        "realised": words.figure(came.value, unit),
        "realised_provenance": came.provenance or "",
        "realised_source": came.source,
        "error": "" if pair.comparison.error is None else f"{signed(pair.comparison.error)} {unit}".strip(),
        "percent": words.percent(pair.percent),
        "within": within[pair.comparison.within_band],
        "unknown": pair.unknown,
    }


def forecasts(decision: Decision) -> list[Line]:
    """Return what is expected, while nothing of it is compared."""
    return [
        {
            "label": words.objective(forecast.objective),
            "expected": words.figure(forecast.value, forecast.unit),
            "band": words.band(forecast.low, forecast.high),
            "before": words.figure(forecast.before, forecast.unit),
            "provenance": forecast.provenance,
            "source": forecast.source,
        }
        for forecast in decision.forecasts.all()
    ]


def asked(params: DecisionParams) -> list[Line]:
    """Return what is about to be recorded."""
    workload = params.workload
    lines: list[Line] = []
    if workload is not None:
        lines.append({"term": "Workload", "value": workload.name, "url": link("workload", workload.slug)})
    lines += [
        {"term": words.objective(name), "value": _spoken(weight), "note": "weight"}
        for name, weight in params.question.weights.items()
    ]
    lines += [
        {"term": name.replace("_", " "), "value": _spoken(value), "note": "what if"}
        for name, value in params.question.what_if.changes().items()
    ]
    return lines


def frozen(factors: Sequence[FrozenFactor], *, until: datetime) -> list[Line]:
    """Factors as they were known; ages are those at the decision, which is `until`."""
    return [
        {
            "label": words.factor(factor.kind),
            "value": words.figure(factor.value, factor.unit),
            "band": words.band(factor.low, factor.high),
            "provenance": factor.provenance,
            "source": factor.source,
            "at": factor.as_of,
            "age": duration(_age_s(factor, until)) if factor.as_of else "",
            "outdated": _outdated(factor, until),
            "unknown": factor.unknown,
        }
        for factor in factors
    ]


def _outdated(factor: FrozenFactor, until: datetime) -> str:
    """How far beyond the age limit of its kind it was; by the limits of today where the snapshot has none."""
    if factor.outdated is not None:
        return factor.outdated
    if factor.as_of is None or factor.basis in (ValueBasis.COMPUTED, ValueBasis.GREAT_CIRCLE):
        return ""
    limit = ages.too_old(factor.kind, _age_s(factor, until))
    return "" if limit is None else ages.words(limit, _age_s(factor, until))


def _age_s(factor: FrozenFactor, until: datetime) -> float:
    if factor.age_s is not None:
        return factor.age_s
    return max(0.0, (until - factor.as_of).total_seconds()) if factor.as_of else 0.0


def versions(decision: Decision) -> str:
    """Return what judged the sites: the rules and the framework in force."""
    snapshot = decision.snapshot
    rules = snapshot.get("rules") or {}
    named = [rules.get("version") if isinstance(rules, Mapping) else rules, snapshot.get("framework")]
    return ", ".join(str(version) for version in named if version)


def choices_of(decision: Decision, user: User, now: datetime) -> dict[str, Any]:
    """Return what the reader is offered, and why not the rest."""
    own, answers = decision.decided_by_id == user.pk, user.has_perm(MAY_APPROVE)
    waiting = decision.state == Decision.State.RECORDED
    opened = decision.reviewed_at is None and decision.state in ("recorded", "approved")
    why_not = ""
    if waiting and not answers:
        why_not = f"Approving takes the role {roles_of(MAY_APPROVE)}."
    elif waiting and own:
        why_not = f"You decided it: somebody else with the role {roles_of(MAY_APPROVE)} answers."
    return {
        "may_approve": waiting and answers and not own,
        "may_withdraw": opened and (answers or (own and user.has_perm(MAY_RECORD))),
        "may_review": decision.is_due(now) and (answers or user.has_perm(MAY_RECORD)),
        "why_not": why_not,
    }
