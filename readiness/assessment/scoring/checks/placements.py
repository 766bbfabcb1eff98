"""Checks about the workload classes placed at a site.

- p2-envelope-declared: whether they have whole envelopes, free of contradiction, still stood by. As long as nobody
  declared anything of any of them, the check has no reading, and what is recorded or attested counts.
- p2-placement-jurisdiction: whether they may be where the site is, by their envelopes and by law. A transfer counts
  where personal data under the law of a country of the EEA lies outside of it, and the rules in force do not allow that
  by what is on record. What the rules cannot decide is unknown, never passed over. As long as nobody declared anything
  that a sub-measure could be judged by, what is recorded or attested counts.
- p2-placement-latency: p99 of the round trip from each user region, for each class.
- p5-slo-compliance: which part of four weeks' five-minute windows kept the latency that the classes were promised.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from readiness.assessment.evidence.core.figures import Distribution
from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.load import share_at_most
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.evidence.measures import (
    ROUND_TRIP,
    SERVING,
    TPOT_WINDOWS,
    TTFT_WINDOWS,
    DailyMeasure,
)
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.checks.choosing import Readings, reading_of_span, worst_reading
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.states import Provenance
from readiness.assessment.scoring.facts import MEASURED_PERCENTILE, EvaluationFacts, PlacedClass
from readiness.demand.jurisdiction.core.deciding import Request, decide
from readiness.demand.jurisdiction.core.pack import LegalAnswer, RulePackDocument
from readiness.demand.workloads.core.countries import GROUPS
from readiness.demand.workloads.core.envelope import Envelope, contradictions
from telemetry.core.rows import Latest

COMPLETE, CONTRADICTIONS = "classes-complete", "contradictions"
ENVELOPE_PARTS = (COMPLETE, CONTRADICTIONS)
ENVELOPE_EVIDENCE = "envelopes:"
"""Prefix of a reference to the envelopes of a site; the site's slug follows."""


def envelope_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    today = now.astimezone(UTC).date()
    placed = _placed(facts)
    vouched = {envelope.slug: day for envelope in placed if (day := envelope.vouched_on(today)) is not None}
    if not vouched:
        return {}
    lacking = [
        (envelope, envelope.missing)
        for envelope in placed
        if envelope.slug not in vouched or envelope.missing
    ]
    share = 100 * (len(placed) - len(lacking)) / len(placed)
    lacking_text = few([_lacks(envelope, envelope.slug in vouched) for envelope, _missing in lacking])
    against = list(_against(placed, facts))
    values = {
        COMPLETE: (
            share,
            bool(lacking),
            f"of {len(placed)} placed here; {lacking_text}" if lacking_text else _names(placed),
        ),
        CONTRADICTIONS: (float(len(against)), bool(against), few(against) or _names(placed)),
    }
    evidence, provenance = (
        f"{ENVELOPE_EVIDENCE}{facts.profile.slug}",
        Provenance(worst_provenance(envelope.provenance for envelope in placed)),
    )
    # A class belongs to no site, so its day ends in UTC.
    oldest_at = min(datetime.combine(min(vouched.values()) + timedelta(days=1), time.min, UTC), now)
    by_part = {}
    for part_id, (value, is_amiss, detail) in values.items():
        # A fault is dated now; the absence of faults is as old as the oldest declaration.
        dates = (now, oldest_at) if is_amiss else (oldest_at,)
        each = [Reading(value, at, provenance, evidence, detail) for at in dates]
        by_part[part_id] = worst_reading(check.part(part_id), each, now=now)
    return by_part


def _placed(facts: EvaluationFacts) -> list[Envelope]:
    return [placed.envelope for placed in facts.classes if placed.envelope is not None]


def _lacks(envelope: Envelope, is_declared: bool) -> str:
    if not is_declared:
        return f"{envelope.name} is not declared"
    return f"{envelope.name} lacks {', '.join(envelope.missing)}"


def _names(placed: Sequence[Envelope]) -> str:
    return few([envelope.name for envelope in placed])


def _against(placed: Sequence[Envelope], facts: EvaluationFacts) -> Iterator[str]:
    for envelope in placed:
        yield from (
            f"{envelope.name}: {contradiction.reason}"
            for contradiction in contradictions(envelope)
            if contradiction.is_hard
        )
    needed, installed = sum(envelope.accelerator_count for envelope in placed), facts.context.accelerators
    if installed is not None and needed > installed:
        yield f"Together the workloads need {needed} accelerators, and the site has {installed}."
    kw, contracted_kw = sum(envelope.it_kw or 0.0 for envelope in placed), facts.profile.contracted_kw
    if contracted_kw is not None and kw > contracted_kw:
        yield f"Together the workloads need {kw:g} kW, and the site's contract is for {contracted_kw:g} kW."


OUTSIDE, TRANSFERS = "placements-outside", "transfers-without-basis"
PLACEMENT_EVIDENCE = "placements:"
"""Prefix of a reference to the placements of a site; the site's slug follows."""
PERSONAL = "personal"
EEA = GROUPS["EEA"]


@dataclass(frozen=True, slots=True)
class _ClassStatement:
    name: str
    provenance: str
    amiss: tuple[str, ...] = ()
    unknown: str = ""


def jurisdiction_readings(facts: EvaluationFacts, _check: Check, now: datetime) -> dict[str, Reading]:
    today = now.astimezone(UTC).date()
    statements = {OUTSIDE: [*_outside(facts, today)], TRANSFERS: [*_transfers(facts, today)]}
    return {
        part: _statements_reading(each, facts, now)
        for part, each in statements.items()
        if any(not statement.unknown or statement.amiss for statement in each)
    }


def _statements_reading(statements: list[_ClassStatement], facts: EvaluationFacts, now: datetime) -> Reading:
    amiss = [each for statement in statements for each in statement.amiss]
    unknown = [statement.unknown for statement in statements if statement.unknown]
    provenance = Provenance(worst_provenance([statement.provenance for statement in statements]))
    evidence = f"{PLACEMENT_EVIDENCE}{facts.profile.slug}"
    detail = few(amiss or unknown or [statement.name for statement in statements])
    # A known fault counts, whatever else is unknown.
    cannot_judge = few(unknown) if unknown and not amiss else ""
    return Reading(float(len(amiss)), now, provenance, evidence, detail, cannot_judge=cannot_judge)


def _outside(facts: EvaluationFacts, today: date) -> Iterator[_ClassStatement]:
    country = facts.profile.country
    for envelope in _vouched(facts, today):
        if envelope.countries is None:
            why = f"{envelope.name} declares no allowed jurisdictions"
            yield _ClassStatement(envelope.name, envelope.provenance, unknown=why)
            continue
        amiss = () if country in envelope.countries else (f"{envelope.name} is not allowed in {country}",)
        yield _ClassStatement(envelope.name, envelope.provenance, amiss)


def _transfers(facts: EvaluationFacts, today: date) -> Iterator[_ClassStatement]:
    rules, country = facts.rules, facts.profile.country
    if rules is None:
        return
    for placed in facts.classes:
        envelope = placed.envelope
        if envelope is None or envelope.vouched_on(today) is None:
            continue
        origins = placed.footing.origins or ({envelope.residency} - {""} - GROUPS.keys())
        why = ""
        if not envelope.data_categories:
            why = f"{envelope.name} declares no kinds of data"
        elif _is_personal(envelope, rules) and not origins and country not in EEA:
            why = f"nobody declared whose law the data of {envelope.name} is under"
        if why:
            yield _ClassStatement(envelope.name, envelope.provenance, unknown=why)
        elif _is_personal(envelope, rules):
            yield _transfer(placed, envelope, sorted(origins), rules, country, today)
        else:
            yield _ClassStatement(envelope.name, envelope.provenance)


def _transfer(
    placed: PlacedClass,
    envelope: Envelope,
    origins: list[str],
    rules: RulePackDocument,
    country: str,
    today: date,
) -> _ClassStatement:
    amiss, unknown = [], ""
    for origin in origins:
        if origin not in EEA or country in EEA:
            continue
        case = Request(
            origin=origin,
            categories=frozenset(map(str, envelope.data_categories)),
            destination=country,
            bases=placed.footing.bases_for(country),
        )
        decision = decide(rules, case, today).residency
        by = ", ".join(ground.rule.id for ground in decision.deciding) or "no rule"
        statement = f"{envelope.name}, {origin} to {country}, by {rules.version}: {decision.answer} ({by})"
        if decision.answer in (LegalAnswer.NEEDS_BASIS, LegalAnswer.FORBIDDEN):
            amiss.append(statement)
        elif decision.answer == LegalAnswer.CANNOT_DECIDE:
            unknown = statement
    return _ClassStatement(envelope.name, envelope.provenance, tuple(amiss), unknown)


def _is_personal(envelope: Envelope, rules: RulePackDocument) -> bool:
    """A kind of data that the rules do not know may be personal too."""
    return any(
        category not in rules.categories_by_id or PERSONAL in rules.implied(category)
        for category in map(str, envelope.data_categories)
    )


def _vouched(facts: EvaluationFacts, today: date) -> list[Envelope]:
    placed = [workload.envelope for workload in facts.classes if workload.envelope is not None]
    return [envelope for envelope in placed if envelope.vouched_on(today) is not None]


def latency_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    return {"path-p99": worst_reading(check.part("path-p99"), _path_readings(facts, now), now=now)}


def _path_readings(facts: EvaluationFacts, now: datetime) -> Iterator[Reading]:
    figures = {figure.part: figure for figure in facts.quantiles if figure.key == ROUND_TRIP.key}
    for placed in facts.classes:
        limit = placed.latency_limit
        if limit is None:
            yield Reading(value=None, taken_at=now, cannot_judge=f"{placed.name} declares no latency limit.")
            continue
        for slug, name in placed.regions:
            figure = figures.get(slug)
            path = f"{name}, {placed.name}"
            if figure is None:
                reason = f"No round trip from {name} was measured in the last 7 days."
                yield Reading(value=None, taken_at=now, detail=path, limit=limit, cannot_judge=reason)
                continue
            cannot_judge = _beside(placed, figure.value, limit)
            yield reading_of_span(figure, path, limit=limit, cannot_judge=cannot_judge)


def _beside(placed: PlacedClass, p99: float | None, limit: Limit) -> str:
    """Explain when p99 cannot judge a limit at another percentile: it is an upper bound for lower percentiles, and a
    lower bound for higher ones."""
    if placed.percentile == MEASURED_PERCENTILE or p99 is None or limit.value is None:
        return ""
    is_proven = p99 <= limit.value if placed.percentile < MEASURED_PERCENTILE else p99 > limit.value
    return "" if is_proven else f"The limit holds at p{placed.percentile:g}, and p99 is measured."


COUNTS = frozenset(f"{metric}_count" for measure in SERVING for metric in measure.metrics)
"""One series of each engine, which shows how fresh its histograms are."""
WINDOWS = (("ttft-windows", TTFT_WINDOWS, "ttft-slo"), ("tpot-windows", TPOT_WINDOWS, "tpot-slo"))
"""Sub-measure, the measure it is counted from, and the limit for its windows."""


def serving_readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    part_ids = {part.id for part in check.parts}
    by_part = {}
    for part_id, measure, limit_id in WINDOWS:
        windows = next((each for each in facts.served if each.key == measure.key), None)
        fresh = _fresh(facts, measure, now)
        if part_id in part_ids and windows is not None and fresh is not None:
            by_part[part_id] = _windows_reading(windows, fresh, facts.limits.get(limit_id), limit_id)
    return by_part


def _fresh(facts: EvaluationFacts, measure: DailyMeasure, now: datetime) -> Latest | None:
    """The newest live sample; a silent engine among serving ones shows in telemetry coverage."""
    live = [
        sample
        for metric in measure.metrics
        for sample in facts.latest.get(f"{metric}_count", ())
        if facts.is_live(sample, now)
    ]
    return max(live, key=lambda sample: sample.ts, default=None)


def _windows_reading(windows: Distribution, fresh: Latest, limit: Limit | None, limit_id: str) -> Reading:
    """A share of windows: the class's limit is already inside it and is not compared with the share."""
    at = None if limit is None else limit.value
    share = None if at is None else share_at_most(at, windows.sketch)
    against = "" if limit is None or at is None else f", against {at:g} ms, {limit.source}"
    return Reading(
        value=None if share is None else 100 * share,
        taken_at=fresh.ts,
        cadence_s=fresh.cadence_s,
        provenance=Provenance(worst_provenance([windows.provenance, fresh.provenance])),
        evidence=f"measure:{windows.key}/",
        detail=f"{windows.sketch.count} windows of 28 days{against}",
        cannot_judge=f"No limit is declared ({limit_id})." if at is None else "",
    )
