"""The list of problems: its columns, its filters, and how it is grouped."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from inventory.models import DomainChoices
from readiness.boards.problems.rows import RANK, Problem, ProblemKind, ProblemState, kw_once
from web import visibility
from web.states import state
from web.tables import Column, RowFilter, Table
from web.units import how_many, power

CAUSE, SITE, OWNER = "cause", "site", "owner"
GROUPS = ((CAUSE, "Cause"), (SITE, "Site"), (OWNER, "Owner"))
NOBODY = "none"
STATES = [(each.value, state("problem", each).word) for each in ProblemState]
KINDS = [
    (ProblemKind.HEALTH.value, "Health of objects"),
    (ProblemKind.SOURCE.value, "Late or silent source"),
    (ProblemKind.CHECK.value, "Check"),
    (ProblemKind.OWNERSHIP.value, "Ownership"),
    (ProblemKind.INVENTORY.value, "Inventory"),
]
COLUMNS = (
    Column("state", "State", "state.value", lambda problem: state("problem", problem.state).word,
           template="readiness/problems/state_cell.html", sort=lambda problem: RANK[problem.leading.state],
           phone="status"),
    Column("since", "Since", template="readiness/problems/since_cell.html",
           sort=lambda problem: problem.leading.since),
    Column("what", "Problem", "title", template="readiness/problems/what_cell.html",
           sort=lambda problem: problem.leading.title, locked=True, phone="title"),
    Column("where", "Where", "site.name", template="readiness/problems/where_cell.html",
           sort=lambda problem: problem.leading.site.name),
    Column("value", "Value, limit", lambda problem: problem.value or None,
           template="readiness/problems/value_cell.html",
           export=lambda problem: ", ".join(filter(None, (problem.value, problem.limit)))),
    Column("stake", "At stake", "kw", template="readiness/problems/stake_cell.html", numeric=True, file_unit="kW",
           sort=lambda problem: problem.leading.kw, hint="Deployed at the site; each site counts once",
           export=lambda problem: problem.kw if problem.is_cause else None),
    Column("owner", "Owner", "site.owner", template="readiness/problems/owner_cell.html",
           sort=lambda problem: problem.leading.site.owner, export=lambda problem: owner_words(problem)),
    Column("object", "Object", "where", default=False),
    Column("workloads", "Workloads", numeric=True, default=False, sort=lambda problem: problem.leading.workloads),
    Column("kind", "Kind", "kind.value", lambda problem: dict(KINDS)[problem.kind], default=False),
    Column("region", "Region", "site.region", default=False),
    Column("detail", "Why", default=False, phone="full"),
)  # fmt: skip


def owner_words(problem: Problem) -> str:
    person = problem.site.accountable if visibility.sees_names() else ""
    return ", ".join(part for part in (person, problem.site.owner) if part)


def filters(problems: Sequence[Problem]) -> tuple[RowFilter, ...]:
    """Filters whose sites, regions and owners are those that have problems."""
    sites = sorted({(problem.site.slug, problem.site.name) for problem in problems}, key=lambda pair: pair[1])
    regions = sorted({(problem.region, problem.site.region) for problem in problems})
    owners = sorted({problem.site.owner for problem in problems if problem.site.owner.strip()})
    return (
        RowFilter("state", "State", "state.value", STATES),
        RowFilter("kind", "Kind", "kind.value", KINDS),
        RowFilter("domain", "Domain", "subject", DomainChoices.choices),
        RowFilter("site", "Site", "site.slug", sites),
        RowFilter("region", "Region", "region", regions),
        RowFilter("owner", "Owner", owner_key, [(NOBODY, "No owner"), *((name, name) for name in owners)]),
    )


def owner_key(problem: Problem) -> str:
    return problem.site.owner.strip() or NOBODY


def problems_table(problems: Sequence[Problem], *, group: str, url: Callable[[Problem], str]) -> Table:
    return Table(
        id="problems",
        noun=("problem", "problems"),
        columns=COLUMNS,
        filters=filters(problems),
        row_id="id",
        row_name="title",
        row_url=url,
        api="scoring-api-problems",
        headed_by=_heading(problems, group),
        empty={
            "title": "Nothing is wrong",
            "text": "Every domain is healthy, every source is on time, and no check is failing.",
            "icon": "circle-check",
        },
    )


def _heading(problems: Sequence[Problem], group: str) -> Callable[[Any], str] | None:
    """Causes need no heading: consequences stand under them."""
    if group == CAUSE:
        return None
    of_group: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        of_group[_group_of(problem, group)].append(problem)
    words = {
        name: f"{name} · {how_many(len(members), 'problem', 'problems')} · {power(kw_once(members), 'kW')}"
        for name, members in of_group.items()
    }
    return lambda problem: words[_group_of(problem, group)]


def _group_of(problem: Problem, group: str) -> str:
    return problem.site.name if group == SITE else problem.site.owner.strip() or "No owner"
