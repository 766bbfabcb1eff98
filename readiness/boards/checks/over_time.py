"""One check over the fleet: how many sites did not pass it, week by week, and who answers for those that do not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.assessment.scoring.models import Flip
from readiness.boards.checks.queries import OPEN_STATES, CheckSiteRow

WEEKS = 13
MOST_OWNERS = 5


@dataclass(frozen=True, slots=True)
class Week:
    at: datetime
    counts: Mapping[str, int]

    @property
    def open_sites(self) -> int:
        return sum(self.counts.get(state, 0) for state in OPEN_STATES)


def weeks(check_id: str, present: Mapping[int, str], *, now: datetime) -> list[Week]:
    """The number of sites by state at the end of each week; `present` is the state of each site now. One statement."""
    start = now - timedelta(weeks=WEEKS)
    moves: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    flips = Flip.objects.filter(subject=Flip.Subject.CHECK, key=check_id, site__in=present, at__gt=start)
    for site_id, at, before in flips.order_by("at", "pk").values_list("site_id", "at", "from_state"):
        moves[site_id].append((at, before))
    instants = [now - timedelta(weeks=back) for back in range(WEEKS, -1, -1)]
    return [
        Week(at, Counter(_state_at(moves[site_id], state, at) for site_id, state in present.items()))
        for at in instants
    ]


def _state_at(moves: Sequence[tuple[datetime, str]], present: str, at: datetime) -> str:
    """The state before the first change after `at`."""
    return next((before for moved_at, before in moves if moved_at > at), present)


@dataclass(frozen=True, slots=True)
class OwnerOfOpen:
    """`name` is empty for sites without an owner."""

    name: str
    sites: int
    kw: float


def owners_of_open(rows: Iterable[CheckSiteRow]) -> list[OwnerOfOpen]:
    """Who answers for the sites that do not pass, by capacity; nobody first."""
    sites: Counter[str] = Counter()
    kw: dict[str, float] = defaultdict(float)
    for row in rows:
        if row.result.state in OPEN_STATES:
            name = "" if row.site.owner_has_left else row.site.owner.strip()
            sites[name] += 1
            kw[name] += row.deployed.it_kw
    owners = [OwnerOfOpen(name, sites[name], kw[name]) for name in sites]
    return sorted(owners, key=lambda owner: (bool(owner.name), -owner.kw, owner.name))
