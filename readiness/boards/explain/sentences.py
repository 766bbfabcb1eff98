"""Sentences about changes of a check, a verdict or a score. All figures come from the compared evaluations."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from inventory.models import Site
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.core.coalitions import CAUSES
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.explain import Causes, CheckMove, Explanation, GrantMove, Move, Sets
from readiness.assessment.scoring.core.explain_fleet import FleetMove
from readiness.assessment.scoring.core.judge import PartResult
from readiness.assessment.scoring.core.mean import NO_KW, apportioned, half_up
from readiness.assessment.scoring.core.states import CheckState, FlipCause, ReasonCode, Tier
from readiness.boards.explain import queries
from readiness.boards.explain.queries import FleetExplained, NothingKept, SiteExplained, SiteMove
from web.units import day, duration, format_value, number

CAUSE_WORDS = {
    FlipCause.DATA: "Data",
    FlipCause.EVIDENCE_AGE: "Evidence age",
    FlipCause.RULE: "Rule change",
    FlipCause.WAIVER: "Waiver",
    FlipCause.APPLICABILITY: "Applicability",
}
MEANINGS = {
    FlipCause.DATA: "readings, and limits of the site’s own",
    FlipCause.EVIDENCE_AGE: "evidence that ran out or was voided",
    FlipCause.RULE: "another version of the framework, or rules changed with an upgrade of Muster",
    FlipCause.WAIVER: "waivers and go-live exceptions that began or ended",
    FlipCause.APPLICABILITY: "facts of the site, its stage, declared n-a",
}
GRANT_WORDS = {"waivers": "Waiver", "exceptions": "Go-live exception", "declared_na": "Declared n-a"}
POINTS_SHOWN = 0.0005
"""Half of a tenth of a point of a hundred: a smaller change shows as 0.0."""
NAMED = 5


def points(share: float | None) -> str:
    """A change of a score in points of a hundred, with its sign."""
    return "0.0" if share is None else tenths(half_up(1000 * share))


def tenths(count: int) -> str:
    if not count:
        return "0.0"
    return f"{'+' if count > 0 else '−'}{number(abs(count) / 10, 1)}"


def score(value: float | None) -> str:
    """A score in points of a hundred, rounded as its changes are."""
    return "none" if value is None else number(half_up(1000 * value) / 10, 1)


def change(start: float | None, end: float | None) -> int:
    return half_up(1000 * (end or 0.0)) - half_up(1000 * (start or 0.0))


def causes_of(move: CheckMove) -> tuple[FlipCause, ...]:
    """The causes that changed the check itself; if none did, those that changed its weight among the others."""
    flipped = {cause for causes in move.moved_by for cause in causes}
    own = tuple(cause for cause in CAUSES if cause in flipped or move.points[cause])
    return own or tuple(cause for cause in CAUSES if abs(move.share[cause]) >= POINTS_SHOWN)


def moved_by(sets: Sets) -> str:
    return capfirst(" or ".join(" with ".join(CAUSE_WORDS[cause] for cause in causes) for causes in sets))


def how_it_flipped(sets: Sets) -> str:
    if not sets:
        return ""
    if len(sets) > 1:
        return f"Each of these alone would have changed it: {moved_by(sets)}."
    [causes] = sets
    return (
        f"{listed(causes)} alone changed it."
        if len(causes) == 1
        else f"Only these together changed it: {listed(causes)}."
    )


def check_sentence(move: CheckMove, explained: SiteExplained) -> str:
    clauses = [_CLAUSES[cause](move, explained) for cause in causes_of(move)]
    return " ".join(f"{capfirst(clause)}." for clause in clauses if clause)


def listed(causes: Iterable[FlipCause]) -> str:
    return " and ".join(CAUSE_WORDS[cause] for cause in causes)


def grant_did(move: GrantMove) -> str:
    return f"{GRANT_WORDS[move.kind]} #{move.grant.id} {'began' if move.began else 'ended'}"


def nothing_kept(missing: NothingKept) -> str:
    sentence = f"There is no data for {day(missing.day)} or the two weeks before."
    if missing.first is None or missing.last is None:
        return f"{sentence} The inputs of a score are kept from the next evaluation on."
    return f"{sentence} There is data from {day(missing.first)} to {day(missing.last)}."


def left_out(sites: Iterable[Site]) -> str:
    names = [site.name for site in sites]
    if not names:
        return ""
    them = (
        "site is left out: it has no data" if len(names) == 1 else ("sites are left out: they have no data")
    )
    text = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    return f"{len(names)} {them} near one of the days: {text}."


def too_many(sites: int) -> str:
    most = number(queries.MOST_SITES)
    return f"At most {most} sites can be explained at once, and there are {number(sites)}. Choose a region."


def other_weights(explained: SiteExplained) -> str:
    shares = explained.explanation.rest.values()
    if all(abs(share) < POINTS_SHOWN for share in shares):
        return ""
    return (
        f"Checks were added or removed, which changed the weight of the others: {points(sum(shares))} points."
    )


def _parts(move: CheckMove) -> tuple[PartResult | None, PartResult | None]:
    """The sub-measure that decided at each end. If only one end has it, look it up at the other end."""
    start, end = _decider(move.start), _decider(move.end)
    if start and end and start.part_id != end.part_id:
        worse = end if sum(move.points.values()) < 0 else start
        return _part(move.start, worse.part_id), _part(move.end, worse.part_id)
    return start or (_part(move.start, end.part_id) if end else None), end or (
        _part(move.end, start.part_id) if start else None
    )


def _decider(result: CombinedCheck | None) -> PartResult | None:
    return result.decided_by if result else None


def _part(result: CombinedCheck | None, part_id: str) -> PartResult | None:
    return next((part for part in result.parts if part.part_id == part_id), None) if result else None


def _data(move: CheckMove, explained: SiteExplained) -> str:
    start, end = _parts(move)
    name = _name(explained, move.check_id, end or start)
    before, after = _value(start), _value(end)
    if before and after:
        limit = end.threshold_text if end else ""
        if (
            limit
            and start
            and start.threshold_text != limit
            and explained.start.framework is explained.end.framework
        ):
            limit = f"{start.threshold_text} → {limit}"
        against = f", limit {limit}" if limit else ""
        return f"{name}: {before} → {after}{against}{_declaration_effect(start, end)}"
    if after:
        return f"{name}: {after}, and no evidence before{_declaration_effect(start, end)}"
    if before:
        return f"{name}: {before} before, and no evidence any more"
    return _reason(end or start)


def _declaration_effect(start: PartResult | None, end: PartResult | None) -> str:
    """Say why the same figure counts for less, or more, than before; "" if both ends are measured or both declared."""
    was_capped, is_capped = (part is not None and part.tier is Tier.CAPPED for part in (start, end))
    if is_capped and not was_capped:
        return f". {_reason(end)}"
    return ", and it was only declared before" if was_capped and not is_capped else ""


def _age(move: CheckMove, explained: SiteExplained) -> str:
    start, end = _parts(move)
    for at_end, part in ((True, end), (False, start)):
        if part is None or part.state is not CheckState.STALE:
            continue
        name = _name(explained, move.check_id, part)
        did = "was voided" if part.code is ReasonCode.VOIDED else "ran out"
        return f"{'' if at_end else 'at the start '}{name} {did}: {_reason(part)}"
    old, new = (part.data_age_s if part else None for part in (start, end))
    if old is None or new is None:
        return "evidence aged"
    return f"evidence was {duration(old)} old and is {duration(new)} old"


def _rule(move: CheckMove, explained: SiteExplained) -> str:
    old, new = explained.explanation.versions
    if move.start is None:
        return f"new in {new}"
    if move.end is None:
        return f"no longer in {new}"
    before, after = _parts(move)
    if old == new:
        return f"Muster’s rules changed with an upgrade: {_reason(after)}"
    changes = []
    if before and after and before.threshold_text != after.threshold_text:
        changes.append(_became("limit", before.threshold_text, after.threshold_text))
    if move.start.gate is not move.end.gate:
        changes.append(_became("gate", move.start.gate, move.end.gate))
    if move.start.weight != move.end.weight:
        changes.append(_became("weight", str(move.start.weight), str(move.end.weight)))
    clause = ", ".join(changes) or "a different judgement"
    return f"from {old} to {new}: {clause}"


def _became(what: str, before: str, after: str) -> str:
    return f"{what} {before or 'none'} became {after or 'none'}"


def _waiver(move: CheckMove, explained: SiteExplained) -> str:
    return _grants(move, explained.explanation, ("waivers", "exceptions")) or "a waiver began or ended"


def _applies(move: CheckMove, explained: SiteExplained) -> str:
    clauses = [_grants(move, explained.explanation, ("declared_na",))]
    if move.end is not None and move.end.state is CheckState.NOT_APPLICABLE and not clauses[0]:
        clauses.append(f"does not apply: {move.end.reason.rstrip('.')}")
    elif move.start is not None and move.start.state is CheckState.NOT_APPLICABLE and not clauses[0]:
        clauses.append(f"applies now; before: {move.start.reason.rstrip('.')}")
    elif move.start and move.end and move.start.gate is not move.end.gate:
        clauses.append(_became("gate", move.start.gate, move.end.gate))
    return ", ".join(each for each in clauses if each) or "the applicable checks changed"


def _grants(move: CheckMove, explanation: Explanation, kinds: tuple[str, ...]) -> str:
    return ", ".join(
        grant_did(each)
        for each in explanation.grants
        if each.kind in kinds and each.covers.partition("/")[0] == move.check_id
    )


_CLAUSES: dict[FlipCause, Callable[[CheckMove, SiteExplained], str]] = {
    FlipCause.DATA: _data,
    FlipCause.EVIDENCE_AGE: _age,
    FlipCause.RULE: _rule,
    FlipCause.WAIVER: _waiver,
    FlipCause.APPLICABILITY: _applies,
}


def _value(part: PartResult | None) -> str:
    return str(format_value(part.value, part.unit)) if part is not None and part.value is not None else ""


def _reason(part: PartResult | None) -> str:
    return part.reason.rstrip(".") if part else "there is no evidence"


def _name(explained: SiteExplained, check_id: str, part: PartResult | None) -> str:
    check = check_of(explained, check_id)
    names = {each.id: each.figure_name for each in check.parts} if check else {}
    return names.get(part.part_id, part.part_id) if part else check.name if check else check_id


def check_of(explained: SiteExplained, check_id: str) -> Check | None:
    frameworks: tuple[Framework, ...] = (explained.end.framework, explained.start.framework)
    return next(
        (framework.checks_by_id[check_id] for framework in frameworks if check_id in framework.checks_by_id),
        None,
    )


CAPACITY = "Capacity"
CAME_OR_WENT = "Sites added or removed"
TENTHS = 1000
"""Number of tenths of a point of 100 in a score from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The share of a cause (0 to 1 of the score), and the tenths shown. The tenths of all causes add up to the shown
    change."""

    label: str
    means: str
    share: float
    tenths: int = 0

    @property
    def text(self) -> str:
        return tenths(self.tenths)


def site_causes(move: Move) -> tuple[Cause, ...]:
    return _apportion_tenths(_own(move.by), move.start, move.end)


def fleet_causes(move: FleetMove[Any]) -> tuple[Cause, ...]:
    further = []
    if move.capacity:
        means = "Capacity added or removed at sites that have some on both days"
        further.append(Cause(CAPACITY, means, move.capacity))
    if move.came or move.went:
        means = "Sites with deployed capacity on only one of the two days"
        further.append(Cause(CAME_OR_WENT, means, move.coming_and_going))
    return _apportion_tenths([*_own(move.by), *further], move.start, move.end)


def sentence(start: float | None, end: float | None, causes: Sequence[Cause]) -> str:
    """Name the causes of a change, strongest first: `From 85.0 to 63.7. Sites came or went −22.8, data +1.5 points.`"""
    if start is None and end is None:
        return "There is no score on either day."
    effective_causes = sorted(
        (cause for cause in causes if cause.tenths), key=lambda cause: -abs(cause.tenths)
    )
    if not effective_causes:
        effects = "No cause changed the score."
    else:
        listed = ", ".join(f"{cause.label.lower()} {cause.text}" for cause in effective_causes)
        effects = f"{capfirst(listed)} points."
    return f"From {score(start)} to {score(end)}. {effects}"


def finding(move: Move) -> str:
    return sentence(move.start, move.end, site_causes(move))


def fleet_finding(explained: FleetExplained) -> str:
    if explained.missing is None:
        return fleet_sentence(explained.move)
    return f"There is no data of any site for {day(explained.missing)} or the two weeks before."


def fleet_sentence(move: FleetMove[Any]) -> str:
    if move.start is None and move.end is None:
        return NO_KW
    return sentence(move.start, move.end, fleet_causes(move))


def main_cause(row: SiteMove) -> str:
    if row.came or row.went:
        return "New site" if row.came else "No longer counted"
    cause = strongest(site_causes(row.move))
    by_own_score = abs(row.weight - row.by_capacity)
    return cause.label if cause and by_own_score >= abs(row.by_capacity) else CAPACITY


def strongest(causes: Sequence[Cause]) -> Cause | None:
    cause = max(causes, key=lambda each: abs(each.tenths), default=None)
    return cause if cause is not None and cause.tenths else None


def _own(by: Causes) -> list[Cause]:
    return [Cause(CAUSE_WORDS[cause], MEANINGS[cause], by[cause]) for cause in CAUSES]


def _apportion_tenths(causes: Sequence[Cause], start: float | None, end: float | None) -> tuple[Cause, ...]:
    tenths = apportioned([TENTHS * cause.share for cause in causes], change(start, end))
    return tuple(
        Cause(cause.label, cause.means, cause.share, tenths_of_cause)
        for cause, tenths_of_cause in zip(causes, tenths, strict=True)
    )
