"""The list of problems for pages and the API: narrowed, folded under causes, grouped by site or owner."""

from datetime import datetime

from django.db.models import Count, F, Min, Q, Window

from readiness.boards.problems.rows import ProblemRow, problem_rows
from readiness.loop.problems import queries
from readiness.loop.problems.models import ProblemQuerySet

CAUSE, SITE, OWNER = "cause", "site", "owner"
GROUPS = ((CAUSE, "Cause"), (SITE, "Site"), (OWNER, "Owner"))
NO_OWNER, NO_SITE = "No owner", "No site"
LONGEST_NUMBER = 18
NO_NAME = {SITE: NO_SITE, OWNER: NO_OWNER}
_GROUP_OF = {SITE: "site__name", OWNER: "answering"}


def attention(*, most: int, now: datetime) -> tuple[list[ProblemRow], int]:
    """The first causes, without the owners of their sites, and the number of all; one statement."""
    rows = list(queries.open_without_owners().causes().annotate(of_all=Window(Count("pk")))[:most])
    return problem_rows(rows, now=now), rows[0].of_all if rows else 0


def opened(listed: ProblemQuerySet, problem_id: str, *, now: datetime) -> ProblemRow | None:
    """The problem with this number, or with this id, which names kind, site and key. Slugs may contain dashes, so every
    split counts."""
    if problem_id.isdecimal():
        of_number = listed.filter(pk=problem_id) if len(problem_id) <= LONGEST_NUMBER else listed.none()
        return next(iter(problem_rows(of_number, now=now)), None)
    kind, _dash, rest = problem_id.partition("-")
    places = [place for place, letter in enumerate(rest) if letter == "-"]
    matches = Q(site=None, key=rest)
    for place in places:
        matches |= Q(site__slug=rest[:place], key=rest[place + 1 :])
    rows = problem_rows(listed.filter(matches, kind=kind), now=now)
    return next((row for row in rows if row.id == problem_id), None)


def folded(listed: ProblemQuerySet, cause: ProblemRow | None) -> ProblemQuerySet:
    """The causes, and all that follows from one of them."""
    return listed.filter(Q(is_cause=True) | _same_cause(cause)) if cause else listed.causes()


def _same_cause(row: ProblemRow) -> Q:
    return Q(
        site=row.site.id if row.site else None,
        cause_kind=row.cause_identity.kind,
        cause_key=row.cause_identity.key,
    )


def grouped(listed: ProblemQuerySet, group: str) -> tuple[ProblemQuerySet, tuple[str, ...]]:
    """The list in groups, that with the worst problem first, and the fields that it is grouped by."""
    if group == CAUSE:
        return listed, ()
    by = _GROUP_OF[group]
    worst = Window(Min("head_rank"), partition_by=[F(by)])
    fields = ("group_rank", by)
    return listed.annotate(group_rank=worst).order_by(*fields, *queries.IN_ORDER), fields


def group_of(row: ProblemRow, group: str) -> str:
    name = row.owner if group == OWNER else row.site.name if row.site is not None else ""
    return name or NO_NAME[group]


def sums_of_groups(listed: ProblemQuerySet, group: str) -> dict[str, tuple[int, float]]:
    """Count the problems of each group, and sum the capacity of their sites, each site once; one statement."""
    sums: dict[str, tuple[int, float]] = {}
    rows = listed.order_by().values_list(_GROUP_OF[group], "site", "kw").annotate(number=Count("pk"))
    for name, _site, kw, number in rows:
        place = (name or "").strip() or NO_NAME[group]
        problems, of_all = sums.get(place, (0, 0.0))
        sums[place] = (problems + number, of_all + kw)
    return sums
