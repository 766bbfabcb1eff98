"""A site between two evaluations: what its checks would come to if only some of the causes had moved.

Each of the five causes is at its start or at its end:

- `data`: readings and their figures, and the site's own limits;
- `evidence-age`: how old each reading is, and whether it was voided;
- `rule`: the version of the framework;
- `waiver`: the waivers and go-live exceptions in force;
- `applicability`: the facts of the site, its stage among them, and the declared n-a in force.

A grant is in force or not by the clock of its own end, so one that ran out is the cause `waiver` and not age.

**Age.** The clock alone makes evidence older and data alone makes it younger. Where data is at its end and age at its
start, a sub-measure counts with the fresher of its two grounds; where age is at its end and data at its start, with the
staler; a ground is (voided or not, age). So evidence that is renewed as ever contributes nothing, whatever the time
between; evidence that ran out is age; stale evidence that was replaced by fresh is data; and age never raises a score.
A reading that is there at one end only keeps its own age.

**Rules.** A sub-measure that one version alone defines, or that they define in different units, has that version's
reading and age: the version asked for it, so that what it shows is the rule's doing. So has one whose same evidence
counts otherwise at the two ends, because the versions ask for other minimums or an upgrade changed Muster's own rules.
A preset limit is the coalition's version's preset of the same name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import PartKey, SiteInputs, evaluate_check
from readiness.assessment.scoring.core.judge import CLOCK_SKEW, Reading
from readiness.assessment.scoring.core.states import CheckState, FlipCause

CAUSES = (
    FlipCause.DATA,
    FlipCause.EVIDENCE_AGE,
    FlipCause.RULE,
    FlipCause.WAIVER,
    FlipCause.APPLICABILITY,
)
DATA, AGE, RULE, WAIVER, APPLICABILITY = (1 << place for place in range(len(CAUSES)))
NONE, ALL = 0, (1 << len(CAUSES)) - 1
_ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_SETTLED = frozenset(CheckState) - {CheckState.UNKNOWN}
"""States that no mixture changes if both ends have them. Unknown is excluded: it may lack a limit or evidence."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`rules` is the revision of Muster's own rules that the inputs were gathered by."""

    framework: Framework
    inputs: SiteInputs
    evaluated_at: datetime
    rules: int = RULES


type Readings = Mapping[PartKey, Reading]


class Grants(NamedTuple):
    waivers: Mapping[str, HeldGrant]
    exceptions: Mapping[str, HeldGrant]
    declared_na: Mapping[str, HeldGrant]


class Ground(NamedTuple):
    """Why evidence may no longer count; a greater ground is staler."""

    is_voided: bool
    age: timedelta
    voided: str


def grants_in_force(snapshot: Snapshot) -> Grants:
    inputs = snapshot.inputs
    return Grants(
        *(
            {
                key: replace(grant, starts_at=_ALWAYS[0], ends_at=_ALWAYS[1])
                for key, grant in grants.items()
                if grant.is_live(snapshot.evaluated_at)
            }
            for grants in (inputs.waivers, inputs.exceptions, inputs.declared_na)
        )
    )


class Between:
    """Checks of one site under any coalition of causes. Results are computed once, and only if an input differs."""

    def __init__(self, start: Snapshot, end: Snapshot) -> None:
        self.ends = (start, end)
        self.frameworks = (start.framework, end.framework)
        self.grants = (grants_in_force(start), grants_in_force(end))
        self.contexts = (start.inputs.context, end.inputs.context)
        self._limits = {
            (data, rule): _limits(self.ends[data], self.frameworks[rule])
            for data in (0, 1)
            for rule in (0, 1)
        }
        self.facts = _facts_that_differ(*self.contexts)
        self._same_rules = start.framework.content_digest == end.framework.content_digest
        self._same_weights = start.framework.weights == end.framework.weights
        self._incomparable = frozenset() if self._same_rules else _incomparable(*self.frameworks)
        if not self._same_rules or start.rules != end.rules:
            self._incomparable |= _counted_otherwise(start.inputs.readings, end.inputs.readings)
        self._memo: dict[str, dict[int, CombinedCheck | None]] = {}
        self._ends: dict[str, tuple[CombinedCheck | None, CombinedCheck | None]] = {}
        self._relevant: dict[str, int] = {}

    def grant_at(self, end: bool, kind: str, covers: str) -> HeldGrant:
        inputs = self.ends[end].inputs
        grants: Mapping[str, HeldGrant] = getattr(inputs, kind)
        return grants[covers]

    def check_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.frameworks[1].checks_by_id, *self.frameworks[0].checks_by_id)))

    def result(self, check_id: str, coalition: int) -> CombinedCheck | None:
        memo = self._memo.setdefault(check_id, {})
        relevant_bits = coalition & self.relevant(check_id)
        if relevant_bits not in memo:
            memo[relevant_bits] = self._evaluate(check_id, relevant_bits)
        return memo[relevant_bits]

    def end_results(self, check_id: str) -> tuple[CombinedCheck | None, CombinedCheck | None]:
        self.relevant(check_id)
        return self._ends[check_id]

    def relevant(self, check_id: str) -> int:
        if check_id not in self._relevant:
            self._relevant[check_id] = self._find_relevant(check_id)
        return self._relevant[check_id]

    def _find_relevant(self, check_id: str) -> int:
        causes = 0
        old, new = (framework.checks_by_id.get(check_id) for framework in self.frameworks)
        same_check = self._same_rules or old == new
        same_check = same_check and not any(key[0] == check_id for key in self._incomparable)
        if not (same_check and self._same_weights and self._same_limits()):
            causes |= RULE
        if self.grants[0].waivers.get(check_id) != self.grants[1].waivers.get(check_id):
            causes |= WAIVER
        if any(self._applies_otherwise(check) for check in (old, new) if check):
            causes |= APPLICABILITY
        start, end = self._evaluate(check_id, NONE), self._evaluate(check_id, ALL)
        comparable = same_check and self._same_limits() and not causes & APPLICABILITY
        if not (comparable and start and end and old and self._stands_still(old, start, end)):
            causes |= DATA | AGE
        self._memo[check_id] = {NONE: start, causes: end}
        self._ends[check_id] = (start, end)
        return causes

    def _same_limits(self) -> bool:
        return all(self._limits[data, 0] == self._limits[data, 1] for data in (0, 1))

    def _applies_otherwise(self, check: Check) -> bool:
        covered = (check.id, *(f"{check.id}/{part.id}" for part in check.parts))
        before, after = (grants.declared_na for grants in self.grants)
        return any(before.get(key) != after.get(key) for key in covered) or not self.facts.isdisjoint(
            {"profiles", *_tested(check)}
        )

    def _stands_still(self, check: Check, start: CombinedCheck, end: CombinedCheck) -> bool:
        """Whether every sub-measure has evidence of the same standing at both ends, or none, so that no mixture of data
        and age changes anything."""
        before, after = (snapshot.inputs.readings for snapshot in self.ends)
        return all(
            _same_standing(before.get(key), after.get(key))
            and (old.state is new.state)
            and (old.tier is new.tier)
            and (old.state in _SETTLED or key not in before)
            for old, new in zip(start.parts, end.parts, strict=True)
            for key in ((check.id, old.part_id),)
        )

    def _evaluate(self, check_id: str, coalition: int) -> CombinedCheck | None:
        data, age, rule, waiver, applies = (bool(coalition & 1 << place) for place in range(len(CAUSES)))
        framework = self.frameworks[rule]
        check = framework.checks_by_id.get(check_id)
        if check is None:
            return None
        grants = self.grants[waiver]
        inputs = SiteInputs(
            context=self.contexts[applies],
            readings=self._readings(check, data, age, rule),
            limits=self._limits[data, rule],
            waivers=grants.waivers,
            declared_na=self.grants[applies].declared_na,
        )
        return evaluate_check(framework, check, inputs, now=self.ends[data].evaluated_at)

    def _readings(self, check: Check, data: bool, age: bool, rule: bool) -> Mapping[PartKey, Reading]:
        if data is age and not self._incomparable:
            return self.ends[data].inputs.readings
        now = self.ends[data].evaluated_at
        readings = {}
        for part in check.parts:
            key = (check.id, part.id)
            sides = (rule, rule) if key in self._incomparable else (data, age)
            reading = self._reading(key, *sides, now)
            if reading is not None:
                readings[key] = reading
        return readings

    def _reading(self, key: PartKey, data: bool, age: bool, now: datetime) -> Reading | None:
        readings = [snapshot.inputs.readings.get(key) for snapshot in self.ends]
        reading = readings[data]
        if reading is None:
            return None
        grounds = [
            _ground(each, snapshot.evaluated_at)
            for place, (each, snapshot) in enumerate(zip(readings, self.ends, strict=True))
            if each is not None and (data is not age or place == data)
        ]
        ground = max(grounds) if age else min(grounds)
        if reading.taken_at > self.ends[data].evaluated_at + CLOCK_SKEW:
            reading = reading._replace(
                cannot_judge=reading.cannot_judge or "The evidence is dated in the future."
            )
        return reading._replace(taken_at=now - ground.age, voided=ground.voided)


def _ground(reading: Reading, at: datetime) -> Ground:
    """Evidence from the future does not count yet, and its age must not change that."""
    return Ground(bool(reading.voided), max(at - reading.taken_at, -CLOCK_SKEW), reading.voided)


def _same_standing(before: Reading | None, after: Reading | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.cadence_s == after.cadence_s


def _counted_otherwise(before: Readings, after: Readings) -> frozenset[PartKey]:
    return frozenset(
        key
        for key in before.keys() & after.keys()
        if before[key].evidence
        and _origin(before[key]) == _origin(after[key])
        and _count(before[key]) != _count(after[key])
    )


def _origin(reading: Reading) -> tuple[object, ...]:
    return reading.evidence, reading.taken_at


def _count(reading: Reading) -> tuple[object, ...]:
    return reading.value, reading.cannot_judge, reading.failed, reading.provenance, reading.declaration


def _facts_that_differ(before: SiteContext, after: SiteContext) -> frozenset[str]:
    names = SiteContext.__dataclass_fields__
    return frozenset(name for name in names if getattr(before, name) != getattr(after, name))


def _tested(check: Check) -> Iterator[str]:
    conditions = [
        rule.when
        for rule in (*check.exclusions, *(exclusion for part in check.parts for exclusion in part.exclusions))
    ]
    conditions += [rule.when for rule in check.gate_rules]
    for condition in conditions:
        for test in condition.tests:
            yield test.fact


def _incomparable(old: Framework, new: Framework) -> frozenset[PartKey]:
    units = [
        {(check.id, part.id): part.unit for check in framework.checks for part in check.parts}
        for framework in (old, new)
    ]
    return frozenset(key for key in {**units[0], **units[1]} if units[0].get(key) != units[1].get(key))


def _limits(snapshot: Snapshot, framework: Framework) -> Mapping[str, Limit]:
    limits = snapshot.inputs.limits
    if framework.content_digest == snapshot.framework.content_digest:
        return limits
    translated = dict(limits)
    for limit_id, limit in limits.items():
        if limit.pass_at is None:
            continue
        theirs = _preset_of(snapshot.framework, limit_id, limit)
        if theirs is None:
            continue
        ours = _presets(framework, limit_id).get(theirs)
        if ours is None:
            del translated[limit_id]
        else:
            translated[limit_id] = ours._replace(source=limit.source)
    return translated


def _preset_of(framework: Framework, limit_id: str, limit: Limit) -> str | None:
    regions = (limit.pass_at, limit.warn_at)
    presets = _presets(framework, limit_id)
    return next((key for key, preset in presets.items() if (preset.pass_at, preset.warn_at) == regions), None)


def _presets(framework: Framework, limit_id: str) -> dict[str, Limit]:
    return {
        preset.id: Limit(pass_at=preset.pass_at, warn_at=preset.warn_at)
        for check in framework.checks
        for part in check.parts
        if part.limit_from == limit_id
        for preset in part.presets
    }
