"""Facts about one site at one instant: frozen values that checks and health are worked out from; and which objects are
heard from, where telemetry coverage and health both ask: where one says that something is silent, so does the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inventory.queries import SiteFacts
from readiness.evidence.core.limits import Limit
from readiness.evidence.core.reviews import HeldReview
from readiness.evidence.queries import Distribution, SpanFigure
from readiness.framework.core.conditions import SiteContext
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.queries import NO_FOOTING, Footing
from readiness.ownership.core.standing import Term
from readiness.people.core.facts import NOBODY_RECORDED, SitePeople
from readiness.workloads.core.envelope import Envelope
from telemetry.queries import Latest, Rise, SourceStanding

type ObjectKey = tuple[str, int]
"""(object kind as telemetry names it, id)."""

LIVE_CADENCES = 3
"""A sample counts as live for three times its source's cadence, or the operator's floor when that is longer."""

MEASURED_PERCENTILE = 99.0
"""The percentile at which round trips are measured, and at which a limit holds unless its class says otherwise."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An inventoried object. `in_service` objects must be heard from; the others are in maintenance.

    `covered` ones count for telemetry coverage. `takes_work` is whether a scheduler may place work on it: its own
    status and its device's say so.
    """

    key: ObjectKey
    name: str
    domain: str
    role: str = ""
    device_id: int | None = None
    in_service: bool = True
    covered: bool = True
    in_rack: bool = False
    takes_work: bool = False


@dataclass(frozen=True, slots=True)
class CircuitFact:
    """A power feed; `dual_fed` where its rack is fed by both legs."""

    id: int
    name: str
    dual_fed: bool


@dataclass(frozen=True, slots=True)
class PlacedClass:
    """A workload class placed here: limit of the round trip in ms at a percentile, user regions (slug, name) that it
    serves, its whole envelope, and what its data stands on in law."""

    slug: str
    name: str
    latency_limit: Limit | None
    regions: tuple[tuple[str, str], ...]
    percentile: float = MEASURED_PERCENTILE
    envelope: Envelope | None = None
    footing: Footing = NO_FOOTING


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFacts:
    """`things` are what is inventoried, `names` those and other objects that series may be about, `loops` the liquid
    cooling units. `latest` holds the newest sample of each series that is live, by metric, `held` that of the last 24
    hours.

    `seen` is when each object was last heard from in the live window, by source; `sources_of` the sources that ever
    sent anything about it. `rises` are counters that rose within 24 hours, `changed_at` when a state last changed
    within them, `withdrawn_at` when an object that takes no work was last taken out. `owned` are the terms of whoever
    answers for the site's items, None until anybody ever accepted one. `reviews` are its go-live reviews. `rules` are
    those of jurisdiction in force, `people` what is recorded of those who run the site.
    """

    profile: SiteFacts
    context: SiteContext
    limits: Mapping[str, Limit]
    things: Mapping[ObjectKey, Thing]
    names: Mapping[ObjectKey, str]
    circuits: Sequence[CircuitFact]
    loops: Mapping[int, str]
    classes: Sequence[PlacedClass]
    sources: Mapping[int, SourceStanding]
    live_floor_s: float
    seen: Mapping[ObjectKey, Mapping[int, datetime]] = field(default_factory=dict)
    sources_of: Mapping[ObjectKey, frozenset[int]] = field(default_factory=dict)
    latest: Mapping[str, Sequence[Latest]] = field(default_factory=dict)
    held: Mapping[str, Sequence[Latest]] = field(default_factory=dict)
    rises: Mapping[str, Sequence[Rise]] = field(default_factory=dict)
    changed_at: Mapping[int, datetime] = field(default_factory=dict)
    withdrawn_at: Mapping[ObjectKey, datetime] = field(default_factory=dict)
    peaks: Sequence[SpanFigure] = ()
    recent_peaks: Sequence[SpanFigure] = ()
    quantiles: Sequence[SpanFigure] = ()
    served: Sequence[Distribution] = ()
    owned: Sequence[Term] | None = None
    reviews: Sequence[HeldReview] = ()
    rules: RulePackDocument | None = None
    people: SitePeople = NOBODY_RECORDED

    def live_s(self, source_id: int) -> float:
        source = self.sources.get(source_id)
        return max(LIVE_CADENCES * (source.cadence_s if source else 0.0), self.live_floor_s)

    def is_live(self, sample: Latest, now: datetime) -> bool:
        return sample.ts >= now - timedelta(seconds=self.live_s(sample.source_id))

    def in_service(self, *, domain: str = "", kind: str = "", role: str = "") -> Iterator[Thing]:
        for thing in self.things.values():
            if (
                thing.in_service
                and domain in ("", thing.domain)
                and kind in ("", thing.key[0])
                and role in ("", thing.role)
            ):
                yield thing


@dataclass(frozen=True, slots=True)
class Heard:
    at: datetime
    until: datetime


def heard_from(facts: EvaluationFacts, now: datetime) -> dict[ObjectKey, Heard]:
    live: dict[int, timedelta] = {}
    heard: dict[ObjectKey, Heard] = {}
    for key, by_source in facts.seen.items():
        for source_id, at in by_source.items():
            if source_id not in live:
                live[source_id] = timedelta(seconds=facts.live_s(source_id))
            until = at + live[source_id]
            if until >= now and (key not in heard or until > heard[key].until):
                heard[key] = Heard(at, until)
    return heard


def last_heard_at(facts: EvaluationFacts, key: ObjectKey) -> datetime | None:
    return max(facts.seen.get(key, {}).values(), default=None)
