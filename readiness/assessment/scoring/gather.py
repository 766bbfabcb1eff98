"""Everything that an evaluation needs, read in a number of statements that does not depend on the number of sites: what
is on record of a site, which stays until a claim or the clock says that it changed; what it sent; and from them its
readings, limits and grants under one definition."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from inventory.queries import SiteFacts as InventoryFacts
from inventory.queries import site_facts
from readiness.assessment.duties.queries import registers as registers_of
from readiness.assessment.evidence import measures
from readiness.assessment.evidence import queries as evidence
from readiness.assessment.evidence.core.limits import CLASS_LATENCY, Limit, strictest
from readiness.assessment.evidence.proofs import dated_proofs
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.grants.core.rules import NO_GRANTS
from readiness.assessment.grants.queries import standing_grants
from readiness.assessment.scoring.answers import FACTS, RECORDS
from readiness.assessment.scoring.checks import ANEW, ON_RECORD, computed, has_subject
from readiness.assessment.scoring.checks.choosing import add_evidence
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.facts import (
    MEASURED_PERCENTILE,
    EvaluationFacts,
    PlacedClass,
    own_limits,
    site_context,
)
from readiness.assessment.scoring.models.placed import add_envelopes, classes_at
from readiness.assessment.scoring.models.stored import Stored
from readiness.assessment.scoring.preconditions import REACH, suspects, well_series
from readiness.assessment.scoring.records import (
    DatedFacts,
    RecordTokens,
    SiteRecords,
    dated_facts,
    records_from,
    site_inputs,
)
from readiness.assessment.scoring.site_facts import (
    SiteObjects,
    sent_by,
    series_stamps,
    things_of,
    withdrawn_at,
)
from readiness.assessment.scoring.stored_state import Readings, reading_from
from readiness.assessment.standards.conformity import conformance_of
from readiness.assessment.standards.core.conformance import NO_STANDARDS
from readiness.demand.jurisdiction import queries as rules
from readiness.organisation.ownership.queries import next_changes, terms_of
from readiness.organisation.people.facts import people_facts
from telemetry.queries import value_ranges


def kept_records(
    tokens: Mapping[int, RecordTokens], framework: Framework, *, now: datetime
) -> dict[int, SiteRecords]:
    """The records of sites, read again where the token is another one. One statement for those that stay: a standard
    may ask which series there are."""
    series = series_stamps(tokens)

    def read(changed: Collection[int]) -> dict[int, SiteRecords]:
        facts_of = FACTS.values(
            {site_id: (tokens[site_id].facts, series.get(site_id)) for site_id in changed},
            lambda missing: _dated_facts(missing, framework, now=now),
            key=framework.content_digest,
            now=now,
            until=attrgetter("until"),
        )
        return _records_of(facts_of, framework, now=now)

    return RECORDS.values(
        {site_id: (token.records, series.get(site_id)) for site_id, token in tokens.items()},
        read,
        key=framework.content_digest,
        now=now,
        until=attrgetter("until"),
    )


def records_of(site_ids: Collection[int], framework: Framework, *, now: datetime) -> dict[int, SiteRecords]:
    return _records_of(_dated_facts(site_ids, framework, now=now), framework, now=now)


def _dated_facts(site_ids: Collection[int], framework: Framework, *, now: datetime) -> dict[int, DatedFacts]:
    facts_of = facts_on_record(site_ids, framework, now=now)
    return {site_id: dated_facts(facts, now=now) for site_id, facts in facts_of.items()}


def _records_of(
    facts_of: Mapping[int, DatedFacts], framework: Framework, *, now: datetime
) -> dict[int, SiteRecords]:
    proved = dated_proofs(facts_of, framework, now=now)
    grants = standing_grants(facts_of, now=now)
    # What people practised is judged by the present instant.
    present = {
        site_id: dated._replace(facts=replace(dated.facts, people=dated.facts.people.judged_at(now)))
        for site_id, dated in facts_of.items()
    }
    return {
        site_id: records_from(
            dated,
            proved[site_id],
            grants.get(site_id, NO_GRANTS),
            computed(framework, dated.facts, now, ON_RECORD),
            framework,
            anew=ANEW,
            now=now,
        )
        for site_id, dated in present.items()
    }


def facts_on_record(
    site_ids: Collection[int], framework: Framework, *, now: datetime
) -> dict[int, EvaluationFacts]:
    profiles = {profile.id: profile for profile in site_facts(site_ids)}
    ids = sorted(profiles)
    things = things_of(ids)
    withdrawn, days = withdrawn_at(things), _days(profiles.values(), now)
    classes = add_envelopes(classes_at(days, now=now), now=now)
    in_force = rules.content_in_force() if any(classes.values()) else None
    owned, turning = terms_of(ids, now=now), next_changes(ids, now=now)
    people = people_facts(profiles, now=now)
    registers = registers_of(profiles, now=now)
    classes, limits = _bind_limits(classes, days, framework)
    reviews, conformance = evidence.held_reviews(ids, now=now), conformance_of(ids, now=now)
    return {
        site_id: EvaluationFacts(
            profile=profiles[site_id],
            context=site_context(profiles[site_id], things[site_id].domain_counts, people[site_id]),
            limits=own_limits(profiles[site_id], framework) | limits.get(site_id, {}),
            **_inventoried(things[site_id], profiles[site_id]),
            classes=classes.get(site_id, ()),
            withdrawn_at=withdrawn.get(site_id, {}),
            owned=owned.get(site_id),
            owned_until=turning.get(site_id),
            reviews=reviews.get(site_id, ()),
            rules=in_force,
            people=people[site_id],
            register=registers.get(site_id),
            standards=conformance.get(site_id, NO_STANDARDS),
        )
        for site_id in ids
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
    _, declared = _bind_limits(classes_at(days, now=now), days, framework)
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


def gather(
    site_ids: Collection[int], framework: Framework, *, standing: Collection[str] = (), now: datetime
) -> dict[int, EvaluationFacts]:
    return _add_telemetry(facts_on_record(site_ids, framework, now=now), framework, standing, now)


def _add_telemetry(
    facts_of: Mapping[int, EvaluationFacts], framework: Framework, standing: Collection[str], now: datetime
) -> dict[int, EvaluationFacts]:
    """Add what sites sent, and what their days measured. `standing` are metrics with an open reason."""
    ids = sorted(facts_of)
    sent = sent_by(ids, framework, standing=standing, now=now, live_floor_s=settings.TELEMETRY_LIVE_S)
    spans = evidence.figures(ids, SPANS, now=now)
    served = evidence.distributions(ids, SERVED, days=SERVED_DAYS, now=now)
    return _add_past(
        {
            site_id: replace(
                facts,
                people=facts.people.judged_at(now),
                live_floor_s=settings.TELEMETRY_LIVE_S,
                peaks=spans[0].get(site_id, ()),
                recent_peaks=spans[1].get(site_id, ()),
                quantiles=spans[2].get(site_id, ()),
                served=served.get(site_id, ()),
                **sent[site_id],
            )
            for site_id, facts in facts_of.items()
        },
        now,
    )


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


class SiteGathered(NamedTuple):
    """Facts and inputs of a site, and what is on record of it."""

    facts: EvaluationFacts
    inputs: SiteInputs
    records: SiteRecords


def inputs_of(
    site_ids: Collection[int],
    stored: Mapping[int, Stored],
    framework: Framework,
    *,
    now: datetime,
    tokens: Mapping[int, RecordTokens] | None = None,
) -> dict[int, SiteGathered]:
    """Facts and inputs of each site at `now`; the definition determines the metrics and presets needed. With `tokens`,
    records stay that this process read under the same ones. The number of statements does not depend on the sites."""
    records = (
        records_of(site_ids, framework, now=now)
        if tokens is None
        else kept_records(tokens, framework, now=now)
    )
    standing = {reason.metric for site_id in site_ids for reason in stored[site_id].reasons}
    on_record = {site_id: of_site.facts for site_id, of_site in records.items()}
    facts = _add_telemetry(on_record, framework, standing, now)
    return {
        site_id: SiteGathered(
            facts[site_id],
            _site_inputs(facts[site_id], stored[site_id], of_site, framework, now),
            of_site,
        )
        for site_id, of_site in records.items()
    }


def _site_inputs(
    facts: EvaluationFacts, stored: Stored, records: SiteRecords, framework: Framework, now: datetime
) -> SiteInputs:
    measured = computed(framework, facts, now, ANEW)
    measured |= _still_standing(stored, facts, measured, now)
    readings = add_evidence(measured, records.proved_at(now), facts.limits, framework, now)
    return site_inputs(facts, records.grants, {**records.readings, **readings}, now)


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
