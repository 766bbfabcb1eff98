"""The table of when each site is ready, and the filters that a click on the picture sets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.boards.gap.sentences import amount
from readiness.boards.road import sentences
from readiness.boards.road.core.threads import RoadSite, RoadState
from readiness.boards.road.owners import RoadOwner
from readiness.boards.road.params import FIX
from readiness.boards.road.queries import RoadStanding
from readiness.boards.road.steps import StepKind
from web.links import link
from web.tables import Column, RowFilter, Table
from web.tables.addresses import PAGE, Address

NO_MONTH = "none"
FILTERS = ("check", "owner", "month", "state")
"""Parameters that narrow what stands below the picture; a click on a block sets one."""
_FIRST = {RoadState.UNDATED: 0, RoadState.DATED: 1, RoadState.READY: 2}
_PAGES = {
    StepKind.WORK_ITEM: "work-item",
    StepKind.RUN: "campaign-item",
    StepKind.REVIEW: "review",
    StepKind.NOT_APPLICABLE: "waiver",
}


@dataclass(frozen=True, slots=True)
class MayPlan:
    """The permissions that decide what a reader may do about a site without a day."""

    add: bool
    propose: bool


@dataclass(frozen=True, slots=True)
class Around:
    """The road, the address and what the reader may do: all lines of one page share them."""

    standing: RoadStanding
    address: Address
    may: MayPlan


@dataclass(frozen=True, slots=True)
class RoadLine:
    """One site of the table. Only what is sorted or filtered by is read for every site; a page shows few of them."""

    around: Around
    site: RoadSite
    ref: SiteRef
    verdict: str
    state: RoadState
    planned_on: date | None
    fixed_on: date | None

    @property
    def size(self) -> float:
        return self.around.standing.measure.of(self.site.capacity)

    @property
    def month(self) -> str:
        return month_of(self.planned_on, is_ready=self.site.is_ready)

    @property
    def is_sooner(self) -> bool:
        return self.fixed_on is not None and self.fixed_on != self.planned_on

    @property
    def check_id(self) -> str:
        return self.site.first.check if self.site.first else ""

    @property
    def blocker(self) -> str:
        return self.around.standing.check_name(self.site.first.check) if self.site.first else ""

    @property
    def owner(self) -> RoadOwner | None:
        return self.around.standing.owner(self.site.first)

    @property
    def owner_key(self) -> str:
        return self.site.first.owner if self.site.first else ""

    @property
    def rests_on(self) -> str:
        return sentences.rests_on(self.around.standing, self.site)

    @property
    def doer(self) -> str:
        """Whoever is named for the step of the first blocker."""
        standing, first = self.around.standing, self.site.first
        return standing.doer(standing.step(self.site.slug, first.check)) if first else ""

    @property
    def action(self) -> str:
        return self._action[0]

    @property
    def action_url(self) -> str:
        return self._action[1]

    @property
    def _action(self) -> tuple[str, str]:
        """The page that would give the site a day: its step, a new one, or an owner to propose; else its own page."""
        standing, slug = self.around.standing, self.site.slug
        decisive = next(iter(self.site.last_blockers), None)
        if decisive is None:
            return "Open", link("site", slug)
        if (step := standing.step(slug, decisive.check)) is not None:
            return "Open", link(_PAGES[step.kind], step.pk)
        if standing.owners[decisive.owner].is_gap and self.around.may.propose:
            return "Propose an owner", link("propose", cell=f"{slug}.{standing.items[decisive.check]}")
        if self.around.may.add:
            return "Set a date", link("worklist-add", site=slug, check=decisive.check)
        return "Open", link("site-check", slug, decisive.check)

    @property
    def tick_url(self) -> str:
        """The address in which all is ticked that the site lacks; "" if it is ticked or there is nothing to tick."""
        ticks, address = self.around.standing.road.ticks, self.around.address
        missing = [each.fix for each in self.site.last_blockers if each.fix and each.fix not in ticks]
        if not missing:
            return ""
        pairs = [pair for pair in address.pairs if pair[0] != PAGE]
        return f"{address.path}?{urlencode([*pairs, *((FIX, key) for key in missing)])}"


def lines(around: Around) -> list[RoadLine]:
    """All sites: those without a day first, then by day, ready ones last."""
    standing = around.standing
    planned, fixed = standing.road.planned, standing.road.fixed.days
    rows = []
    for site in standing.road.sites:
        site_standing = standing.sites[site.slug]
        state, planned_on = planned.state_of(site), planned.days[site.slug]
        rows.append(
            RoadLine(
                around,
                site,
                site_standing.ref,
                site_standing.verdict or "none",
                state,
                planned_on,
                fixed[site.slug],
            )
        )
    return sorted(rows, key=lambda row: (_FIRST[row.state], row.planned_on or date.min))


def road_table(standing: RoadStanding, rows: Sequence[RoadLine], *, in_file: bool) -> Table:
    measure = standing.measure
    unit = "kW" if measure is CapacityMeasure.POWER else "accelerators"
    return Table(
        id="road",
        noun=("site", "sites"),
        label="Sites by the day on which they are ready",
        columns=(
            Column("verdict", "Verdict", template="readiness/gap/verdict_cell.html", phone="status"),
            Column("site", "Site, first blocker", "ref.name", template="readiness/road/site_cell.html", sort=True,
                   locked=True, phone="title", export="ref.slug"),
            *([Column("first", "First blocker", "blocker"), Column("check", "Check", "check_id")] if in_file else []),
            Column("region", "Region", "ref.region", sort=True, default=False),
            Column("size", "Deployed", "size", lambda line: amount(line.size, measure), sort=True, numeric=True,
                   file_unit=unit),
            Column("ready_on", "Ready on", "planned_on", template="readiness/road/day_cell.html",
                   sort=lambda line: line.planned_on),
            Column("fixed_on", "With the fixes", "fixed_on", template="readiness/road/fixed_cell.html",
                   sort=lambda line: line.fixed_on),
            Column("rests_on", "Rests on", phone="row"),
            Column("owner", "Owner", lambda line: line.owner.name if line.owner else "",
                   template="readiness/road/owner_cell.html", sort=True),
            Column("action", "Action", lambda line: "", template="readiness/road/action_cell.html",
                   acts=True),
        ),
        filters=_filters(standing, rows),
        row_id=lambda line: line.ref.slug,
        row_url=lambda line: link("site", line.ref.slug),
        row_name="ref.name",
        per_page=25,
        empty={"title": "No site has capacity yet", "icon": "building-factory-2",
               "text": "Sites in commission or production appear here, with the day on which each is ready."},
    )  # fmt: skip


def _filters(standing: RoadStanding, rows: Sequence[RoadLine]) -> list[RowFilter]:
    checks = {key: standing.check_name(key) for key in {row.check_id for row in rows} if key}
    owners = {key: standing.owners[key].name for key in {row.owner_key for row in rows} if key}
    months = sorted({row.month for row in rows if row.state is not RoadState.READY})
    return [
        RowFilter("state", "State", "state", list(sentences.STATES.items())),
        RowFilter("check", "First blocker", "check_id", sorted(checks.items(), key=lambda pair: pair[1])),
        RowFilter("owner", "Owner", "owner_key", sorted(owners.items(), key=lambda pair: pair[1])),
        RowFilter("month", "Ready in", "month", [(each, sentences.month(each)) for each in months]),
    ]


def selected(standing: RoadStanding, address: Address) -> frozenset[str]:
    """Slugs of the sites that a click on the picture narrows to."""
    planned = standing.road.planned
    values: dict[str, Callable[[RoadSite], str]] = {
        "state": lambda site: planned.state_of(site).value,
        "check": lambda site: site.first.check if site.first else "",
        "owner": lambda site: site.first.owner if site.first else "",
        "month": lambda site: month_of(planned.days[site.slug], is_ready=site.is_ready),
    }
    requested = [(set(address.many(name)), value) for name, value in values.items() if address.many(name)]
    return frozenset(
        site.slug
        for site in standing.road.sites
        if all(value(site) in options for options, value in requested)
    )


def month_of(ready_on: date | None, *, is_ready: bool) -> str:
    """The month as an address has it; "" for a site that is ready."""
    if is_ready:
        return ""
    return ready_on.isoformat()[:7] if ready_on else NO_MONTH
