"""Everything that an evaluation needs, read in a number of statements that does not depend on the number of sites: the
facts of a site, and from them its readings, limits and grants under one definition."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from inventory.models import DeviceType, Manufacturer
from inventory.queries import SiteFacts as InventoryFacts
from inventory.queries import site_facts
from readiness.assessment.evidence import measures
from readiness.assessment.evidence import queries as evidence
from readiness.assessment.evidence.core.limits import CLASS_LATENCY, Limit, strictest
from readiness.assessment.evidence.in_force import NONE, SiteDay, SiteLimits, held_reviews, limits_in_force
from readiness.assessment.evidence.proofs import SiteProofs, proofs
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.vocabulary import Fabric, Profile, SiteKind, Stage
from readiness.assessment.grants import queries
from readiness.assessment.grants.queries import SiteGrants
from readiness.assessment.scoring.checks import computed
from readiness.assessment.scoring.checks.choosing import add_evidence
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.facts import MEASURED_PERCENTILE, EvaluationFacts, PlacedClass
from readiness.assessment.scoring.preconditions import add_past
from readiness.assessment.scoring.site_facts import SiteObjects, sent_by, things_of, withdrawn_at
from readiness.assessment.scoring.stored_state import Stored, still_standing
from readiness.demand.jurisdiction import queries as rules
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads.core.envelope import Envelope
from readiness.demand.workloads.models import (
    AcceleratorDemand,
    EnvelopeConfirmation,
    Placement,
    ServedRegion,
    UserRegion,
    WorkloadClass,
)
from readiness.demand.workloads.queries import envelopes
from readiness.organisation.ownership.queries import terms_of
from readiness.organisation.people.core.facts import SitePeople
from readiness.organisation.people.facts import people_facts
from web.cached import CachedAnswer

SPANS = (
    evidence.MeasurePeriod(
        frozenset({measures.SITE_LOAD.key, measures.STEP_1S.key, measures.STEP_10S.key}), days=30
    ),
    evidence.MeasurePeriod(frozenset({measures.CIRCUIT_LOAD.key}), days=2),
    evidence.MeasurePeriod(
        frozenset({measures.INLET.key, measures.SUPPLY.key, measures.ROUND_TRIP.key}), days=7, q=0.99
    ),
)
"""The site's peaks, recent circuit loads, and the values that held almost all of the time."""
SERVED, SERVED_DAYS = frozenset(measure.key for measure in measures.SERVING), 28
DECLARED = "declared on the site"
type _Statement = tuple[Envelope | None, rules.Footing]
# Each site needs them every minute.
_CLASSES: CachedAnswer[str, _Statement] = CachedAnswer(
    "envelopes and footings of classes",
    models=(
        *(WorkloadClass, AcceleratorDemand, DeviceType, Manufacturer, ServedRegion, UserRegion),
        *(EnvelopeConfirmation, DataOrigin, HeldBasis),
    ),
)


def gather(
    site_ids: Collection[int], framework: Framework, *, standing: Collection[str] = (), now: datetime
) -> dict[int, EvaluationFacts]:
    profiles = {profile.id: profile for profile in site_facts(site_ids)}
    ids = sorted(profiles)
    things, reviews = things_of(ids), held_reviews(ids, now=now)
    sent = sent_by(ids, framework, standing=standing, now=now, live_floor_s=settings.TELEMETRY_LIVE_S)
    withdrawn = withdrawn_at(things.values())
    days = _days(profiles.values(), now)
    classes, limits = _bind_limits(_add_envelopes(_classes(days, now=now), now=now), days, framework)
    in_force = rules.content_in_force() if any(classes.values()) else None
    owned, people = terms_of(ids, now=now), people_facts(profiles, now=now)
    peaks, recent, quantiles = evidence.figures(ids, SPANS, now=now)
    served = evidence.distributions(ids, SERVED, days=SERVED_DAYS, now=now)
    facts_of = {
        site_id: EvaluationFacts(
            profile=profiles[site_id],
            context=_context(profiles[site_id], things[site_id], people[site_id]),
            limits=_limits(profiles[site_id], framework) | limits.get(site_id, {}),
            things=things[site_id].things,
            names=things[site_id].names | {("site", site_id): profiles[site_id].name},
            circuits=things[site_id].circuits,
            loops=things[site_id].loops,
            classes=classes.get(site_id, ()),
            live_floor_s=settings.TELEMETRY_LIVE_S,
            withdrawn_at=withdrawn,
            peaks=peaks.get(site_id, ()),
            recent_peaks=recent.get(site_id, ()),
            quantiles=quantiles.get(site_id, ()),
            served=served.get(site_id, ()),
            owned=owned.get(site_id),
            reviews=reviews.get(site_id, ()),
            rules=in_force,
            people=people[site_id],
            linked_ports=things[site_id].linked_ports,
            **sent[site_id],
        )
        for site_id in ids
    }
    return add_past(facts_of, now)


def context_of(site_id: int, *, now: datetime) -> SiteContext:
    [facts] = site_facts([site_id])
    [people] = people_facts({site_id: facts}, now=now).values()
    return _context(facts, things_of([site_id])[site_id], people)


def limits_of(
    site_ids: Collection[int], framework: Framework, *, now: datetime
) -> dict[int, Mapping[str, Limit]]:
    sites = site_facts(site_ids)
    days = _days(sites, now)
    _, declared = _bind_limits(_classes(days, now=now), days, framework)
    return {site.id: _limits(site, framework) | declared.get(site.id, {}) for site in sites}


def _context(site: InventoryFacts, things: SiteObjects, people: SitePeople) -> SiteContext:
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
        compute_objects=things.counts["compute"] if things.things else None,
        network_objects=things.counts["network"] if things.things else None,
        energy_objects=things.counts["energy"] if things.things else None,
        on_call_sites=rotation.sites if rotation else None,
        had_capacity=bool(growth.accelerators_then or growth.kw_then) if growth else None,
        # Empty means that the site has none, as the field's help says.
        has_generator=site.generator_start_s is not None,
        liquid_cooled=site.liquid_cooled,
    )


def _limits(site: InventoryFacts, framework: Framework) -> dict[str, Limit]:
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


def _days(sites: Iterable[InventoryFacts], now: datetime) -> dict[int, date]:
    return {site.id: now.astimezone(ZoneInfo(site.time_zone)).date() for site in sites}


def _bind_limits(
    classes: dict[int, tuple[PlacedClass, ...]], days: Mapping[int, date], framework: Framework
) -> tuple[dict[int, tuple[PlacedClass, ...]], dict[int, dict[str, Limit]]]:
    places = [
        SiteDay(site_id, day, tuple(placed.slug for placed in classes.get(site_id, ())))
        for site_id, day in days.items()
    ]
    declared = limits_in_force(places, framework)
    bound: dict[int, tuple[PlacedClass, ...]] = {}
    limits: dict[int, dict[str, Limit]] = {}
    for site_id in {*classes, *declared}:
        here = declared.get(site_id, NONE)
        bound[site_id] = tuple(_bind_latency(placed, here, framework) for placed in classes.get(site_id, ()))
        latencies = [each.latency_limit for each in bound[site_id] if each.latency_limit is not None]
        tightest = min(latencies, key=lambda limit: limit.value or 0.0, default=None)
        limits[site_id] = here.strictest(framework)
        limits[site_id] |= {CLASS_LATENCY: tightest} if tightest else {}
    return bound, limits


def _add_envelopes(
    classes: Mapping[int, tuple[PlacedClass, ...]], *, now: datetime
) -> dict[int, tuple[PlacedClass, ...]]:
    slugs = {placed.slug for of_site in classes.values() for placed in of_site}
    if not slugs:
        return dict(classes)
    # A class belongs to no site, so its day is the UTC day.
    statements = _statements_of(slugs, now.astimezone(UTC).date())
    return {
        site_id: tuple(
            replace(placed, envelope=statements[placed.slug][0], footing=statements[placed.slug][1])
            for placed in of_site
        )
        for site_id, of_site in classes.items()
    }


def _statements_of(slugs: Set[str], day: date) -> dict[str, _Statement]:
    def read(missing: Collection[str]) -> dict[str, _Statement]:
        envelopes_by_slug = {envelope.slug: envelope for envelope in envelopes(missing)}
        footings = rules.footings(missing, day=day)
        return {slug: (envelopes_by_slug.get(slug), footings[slug]) for slug in missing}

    return _CLASSES.values(dict.fromkeys(sorted(slugs)), read, key=day)


def _bind_latency(placed: PlacedClass, declared: SiteLimits, framework: Framework) -> PlacedClass:
    """Use the stricter of the limits declared for the class and for the site; without any, the class's own column."""
    own, column = declared.classes.get(placed.slug, {}).get(CLASS_LATENCY), None
    if own is None and placed.latency_limit is not None:
        own = column = placed.latency_limit
    both = [limit for limit in (own, declared.site.get(CLASS_LATENCY)) if limit is not None]
    binding = strictest(both, framework, CLASS_LATENCY)
    if binding is None:
        return replace(placed, latency_limit=None)
    # Only the class's column has a percentile.
    percentile = placed.percentile if binding is column else MEASURED_PERCENTILE
    return replace(placed, latency_limit=binding, percentile=percentile)


def _classes(days: Mapping[int, date], *, now: datetime) -> dict[int, tuple[PlacedClass, ...]]:
    utc_day = now.astimezone(UTC).date()
    near = Placement.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gte=utc_day - timedelta(days=1)),
        site_id__in=days,
        started_on__lte=utc_day + timedelta(days=1),
    )
    served_regions = ("workload_class__user_regions__slug", "workload_class__user_regions__name")
    columns = ("slug", "name", "latency_limit_ms", "latency_percentile")
    placed = tuple(f"workload_class__{column}" for column in columns)
    rows = near.order_by("workload_class__name", "id", "workload_class__user_regions__name").values_list(
        "id", "site_id", "started_on", "ended_on", *placed, *served_regions
    )
    by_site: dict[int, list[PlacedClass]] = defaultdict(list)
    for (_, site_id, started_on, ended_on, *of_class), served in groupby(rows, itemgetter(*range(8))):
        if started_on <= days[site_id] and (ended_on is None or days[site_id] <= ended_on):
            slug, name, limit_ms, percentile = of_class
            regions = tuple((row[-2], row[-1]) for row in served if row[-2] is not None)
            limit = None if limit_ms is None else Limit(value=limit_ms, source=f"limit of {name}")
            by_site[site_id].append(PlacedClass(slug, name, limit, regions, percentile))
    return {site_id: tuple(classes) for site_id, classes in by_site.items()}


def inputs_of(
    site_ids: Collection[int], stored: Mapping[int, Stored], framework: Framework, *, now: datetime
) -> dict[int, tuple[EvaluationFacts, SiteInputs]]:
    """Facts and inputs of each site at `now`; the definition determines the metrics and presets needed. The number of
    statements does not depend on the sites."""
    standing = {reason.metric for site_id in site_ids for reason in stored[site_id].reasons}
    facts = gather(site_ids, framework, standing=standing, now=now)
    proved = proofs(site_ids, framework, now=now)
    grants = queries.standing_grants(site_ids, now=now)
    return {
        site_id: (
            of_site,
            _site_inputs(
                of_site,
                stored[site_id],
                grants.get(site_id, queries.NONE),
                proved[site_id],
                framework,
                now,
            ),
        )
        for site_id, of_site in facts.items()
    }


def _site_inputs(
    facts: EvaluationFacts,
    stored: Stored,
    grants: SiteGrants,
    proved: SiteProofs,
    framework: Framework,
    now: datetime,
) -> SiteInputs:
    measured = computed(framework, facts, now)
    measured |= still_standing(stored, facts, measured, now)
    return SiteInputs(
        context=facts.context,
        readings=add_evidence(measured, proved, facts.limits, framework, facts.context, now),
        limits=facts.limits,
        waivers=grants.waivers,
        exceptions=grants.exceptions,
        declared_na=grants.declared_na,
        people_change_at=facts.people.changes_at,
    )
