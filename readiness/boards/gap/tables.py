"""Columns as data: the ranked plan by site, and the checks by what each would free."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.boards.findings import amount
from readiness.scoring.core.gap import CapacityFigures, CapacityMeasure
from readiness.scoring.gap.closing import Closing
from readiness.scoring.queries.capacity import check_name
from web.links import link
from web.tables import Column, Table

NAMED = 3
"""Checks that a row names; the others are counted."""
NO_CAPACITY_HELD = "No check holds any capacity of these sites back."

type Listed = Mapping[tuple[str, str], int]
"""Work items that are open, by slug of the site and check id."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One site's turn. `listed` of its checks are on the worklist."""

    place: int
    slug: str
    site: str
    region: str
    verdict: str
    held: CapacityFigures
    checks: tuple[str, ...]
    names: str
    so_far: int
    freed_so_far: CapacityFigures
    listed: int

    @property
    def count(self) -> int:
        return len(self.checks)


@dataclass(frozen=True, slots=True)
class GapCheckLine:
    """One check, resolved wherever it holds a site; at `listed` of them it is on the worklist."""

    id: str
    check: str
    pillar: str
    sites: int
    touched: CapacityFigures
    frees: int
    freed: CapacityFigures
    listed: int


def plan_lines(closing: Closing, verdicts: Mapping[str, str], listed: Listed) -> list[PlanLine]:
    lines = []
    for place, step in enumerate(closing.plan, start=1):
        site, checks = closing.sites[step.site.site], step.site.checks
        names = [check_name(closing.framework, check_id) for check_id in checks[:NAMED]]
        names += [f"{len(checks) - NAMED} more"] if len(checks) > NAMED else []
        lines.append(
            PlanLine(
                place=place,
                slug=site.slug,
                site=site.name,
                region=site.region,
                verdict=verdicts[site.slug] or "none",
                held=step.site.held,
                checks=checks,
                names=", ".join(names),
                so_far=step.checks_so_far,
                freed_so_far=step.freed_so_far,
                listed=sum((site.slug, check_id) in listed for check_id in checks),
            )
        )
    return lines


def check_lines(closing: Closing, listed: Listed) -> list[GapCheckLine]:
    pillars = {pillar.id: pillar.short_name for pillar in closing.framework.pillars}
    return [
        GapCheckLine(
            id=effect.check_id,
            check=check_name(closing.framework, effect.check_id),
            pillar=pillars.get(effect.check_id.partition("-")[0], ""),
            sites=len(effect.sites),
            touched=effect.touched,
            frees=len(effect.frees),
            freed=effect.freed,
            listed=sum((site, effect.check_id) in listed for site in effect.sites),
        )
        for effect in closing.effects
    ]


def actions(query: str) -> Sequence[Mapping[str, str]]:
    """`query` names the sites and the target of the plan."""
    url = link("worklist-add") + (f"?{query}" if query else "")
    return ({"name": "add", "label": "Add to the worklist", "icon": "plus", "url": url},)


def plan_table(measure: CapacityMeasure) -> Table:
    return Table(
        id="plan",
        noun=("site", "sites"),
        label="Sites by capacity freed for each check resolved",
        columns=(
            Column("place", "Step", sort=True, numeric=True, phone="hide"),
            Column("site", "Site", url=_site_url, sort=True, locked=True, phone="title", export="slug"),
            Column("region", "Region", sort=True, default=False),
            Column("verdict", "Verdict", template="readiness/gap/verdict_cell.html", phone="status"),
            Column("checks", "Checks to resolve", lambda line: " ".join(line.checks), "names",
                   template="readiness/gap/checks_cell.html", phone="full"),
            Column("count", "Checks", sort=True, numeric=True),
            _capacity(measure, "freed", "Frees", lambda line: measure.of(line.held), sort=True),
            _capacity(measure, "each", "For each check", lambda line: measure.of(line.held) / line.count, sort=True,
                      hint="Capacity freed by the checks resolved: what the plan is ordered by"),
            Column("so_far", "Checks so far", numeric=True),
            _capacity(measure, "freed_so_far", "Freed so far", lambda line: measure.of(line.freed_so_far)),
            _listed("site", "slug", "count"),
        ),
        row_id=lambda line: f"site:{line.slug}",
        row_url=_site_url,
        row_name="site",
        per_page=25,
        empty={"title": "No plan is needed", "text": NO_CAPACITY_HELD, "icon": "circle-check"},
    )  # fmt: skip


def check_table(measure: CapacityMeasure) -> Table:
    return Table(
        id="effects",
        noun=("check", "checks"),
        label="Checks by what each would free, resolved wherever it holds a site",
        columns=(
            Column("check", "Check", url=_check_url, sort=True, locked=True, phone="title", export="id"),
            Column("pillar", "Pillar", sort=True),
            Column("sites", "Sites held", sort=True, numeric=True),
            _capacity(measure, "touched", "Their capacity", lambda line: measure.of(line.touched), sort=True),
            Column("frees", "Sites freed", sort=True, numeric=True, hint="Sites that no other check holds"),
            _capacity(measure, "freed", "Frees", lambda line: measure.of(line.freed), sort=True),
            _listed("check", "id", "sites"),
        ),
        row_id=lambda line: f"check:{line.id}",
        row_url=_check_url,
        row_name="check",
        per_page=50,
        empty={"title": "No check holds capacity back", "text": NO_CAPACITY_HELD, "icon": "circle-check"},
    )


def _site_url(line: PlanLine) -> str:
    return link("site", line.slug)


def _check_url(line: GapCheckLine) -> str:
    return link("check", line.id)


def _capacity(
    measure: CapacityMeasure, key: str, label: str, value: Callable[[Any], float], **more: Any
) -> Column:
    unit = "kW" if measure is CapacityMeasure.POWER else "accelerators"

    def text(line: Any) -> str:
        return amount(value(line), measure)

    return Column(key, label, value, text, numeric=True, file_unit=unit, **more)


def _listed(asked_by: str, key: str, whole: str) -> Column:
    def url(line: Any) -> str:
        return link("worklist", **{asked_by: getattr(line, key)}, live="true") if line.listed else ""

    def text(line: Any) -> str:
        return f"{line.listed} of {getattr(line, whole)}"

    return Column("listed", "On the worklist", text=text, url=url, sort=True, numeric=True)
