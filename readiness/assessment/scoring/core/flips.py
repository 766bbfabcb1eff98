"""Find what moved between two evaluations of one site, and which of the five causes moved it.

Cause of a move, first that fits:

1. `rule`: the framework's content differs, and the old content would not have moved this way. Or Muster's own rules
   differ since an upgrade, and the evidence is no newer than the last evaluation under the old ones; the reason then
   says so.
2. `applicability`: one side is `n-a`; for a verdict, the stage gave or took it.
3. `waiver`: the state under the waiver is the same on both sides; for a verdict, an exception began or ended.
4. `evidence-age`: the new state is stale, by age or because a change voided the evidence.
5. `data`: everything else, a changed limit of the site's own included.

First-bad time: good states are pass and `n-a`. The move that leaves them sets it, to the moment the evidence says the
trouble began (the first bad sample, or when it went stale), else, and for a changed rule, to now. Every move between
states that are not good keeps it; the move back clears it. `unknown` neither sets nor clears it: never having looked is
not yet a fault.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import SiteResult, SiteVerdict
from readiness.assessment.scoring.core.judge import PartResult
from readiness.assessment.scoring.core.states import CheckState, FlipCause, FlipSubject, Tier, Verdict

GOOD = frozenset({CheckState.PASS, CheckState.NOT_APPLICABLE})
REVISED = "Muster's rules changed with an upgrade."
_BETTER = {Verdict.NOT_READY: 0, Verdict.CONDITIONAL: 1, Verdict.READY: 2}


@dataclass(frozen=True, slots=True)
class CheckBefore:
    state: CheckState
    measured_state: CheckState
    parts: Mapping[str, CheckState] = field(default_factory=dict)
    first_bad_at: datetime | None = None
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """The part of a site's last evaluation that the next comparison needs; checks by id. `rules` is the revision of
    Muster's own rules that decided it."""

    framework_digest: str
    verdict: Verdict | None
    deciding: tuple[str, ...]
    excepted: tuple[str, ...]
    checks: Mapping[str, CheckBefore]
    evaluated_at: datetime
    rules: int = RULES

    @property
    def revised_at(self) -> datetime | None:
        """The last evaluation under other rules of Muster; None if its rules are the same."""
        return None if self.rules == RULES else self.evaluated_at


@dataclass(frozen=True, slots=True)
class DetectedFlip:
    """One change of state. `key` is a check id; it and `part` are empty if the subject has none; a state None means
    "had none"."""

    subject: FlipSubject
    key: str
    part: str
    from_state: str | None
    to_state: str | None
    cause: FlipCause
    reason: str
    first_bad_at: datetime | None
    value: float | None = None
    unit: str = ""
    threshold: float | None = None
    threshold_text: str = ""


@dataclass(frozen=True, slots=True)
class FlipSet:
    flips: tuple[DetectedFlip, ...]
    after: Before


_NEVER = CheckBefore(CheckState.UNKNOWN, CheckState.UNKNOWN)


def find_flips(
    previous: Before | None,
    current: SiteResult,
    *,
    under_old_rules: SiteResult | None = None,
    unmoved: Collection[str] = frozenset(),
) -> FlipSet:
    """Changes from `previous` to `current`, in order of check, then the verdict.

    Without a previous evaluation every check was `unknown` and there was no verdict. Sub-measures flip on their own
    only in checks with several. If the framework's content changed, `under_old_rules` is the evaluation of the current
    inputs under the previous content; without it every change counts as `rule`. `unmoved` are checks known to be
    unchanged, which need not be compared.
    """
    rule_changed = previous is not None and previous.framework_digest != current.framework_digest
    revised_at = previous.revised_at if previous else None
    old_rules = {check.check_id: check for check in under_old_rules.checks} if under_old_rules else {}
    flips: list[DetectedFlip] = []
    after: dict[str, CheckBefore] = {}
    for check in current.checks:
        old = previous.checks.get(check.check_id, _NEVER) if previous else _NEVER
        if check.check_id in unmoved:
            after[check.check_id] = old
            continue
        by_old_rules = old_rules.get(check.check_id)
        move = _Move(old, check, by_old_rules, rule_changed, revised_at, current.evaluated_at)
        flips.extend(move.flips())
        after[check.check_id] = move.new_state()
    flips.extend(_verdict_flip(previous, current, flips, after, under_old_rules, rule_changed))
    return FlipSet(tuple(flips), _snapshot_of(current, after))


def _snapshot_of(current: SiteResult, checks: Mapping[str, CheckBefore]) -> Before:
    verdict = current.verdict
    return Before(
        framework_digest=current.framework_digest,
        verdict=verdict.verdict,
        deciding=verdict.deciding,
        excepted=verdict.excepted,
        checks=checks,
        evaluated_at=current.evaluated_at,
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """One check before and after. Earlier states may be plain text from storage, so they are compared by value."""

    old: CheckBefore
    new: CombinedCheck
    under_old_rules: CombinedCheck | None
    rule_changed: bool
    revised_at: datetime | None
    now: datetime

    def flips(self) -> Iterator[DetectedFlip]:
        old, new = self.old, self.new
        if old.state != new.state:
            cause = self._cause()
            yield self._flip(old.state, new, new.figures, cause, self._first_bad_at())
        for part in new.parts if len(new.parts) > 1 else ():
            was = old.parts.get(part.part_id, CheckState.UNKNOWN)
            if was != part.state:
                cause = self._part_cause(part, was)
                begun = self.now if part.bad_since and cause is FlipCause.RULE else part.bad_since
                yield self._flip(was, part, part, cause, begun, part.part_id)

    def new_state(self) -> CheckBefore:
        return CheckBefore(
            state=self.new.state,
            measured_state=self.new.measured_state,
            parts={part.part_id: part.state for part in self.new.parts},
            first_bad_at=self._first_bad_at(),
            tier=self.new.tier,
        )

    def _flip(
        self,
        old: CheckState,
        new: CombinedCheck | PartResult,
        figures: PartResult,
        cause: FlipCause,
        first_bad_at: datetime | None,
        part: str = "",
    ) -> DetectedFlip:
        is_revised = cause is FlipCause.RULE and self.revised_at is not None
        return DetectedFlip(
            subject=FlipSubject.PART if part else FlipSubject.CHECK,
            key=self.new.check_id,
            part=part,
            from_state=old,
            to_state=new.state,
            cause=cause,
            reason=f"{REVISED} {new.reason}" if is_revised else new.reason,
            first_bad_at=first_bad_at,
            value=figures.value,
            unit=figures.unit,
            threshold=figures.threshold,
            threshold_text=figures.threshold_text,
        )

    def _cause(self) -> FlipCause:
        hypothetical = self.under_old_rules.state if self.under_old_rules else None
        if self.rule_changed and hypothetical != self.new.state:
            return FlipCause.RULE
        old, new = self.old.measured_state, self.new.measured_state
        return FlipCause.WAIVER if old == new else self._cause_of(self.new.figures, old, new)

    def _part_cause(self, part: PartResult, old_state: CheckState) -> FlipCause:
        others = self.under_old_rules.parts if self.under_old_rules else ()
        hypothetical = next((other.state for other in others if other.part_id == part.part_id), None)
        if self.rule_changed and hypothetical != part.state:
            return FlipCause.RULE
        return self._cause_of(part, old_state, part.state)

    def _cause_of(self, part: PartResult, old: CheckState, new: CheckState) -> FlipCause:
        cause = _cause(old, new)
        if self.revised_at is None or cause is FlipCause.APPLICABILITY:
            return cause
        moved_at = part.bad_since if cause is FlipCause.EVIDENCE_AGE else part.taken_at
        return cause if moved_at is not None and moved_at > self.revised_at else FlipCause.RULE

    def _first_bad_at(self) -> datetime | None:
        state = self.new.measured_state
        if state in GOOD:
            return None
        if state == CheckState.UNKNOWN or self.old.first_bad_at is not None:
            return self.old.first_bad_at
        if self.old.state != self.new.state and self._cause() is FlipCause.RULE:
            return self.now
        begun = [part.bad_since for part in self.new.parts if part.bad_since is not None]
        return min([*begun, self.now])


def _cause(old: CheckState, new: CheckState) -> FlipCause:
    if CheckState.NOT_APPLICABLE in (old, new):
        return FlipCause.APPLICABILITY
    if new == CheckState.STALE:
        return FlipCause.EVIDENCE_AGE
    return FlipCause.DATA


def _verdict_flip(
    previous: Before | None,
    current: SiteResult,
    flips: list[DetectedFlip],
    after: Mapping[str, CheckBefore],
    under_old_rules: SiteResult | None,
    rule_changed: bool,
) -> Iterator[DetectedFlip]:
    old, new = (previous.verdict or None) if previous else None, current.verdict
    if old == new.verdict:
        return
    hypothetical = under_old_rules.verdict.verdict if under_old_rules else None
    if rule_changed and hypothetical != new.verdict:
        cause = FlipCause.RULE
    elif previous is None or old is None or new.verdict is None:
        cause = FlipCause.APPLICABILITY
    else:
        cause = _verdict_cause(previous, old, new, flips, after)
    is_revised = cause is FlipCause.RULE and previous is not None and previous.revised_at is not None
    first = after.get(new.deciding[0]) if new.deciding else None
    yield DetectedFlip(
        subject=FlipSubject.VERDICT,
        key="",
        part="",
        from_state=old,
        to_state=new.verdict,
        cause=cause,
        reason=f"{REVISED} {new.reason}" if is_revised else new.reason,
        first_bad_at=first.first_bad_at if first else None,
    )


def _verdict_cause(
    previous: Before,
    old: Verdict,
    new: SiteVerdict,
    flips: list[DetectedFlip],
    after: Mapping[str, CheckBefore],
) -> FlipCause:
    """The cause of the first change among the checks that decide the worse of the two verdicts.

    A check that still warns may rest on other evidence, which is data. If none of them changed, the gate of one did,
    because it depends on a fact of the site.
    """
    if set(previous.excepted) != set(new.excepted):
        return FlipCause.WAIVER
    worsened = new.verdict is not None and _BETTER[new.verdict] < _BETTER[old]
    responsible = new.deciding if worsened else previous.deciding
    for check_id in responsible:
        for flip in flips:
            if flip.key == check_id:
                return flip.cause
        before, now = previous.checks.get(check_id), after.get(check_id)
        if before and now and before.tier != now.tier:
            return FlipCause.DATA if previous.revised_at is None else FlipCause.RULE
    return FlipCause.APPLICABILITY
