"""Who is on call for a problem now, and who owns what it is about; nobody who has left."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import F

from inventory.models import DomainChoices
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.loop.problems.core.states import ProblemKind
from readiness.organisation.ownership import queries as ownership
from readiness.organisation.ownership.core.standing import Item, item_of
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.queries import UNOWNED, OwnershipCell, SiteCells
from readiness.organisation.ownership.tables import presence_words
from readiness.organisation.people.core.on_call import LEVELS, PRIMARY
from readiness.organisation.people.models import RotationSite, Shift
from readiness.organisation.people.queries.on_call import one_level_each
from web.visibility import name_of, sees_names

SEES_ON_CALL = "people.view_rotation"
SEES_OWNERS = "ownership.view_assignment"


@dataclass(frozen=True, slots=True)
class Responder:
    """A shift under way; `who` is "somebody" for readers who may not see names."""

    who: str
    level: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DomainDuty:
    """The people on call for a domain of the site; `is_served` says that some rotation serves it."""

    domain: str
    responders: tuple[Responder, ...]
    is_served: bool

    @property
    def has_primary(self) -> bool:
        return any(each.level == LEVELS[PRIMARY] for each in self.responders)


@dataclass(frozen=True, slots=True)
class ItemOwner:
    """The person who answers for an item: the owner, or the deputy while the owner is on leave. `who` is a
    name as the reader may see it, "" for nobody; without an accepted owner, `team` is the text on the site.
    `presence` says why the owner does not answer."""

    item: str
    who: str
    team: str
    has_left: bool = False
    left_at: datetime | None = None
    presence: str = ""


class ProblemSubject(Protocol):
    """A problem with its subject: a stored one, or a row of a page."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...


def domains_of(problem: ProblemSubject, check: Check | None) -> tuple[str, ...]:
    """The domains that answer for a problem; a source may send of each. Nobody is called for owners, the inventory and
    Muster itself."""
    if check is not None:
        return tuple(check.domains)
    match problem.kind:
        case ProblemKind.HEALTH:
            return (problem.subject,)
        case ProblemKind.SOURCE | ProblemKind.INTAKE:
            return tuple(DomainChoices.values)
    return ()


def shifts_at(
    domains_of_sites: Mapping[int, Collection[str]], *, now: datetime
) -> dict[tuple[int, str], list[Shift]]:
    """The shifts under way at sites, by site and domain, of people who have not left, each at their first level. One
    statement, however many sites."""
    domains = {domain for domains in domains_of_sites.values() for domain in domains}
    shifts = (
        Shift.objects.current(now)
        .annotate(served_site=F("rotation__served__site"))
        .filter(served_site__in=domains_of_sites, rotation__domain__in=domains, level__in=LEVELS)
        .select_related("rotation", "person__user")
        .order_by("level", "rotation__name", "starts_at", "pk")
    )
    shifts_of: dict[tuple[int, str], list[Shift]] = defaultdict(list)
    for shift in shifts:
        site_id, domain = shift.served_site, shift.rotation.domain
        if domain in domains_of_sites[site_id]:
            shifts_of[site_id, domain].append(shift)
    return {
        key: [
            shift
            for shift in one_level_each(of_domain)
            if shift.person is not None and not shift.person.left_by(now)
        ]
        for key, of_domain in shifts_of.items()
    }


def duties_at_site(site_id: int, domains: Collection[str], *, now: datetime) -> Sequence[DomainDuty]:
    """Two statements."""
    names = [domain for domain in DomainChoices.values if domain in domains]
    served = RotationSite.objects.filter(site=site_id, rotation__domain__in=names).order_by()
    served_domains = set(served.values_list("rotation__domain", flat=True))
    shifts = shifts_at({site_id: names}, now=now)
    responders = {
        domain: [
            Responder(name_of(shift.person), LEVELS[shift.level], shift.ends_at)
            for shift in shifts.get((site_id, domain), ())
            if shift.person is not None
        ]
        for domain in names
    }
    return [
        DomainDuty(
            str(DomainChoices(domain).label), tuple(responders.get(domain, ())), domain in served_domains
        )
        for domain in names
    ]


def answering_cell(cells: SiteCells, domains: Collection[str]) -> OwnershipCell:
    """The domains' own item where somebody answers for it, else the site's orchestration."""
    cell = cells[item_of(domains)]
    return cell if cell.current else cells[Item.ORCHESTRATION]


def owner_of(site: SiteRef, domains: Collection[str], *, user: Any, now: datetime) -> ItemOwner:
    """The owner of the domains' own item, else that of the site's orchestration. One statement."""
    cells = ownership.cells(now=now, site_ids=[site.id]).get(site.id, UNOWNED)
    cell = answering_cell(cells, domains)
    label = str(Assignment.Item(cell.item).label)
    term = cell.current
    if term is None:
        return ItemOwner(label, "", site.owner.strip())
    is_over = term.left_at is not None and term.left_at <= now
    left_at = term.left_at if is_over else None
    presence = presence_words(term, names=sees_names(user))
    return ItemOwner(label, name_of(term.answers, user), term.team, bool(term.gone), left_at, presence)
