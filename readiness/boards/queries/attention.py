"""Matters that want a person, by the capacity at stake."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from inventory.models import Site
from readiness.ownership import queries as ownership
from readiness.ownership.gaps import REMIND_BEFORE, OwnershipQueue, queues_of
from readiness.scoring.core.states import CheckState, Health
from readiness.scoring.models import CheckResult, DomainHealth
from readiness.scoring.queries.capacity import check_name
from readiness.scoring.queries.rows import SiteRef
from readiness.scoring.queries.standing import FleetStanding
from telemetry.models import Series, Source, SourceState
from web.links import link
from web.units import Formatted, how_many, instant, plural, power

SEVERITY = ("check", "source", "health", "ownership", "owner")
GATES = {"BLOCK": 0, "COND": 1, "INFO": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """`matter` is check, source, health, ownership or owner; `subject` the check id, the source's name, the domain, the
    queue or nothing. `state` is that of its mark. `kw` is what its `sites` have deployed.
    """

    matter: str
    state: str
    subject: str
    title: str
    detail: str
    sites: tuple[SiteRef, ...]
    kw: float
    source_id: int | None = None
    since: datetime | None = None
    clock: str = ""

    @property
    def site(self) -> SiteRef | None:
        """None where several share one line."""
        return self.sites[0] if len(self.sites) == 1 else None

    @property
    def kind(self) -> str:
        return self.matter if self.matter in ("source", "health") else "check"

    @property
    def id(self) -> str:
        where = self.site.slug if self.site else "several"
        return f"{self.matter}-{where}-{self.subject or self.state}"

    @property
    def stake(self) -> Formatted:
        return power(self.kw) if self.kw else Formatted(None)

    @property
    def url(self) -> str:
        match self.matter:
            case "source":
                return link("source", self.source_id)
            case "ownership":
                return link("ownership-queues", queue=self.subject)
            case "owner":
                return link("sites", owner="none")
            case "check":
                return link("site-check", self.sites[0].slug, self.subject)
        return link("site", self.sites[0].slug, tab=self.subject)


def attention(known: FleetStanding) -> list[Attention]:
    """Most kW first. Failed and stale checks, late and silent sources, critical health, sites without an owner.

    A silent source shows once, under its own name: health that is unknown since then is not listed beside it.
    """
    sites = {site.ref.id: site.ref for site in known.sites if site.ref.stage != Site.Stage.RETIRED}
    kw = {pk: capacity.deployed.it_kw for pk, capacity in known.capacity.items()}
    entries = [
        *_checks(sites, kw, known),
        *_sources(sites, kw),
        *_health(sites, kw, known),
        *_ownership(sites, kw, known),
        *_without_owner(sites.values(), kw),
    ]
    return sorted(entries, key=_rank)


def _rank(entry: Attention) -> tuple[float, int, str, str]:
    return (-entry.kw, SEVERITY.index(entry.matter), entry.sites[0].name, entry.subject)


class _Open(NamedTuple):
    check_id: str
    gate: str
    state: str
    reason: str
    since: datetime
    first_bad_at: datetime | None

    @property
    def rank(self) -> tuple[int, bool, str]:
        return (GATES.get(self.gate, 3), self.state != CheckState.FAIL, self.check_id)


def _checks(sites: dict[int, SiteRef], kw: dict[int, float], known: FleetStanding) -> Iterator[Attention]:
    """One line for each site, its worst check first and the others counted: a site is at stake only once."""
    results = CheckResult.objects.filter(known.among("site"), state__in=[CheckState.FAIL, CheckState.STALE])
    rows = results.exclude(gate="INFO").order_by().values_list("site_id", *_Open._fields)
    by_site: dict[int, list[_Open]] = defaultdict(list)
    for site_id, *values in rows:
        if site_id in sites:
            by_site[site_id].append(_Open(*values))
    for site_id, several in by_site.items():
        ref = sites[site_id]
        first = min(several, key=lambda check: check.rank)
        more = f" And {len(several) - 1} more." if len(several) > 1 else ""
        yield Attention(
            matter="check",
            state=first.state,
            subject=first.check_id,
            title=f"{ref.name}: {check_name(known.framework, first.check_id)}",
            detail=first.reason + more,
            sites=(ref,),
            kw=kw[site_id],
            since=first.first_bad_at or first.since,
        )


def _sources(sites: dict[int, SiteRef], kw: dict[int, float]) -> Iterator[Attention]:
    wanting = Source.objects.filter(status__state__in=[SourceState.LATE, SourceState.SILENT]).select_related(
        "status"
    )
    sources = {source.pk: source for source in wanting}
    served = _sites_served(sources)
    for source in sources.values():
        refs = _by_kw([sites[pk] for pk in served[source.pk] if pk in sites], kw)
        if not refs:
            continue
        at = source.status.last_sample_at
        yield Attention(
            matter="source",
            state=source.status.state,
            subject=source.name,
            title=f"{source.name} is {source.status.state}",
            detail=f"Last sample {instant(at)}" if at else "Never sent a sample",
            sites=refs,
            source_id=source.pk,
            kw=sum(kw[ref.id] for ref in refs),
            since=source.status.state_since,
            clock=source.status.state,
        )


def _sites_served(sources: dict[int, Source]) -> dict[int, set[int]]:
    served: dict[int, set[int]] = defaultdict(set)
    for source in sources.values():
        if source.site_id is not None:
            served[source.pk].add(source.site_id)
    labelled = [pk for pk, source in sources.items() if source.site_id is None]
    rows = Series.objects.filter(source__in=labelled, site__isnull=False).order_by()
    for source_id, site_id in rows.values_list("source_id", "site_id").distinct():
        served[source_id].add(site_id)
    return served


def _health(sites: dict[int, SiteRef], kw: dict[int, float], known: FleetStanding) -> Iterator[Attention]:
    is_critical = Q(health_now=Health.CRITICAL)
    critical = DomainHealth.objects.as_of(known.at).filter(known.among("site"), is_critical)
    for row in critical:
        ref = sites.get(row.site_id)
        if ref is None:
            continue
        worst = row.reasons[0] if row.reasons else {}
        yield Attention(
            matter="health",
            state=row.health,
            subject=row.domain,
            title=f"{ref.name}: {row.get_domain_display().lower()} is critical",
            detail=f"{worst.get('object', '')}: {worst.get('title', '')}".strip(": "),
            sites=(ref,),
            kw=kw[ref.id],
            since=row.since,
            clock=row.clock,
        )


REMINDED = {
    OwnershipQueue.LEFT: ("The owner of 1 item has left", "The owners of {} items have left"),
    OwnershipQueue.OVERDUE: ("1 item was not confirmed in time", "{} items were not confirmed in time"),
    OwnershipQueue.DUE_SOON: (
        "1 confirmation runs out within 14 days",
        "{} confirmations run out within 14 days",
    ),
    OwnershipQueue.WAITING: ("1 item waits to be accepted", "{} items wait to be accepted"),
}
"""Queues of ownership that somebody is reminded of. Where nobody was ever asked, the checks say so."""


def _ownership(sites: dict[int, SiteRef], kw: dict[int, float], known: FleetStanding) -> Iterator[Attention]:
    cells = ownership.pressing(now=known.at, due_by=known.at + REMIND_BEFORE, site_ids=known.site_ids)
    queued: dict[OwnershipQueue, list[int]] = defaultdict(list)
    for site_id, of_site in cells.items():
        if site_id in sites:
            for cell in of_site.values():
                for queue in queues_of(cell, known.at):
                    queued[queue].append(site_id)
    for queue, words in REMINDED.items():
        refs = _by_kw([sites[site_id] for site_id in dict.fromkeys(queued[queue])], kw)
        if refs:
            count = len(queued[queue])
            yield _of_sites("ownership", queue.value, plural(count, *words).format(count), refs, kw)


def _without_owner(sites: Iterable[SiteRef], kw: dict[int, float]) -> Iterator[Attention]:
    refs = _by_kw([ref for ref in sites if not ref.owner.strip()], kw)
    if refs:
        yield _of_sites(
            "owner", "", how_many(len(refs), "site has no owner", "sites have no owner"), refs, kw
        )


def _of_sites(
    matter: str, subject: str, title: str, refs: tuple[SiteRef, ...], kw: dict[int, float]
) -> Attention:
    return Attention(
        matter=matter,
        state="warn",
        subject=subject,
        title=title,
        detail=", ".join(ref.name for ref in refs[:5]),
        sites=refs,
        kw=sum(kw[ref.id] for ref in refs),
    )


def _by_kw(sites: Sequence[SiteRef], kw: dict[int, float]) -> tuple[SiteRef, ...]:
    return tuple(sorted(sites, key=lambda ref: (-kw[ref.id], ref.name)))
