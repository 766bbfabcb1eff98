"""The sites as they are at an instant.

Every query over the fleet starts with them, so they are read once. Also the owner of a site as lists show it: the team
of the person accountable for its orchestration, else the text on the site. The person's name is personal data, and only
shown to readers who may see names.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.db import models
from django.db.models.functions import Cast, Coalesce, Greatest

from accounts.models import User
from inventory import queries as inventory
from inventory.models import CapacityEvent, Region, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.evaluate import STAGES_WITH_VERDICT
from readiness.assessment.scoring.core.gap import (
    NOTHING,
    CapacityChange,
    CapacityFigures,
    Gap,
    SiteCapacity,
    commissioned_by,
    gap_of,
)
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.models import SiteScore
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.organisation.ownership import deputies
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment, LeaveHandover, condition_in_force
from readiness.organisation.people.models import Leave, Person, Team
from readiness.organisation.people.models.staff import has_left
from web.cached import CachedAnswer


def annotate_owner(sites: models.QuerySet[Site], *, now: datetime) -> models.QuerySet[Site]:
    return sites.annotate(**owner_annotations(now=now))


def owner_annotations(*, now: datetime, site: str = "") -> dict[str, Any]:
    """`answering` is the owning team or else the text on the site, `owner_name` the name of the owner or "", and
    `deputy_name` that of the deputy who answers while the owner is on leave, else None. The owner `owner_has_left` if
    nobody can sign in as them, or if their last day, `owner_left_at`, is over. `site` is the path to the site, such as
    "site__"."""
    team = team_annotations(now=now, site=site)
    has_no_account = models.Q(held__accountable__isnull=False, held__accountable__user=None)
    has_gone = has_left(now, person="held__accountable__") | has_no_account
    deputy = deputies.deputy_of(models.OuterRef("held__pk"), now).order_by()
    last_day = models.When(held__accountable__left_at__lte=now, then=models.F("held__accountable__left_at"))
    return {
        **team,
        "owner_name": Coalesce(
            models.F("held__accountable__name"), models.Value(""), output_field=models.CharField()
        ),
        # No EXISTS beside it: PostgreSQL plans one for a single site and for all, which takes longer than the rest.
        "deputy_name": models.Subquery(deputy.values("deputy__name")),
        "owner_has_left": models.Case(models.When(has_gone, then=True), default=False),
        "owner_left_at": models.Case(last_day),
    }


def team_annotations(*, now: datetime, site: str = "") -> dict[str, Any]:
    """The part of `owner_annotations` that needs no person: `answering`, and the assignment `held` that it is read
    from."""
    terms = f"{site}assignments"
    is_orchestration = models.Q(**{f"{terms}__item": Item.ORCHESTRATION}) & condition_in_force(
        now, through=f"{terms}__"
    )
    # Use a join instead of a query for each site. It duplicates no row, because terms of an item never overlap.
    return {
        "held": models.FilteredRelation(terms, condition=is_orchestration),
        "answering": Coalesce(
            *(models.F("held__team__name"), models.F(f"{site}owner"), models.Value("")),
            output_field=models.CharField(),
        ),
    }


def owned_by(words: str, *, now: datetime) -> models.Q:
    assignments = Assignment.objects.only_in_force(now).filter(item=Item.ORCHESTRATION).order_by()
    if words == "none":
        return models.Q(owner="") & ~models.Q(pk__in=assignments.values("site"))
    matching_sites = assignments.filter(team__name__icontains=words).values("site")
    return models.Q(pk__in=matching_sites) | (
        models.Q(owner__icontains=words) & ~models.Q(pk__in=assignments.values("site"))
    )


EVER = datetime.min.replace(tzinfo=UTC)

type Changes = Mapping[int, Sequence[CapacityChange]]


@dataclass(frozen=True, slots=True)
class SiteStanding:
    """A site and its stored score in short. `verdict` is "" without `evaluated_at` if it was never evaluated; it is
    also "" while the site cannot be evaluated, which is so since `failed_at`."""

    ref: SiteRef
    region: str
    """The region's slug; the reference has its name."""
    verdict: str
    verdict_since: datetime | None
    first_blocker: str
    evaluated_at: datetime | None
    capped: int = 0
    """Number of declared BLOCK checks among the `measurable` ones, which ask for a measurement."""
    measurable: int = 0
    failed_at: datetime | None = None
    changes_at: datetime | None = None
    """When time alone changes it next."""

    def evaluated_up_to(self, now: datetime) -> datetime | None:
        """An evaluation holds until something is sent or entered, which is evaluated at once, or falls due."""
        if self.evaluated_at is None or self.changes_at is None or self.failed_at:
            return self.evaluated_at
        return max(self.evaluated_at, min(self.changes_at, now))


@dataclass(frozen=True)
class FleetStanding:
    """`changes` and `capacity` (at `at`) are by site id. `of_all` says that these are all sites."""

    at: datetime
    sites: tuple[SiteStanding, ...]
    changes: Changes
    capacity: dict[int, SiteCapacity]
    framework: Framework
    of_all: bool = False

    @property
    def site_ids(self) -> list[int] | None:
        """None means all sites: listing a thousand would take longer than reading them."""
        return None if self.of_all else [site.ref.id for site in self.sites]

    def among(self, site: str) -> models.Q:
        ids = self.site_ids
        return models.Q() if ids is None else models.Q(**{f"{site}__in": ids})

    @cached_property
    def gap(self) -> Gap:
        return gap_of(self.capacity.values(), at=self.at)

    @cached_property
    def verdicts(self) -> dict[str, int]:
        return dict(Counter(site.verdict or "none" for site in self.capacity.values()))


_OF_REF = (
    *("pk", "slug", "name", "city", "country", "region__name", "kind", "stage", "answering"),
    *("latitude", "longitude", "owner_name", "deputy_name", "owner_has_left", "owner_left_at"),
)
_OF_SCORE = (
    *("verdict", "verdict_since", "first_blocker", "evaluated_at", "failed_at", "changes_at"),
    *("capped__len", "measurable"),
)


def fleet_standing(
    *,
    now: datetime,
    site_ids: Collection[int] | None = None,
    framework: Framework | None = None,
) -> FleetStanding:
    sites = Site.objects.all() if site_ids is None else Site.objects.filter(pk__in=site_ids)
    return standing_of(sites, now=now, of_all=site_ids is None, framework=framework)


def standing_of(
    sites: models.QuerySet[Site], *, now: datetime, of_all: bool = False, framework: Framework | None = None
) -> FleetStanding:
    framework = framework or framework_queries.current()[1]
    standing = (
        _EVERYWHERE.value(lambda: _standing_sites(sites, now=now, of_all=True), now=now, until=_owners_until)
        if of_all
        else _standing_sites(sites, now=now)
    )
    return FleetStanding(now, standing.sites, standing.changes, standing.capacity, framework, of_all)


@dataclass(frozen=True, slots=True)
class _StandingSites:
    """The part of a `FleetStanding` that stays the same until time alone changes an owner or a capacity."""

    at: datetime
    sites: tuple[SiteStanding, ...]
    changes: Changes
    capacity: dict[int, SiteCapacity]


def _standing_sites(sites: models.QuerySet[Site], *, now: datetime, of_all: bool = False) -> _StandingSites:
    # Read values: a thousand model objects would take longer than everything else here.
    read = annotate_owner(sites, now=now).values_list(
        *_OF_REF, "region__slug", *(f"score__{name}" for name in _OF_SCORE)
    )
    site_standings = tuple(_site(*row) for row in read)
    commissioned = (
        commissioned_capacity([site_standings[0].ref.id], now=now)
        if len(site_standings) == 1 and not of_all
        else _commissioned_everywhere(now)
    )
    capacity = {
        site.ref.id: _present(
            site.ref, commissioned.figures.get(site.ref.id, NOTHING), site.verdict, site.first_blocker
        )
        for site in site_standings
    }
    return _StandingSites(now, site_standings, commissioned.changes, capacity)


def _owners_until(standing: _StandingSites) -> datetime | None:
    """When a term is accepted, or when a term, a leave or a last day begins or ends next."""
    dates = (
        *((Assignment, "answered_at"), (Assignment, "effective_at"), (Assignment, "ended_at")),
        *((Person, "left_at"), (Leave, "starts_at"), (Leave, "ends_at")),
    )
    first, *others = (
        model.objects.filter(**{f"{field}__gt": standing.at}).order_by(field).values_list(field)[:1]
        for model, field in dates
    )
    return min((at for (at,) in first.union(*others).order_by()), default=None)


def _site(*row: Any) -> SiteStanding:
    *of_ref, latitude, longitude, owner_name, deputy_name, has_gone, left_at = row[:-9]
    region, verdict, since, blocker = row[-9:-5]
    evaluated_at, failed_at, changes_at, capped, measurable = row[-5:]
    north, east = (None if degrees is None else float(degrees) for degrees in (latitude, longitude))
    owner = (deputy_name or owner_name, has_gone, left_at, deputy_name is not None)
    ref = SiteRef(*(*of_ref, north, east, *owner))
    confirmed = "" if failed_at else verdict or ""
    declared = (capped or 0, measurable or 0)
    times = (failed_at, changes_at)
    return SiteStanding(ref, region, confirmed, since, blocker or "", evaluated_at, *declared, *times)


def score_of(site: Site) -> SiteScore | None:
    return getattr(site, "score", None)


def present_capacity(sites: Sequence[Site], *, now: datetime) -> dict[int, SiteCapacity]:
    """One statement, and one more unless all sites have their score joined in."""
    ids = [site.pk for site in sites]
    figures = commissioned_capacity(ids, now=now).figures
    if all(Site.score.is_cached(site) for site in sites):
        stored = [score for site in sites if (score := score_of(site)) is not None]
    else:
        rows = SiteScore.objects.filter(site__in=ids)
        stored = list(rows.only("site_id", "verdict", "first_blocker", "failed_at"))
    scores = {score.site_id: (score.confirmed_verdict, score.first_blocker) for score in stored}
    return {
        site.pk: _present(site, figures.get(site.pk, NOTHING), *scores.get(site.pk, ("", "")))
        for site in sites
    }


def _present(site: Site | SiteRef, commissioned: CapacityFigures, verdict: str, blocker: str) -> SiteCapacity:
    deployed = commissioned if site.stage in STAGES_WITH_VERDICT else NOTHING
    return SiteCapacity(site.slug, deployed, _VERDICTS[verdict], blocker)


_VERDICTS: Mapping[str, Verdict | None] = {"": None, **{verdict.value: verdict for verdict in Verdict}}


@dataclass(frozen=True, slots=True)
class Commissioned:
    """Dated changes of capacity by site. `figures` are their sums, which hold up to `until`, the next change; None if
    none is ahead."""

    changes: Changes
    figures: Mapping[int, CapacityFigures]
    until: datetime | None


# Reading thousands of changes takes longer than most of a page.
_COMMISSIONED: CachedAnswer[None, Commissioned] = CachedAnswer(
    "capacity of all sites", models=(Site, CapacityEvent)
)


# Reading all sites with their owners takes a third of a page over 1,000 of them.
_EVERYWHERE: CachedAnswer[None, _StandingSites] = CachedAnswer(
    "all sites as they stand",
    models=(Site, Region, Assignment, LeaveHandover, Team, Person, Leave, User),
    rows=(SiteScore,),
    answers=(_COMMISSIONED,),
)


def _commissioned_everywhere(now: datetime) -> Commissioned:
    return _COMMISSIONED.value(
        lambda: commissioned_capacity(None, now=now), now=now, until=attrgetter("until")
    )


def deployed_kw(*, now: datetime) -> dict[int, float]:
    """The power deployed at each site that is not retired, by its id. Two statements, and a third after capacity
    changed."""
    figures = _commissioned_everywhere(now).figures
    stages = Site.objects.exclude(stage=Site.Stage.RETIRED).order_by().values_list("pk", "stage")
    return {
        site_id: figures.get(site_id, NOTHING).it_kw if stage in STAGES_WITH_VERDICT else 0.0
        for site_id, stage in stages
    }


def commissioned_capacity(site_ids: Collection[int] | None, *, now: datetime) -> Commissioned:
    changes: dict[int, list[CapacityChange]] = defaultdict(list)
    for step in inventory.capacity_events(site_ids):
        changes[step.site_id].append(
            CapacityChange(step.at, CapacityFigures(step.change.it_kw, step.change.accelerators))
        )
    figures = {site_id: commissioned_by(of_site, now) for site_id, of_site in changes.items()}
    ahead = (change.at for of_site in changes.values() for change in of_site if change.at > now)
    return Commissioned(changes, figures, min(ahead, default=None))


# A dated event counts from the end of its day in the site's time zone.
CAPACITY = """
    SELECT site_id, array_agg(since ORDER BY since) AS since, array_agg(greatest(kw, 0) ORDER BY since) AS kw
    FROM (
        SELECT site_id, since, sum(sum(signed_kw)) OVER (PARTITION BY site_id ORDER BY since) AS kw
        FROM (
            SELECT event.site_id, (event.happened_on + 1)::timestamp AT TIME ZONE site.time_zone AS since,
                   CASE event.kind WHEN 'commission' THEN event.it_kw ELSE -event.it_kw END AS signed_kw
            FROM inventory_capacityevent AS event JOIN inventory_site AS site ON site.id = event.site_id
        ) AS event
        GROUP BY site_id, since
    ) AS step
    GROUP BY site_id
"""
"""Each site's capacity in steps, one row for each site. Arrays are used, because a join of days with steps doubles the
cost of a year's trend: `kw[width_bucket(at, since)]` is null before the first step."""


def event_kw(*, site: str = "pk", at: datetime | models.OuterRef) -> models.Subquery:
    signed = models.Case(
        models.When(kind=CapacityEvent.Kind.COMMISSION, then=models.F("it_kw")),
        default=-models.F("it_kw"),
        output_field=models.FloatField(),
    )
    instant = at if isinstance(at, models.OuterRef) else models.Value(at, output_field=models.DateTimeField())
    local_instant = models.Func(
        models.F("site__time_zone"), instant, function="timezone", output_field=models.DateTimeField()
    )
    past = CapacityEvent.objects.filter(
        site=models.OuterRef(site), happened_on__lt=Cast(local_instant, models.DateField())
    )
    there_kw = Greatest(models.Sum(signed), 0.0)
    return models.Subquery(past.order_by().values("site").annotate(kw=there_kw).values("kw"))
