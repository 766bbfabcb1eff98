"""Everything that an evaluation needs, read in a number of statements that does not depend on the number of sites: the
facts of a site, its stored state, and from them its readings, limits and grants under one definition."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db.models import Q
from psycopg.types.json import set_json_loads

from inventory.models import DeviceType, Manufacturer
from inventory.queries import SiteFacts as InventoryFacts
from inventory.queries import site_facts
from readiness.assessment.duties.queries import registers as registers_of
from readiness.assessment.evidence import measures
from readiness.assessment.evidence import queries as evidence
from readiness.assessment.evidence.core.limits import CLASS_LATENCY, Limit, strictest
from readiness.assessment.evidence.proofs import SiteProofs, proofs
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.grants import queries
from readiness.assessment.grants.queries import SiteGrants
from readiness.assessment.scoring.checks import COMPUTED, computed, has_subject
from readiness.assessment.scoring.checks.choosing import add_evidence
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.reasons import OpenReason, ReasonPlace
from readiness.assessment.scoring.facts import (
    MEASURED_PERCENTILE,
    EvaluationFacts,
    PlacedClass,
    own_limits,
    site_context,
)
from readiness.assessment.scoring.models import DomainHealth, ScoreInputs, ScorePoint, SiteScore
from readiness.assessment.scoring.preconditions import REACH, suspects, well_series
from readiness.assessment.scoring.site_facts import WINDOW, SiteObjects, sent_by, things_of, withdrawn_at
from readiness.assessment.scoring.stored_state import Readings, StoredResult, reading_from
from readiness.assessment.standards.conformity import conformance_of
from readiness.assessment.standards.core.alternatives import RecordedAlternative
from readiness.assessment.standards.core.conformance import NO_STANDARDS
from readiness.assessment.standards.models import Alternative
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
from readiness.organisation.people.facts import people_facts
from telemetry.binary import binary_cursor
from telemetry.queries import value_ranges
from web.cached import CachedAnswer
from web.rows import rows_as

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
type _Statement = tuple[Envelope | None, rules.Footing, tuple[RecordedAlternative, ...]]
_CLASSES: CachedAnswer[str, _Statement] = CachedAnswer(  # each site needs them every minute
    "envelopes, footings and alternatives of classes",
    models=(
        *(WorkloadClass, AcceleratorDemand, DeviceType, Manufacturer, ServedRegion, UserRegion),
        *(EnvelopeConfirmation, DataOrigin, HeldBasis, Alternative),
    ),
)


def gather(
    site_ids: Collection[int], framework: Framework, *, standing: Collection[str] = (), now: datetime
) -> dict[int, EvaluationFacts]:
    profiles = {profile.id: profile for profile in site_facts(site_ids)}
    ids = sorted(profiles)
    things = things_of(ids)
    sent = sent_by(ids, framework, standing=standing, now=now, live_floor_s=settings.TELEMETRY_LIVE_S)
    withdrawn, days = withdrawn_at(things.values()), _days(profiles.values(), now)
    classes = _add_envelopes(_classes(days, now=now), now=now)
    in_force = rules.content_in_force() if any(classes.values()) else None
    owned, people = terms_of(ids, now=now), people_facts(profiles, now=now)
    registers = registers_of(profiles, now=now)
    classes, limits = _bind_limits(classes, days, framework)
    reviews, spans = evidence.held_reviews(ids, now=now), evidence.figures(ids, SPANS, now=now)
    served = evidence.distributions(ids, SERVED, days=SERVED_DAYS, now=now)
    conformance = conformance_of(ids, now=now)
    facts_of = {
        site_id: EvaluationFacts(
            profile=profiles[site_id],
            context=site_context(profiles[site_id], things[site_id].domain_counts, people[site_id]),
            limits=own_limits(profiles[site_id], framework) | limits.get(site_id, {}),
            **_inventoried(things[site_id], profiles[site_id]),
            classes=classes.get(site_id, ()),
            live_floor_s=settings.TELEMETRY_LIVE_S,
            withdrawn_at=withdrawn,
            peaks=spans[0].get(site_id, ()),
            recent_peaks=spans[1].get(site_id, ()),
            quantiles=spans[2].get(site_id, ()),
            served=served.get(site_id, ()),
            owned=owned.get(site_id),
            reviews=reviews.get(site_id, ()),
            rules=in_force,
            people=people[site_id],
            register=registers.get(site_id),
            standards=conformance.get(site_id, NO_STANDARDS),
            **sent[site_id],
        )
        for site_id in ids
    }
    return _add_past(facts_of, now)


def _add_past(facts_of: Mapping[int, EvaluationFacts], now: datetime) -> dict[int, EvaluationFacts]:
    """Add which series were well within 7 days, where a rule asks. One statement, none if all of them are well now."""
    rules_of = {
        site_id: {sample.series_id: rule for sample, rule in suspects(facts)}
        for site_id, facts in facts_of.items()
    }
    ids = [series_id for of_site in rules_of.values() for series_id in of_site]
    ranges = value_ranges(ids, start=now - REACH, now=now)
    return {
        site_id: replace(facts, was_well=well_series(rules_of[site_id], ranges))
        if rules_of[site_id]
        else facts
        for site_id, facts in facts_of.items()
    }


def _inventoried(objects: SiteObjects, site: InventoryFacts) -> dict[str, Any]:
    return {
        "things": objects.things,
        "names": objects.names | {("site", site.id): site.name},
        "circuits": objects.circuits,
        "loops": objects.loops,
        "linked_ports": objects.linked_ports,
    }


def context_of(site_id: int, *, now: datetime) -> SiteContext:
    [facts] = site_facts([site_id])
    [people] = people_facts({site_id: facts}, now=now).values()
    return site_context(facts, things_of([site_id])[site_id].domain_counts, people)


def limits_of(
    site_ids: Collection[int], framework: Framework, *, now: datetime
) -> dict[int, Mapping[str, Limit]]:
    sites = site_facts(site_ids)
    days = _days(sites, now)
    _, declared = _bind_limits(_classes(days, now=now), days, framework)
    return {site.id: own_limits(site, framework) | declared.get(site.id, {}) for site in sites}


def _days(sites: Iterable[InventoryFacts], now: datetime) -> dict[int, date]:
    return {site.id: now.astimezone(ZoneInfo(site.time_zone)).date() for site in sites}


def _bind_limits(
    classes: dict[int, tuple[PlacedClass, ...]], days: Mapping[int, date], framework: Framework
) -> tuple[dict[int, tuple[PlacedClass, ...]], dict[int, dict[str, Limit]]]:
    places = [
        evidence.SiteDay(site_id, day, tuple(placed.slug for placed in classes.get(site_id, ())))
        for site_id, day in days.items()
    ]
    declared = evidence.limits_in_force(places, framework)
    bound: dict[int, tuple[PlacedClass, ...]] = {}
    limits: dict[int, dict[str, Limit]] = {}
    for site_id in {*classes, *declared}:
        here = declared.get(site_id, evidence.NO_LIMITS)
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

    def complete(placed: PlacedClass) -> PlacedClass:
        envelope, footing, alternatives = statements[placed.slug]
        return replace(placed, envelope=envelope, footing=footing, alternatives=alternatives)

    return {site_id: tuple(map(complete, of_site)) for site_id, of_site in classes.items()}


def _statements_of(slugs: Set[str], day: date) -> dict[str, _Statement]:
    def read(missing: Collection[str]) -> dict[str, _Statement]:
        envelopes_by_slug = {envelope.slug: envelope for envelope in envelopes(missing)}
        footings = rules.footings(missing, day=day)
        recorded: dict[str, list[RecordedAlternative]] = defaultdict(list)
        rows = Alternative.objects.filter(workload_class__slug__in=missing).order_by("pk")
        for alternative in rows_as(RecordedAlternative, rows, workload="workload_class__slug"):
            recorded[alternative.workload].append(alternative)
        return {
            slug: (envelopes_by_slug.get(slug), footings[slug], tuple(recorded[slug])) for slug in missing
        }

    return _CLASSES.values(dict.fromkeys(sorted(slugs)), read, key=day)


def _bind_latency(placed: PlacedClass, declared: evidence.SiteLimits, framework: Framework) -> PlacedClass:
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


_RESULTS = """
SELECT id, site_id, check_id, state, measured_state, since, first_bad_at, digest,
    framework_version_id, tier, CASE WHEN check_id = ANY(%(with_parts)s) THEN parts END
FROM scoring_checkresult WHERE site_id = ANY(%(sites)s) ORDER BY check_id
"""
_REASONS = f"""
SELECT id, site_id, {", ".join(OpenReason._fields)} FROM scoring_healthreason WHERE site_id = ANY(%s) ORDER BY id
"""
_ENDS = f"""
SELECT site_id, {", ".join(ReasonPlace._fields)}, max(ended_at) FROM scoring_reasonend
WHERE site_id = ANY(%s) AND ended_at >= %s GROUP BY site_id, {", ".join(ReasonPlace._fields)}
"""
_PARTS = "SELECT site_id, check_id, parts FROM scoring_checkresult WHERE id = ANY(%s)"


@dataclass(slots=True)
class Stored:
    """The rows of one site. `score` is None until its first evaluation; `inputs_at` is the time of the inputs stored
    today. `reasons` are the open reasons of health with their keys, `ends` those that a person ended, with the time, as
    long as samples from before may be read."""

    score: SiteScore | None = None
    results: dict[str, StoredResult] = field(default_factory=dict)
    health: dict[str, DomainHealth] = field(default_factory=dict)
    reasons: dict[OpenReason, int] = field(default_factory=dict)
    ends: dict[ReasonPlace, datetime] = field(default_factory=dict)
    point: ScorePoint | None = None
    inputs_at: datetime | None = None


def stored_of(site_ids: Collection[int], *, now: datetime) -> dict[int, Stored]:
    by_site = {site_id: Stored() for site_id in site_ids}
    scores = SiteScore.objects.filter(site_id__in=site_ids).select_related("framework_version")
    # The definition is large; the framework's queries cache it.
    for score in scores.defer("framework_version__definition").order_by():
        by_site[score.site_id].score = score
    for row in _fetch(_RESULTS, {"sites": list(by_site), "with_parts": list(COMPUTED)}):
        result = StoredResult._make(row)
        by_site[result.site_id].results[result.check_id] = result
    for health in DomainHealth.objects.filter(site_id__in=site_ids).order_by("domain"):
        by_site[health.site_id].health[health.domain] = health
    for reason_id, site_id, *columns in _fetch(_REASONS, [list(by_site)]):
        by_site[site_id].reasons[OpenReason._make(columns)] = reason_id
    for site_id, *columns, ended_at in _fetch(_ENDS, [list(by_site), now - WINDOW]):
        by_site[site_id].ends[ReasonPlace(*columns)] = ended_at
    for point in ScorePoint.objects.filter(site_id__in=site_ids, on_date=now.date()).order_by():
        by_site[point.site_id].point = point
    stored_inputs = ScoreInputs.objects.filter(site_id__in=site_ids, on_date=now.date()).order_by()
    for site_id, inputs_at in stored_inputs.values_list("site_id", "evaluated_at"):
        by_site[site_id].inputs_at = inputs_at
    return by_site


def read_parts(stored: Mapping[int, Stored], digests: Mapping[int, Mapping[str, str]]) -> None:
    missing = [
        result.id
        for site_id, of_site in digests.items()
        for check_id, digest in of_site.items()
        if (result := stored[site_id].results.get(check_id)) is not None
        and result.digest != digest
        and result.parts is None
    ]
    for site_id, check_id, parts in _fetch(_PARTS, [missing]) if missing else ():
        results = stored[site_id].results
        results[check_id] = results[check_id]._replace(parts=parts)


def _fetch(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with binary_cursor() as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(statement, values).fetchall()


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
    measured |= _still_standing(stored, facts, measured, now)
    return SiteInputs(
        context=facts.context,
        readings=add_evidence(measured, proved, facts.limits, framework, facts.context, now),
        limits=facts.limits,
        waivers=grants.waivers,
        exceptions=grants.exceptions,
        declared_na=grants.declared_na,
        records_change_at=facts.records_change_at(now),
    )


def _still_standing(
    stored: Stored, facts: EvaluationFacts, readings: Readings, now: datetime
) -> dict[tuple[str, str], Reading]:
    """Earlier readings of sub-measures without a new one: evidence counts until it goes stale, even if nothing more is
    sent, as long as its subject exists."""
    standing = {}
    for check_id, result in stored.results.items():
        for part in result.parts or ():
            place = (check_id, part["part"])
            stands = place not in readings and has_subject(check_id, facts, part.get("detail", ""))
            reading = reading_from(part) if stands else None
            if reading is not None and reading.taken_at <= now:
                standing[place] = reading
    return standing
