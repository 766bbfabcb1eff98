"""Follow the reasons why objects are not well, from one evaluation to the next.

An object keeps all its reasons. One ends when a live sample of its metric and part says so, whatever its other labels
are, when its object leaves service or the inventory, or when a person says so. Nothing else ends one: a reason without
live samples stays, as the last known.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from readiness.assessment.scoring.core.states import Health, ReasonStanding
from telemetry.core.metric import ComparedValue, HealthRule, Judgement, LimitTest

type ObjectKey = tuple[str, int]
"""(object kind as telemetry names it, id)."""
GONE_AFTER = timedelta(hours=24)
NOT_SEEN = "Not seen"
PENDING_RANK = 5
_RANKS = {
    (Health.CRITICAL, True): 0,
    (Health.CRITICAL, False): 1,
    (Health.WARN, True): 2,
    (Health.WARN, False): 3,
}
_UNKNOWN_RANK = 4
_JUDGEMENTS: Mapping[Judgement | None, int] = {"critical": 0, "warn": 1, "ok": 2, None: 3}


class RuleFinding(NamedTuple):
    """One sample under one rule. `part` tells apart several parts of the object, by the values of the metric's labels
    of parts. `began_at` is when its cause began, as far as the sample tells. An event of the last day does not `show`
    its object, which may be gone: only a live value does, and trouble."""

    domain: str
    key: ObjectKey
    metric: str
    part: str
    rule: HealthRule
    value: float
    taken_at: datetime
    began_at: datetime | None
    title: str
    unit: str
    shows: bool


class ReasonPlace(NamedTuple):
    """The columns that tell apart the reasons of a site."""

    domain: str
    object_kind: str
    object_id: int
    metric: str
    part: str
    measure: str
    direction: str


class OpenReason(NamedTuple):
    """A reason that has not ended, as it is stored; the first columns are its place.

    One without a `metric` is the silence of its object. One without `counts_from` counts for nothing yet, because its
    samples were not beyond the limit for long enough.
    """

    domain: str
    object_kind: str
    object_id: int
    metric: str
    part: str
    measure: str
    direction: str
    object: str
    health: str
    title: str
    value: float | None
    unit: str
    threshold: float | None
    source: str
    since: datetime
    taken_at: datetime | None
    is_last_known: bool
    standing: str
    rank: int
    counts_from: datetime | None

    @property
    def place(self) -> ReasonPlace:
        return ReasonPlace._make(self[:7])

    @property
    def key(self) -> ObjectKey:
        return self.object_kind, self.object_id

    @property
    def order(self) -> tuple[int, str, ReasonPlace]:
        """The worst reason first."""
        return self.rank, self.object, self.place


class Heard(NamedTuple):
    """When an object was heard from, and until when that counts."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """The objects of a site, as they are known apart from what rules find.

    `domains` has the domain of each object that counts there, `names` all that samples may describe. `resting` ones are
    out of service. Those `watched` have sources that sent data of them; `heard` ones are heard from, `heard_at` also
    has the last sample of some that are silent. `sampled` are metrics and parts of objects with a live sample, of those
    with an open reason; `judged` are objects whose metrics have rules. `ends` are the reasons that a person ended, with
    the time; `source_titles` those of the sources of limits.
    """

    names: Mapping[ObjectKey, str]
    domains: Mapping[ObjectKey, str]
    resting: Set[ObjectKey] = frozenset()
    watched: Collection[ObjectKey] = frozenset()
    heard: Mapping[ObjectKey, Heard]
    heard_at: Mapping[ObjectKey, datetime] = field(default_factory=dict)
    sampled: Set[tuple[ObjectKey, str, str]] = frozenset()
    judged: Collection[ObjectKey] = frozenset()
    ends: Mapping[ReasonPlace, datetime] = field(default_factory=dict)
    source_titles: Mapping[str, str] = field(default_factory=dict)
    has_sources: bool = False
    is_source_late: bool = False

    def is_in_service(self, key: ObjectKey) -> bool:
        return key in self.names and key not in self.resting

    def is_silent(self, key: ObjectKey) -> bool:
        return key not in self.heard and key in self.watched and self.is_in_service(key)


class FollowedReasons(NamedTuple):
    """The open reasons, the value by which each of the others has ended, as far as there is one, and when reasons that
    do not count yet will."""

    reasons: list[OpenReason]
    ended: dict[ReasonPlace, float | None]
    due: list[datetime]


class _Judged(NamedTuple):
    judgement: Judgement | None
    finding: RuleFinding


def follow(
    before: Iterable[OpenReason], findings: Iterable[RuleFinding], facts: ObjectFacts, now: datetime
) -> FollowedReasons:
    """The reasons of metrics after those `before`. Silence is apart: `silences`."""
    stored_reasons = {reason.place: reason for reason in before if reason.metric}
    worst = _worst(findings, stored_reasons, facts)
    reasons: list[OpenReason] = []
    ended: dict[ReasonPlace, float | None] = {}
    due: list[datetime] = []
    for place, (judgement, finding) in worst.items():
        reason = stored_reasons.get(place)
        if judgement in ("critical", "warn") or reason is None:
            reasons.append(_found(reason, judgement, finding, facts, now))
            if reasons[-1].counts_from is None:
                due.append(reasons[-1].since + timedelta(seconds=finding.rule.min_duration_s))
        elif judgement == "ok" and _is_live(finding, facts):
            ended[place] = finding.value
        else:
            reasons.append(_unanswered(reason, facts, now))
    for place, reason in stored_reasons.items():
        if place in worst:
            continue
        if not facts.is_in_service(reason.key):
            ended[place] = None
        elif (reason.key, reason.metric, reason.part) in facts.sampled:
            # A counter that did not rise within its window, or a rule that is gone.
            ended[place] = 0.0 if reason.measure == ComparedValue.INCREASE else None
        else:
            reasons.append(_unanswered(reason, facts, now))
    return FollowedReasons(reasons, ended, due)


def _worst(
    findings: Iterable[RuleFinding], standing: Mapping[ReasonPlace, OpenReason], facts: ObjectFacts
) -> dict[ReasonPlace, _Judged]:
    """The worst of the findings at each place that has a reason, or gives one."""
    with_reasons = {reason.key for reason in standing.values()}
    judged: dict[ReasonPlace, _Judged] = {}
    for finding in findings:
        rule = finding.rule
        if finding.key not in with_reasons and rule.judge(finding.value) == "ok":
            continue
        if not facts.is_in_service(finding.key):
            continue
        place = _place_of(finding)
        reason = standing.get(place)
        judgement = rule.judge(finding.value, _stands(reason))
        if reason is None and (judgement == "ok" or _is_ended(place, finding, facts)):
            continue
        worst = judged.get(place)
        if worst is None or _JUDGEMENTS[judgement] < _JUDGEMENTS[worst.judgement]:
            judged[place] = _Judged(judgement, finding)
    return judged


def _place_of(finding: RuleFinding) -> ReasonPlace:
    kind, object_id = finding.key
    rule = finding.rule
    return ReasonPlace(
        finding.domain, kind, object_id, finding.metric, finding.part, rule.measure, rule.direction
    )


def _stands(reason: OpenReason | None) -> Judgement:
    if reason is None or reason.counts_from is None:
        return "ok"
    return (
        "critical" if reason.health == Health.CRITICAL else "warn" if reason.health == Health.WARN else "ok"
    )


def _is_ended(place: ReasonPlace, finding: RuleFinding, facts: ObjectFacts) -> bool:
    ended_at = facts.ends.get(place)
    return ended_at is not None and finding.taken_at <= ended_at


def _is_live(finding: RuleFinding, facts: ObjectFacts) -> bool:
    """Events count for a day, so their sample may be older."""
    if finding.rule.measure is ComparedValue.VALUE:
        return True
    return (finding.key, finding.metric, finding.part) in facts.sampled


def _found(
    before: OpenReason | None,
    judgement: Judgement | None,
    finding: RuleFinding,
    facts: ObjectFacts,
    now: datetime,
) -> OpenReason:
    rule = finding.rule
    since = before.since if before else finding.began_at or finding.taken_at
    counts_from = before.counts_from if before else None
    if counts_from is None and since + timedelta(seconds=rule.min_duration_s) <= now:
        counts_from = since + timedelta(seconds=rule.min_duration_s)
    health = Health(judgement or Health.UNKNOWN)
    limits: Sequence[float] = rule.critical if health is Health.CRITICAL else rule.warn
    has_limit = bool(limits) and rule.direction in (LimitTest.ABOVE, LimitTest.BELOW)
    is_live = _is_live(finding, facts) or (before is None and finding.key in facts.heard)
    standing = ReasonStanding.LIVE if is_live else _standing(finding.key, finding.taken_at, facts, now)
    kind, object_id = finding.key
    return OpenReason(
        domain=finding.domain,
        object_kind=kind,
        object_id=object_id,
        metric=finding.metric,
        part=finding.part,
        measure=str(rule.measure),
        direction=str(rule.direction),
        object=facts.names[finding.key],
        health=str(health),
        title=finding.title,
        value=finding.value,
        unit=finding.unit,
        threshold=limits[0] if has_limit else None,
        source=facts.source_titles.get(rule.source, rule.source),
        since=since,
        taken_at=finding.taken_at,
        is_last_known=not is_live,
        standing=str(standing),
        rank=_rank(health, standing, counts_from),
        counts_from=counts_from,
    )


def _unanswered(reason: OpenReason, facts: ObjectFacts, now: datetime) -> OpenReason:
    standing = _standing(reason.key, reason.taken_at, facts, now)
    rank = _rank(Health(reason.health), standing, reason.counts_from)
    name = facts.names[reason.key]
    return reason._replace(object=name, is_last_known=True, standing=str(standing), rank=rank)


def _standing(key: ObjectKey, taken_at: datetime | None, facts: ObjectFacts, now: datetime) -> ReasonStanding:
    if key not in facts.heard:
        return ReasonStanding.SILENT
    if taken_at is not None and taken_at < now - GONE_AFTER:
        return ReasonStanding.METRIC_GONE
    return ReasonStanding.LAST_KNOWN


def _rank(health: Health, standing: ReasonStanding, counts_from: datetime | None) -> int:
    if counts_from is None:
        return PENDING_RANK
    return _RANKS.get((health, standing is ReasonStanding.SILENT), _UNKNOWN_RANK)


def silences(
    keys: Iterable[tuple[str, ObjectKey]],
    before: Iterable[OpenReason],
    heard_until: Mapping[str, datetime | None],
    facts: ObjectFacts,
    now: datetime,
) -> Iterator[OpenReason]:
    """A reason for each silent object of each domain. If its last sample is out of reach, it was heard from until
    `heard_until`, when all of its domain was."""
    stored_silences = {(reason.domain, reason.key): reason for reason in before if not reason.metric}
    for domain, key in keys:
        if not facts.is_silent(key):
            continue
        if (reason := stored_silences.get((domain, key))) is not None:
            yield reason._replace(object=facts.names[key])
        else:
            yield _silence(domain, key, facts.heard_at.get(key) or heard_until.get(domain), facts, now)


def _silence(
    domain: str, key: ObjectKey, heard_at: datetime | None, facts: ObjectFacts, now: datetime
) -> OpenReason:
    kind, object_id = key
    return OpenReason(
        domain=domain,
        object_kind=kind,
        object_id=object_id,
        metric="",
        part="",
        measure="",
        direction="",
        object=facts.names[key],
        health=str(Health.UNKNOWN),
        title=NOT_SEEN,
        value=None,
        unit="",
        threshold=None,
        source="",
        since=heard_at or now,
        taken_at=heard_at,
        is_last_known=False,
        standing=str(ReasonStanding.SILENT),
        rank=_UNKNOWN_RANK,
        counts_from=heard_at or now,
    )
