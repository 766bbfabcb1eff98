"""Facts about one site at one instant, as frozen values from which checks and health are computed; what the inventory
says of its context and limits; and which objects are heard from, so that telemetry coverage and health agree on what is
silent. Arithmetic only: it imports no framework."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inventory.core import SiteFacts
from readiness.assessment.duties.core.register import SiteRegister
from readiness.assessment.evidence.core.figures import Distribution, SpanFigure
from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.reviews import HeldReview
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.vocabulary import Fabric, Profile, SiteKind, Stage
from readiness.assessment.scoring.core.reasons import Heard, ObjectKey
from readiness.assessment.standards.core.alternatives import RecordedAlternative
from readiness.assessment.standards.core.conformance import NO_STANDARDS, SiteStandards
from readiness.demand.jurisdiction.core.deciding import NO_FOOTING, Footing
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.workloads.core.envelope import Criticality, Envelope
from readiness.organisation.ownership.core.standing import Term
from readiness.organisation.people.core.facts import NOBODY_RECORDED, SitePeople
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.rows import Latest, Rise, SourceStanding

LIVE_CADENCES = 3
"""A sample counts as live for three times its source's cadence, or the operator's floor when that is longer."""

WINDOW = timedelta(hours=24)
"""The span for rises of counters and changes of states, as in the checks and the registry's rules."""
JUST_GONE_S = 600.0
"""Seconds after an object stops being live in which Muster still knows when its silence began."""
DECLARED = "declared on the site"
MEASURED_PERCENTILE = 99.0
"""The percentile of measured round trips, and of a limit unless its class states another."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An inventoried object.

    `in_service` objects must be heard from; the others are in maintenance. `covered` ones count for telemetry coverage.
    `takes_work` says that a scheduler may place work on it, by its own status and its device's.
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
    """A power feed; `dual_fed` if both legs feed its rack."""

    id: int
    name: str
    dual_fed: bool


@dataclass(frozen=True, slots=True)
class PlacedClass:
    """A workload class placed here: its round-trip limit in ms at a percentile, the user regions (slug, name) that it
    serves, its whole envelope, its data's footing in law, and its alternatives on record, at whichever site."""

    slug: str
    name: str
    latency_limit: Limit | None
    regions: tuple[tuple[str, str], ...]
    percentile: float = MEASURED_PERCENTILE
    envelope: Envelope | None = None
    footing: Footing = NO_FOOTING
    alternatives: tuple[RecordedAlternative, ...] = ()

    @property
    def is_critical(self) -> bool:
        return self.envelope is not None and self.envelope.criticality is Criticality.CRITICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFacts:
    """`things` are the inventoried objects, `names` these and other possible subjects of series, `loops` the liquid
    cooling units. `latest` holds the newest sample of each live series, by metric, `latest_of_day` that of the last
    24 hours. `seen` is when each object was last heard from in the live window, by source; `sources_of` the sources
    that ever sent data about it, and `judged` the objects whose metrics have rules. `rises` are counters that rose
    within 24 hours, `rises_within` the rises of a series in shorter windows of seconds, `changed_at` the last changes
    of states within 24 hours, `withdrawn_at` when an object that takes no work was last withdrawn. `owned` are the
    terms of the owners of the site's items, None until anybody accepted one; the clock changes them at `owned_until`.
    `reviews` are its go-live reviews, `rules` the rules of jurisdiction in force, `people` the records of its
    staff. `linked_ports` are ends of a link, `was_well` the series that are not well now but were within 7 days.
    `standards` are those that apply at the site, with how far it conforms, `register` its duties where somebody
    keeps them."""

    profile: SiteFacts
    context: SiteContext
    limits: Mapping[str, Limit]
    things: Mapping[ObjectKey, Thing]
    names: Mapping[ObjectKey, str]
    circuits: Sequence[CircuitFact]
    loops: Mapping[int, str]
    classes: Sequence[PlacedClass]
    sources: Mapping[int, SourceStanding] = field(default_factory=dict)
    live_floor_s: float = 0.0
    seen: Mapping[ObjectKey, Mapping[int, datetime]] = field(default_factory=dict)
    sources_of: Mapping[ObjectKey, frozenset[int]] = field(default_factory=dict)
    judged: Collection[ObjectKey] = frozenset()
    latest: Mapping[str, Sequence[Latest]] = field(default_factory=dict)
    latest_of_day: Mapping[str, Sequence[Latest]] = field(default_factory=dict)
    rises: Mapping[str, Sequence[Rise]] = field(default_factory=dict)
    rises_within: Mapping[tuple[int, int], Rise] = field(default_factory=dict)
    changed_at: Mapping[int, datetime] = field(default_factory=dict)
    withdrawn_at: Mapping[ObjectKey, datetime] = field(default_factory=dict)
    peaks: Sequence[SpanFigure] = ()
    recent_peaks: Sequence[SpanFigure] = ()
    quantiles: Sequence[SpanFigure] = ()
    served: Sequence[Distribution] = ()
    owned: Sequence[Term] | None = None
    owned_until: datetime | None = None
    reviews: Sequence[HeldReview] = ()
    rules: RulePackDocument | None = None
    people: SitePeople = NOBODY_RECORDED
    register: SiteRegister | None = None
    linked_ports: Set[ObjectKey] = frozenset()
    was_well: Set[int] = frozenset()
    standards: SiteStandards = NO_STANDARDS
    _live_since: dict[tuple[int, datetime], datetime] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def alternatives(self) -> list[RecordedAlternative]:
        """Alternatives on record, at this site, of the critical workloads that are placed here."""
        of_critical = {placed.slug: placed.alternatives for placed in self.classes if placed.is_critical}
        return [each for of_class in of_critical.values() for each in of_class if each.is_at(self.profile.id)]

    def records_change_at(self, now: datetime) -> datetime | None:
        """The next instant at which a record of people, of standards or of duties begins or ends."""
        of_register = self.register.changes_at(now) if self.register else None
        moments = (self.people.changes_at, self.standards.changes_at, of_register)
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    def live_s(self, source_id: int) -> float:
        source = self.sources.get(source_id)
        return max(LIVE_CADENCES * (source.cadence_s if source else 0.0), self.live_floor_s)

    def is_live(self, sample: Latest, now: datetime) -> bool:
        place = sample.source_id, now
        since = self._live_since.get(place)
        if since is None:
            since = self._live_since[place] = now - timedelta(seconds=self.live_s(sample.source_id))
        return sample.ts >= since

    def things_in_service(self, *, domain: str = "", kind: str = "", role: str = "") -> Iterator[Thing]:
        for thing in self.things.values():
            if (
                thing.in_service
                and domain in ("", thing.domain)
                and kind in ("", thing.key[0])
                and role in ("", thing.role)
            ):
                yield thing


def site_context(site: SiteFacts, objects: Mapping[str, int] | None, people: SitePeople) -> SiteContext:
    """`objects` counts those in service by domain, and is None if the inventory has no objects of the site."""
    rotation = people.on_call.smallest if people.on_call else None
    growth = people.growth
    return SiteContext(
        kind=SiteKind(site.kind),
        stage=Stage(site.stage),
        profiles=frozenset(Profile(profile) for profile in site.profiles),
        fabrics=frozenset(Fabric(fabric) for fabric in site.fabrics),
        nodes=site.nodes,
        accelerators=site.accelerators,
        vendors_in_path=site.vendors_in_path,
        dual_fed_racks=site.dual_fed_racks,
        compute_objects=objects["compute"] if objects is not None else None,
        network_objects=objects["network"] if objects is not None else None,
        energy_objects=objects["energy"] if objects is not None else None,
        on_call_sites=rotation.sites if rotation else None,
        had_capacity=bool(growth.accelerators_then or growth.kw_then) if growth else None,
        # Empty means that the site has none, as the field's help says.
        has_generator=site.generator_start_s is not None,
        liquid_cooled=site.liquid_cooled,
    )


def own_limits(site: SiteFacts, framework: Framework) -> dict[str, Limit]:
    """The limits in the site's columns, by framework id. A step within 1 s is also a step within 10 s."""
    generator_min = None if site.generator_start_s is None else site.generator_start_s / 60
    declared = {
        "contracted-kw": site.contracted_kw,
        "step-1s-kw": site.power_step_limit_kw,
        "step-10s-kw": site.power_step_limit_kw,
        "supply-temperature": site.liquid_supply_max_c,
        "generator-transfer": generator_min,
    }
    limits = {
        limit_id: Limit(value=value, source=DECLARED)
        for limit_id, value in declared.items()
        if value is not None
    }
    preset = _cooling_preset(site.cooling_class, framework)
    return limits | ({"cooling-class": preset} if preset else {})


def _cooling_preset(cooling_class: str, framework: Framework) -> Limit | None:
    check = framework.checks_by_id.get("p2-cooling-headroom")
    presets = [preset for part in check.parts for preset in part.presets] if check else []
    class_preset = next((preset for preset in presets if preset.id == cooling_class.lower()), None)
    if class_preset is None:
        return None
    return Limit(
        pass_at=class_preset.pass_at, warn_at=class_preset.warn_at, source=f"class {class_preset.name}"
    )


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


def object_key(row: Latest | Rise) -> ObjectKey | None:
    if not row.object_kind:
        return None
    if row.object_kind == "site":
        return "site", row.site_id
    object_id = getattr(row, OBJECT_COLUMNS[row.object_kind])
    return None if object_id is None else (row.object_kind, object_id)
