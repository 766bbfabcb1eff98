"""Runs of portfolios as they are listed, and one point of a result: its moves, sites, pins, and who is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from readiness.tradeoffs.models import PortfolioRun

type Result = Mapping[str, Any]
"""What `portfolios.result` makes of a sweep, or a part of it."""

KINDS = {
    "forced": "Forced by a broken limit",
    "pinned": "Pinned",
    "choice": "A choice",
    "starts": "Begins to run",
    "stops": "Does not run",
}
"""Why a workload moves, the moves that have to be made first."""
REASONS = {
    "no-feasible-site": "No site keeps its limits",
    "unknown-figure": "A figure is unknown",
    "no-room": "No room",
    "gone": "Not declared any more",
}


def runs() -> QuerySet[PortfolioRun]:
    """Without results, which are large."""
    return whole_runs().defer("result")


def whole_runs() -> QuerySet[PortfolioRun]:
    return PortfolioRun.objects.select_related("asked_by", "cancel_asked_by")


@dataclass(frozen=True, slots=True)
class Named:
    """A workload or site. Whoever is not declared any more is told by the slug, and has no page."""

    slug: str
    name: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class MoveRow:
    workload: Named
    before: Named
    after: Named
    changes: Mapping[str, float | None]
    line: str
    consequences: Sequence[Result]
    kind: str
    why: str

    @property
    def order(self) -> int:
        """Forced moves first."""
        return list(KINDS).index(self.kind)

    @property
    def reason(self) -> str:
        return f"{KINDS[self.kind]}: {self.why}" if self.why else KINDS[self.kind]

    def effects(self, domain: str) -> set[str]:
        return {each["effect"] for each in self.consequences if each["domain"] == domain}


def _named(result: Result, names: str, slug: str) -> Named:
    return Named(slug, result[names].get(slug, slug), slug in result[names])


def moves(result: Result, point: Result) -> list[MoveRow]:
    today, plan = result["today"]["plan"], point["plan"]
    nowhere = Named("", "nowhere", is_known=False)
    rows = []
    for slug in result["names"]:
        before, after = today.get(slug, ""), plan.get(slug, "")
        if before != after:
            was, comes = (_named(result, "site_names", site) if site else nowhere for site in (before, after))
            move = result["moves"][slug][after]
            rows.append(MoveRow(_named(result, "names", slug), was, comes, **move))
    return sorted(rows, key=lambda row: (row.order, row.workload.name.casefold()))


@dataclass(frozen=True, slots=True)
class ChangedSite:
    """A site that workloads come to or leave. `filling` is what each resource is filled to."""

    site: Named
    comes: list[str]
    leaves: list[str]
    filling: list[Result]


def by_site(result: Result, point: Result, rows: Sequence[MoveRow]) -> list[ChangedSite]:
    return [
        ChangedSite(
            _named(result, "site_names", site),
            [row.workload.name for row in rows if row.after.slug == site],
            [row.workload.name for row in rows if row.before.slug == site],
            [filling for filling in point["filling"] if filling["site"] == site],
        )
        for site in sorted({site.slug for row in rows for site in (row.before, row.after) if site.slug})
    ]


def left_out(result: Result, point: Result) -> list[tuple[Named, str, str]]:
    """Each workload with the reason in short, and in words."""
    return [
        (_named(result, "names", slug), REASONS[why["reason"]], why["words"])
        for slug, why in sorted(point["left_out"].items())
    ]


@dataclass(frozen=True, slots=True)
class PinRow:
    """A workload that has to run at one site: whether it is placed at this point, and runs there today."""

    workload: Named
    site: Named
    is_placed: bool
    stays: bool


def pins(pinned: Mapping[str, str], result: Result, point: Result) -> list[PinRow]:
    today = result["today"]["plan"]
    rows = [
        PinRow(
            _named(result, "names", workload),
            _named(result, "site_names", site),
            workload in point["plan"],
            today.get(workload) == site,
        )
        for workload, site in pinned.items()
    ]
    return sorted(rows, key=lambda row: row.workload.name.casefold())
