"""The standing of an item: its status, or resolved if its check is met; and whether it is overdue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.framework.core.names import failing_words
from readiness.assessment.scoring.core.closing import HeldSite
from readiness.assessment.scoring.core.combine import ACCEPTABLE
from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures
from readiness.assessment.scoring.core.states import Gate, Tier, Verdict
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.assessment.scoring.queries.standing import present_capacity
from readiness.golive.models import LIVE, WorkItem

MET = sorted(state.value for state in ACCEPTABLE)
"""States of a check that need no work."""


class WorkItemStanding(models.TextChoices):
    OPEN = "open", "Open"
    IN_PROGRESS = "in-progress", "In progress"
    RESOLVED = "resolved", "Resolved"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


def annotate_standing(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    """Add `check_state`, `check_reason`, `check_part` (which decides), `check_limit` and `check_code` as evaluated,
    and `standing`: resolved if a live item's check is met.

    A BLOCK check that is declared where a measurement is asked for keeps its site from being ready, so it stays open.
    """
    result = CheckResult.objects.filter(site=OuterRef("site"), check_id=OuterRef("check_id"))
    return items.annotate(
        check_state=Subquery(result.values("state")[:1]),
        check_reason=Subquery(result.values("reason")[:1]),
        check_part=Subquery(result.values("evidence__part")[:1]),
        check_limit=Subquery(result.values("threshold_text")[:1]),
        check_code=Subquery(result.values("code")[:1]),
        standing=Case(
            When(
                ~Exists(result.filter(gate=Gate.BLOCK.value, tier=Tier.CAPPED)),
                status__in=LIVE,
                check_state__in=MET,
                then=Value(WorkItemStanding.RESOLVED),
            ),
            default=F("status"),
            output_field=models.CharField(max_length=12, choices=WorkItemStanding),
        ),
    )


def today_by_zone(now: datetime) -> dict[str, date]:
    zones = Site.objects.order_by().values_list("time_zone", flat=True).distinct()
    return {zone: now.astimezone(ZoneInfo(zone)).date() for zone in zones}


def is_overdue(today: Mapping[str, date]) -> Q:
    """Live items whose day is over at their site; for rows with `standing`, so that resolved ones are not overdue."""
    zones_by_day: dict[date, list[str]] = {}
    for zone, day in today.items():
        zones_by_day.setdefault(day, []).append(zone)
    late = Q(pk__in=[])
    for day, zones in zones_by_day.items():
        late |= Q(site__time_zone__in=zones, due_on__lt=day)
    return Q(standing__in=LIVE) & late


@dataclass(frozen=True, slots=True)
class WorkRow:
    """`check_state` is "" if never evaluated. `failing` says in words what is wrong, "" where the check is met.

    `held_capacity` is the capacity deployed at the site while it is not ready. `days_left` counts to the due day at
    the site, negative once it is over; None without a due day, and for items that are not live.
    """

    item: WorkItem
    standing: WorkItemStanding
    check_name: str
    claim: str
    failing: str
    how_to: str
    pillar: str
    check_state: str
    reason: str
    held_capacity: CapacityFigures
    days_left: int | None

    @property
    def is_overdue(self) -> bool:
        return self.days_left is not None and self.days_left < 0


def items() -> QuerySet[WorkItem]:
    return (
        annotate_standing(WorkItem.objects.select_related("site", "owner", "created_by"))
        .annotate(place=Case(When(status__in=LIVE, then=Value(0)), default=Value(1)))
        .order_by("place", "due_on", "pk")
    )


def counts(*, now: datetime) -> dict[str, int]:
    overdue = is_overdue(today_by_zone(now))
    unowned = Q(standing__in=LIVE, owner=None, owner_name="")
    return annotate_standing(WorkItem.objects.all()).aggregate(
        open=Count("pk", filter=Q(standing=WorkItemStanding.OPEN)),
        in_progress=Count("pk", filter=Q(standing=WorkItemStanding.IN_PROGRESS)),
        resolved=Count("pk", filter=Q(standing=WorkItemStanding.RESOLVED)),
        overdue=Count("pk", filter=overdue),
        unowned=Count("pk", filter=unowned),
    )


def rows(work_items: Sequence[WorkItem], *, now: datetime) -> list[WorkRow]:
    _version, framework = framework_queries.current()
    sites = {item.site_id: item.site for item in work_items}
    present = present_capacity(list(sites.values()), now=now)
    today = today_by_zone(now)
    held_capacity = {
        site_id: NOTHING if capacity.verdict is Verdict.READY else capacity.deployed
        for site_id, capacity in present.items()
    }
    return [_work_row(item, framework, held_capacity[item.site_id], today) for item in work_items]


def _work_row(
    item: WorkItem, framework: Framework, held_capacity: CapacityFigures, today: Mapping[str, date]
) -> WorkRow:
    check = framework.checks_by_id.get(item.check_id)
    standing = WorkItemStanding(item.standing)  # type: ignore[attr-defined]
    days_left = None
    if item.due_on is not None and standing in LIVE:
        days_left = (item.due_on - today[item.site.time_zone]).days
    return WorkRow(
        item=item,
        standing=standing,
        check_name=check_name(framework, item.check_id),
        claim=check.claim if check else "",
        failing=_failing(check, item) if check else "",
        how_to=check.how_to if check else "",
        pillar=check.pillar if check else "",
        check_state=item.check_state or "",  # type: ignore[attr-defined]
        reason=item.check_reason or "",  # type: ignore[attr-defined]
        held_capacity=held_capacity,
        days_left=days_left,
    )


def _failing(check: Check, item: WorkItem) -> str:
    stored = [
        getattr(item, name) or "" for name in ("check_state", "check_part", "check_limit", "check_code")
    ]
    return failing_words(check, *stored)


def listed() -> dict[tuple[str, str], int]:
    live = WorkItem.objects.live().order_by().values_list("site__slug", "check_id", "pk")
    return {(slug, check_id): pk for slug, check_id, pk in live}


class BadSelection(ValueError):
    """The unknown names in a selection."""


def selected(names: Collection[str], held_sites: Sequence[HeldSite]) -> list[tuple[Site, str]]:
    """The sites and checks behind rows of the ranked plan, each once, in order.

    One statement. `site:<slug>` means every check that holds the site, `check:<id>` the check at every site it holds.
    Raises BadSelection for unknown names; sites and checks that no longer hold capacity add nothing.
    """
    by_slug = {site.site: site.checks for site in held_sites}
    pairs: set[tuple[str, str]] = set()
    for name in names:
        kind, _colon, value = name.partition(":")
        if kind == "site":
            pairs |= {(value, check_id) for check_id in by_slug.get(value, ())}
        elif kind == "check":
            pairs |= {(site.site, value) for site in held_sites if value in site.checks}
        else:
            raise BadSelection(name[:100])
    sites = {site.slug: site for site in Site.objects.filter(slug__in={slug for slug, _check_id in pairs})}
    return [(sites[slug], check_id) for slug, check_id in sorted(pairs)]


def user_named(name: str) -> User | None:
    return User.objects.filter(username=name, is_active=True).first() if name else None
