"""The list of what to fix, as the page's form shows it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from readiness.boards.gap.sentences import amount
from readiness.boards.road import sentences
from readiness.boards.road.core.sums import RoadFix
from readiness.boards.road.owners import RoadOwner
from readiness.boards.road.queries import RoadStanding
from web.links import link

OFFERED, OFFERED_MORE = 8, 60
NAMED = 3


@dataclass(frozen=True, slots=True)
class FixCost:
    """The cost of the work items of a fix, by currency, at `sites` of its sites; nothing is converted."""

    amounts: Mapping[str, float]
    sites: int

    @property
    def text(self) -> str:
        return sentences.money(self.amounts)


@dataclass(frozen=True, slots=True)
class FixLine:
    """One box of the form. `freed` is what this fix alone makes ready sooner, `instead_of` says when that would be
    without it."""

    fix: RoadFix
    is_ticked: bool
    check: str
    claim: str
    url: str
    sites: str
    freed: str
    touched: str
    by: date
    instead_of: str
    owner: RoadOwner
    cost: FixCost


def offered(standing: RoadStanding, sites: Collection[str], *, more: bool) -> list[RoadFix]:
    """The first fixes of the ranking that concern any of these sites, and all that are ticked."""
    road = standing.road
    if len(sites) == len(road.sites):
        ranked: Sequence[RoadFix] = road.fixes
    else:
        ranked = [fix for fix in road.fixes if not sites.isdisjoint(fix.sites)]  # type: ignore[attr-defined]
    first = ranked[: OFFERED_MORE if more else OFFERED]
    keys = {fix.key for fix in first}
    return [*first, *(fix for fix in road.fixes if fix.key in road.ticks and fix.key not in keys)]


def fix_lines(standing: RoadStanding, fixes: Sequence[RoadFix]) -> list[FixLine]:
    return [_fix_line(standing, fix) for fix in fixes]


def _fix_line(standing: RoadStanding, fix: RoadFix) -> FixLine:
    check, measure = standing.check(fix.check), standing.measure
    names = [standing.sites[slug].ref.name for slug in fix.sites]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return FixLine(
        fix=fix,
        is_ticked=fix.key in standing.road.ticks,
        check=standing.check_name(fix.check),
        claim=check.claim if check else "",
        url=link("check", fix.check),
        sites=", ".join(names[:NAMED]) + more,
        freed=amount(fix.freed, measure),
        touched=amount(fix.touched, measure),
        by=standing.road.by,
        instead_of=sentences.instead_of(fix.frees.values()),
        owner=standing.owners[fix.owner],
        cost=cost_of(standing, [fix]),
    )


def cost_of(standing: RoadStanding, fixes: Iterable[RoadFix]) -> FixCost:
    amounts: dict[str, float] = defaultdict(float)
    sites = set()
    for fix in fixes:
        for slug in fix.sites:
            step = standing.step(slug, fix.check)
            if step is not None and step.cost is not None:
                amounts[step.currency] += step.cost
                sites.add(slug)
    return FixCost(dict(sorted(amounts.items())), len(sites))
