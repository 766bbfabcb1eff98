"""Qualifications that end, owners who must confirm, and shifts that are short of people. No text names anybody."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

from django.db.models import Exists, F, OuterRef, Q

from inventory.models import DomainChoices, Site
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.leads import longest_lead
from readiness.loop.alerts.dates.ahead import DateAhead
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.models import Problem
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Qualification, Staffing
from readiness.organisation.people.queries.cover import short_shifts as spans_short_of_people
from web.links import link
from web.units import instant, plural


def ending_qualifications(now: datetime) -> Iterator[DateAhead]:
    """One for each site that the people's teams staff. A qualification that another one of the same person outlasts is
    left out."""
    until = now + longest_lead(AlertKind.QUALIFICATION)
    longer = Qualification.objects.counting(now).filter(
        Q(valid_until=None) | Q(valid_until__gt=OuterRef("valid_until")),
        person=OuterRef("person"),
        skill=OuterRef("skill"),
        level__gte=OuterRef("level"),
    )
    ending = Qualification.objects.counting(now).filter(~Exists(longer), valid_until__lte=until)
    present = ending.filter(Q(person__left_at=None) | Q(person__left_at__gt=F("valid_until")))
    rows = list(
        present.order_by("valid_until", "pk").values_list(
            "pk", "valid_until", "skill__name", "person__memberships__team"
        )
    )
    sites_of_team: dict[int, set[int]] = defaultdict(set)
    staffed = Staffing.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), begins_at__lte=now)
    staffed = staffed.exclude(site__stage=Site.Stage.RETIRED).filter(team__in={row[3] for row in rows})
    for team_id, site_id in staffed.values_list("team_id", "site_id"):
        sites_of_team[team_id].add(site_id)
    by_site: dict[int, dict[int, tuple[datetime, str]]] = defaultdict(dict)
    for pk, valid_until, skill, team_id in rows:
        for site_id in sites_of_team.get(team_id, ()):
            if valid_until is not None:
                by_site[site_id].setdefault(pk, (valid_until, skill))
    for site_id, qualifications in by_site.items():
        (due_at, skill), number = next(iter(qualifications.values())), len(qualifications)
        yield DateAhead(
            kind=AlertKind.QUALIFICATION,
            key=f"site-{site_id}",
            site_id=site_id,
            due_at=due_at,
            title=plural(number, "1 qualification ends", f"{number} qualifications end"),
            detail=f"The first is in {skill}. Have it shown again, or train somebody else.",
            url=link("skill-matrix"),
        )


def due_confirmations(now: datetime) -> Iterator[DateAhead]:
    """One for each site: items whose owner must confirm soon, or should have."""
    rows = (
        Assignment.objects.only_in_force(now)
        .filter(due_at__lte=now + longest_lead(AlertKind.OWNERSHIP))
        .exclude(site__stage=Site.Stage.RETIRED)
        .order_by("site", "due_at", "pk")
        .select_related("site")
    )
    for site_id, of_site in groupby(rows, key=attrgetter("site_id")):
        assignments = list(of_site)
        first, number = assignments[0], len(assignments)
        is_over = first.due_at is not None and first.due_at <= now
        yield DateAhead(
            kind=AlertKind.OWNERSHIP,
            key=f"site-{site_id}",
            site_id=site_id,
            due_at=first.due_at or now,
            title=plural(number, "1 owner must confirm", f"Owners of {number} items must confirm"),
            detail=f"The first is {first.get_item_display()}{', which is overdue' if is_over else ''}. "
            "Whoever answers for it confirms that on its page.",
            url=link("assignment", first.pk) if number == 1 else link("ownership-queues"),
            domain=first.item if number == 1 and first.item in DomainChoices.values else "",
        )


def short_shifts(now: datetime) -> Iterator[DateAhead]:
    """One for each domain of a site with a short shift, about the first of them. The stored problems say where to look,
    so that the cover of all other sites is not read."""
    short = Problem.objects.open().filter(kind=ProblemKind.SHIFT).exclude(site__stage=Site.Stage.RETIRED)
    slugs = dict(short.order_by().values_list("site_id", "site__slug").distinct())
    spans = spans_short_of_people(list(slugs), now=now)
    by_domain = sorted(spans, key=lambda span: (span.site, span.domain, span.starts_at))
    for (site_id, domain), of_domain in groupby(by_domain, key=attrgetter("site", "domain")):
        shifts = list(of_domain)
        first, number, label = shifts[0], len(shifts), str(DomainChoices(domain).label)
        lacks = "; ".join(map(str, first.lacks))
        yield DateAhead(
            kind=AlertKind.SHIFT,
            key=f"site-{site_id}-{domain}",
            site_id=site_id,
            due_at=first.starts_at,
            title=plural(number, f"{label}: 1 shift is short", f"{label}: {number} shifts are short"),
            detail=f"First from {instant(first.starts_at, UTC)}, with {len(first.qualified)} of {first.needed}"
            f" qualified people{lacks and f'; {lacks}'}.",
            url=link("cover-ahead", site=slugs[site_id], domain=domain, standing="short"),
            domain=domain,
        )
