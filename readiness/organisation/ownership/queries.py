"""The standing of items: for scoring at any instant, for pages now. A fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Max, Q

from readiness.organisation.ownership.core.standing import (
    Gone,
    Hindrance,
    Item,
    ItemStanding,
    Term,
    standing_in_force,
)
from readiness.organisation.ownership.models import Assignment, condition_in_force
from telemetry.binary import fetched


def terms_of(site_ids: Collection[int], *, now: datetime) -> dict[int, tuple[Term, ...]]:
    """Return terms by site id, for sites where anybody had accepted anything by `now`, which may be in the past. One
    statement.
    """
    accepted = Assignment.objects.filter(
        site_id__in=site_ids, confirmed_at__isnull=False, answered_at__lte=now
    )
    newest = Max("confirmations__confirmed_at", filter=Q(confirmations__confirmed_at__lte=now))
    holds = ExpressionWrapper(condition_in_force(now), output_field=BooleanField())
    rows = accepted.annotate(newest=newest, holds=holds).order_by("pk")
    terms_by_site: dict[int, list[Term]] = defaultdict(list)
    for holds_now, *row in rows.values_list(
        *("holds", "pk", "site_id", "item", "newest", "answered_at"),
        *("accountable__left_at", "accountable__user__is_active", "accountable__user"),
        *("deputy_id", "deputy__left_at", "deputy__user__is_active"),
        *("team__dissolved_at", "escalation"),
    ):
        pk, site_id, item, newest_at, answered_at, left_at, active, user, deputy, *rest = row
        deputy_left_at, deputy_active, dissolved_at, escalation = rest
        of_site = terms_by_site[site_id]  # Include sites whose accepted terms have all ended.
        if not holds_now:
            continue
        of_site.append(
            Term(
                id=pk,
                item=Item(item),
                confirmed_at=newest_at or answered_at,
                # Whoever is to leave, or left later than then, could answer up to that day.
                is_unanswered=_left(left_at, active, now) or (user is None and left_at is None),
                has_deputy=deputy is not None and not _left(deputy_left_at, deputy_active, now),
                has_team=dissolved_at is None or dissolved_at > now,
                has_escalation=bool(escalation.strip()),
            )
        )
    return {site_id: tuple(terms) for site_id, terms in terms_by_site.items()}


def _left(left_at: datetime | None, active: bool | None, now: datetime) -> bool:
    return active is False or (left_at is not None and left_at <= now)


class Live(NamedTuple):
    """A live assignment with the columns of the board.

    `gone` says why the person cannot answer any more, "" if they can. While they are on leave (`away_until`), `deputy`
    is the deputy's name, and `hindrance` says why that person does not answer.
    `proposed_at` and `effective_at` are only read for proposals and future terms, because a board of a thousand sites
    has thousands of terms.
    """

    id: int
    site_id: int
    item: str
    is_accepted: bool
    is_in_force: bool
    due_at: datetime | None
    proposed_at: datetime | None
    effective_at: datetime | None
    person_id: int
    person: str
    gone: Gone | str
    left_at: datetime | None
    team: str
    has_deputy: bool
    away_until: datetime | None = None
    deputy: str = ""
    hindrance: Hindrance | str = ""
    deputy_id: int | None = None

    @property
    def stands_in(self) -> bool:
        """Whether the deputy answers, because the owner is on leave."""
        return self.away_until is not None and not self.hindrance and not self.gone

    @property
    def nobody_stands_in(self) -> bool:
        return self.away_until is not None and bool(self.hindrance) and not self.gone

    @property
    def answers(self) -> str:
        """The name of who answers now."""
        return self.deputy if self.stands_in else self.person

    @property
    def answers_id(self) -> int | None:
        """The person who answers now."""
        return self.deputy_id if self.stands_in else self.person_id


_LIVE = """
WITH away AS MATERIALIZED (
    SELECT person_id, max(ends_at) AS until FROM people_leave
    WHERE starts_at <= %(now)s AND ends_at > %(now)s GROUP BY person_id
)
SELECT one.id, one.site_id, one.item, one.confirmed_at IS NOT NULL,
    one.confirmed_at IS NOT NULL AND one.effective_at <= %(now)s,
    one.due_at,
    CASE WHEN one.confirmed_at IS NULL THEN one.proposed_at END,
    CASE WHEN one.confirmed_at IS NULL OR one.effective_at > %(now)s THEN one.effective_at END,
    one.accountable_id, person.name,
    CASE WHEN person.left_at <= %(now)s THEN 'left' WHEN NOT account.is_active THEN 'disabled'
        WHEN person.user_id IS NOT NULL THEN ''
        WHEN one.confirmed_at IS NULL THEN 'no-account' ELSE 'link-ended' END,
    person.left_at, team.name,
    one.deputy_id IS NOT NULL
        AND NOT (coalesce(deputy.left_at <= %(now)s, FALSE) OR NOT coalesce(deputy_account.is_active, TRUE)),
    away.until, CASE WHEN away.until IS NULL THEN '' ELSE coalesce(deputy.name, '') END,
    CASE WHEN away.until IS NULL THEN '' WHEN one.deputy_id IS NULL THEN 'no-deputy'
        WHEN deputy.left_at <= %(now)s OR NOT deputy_account.is_active THEN 'left'
        WHEN deputy.user_id IS NULL THEN 'no-account'
        WHEN one.deputy_id IN (SELECT person_id FROM away) THEN 'away'
        WHEN EXISTS (SELECT FROM ownership_leavehandover AS answer
            JOIN people_leave AS leave ON leave.id = answer.leave_id
            WHERE answer.assignment_id = one.id AND answer.deputy_id = one.deputy_id AND NOT answer.accepted
                AND leave.starts_at <= %(now)s AND leave.ends_at > %(now)s) THEN 'declined'
        ELSE '' END,
    one.deputy_id
FROM ownership_assignment AS one
JOIN people_person AS person ON person.id = one.accountable_id
LEFT JOIN accounts_user AS account ON account.id = person.user_id
JOIN people_team AS team ON team.id = one.team_id
LEFT JOIN people_person AS deputy ON deputy.id = one.deputy_id
LEFT JOIN accounts_user AS deputy_account ON deputy_account.id = deputy.user_id
LEFT JOIN away ON away.person_id = one.accountable_id
WHERE (one.state = 'proposed'
        OR (one.state = 'accepted' AND (one.ended_at IS NULL OR one.ended_at > %(now)s)))
    AND (%(sites)s::bigint[] IS NULL OR one.site_id = ANY(%(sites)s))
    AND (%(item)s::text IS NULL OR one.item = %(item)s)
    AND (%(due_by)s::timestamptz IS NULL OR one.confirmed_at IS NULL OR one.due_at <= %(due_by)s
        OR person.left_at <= %(now)s OR NOT account.is_active OR person.user_id IS NULL OR away.until IS NOT NULL)
ORDER BY one.id
"""


_NEXT = """
SELECT site_id, min(at) FROM (
    SELECT one.site_id, unnest(ARRAY[
        one.due_at, one.effective_at, one.ended_at, person.left_at, deputy.left_at, team.dissolved_at
    ]) AS at
    FROM ownership_assignment AS one
    JOIN people_person AS person ON person.id = one.accountable_id
    LEFT JOIN people_person AS deputy ON deputy.id = one.deputy_id
    LEFT JOIN people_team AS team ON team.id = one.team_id
    WHERE one.state = 'accepted' AND (one.ended_at IS NULL OR one.ended_at > %(now)s) AND one.site_id = ANY(%(sites)s)
    UNION ALL
    SELECT one.site_id, unnest(ARRAY[leave.starts_at, leave.ends_at]) FROM ownership_assignment AS one
    JOIN people_leave AS leave ON leave.person_id IN (one.accountable_id, one.deputy_id) AND leave.ends_at > %(now)s
    WHERE one.state = 'accepted' AND (one.ended_at IS NULL OR one.ended_at > %(now)s) AND one.site_id = ANY(%(sites)s)
) AS turning WHERE at > %(now)s GROUP BY site_id
"""


def next_changes(site_ids: Collection[int], *, now: datetime) -> dict[int, datetime]:
    """When the clock alone next changes the standing of an item, by site: a deadline, the start or end of a term or of
    leave, or a dated departure. One statement."""
    return dict(fetched(_NEXT, {"now": now, "sites": list(site_ids)}))


class OwnershipCell(NamedTuple):
    """One item of one site. `current` is in force; `coming` is proposed, or accepted and begins later."""

    item: Item
    standing: ItemStanding
    current: Live | None = None
    coming: Live | None = None

    @property
    def current_or_coming(self) -> Live | None:
        return self.current or self.coming


ITEMS = {item.value: item for item in Item}
UNOWNED = {item: OwnershipCell(item, ItemStanding.UNOWNED) for item in Item}

type SiteCells = Mapping[Item, OwnershipCell]


def live(
    *,
    now: datetime,
    site_ids: Collection[int] | None = None,
    item: Item | None = None,
    due_by: datetime | None = None,
) -> list[Live]:
    """Live assignments of these sites, or of all if None; one statement.

    Plain SQL, because a board reads thousands. `due_by` leaves out accepted terms that need no attention until then and
    whose people have not left.
    """
    ids = None if site_ids is None else list(site_ids)
    parameters = {"now": now, "sites": ids, "item": item.value if item else None, "due_by": due_by}
    return [Live._make(row) for row in fetched(_LIVE, parameters)]


def pressing(*, now: datetime, due_by: datetime, site_ids: Collection[int] | None) -> dict[int, SiteCells]:
    """The cells that need attention by then; all others appear as unowned."""
    return cells_of(live(now=now, site_ids=site_ids, due_by=due_by), now=now)


def cells(*, now: datetime, site_ids: Collection[int] | None = None) -> dict[int, SiteCells]:
    return cells_of(live(now=now, site_ids=site_ids), now=now)


def cells_of(assignments: Iterable[Live], *, now: datetime) -> dict[int, SiteCells]:
    by_site: dict[int, dict[Item, OwnershipCell]] = {}
    for assignment in assignments:
        of_site = by_site.get(assignment.site_id)
        if of_site is None:
            of_site = by_site[assignment.site_id] = dict(UNOWNED)
        item = ITEMS[assignment.item]
        cell = of_site[item]
        if assignment.is_in_force:
            of_site[item] = OwnershipCell(item, _standing(assignment, now), assignment, cell.coming)
        else:
            standing = cell.standing if cell.current else ItemStanding.WAITING
            of_site[item] = OwnershipCell(item, standing, cell.current, assignment)
    return by_site  # type: ignore[return-value]


def _standing(assignment: Live, now: datetime) -> ItemStanding:
    return standing_in_force(
        is_unanswered=bool(assignment.gone),
        is_due=assignment.due_at is not None and assignment.due_at <= now,
        has_deputy=assignment.has_deputy,
        nobody_stands_in=assignment.nobody_stands_in,
    )


class SiteOwner(NamedTuple):
    """Who answers for a site's orchestration: the owner, or the deputy while the owner is on leave (`is_deputy`).
    `person` is personal data; the team is not."""

    person: str
    team: str
    has_left: bool
    left_at: datetime | None
    is_deputy: bool = False


def owners(*, now: datetime) -> dict[int, SiteOwner]:
    assignments = live(now=now, item=Item.ORCHESTRATION)
    return {each.site_id: _site_owner(each, now) for each in assignments if each.is_in_force}


def _site_owner(term: Live, now: datetime) -> SiteOwner:
    is_over = term.left_at is not None and term.left_at <= now
    left_at = term.left_at if is_over else None
    return SiteOwner(term.answers, term.team, bool(term.gone), left_at, term.stands_in)


_GONE_SINCE = """
SELECT object_id, max(at) FROM audit_entry
WHERE "table" = 'people_person' AND object_id = ANY(%(people)s) AND action = 'changed'
    AND before ->> 'user_id' IS NOT NULL AND after ->> 'user_id' IS NULL GROUP BY object_id
UNION ALL
SELECT person.id, max(entry.at) FROM people_person AS person
JOIN audit_entry AS entry ON entry."table" = 'accounts_user' AND entry.object_id = person.user_id
WHERE person.id = ANY(%(people)s) AND entry.action = 'changed'
    AND entry.before ->> 'is_active' = 'true' AND entry.after ->> 'is_active' = 'false' GROUP BY person.id
"""


def gone_since(assignments: Iterable[Live], *, now: datetime) -> dict[int, datetime]:
    """Since when people cannot answer, by person: the last day, or the change of link or account as the history has
    it. One statement, where somebody has not left on a day."""
    gone = [assignment for assignment in assignments if assignment.gone]
    since = {
        each.person_id: each.left_at for each in gone if each.left_at is not None and each.left_at <= now
    }
    others = sorted({each.person_id for each in gone} - set(since))
    if others:
        since |= dict(fetched(_GONE_SINCE, {"people": others}))
    return since
