"""Evidence for p5-ops-planner-loop, from findings, joint reviews and decisions.

It is written where such records exist, newer than what somebody typed in; elsewhere typed evidence stays.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Max, Q

from inventory.models import Site
from readiness.assessment.evidence.models import Attestation, RecordedFact
from readiness.assessment.evidence.operations.records import FactRow, record_facts
from readiness.assessment.framework import queries as framework_queries
from readiness.loop.findings.core.figures import AnswerTime, decision_days, share_percent
from readiness.loop.findings.models import Finding, JointReview, waits_for_answer
from readiness.tradeoffs.models import Decision
from web import scopes

CHECK = "p5-ops-planner-loop"
HELD, DAYS, CITING = "review-held", "decision-days", "revisions-citing"
SOURCE = "Findings and joint reviews"
QUARTER, WINDOW = timedelta(days=92), timedelta(days=100)
"""A joint review counts for a quarter, findings and decisions for as long as the check's evidence is valid."""
RENEWED_AFTER = timedelta(days=7)
NOTES = {
    HELD: "Whether operations and planning, with all three domains, held a joint review in the last quarter",
    DAYS: "Median over findings of the last 100 days; one that waits longer than 30 days counts with its age",
    CITING: "Decisions of the last 100 days that take up a finding",
}

type Figures = dict[str, float]
"""Values by sub-measure."""


@dataclass(frozen=True, slots=True)
class _StoredFact:
    value: float
    taken_at: datetime


@transaction.atomic
def prove(*, site_ids: Collection[int] | None = None, now: datetime) -> int:
    """Write the figures that differ from what is stored, of these sites or of all; returns their number. A fixed number
    of statements."""
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(CHECK)
    if check is None:
        return 0
    with scopes.everything():
        places = Site.objects.exclude(stage=Site.Stage.RETIRED)
        sites = (places if site_ids is None else places.filter(pk__in=site_ids)).in_bulk()
        figures = loop_figures(list(sites), now=now)
        parts = {part.id for part in check.parts}
        stored, typed_times = _stored_facts(list(figures)), _typed_at(list(figures))
        rows = [
            _fact_row(sites[site_id], part, value, now)
            for site_id, values in figures.items()
            for part, value in values.items()
            if part in parts
            and _is_due(value, stored.get((site_id, part)), typed_times.get((site_id, part)), now)
        ]
        return len(record_facts(rows, by=None, now=now)) if rows else 0


def _fact_row(site: Site, part: str, value: float, now: datetime) -> FactRow:
    return FactRow(
        site=site,
        check=CHECK,
        part=part,
        value=value,
        taken_on=now.astimezone(ZoneInfo(site.time_zone)).date(),
        source=SOURCE,
        note=NOTES[part],
    )


def _is_due(value: float, stored: _StoredFact | None, typed_at: datetime | None, now: datetime) -> bool:
    return (
        stored is None
        or stored.value != value
        or (typed_at is not None and typed_at >= stored.taken_at)
        or now - stored.taken_at > RENEWED_AFTER
    )


def loop_figures(site_ids: Collection[int], *, now: datetime) -> dict[int, Figures]:
    """Return the figures of the sites with records of the loop."""
    figures: dict[int, Figures] = defaultdict(dict)
    for site_id, is_held in _reviews_held(site_ids, now).items():
        figures[site_id][HELD] = float(is_held)
    times = _answer_times(site_ids, now)
    for site_id, of_site in times.items():
        days = decision_days(of_site, now=now)
        if days is not None:
            figures[site_id][DAYS] = days
    for site_id, share in _citing_shares(set(figures) | set(times), now).items():
        figures[site_id][CITING] = share
    return dict(figures)


def _reviews_held(site_ids: Collection[int], now: datetime) -> dict[int, bool]:
    """Whether a review was held in the last quarter, by site; sites that never had one are left out."""
    held_reviews = JointReview.objects.filter(state=JointReview.State.HELD, ended_at__lte=now)
    by_site: dict[int, bool] = {}
    for review in held_reviews.order_by("ended_at", "pk"):
        counts = review.is_complete and review.ended_at is not None and now - review.ended_at <= QUARTER
        reviewed_sites = site_ids if review.site_id is None else {review.site_id} & set(site_ids)
        for site_id in reviewed_sites:
            by_site[site_id] = by_site.get(site_id, False) or counts
    return by_site


def _answer_times(site_ids: Collection[int], now: datetime) -> dict[int, list[AnswerTime]]:
    is_counted = Q(raised_at__gte=now - WINDOW) | waits_for_answer(now)
    rows = Finding.objects.filter(is_counted, site__in=site_ids, raised_at__lte=now).order_by("pk")
    times: dict[int, list[AnswerTime]] = defaultdict(list)
    for site_id, raised_at, answered_at in rows.values_list("site_id", "raised_at", "first_answered_at"):
        times[site_id].append(AnswerTime(raised_at, answered_at))
    return times


def _citing_shares(site_ids: Collection[int], now: datetime) -> dict[int, float]:
    decisions = Decision.objects.filter(
        site__in=site_ids, decided_at__gte=now - WINDOW, decided_at__lte=now
    ).exclude(state=Decision.State.WITHDRAWN)
    numbers = (
        decisions.order_by()
        .values("site_id")
        .annotate(decided=Count("pk", distinct=True), citing=Count("findings__decision", distinct=True))
    )
    shares = {row["site_id"]: share_percent(row["citing"], row["decided"]) for row in numbers}
    return {site_id: share for site_id, share in shares.items() if share is not None}


def _stored_facts(site_ids: Collection[int]) -> Mapping[tuple[int, str], _StoredFact]:
    """The newest fact of each sub-measure that this module wrote."""
    rows = RecordedFact.objects.filter(site__in=site_ids, check_id=CHECK, source=SOURCE)
    newest = rows.order_by("site_id", "part", "-taken_at", "-pk").distinct("site_id", "part")
    return {
        (site_id, part): _StoredFact(value, taken_at)
        for site_id, part, value, taken_at in newest.values_list("site_id", "part", "value", "taken_at")
    }


def _typed_at(site_ids: Collection[int]) -> Mapping[tuple[int, str], datetime]:
    """The time of the newest evidence that somebody typed in, by site and sub-measure; an attestation of the
    whole check counts for each sub-measure."""
    typed_times: dict[tuple[int, str], datetime] = {}
    facts = RecordedFact.objects.filter(site__in=site_ids, check_id=CHECK).exclude(source=SOURCE)
    attestations = Attestation.objects.filter(site__in=site_ids, check_id=CHECK)
    for rows in (facts, attestations):
        newest = rows.order_by().values("site_id", "part").annotate(newest=Max("taken_at"))
        for site_id, part, at in newest.values_list("site_id", "part", "newest"):
            for key in [(site_id, part)] if part else [(site_id, each) for each in NOTES]:
                typed_times[key] = max(typed_times.get(key, at), at)
    return typed_times
