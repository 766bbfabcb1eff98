"""Every check of the framework over the fleet: how many sites are in which state, and the capacity behind
it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Check, Pillar
from readiness.scoring.models import CheckResult
from readiness.scoring.queries.standing import present_capacity

# A check in one of these states keeps its sites from being ready, if its gate is not INFO.
OPEN_STATES = ("fail", "stale", "unknown", "waived")


@dataclass(frozen=True, slots=True)
class CheckListRow:
    """One check; `counts` are sites by state and `kw` their deployed power by state."""

    check: Check
    pillar: Pillar
    counts: dict[str, int]
    kw: dict[str, float]

    @property
    def waits(self) -> bool:
        """No site where it applies has evidence of it."""
        return bool(self.counts) and set(self.counts) <= {"unknown", "n-a"}

    @property
    def kw_at_stake(self) -> float:
        """Deployed power of sites where the check is neither met nor without meaning."""
        return sum(self.kw.get(state, 0.0) for state in OPEN_STATES)


@dataclass(frozen=True, slots=True)
class CheckList:
    """Rows in the framework's order; `sites` counts those with any result."""

    version: str
    title: str
    pillars: tuple[Pillar, ...]
    rows: tuple[CheckListRow, ...]
    sites: int


def check_list(*, now: datetime, site_ids: Collection[int] | None = None) -> CheckList:
    """Four statements, whatever the number of sites."""
    version, framework = framework_queries.current()
    sites = Site.objects.select_related("region").exclude(stage=Site.Stage.RETIRED)
    if site_ids is not None:
        sites = sites.filter(pk__in=site_ids)
    present = present_capacity(list(sites), now=now)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    kw: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    seen = set()
    # In one order: kW are added up, and states listed, as rows come.
    results = CheckResult.objects.filter(site__in=list(present)).order_by("pk")
    for site_id, check_id, state in results.values_list("site_id", "check_id", "state"):
        seen.add(site_id)
        counts[check_id][state] += 1
        kw[check_id][state] += present[site_id].deployed.it_kw
    pillars = {pillar.id: pillar for pillar in framework.pillars}
    rows = tuple(
        CheckListRow(check, pillars[check.pillar], dict(counts[check.id]), dict(kw[check.id]))
        for check in framework.checks
    )
    return CheckList(version.version, framework.title, framework.pillars, rows, len(seen))
