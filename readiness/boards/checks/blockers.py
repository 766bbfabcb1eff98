"""Checks that keep a site from being ready, with their owners and the planned work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from inventory.models import Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.vocabulary import EvidenceKind
from readiness.assessment.scoring.core.combine import ACCEPTABLE, SEVERITY
from readiness.assessment.scoring.core.states import CheckState, Gate, Tier
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.checks.answering import Answering, answering
from readiness.boards.road.core.threads import counted_day
from readiness.boards.road.steps import RoadStep, planned_steps
from readiness.golive.models import ENDED, CampaignItem, WorkItem
from readiness.organisation.ownership.queries import SiteCells
from web.visibility import name_of

GATES = (Gate.BLOCK, Gate.COND, Gate.INFO)


def holds(row: CheckRow) -> bool:
    """Whether the check keeps its site from being ready, as `scoring.gap.closing.open_results` has it."""
    is_open = row.gate in (Gate.BLOCK, Gate.COND) and row.state not in ACCEPTABLE
    return is_open or (row.gate == Gate.BLOCK and row.tier == Tier.CAPPED)


def not_passed(rows: Iterable[CheckRow]) -> list[CheckRow]:
    """Checks that do not pass: those that hold the site back first, then by gate, failures before unknown ones."""
    open_rows = [row for row in rows if row.state not in ACCEPTABLE or holds(row)]
    return sorted(open_rows, key=lambda row: (not holds(row), -SEVERITY[CheckState(row.state)], _gate(row)))


def _gate(row: CheckRow) -> int:
    return GATES.index(Gate(row.gate))


@dataclass(frozen=True, slots=True)
class Blocker:
    """`item` is the item of the worklist, `run` the item of the open campaign, if there is one; `step` has the day, as
    the road counts it."""

    check: CheckRow
    how_to: str
    takes_run: bool
    answering: Answering
    item: WorkItem | None
    run: CampaignItem | None
    step: RoadStep | None
    today: date

    @property
    def due_on(self) -> date | None:
        return self.step.due_on if self.step else None

    @property
    def days_left(self) -> int | None:
        return (self.due_on - self.today).days if self.due_on else None

    @property
    def counted_on(self) -> date | None:
        """The day on which it is resolved: one that is ahead, if anybody does it."""
        is_owned = bool(self.doer) or (self.step is not None and self.step.has_doer)
        return counted_day(self.due_on, today=self.today, is_owned=is_owned)

    @property
    def doer(self) -> str:
        """The person who is planned to do it, else the owner of the check."""
        planned = self.item.owner_text if self.item else ""
        if not planned and self.run:
            planned = name_of(self.run.assignee or self.run.assigned_to)
        return planned or self.answering.who


def blockers(
    site: Site,
    rows: Sequence[CheckRow],
    cells: SiteCells,
    framework: Framework,
    *,
    names: bool,
    now: datetime,
) -> list[Blocker]:
    """One blocker for each check that holds the site, in the order of `rows`. Six statements."""
    work = {item.check_id: item for item in WorkItem.objects.live().filter(site=site).select_related("owner")}
    planned = CampaignItem.objects.filter(campaign__site=site, dropped_at=None)
    planned = planned.exclude(campaign__state__in=ENDED).select_related("campaign", "assignee")
    runs = {item.check_id: item for item in planned.order_by("-pk")}
    steps = planned_steps(lambda path: Q(**{path: site}), now=now)
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    entries = []
    for row in rows:
        if not holds(row):
            continue
        check = framework.checks_by_id.get(row.id)
        entries.append(
            Blocker(
                check=row,
                how_to=check.how_to if check else "",
                takes_run=check is not None and EvidenceKind.VALIDATION_RUN in check.evidence,
                answering=answering(site, check, cells, names=names),
                item=work.get(row.id),
                run=runs.get(row.id),
                step=steps.get((site.pk, row.id)),
                today=today,
            )
        )
    return entries


def next_to_end(rows: Iterable[CheckRow], *, now: datetime) -> CheckRow | None:
    """The check whose evidence expires next."""
    ending = [row for row in rows if row.expires_at and row.expires_at > now]
    return min(ending, key=lambda row: (row.expires_at or now, row.id), default=None)
