"""Columns as data: the ranked plan by site, and the checks by what each would free."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.boards.findings import amount
from readiness.scoring.core.closing import CheckEffect, Step
from readiness.scoring.core.gap import CapacityMeasure
from readiness.scoring.gap.closing import Closing
from readiness.scoring.queries.capacity import check_name
from readiness.scoring.queries.rows import SiteRef
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
    step: Step
    site: SiteRef
    verdict: str
    names: str
    listed: int

    @property
    def checks(self) -> tuple[str, ...]:
        return self.step.site.checks


@dataclass(frozen=True, slots=True)
class GapCheckLine:
    """One check, resolved wherever it holds a site; at `listed` of them it is on the worklist."""

    effect: CheckEffect
    check: str
    pillar: str
    listed: int


def plan_lines(closing: Closing, verdicts: Mapping[str, str], listed: Listed) -> list[PlanLine]:
    lines = []
    for place, step in enumerate(closing.plan, start=1):
        site, checks = closing.sites[step.site.site], step.site.checks
        names = [check_name(closing.framework, check_id) for check_id in checks[:NAMED]]
        names += [f"{len(checks) - NAMED} more"] if len(checks) > NAMED else []
        on_list = sum((site.slug, check_id) in listed for check_id in checks)
        lines.append(PlanLine(place, step, site, verdicts[site.slug] or "none", ", ".join(names), on_list))
    return lines


def check_lines(closing: Closing, listed: Listed) -> list[GapCheckLine]:
    pillars = {pillar.id: pillar.short_name for pillar in closing.framework.pillars}
    return [
        GapCheckLine(
            effect=effect,
            check=check_name(closing.framework, effect.check_id),
            pillar=pillars.get(effect.check_id.partition("-")[0], ""),
            listed=sum((site, effect.check_id) in listed for site in effect.sites),
        )
        for effect in closing.effects
    ]


def actions(query: str) -> Sequence[Mapping[str, str]]:
    url = link("worklist-add") + (f"?{query}" if query else "")
    return ({"name": "add", "label": "Add to the worklist", "icon": "plus", "url": url},)


def plan_table(measure: CapacityMeasure) -> Table:
    return Table(
        id="plan",
        noun=("site", "sites"),
        label="Sites by capacity freed for each check resolved",
        columns=(
            Column("place", "Step", sort=True, numeric=True, phone="hide"),
            Column("site", "Site", "site.name", url=_site_url, sort=True, locked=True, phone="title",
                   export="site.slug"),
            Column("region", "Region", "site.region", sort=True, default=False),
            Column("verdict", "Verdict", template="readiness/gap/verdict_cell.html", phone="status"),
            Column("checks", "Checks to resolve", lambda line: " ".join(line.checks), "names",
                   template="readiness/gap/checks_cell.html", phone="full"),
            Column("count", "Checks", lambda line: len(line.checks), sort=True, numeric=True),
            _capacity(measure, "freed", "Frees", lambda line: measure.of(line.step.site.held), sort=True),
            _capacity(measure, "each", "For each check", sort=True,
                      value=lambda line: measure.of(line.step.site.held) / len(line.checks),
                      hint="Capacity freed by the checks resolved: what the plan is ordered by"),
            Column("so_far", "Checks so far", "step.checks_so_far", numeric=True),
            _capacity(measure, "freed_so_far", "Freed so far", lambda line: measure.of(line.step.freed_so_far)),
            _listed(lambda line: {"site": line.site.slug}, lambda line: len(line.checks)),
        ),
        row_id=lambda line: f"site:{line.site.slug}",
        row_url=_site_url,
        row_name="site.name",
        per_page=25,
        empty={"title": "No plan is needed", "text": NO_CAPACITY_HELD, "icon": "circle-check"},
    )  # fmt: skip


def check_table(measure: CapacityMeasure) -> Table:
    return Table(
        id="effects",
        noun=("check", "checks"),
        label="Checks by what each would free, resolved wherever it holds a site",
        columns=(
            Column("check", "Check", url=_check_url, sort=True, locked=True, phone="title",
                   export="effect.check_id"),
            Column("pillar", "Pillar", sort=True),
            Column("sites", "Sites held", lambda line: len(line.effect.sites), sort=True, numeric=True),
            _capacity(measure, "touched", "Their capacity", lambda line: measure.of(line.effect.touched), sort=True),
            Column("frees", "Sites freed", lambda line: len(line.effect.frees), sort=True, numeric=True,
                   hint="Sites that no other check holds"),
            _capacity(measure, "freed", "Frees", lambda line: measure.of(line.effect.freed), sort=True),
            _listed(lambda line: {"check": line.effect.check_id}, lambda line: len(line.effect.sites)),
        ),
        row_id=lambda line: f"check:{line.effect.check_id}",
        row_url=_check_url,
        row_name="check",
        per_page=50,
        empty={"title": "No check holds capacity back", "text": NO_CAPACITY_HELD, "icon": "circle-check"},
    )  # fmt: skip


def _site_url(line: PlanLine) -> str:
    return link("site", line.site.slug)


def _check_url(line: GapCheckLine) -> str:
    return link("check", line.effect.check_id)


def _capacity(
    measure: CapacityMeasure, key: str, label: str, value: Callable[[Any], float], **more: Any
) -> Column:
    unit = "kW" if measure is CapacityMeasure.POWER else "accelerators"

    def text(line: Any) -> str:
        return amount(value(line), measure)

    return Column(key, label, value, text, numeric=True, file_unit=unit, **more)


def _listed(asked: Callable[[Any], dict[str, str]], whole: Callable[[Any], int]) -> Column:
    def url(line: Any) -> str:
        return link("worklist", **asked(line), live="true") if line.listed else ""

    def text(line: Any) -> str:
        return f"{line.listed} of {whole(line)}"

    return Column("listed", "On the worklist", text=text, url=url, sort=True, numeric=True)
