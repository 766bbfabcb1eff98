"""How free the fleet is: critical workloads, sites, vendors, and attested conformance. The number of statements is
fixed, because the facts of a placement are read once for all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from statistics import fmean

from inventory.models import DeviceType
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.assessment.evidence.queries import NewestRecord, newest_of_classes, newest_records
from readiness.assessment.scoring.core.states import Provenance
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Criticality
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.flexibility.core import Concentration, FallbackState, Freedom, concentration, freedom
from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.placement import Feasibility
from readiness.tradeoffs.placing.core.weighing import IN_SERVICE
from readiness.tradeoffs.placing.queries import MAY_PLACE, feasible_sites

MAY_SEE = (*MAY_PLACE, "evidence.view_recordedfact", "evidence.view_attestation")
CONFORMING = ("p4-standard-interfaces", "devices-conforming")
UNTESTED = ("p4-flexibility-preserved", "classes-untested")
WITHOUT = ("p4-flexibility-preserved", "classes-without-alternative")
TESTED_WITHIN = timedelta(days=180)
"""How long a test of an alternative counts, as in p4-flexibility-preserved."""


@dataclass(frozen=True, slots=True)
class CriticalRow:
    """A critical workload. `record` is the record of its fallback, `refused` says why no site could be decided."""

    slug: str
    name: str
    freedom: Freedom
    record: NewestRecord | None
    refused: str | None

    @property
    def count(self) -> str:
        return ("none", "one", "several")[min(len(self.freedom.alternatives), 2)]


@dataclass(frozen=True, slots=True)
class SiteFlexibility:
    """A site in service: conformance in percent, and how many alternatives its critical workloads have."""

    slug: str
    name: str
    conformance: BandedFigure
    record: NewestRecord | None
    alternatives: tuple[int, ...]
    vendors: Concentration

    @property
    def critical_workloads(self) -> int:
        return len(self.alternatives)

    @property
    def fewest(self) -> int | None:
        return min(self.alternatives, default=None)


@dataclass(frozen=True)
class FleetFlexibility:
    at: datetime
    rows: tuple[CriticalRow, ...]
    sites: tuple[SiteFlexibility, ...]
    concentration: Concentration
    names: Mapping[str, str] = field(repr=False)

    @property
    def alternative_count(self) -> int:
        return sum(bool(row.freedom.alternatives) for row in self.rows)

    @property
    def tested_fallback_count(self) -> int:
        return sum(row.freedom.fallback is FallbackState.TESTED for row in self.rows)

    @cached_property
    def conformance(self) -> BandedFigure:
        figures = [site.conformance for site in self.sites if site.conformance.value is not None]
        if not figures:
            return BandedFigure(None, "%")
        worst = worst_provenance(str(figure.provenance) for figure in figures)
        mean = fmean(figure.value or 0.0 for figure in figures)
        return BandedFigure(round(mean, 1), "%", Provenance(worst))


def fleet(*, now: datetime) -> FleetFlexibility:
    envelopes = [
        envelope for envelope in workloads.envelopes() if envelope.criticality is Criticality.CRITICAL
    ]
    feasible = feasible_sites(envelopes, now=now)
    records = newest_records([CONFORMING, UNTESTED, WITHOUT], now=now)
    of_classes = newest_of_classes(*UNTESTED, now=now)
    vendors = _vendors(feasible.facts.sites)
    sites = {site.slug: site for site in feasible.facts.sites}
    rows = []
    for envelope in envelopes:
        here = [sites.get(slug) for slug in feasible.today.get(envelope.slug, ())]
        record, tested_on = _fallback([_word(envelope.slug, site, records, of_classes) for site in here])
        by_site = feasible.by_class.get(envelope.slug, {}).items()
        free = freedom(
            feasible.today.get(envelope.slug, ()),
            [slug for slug, standing in by_site if standing is Feasibility.FEASIBLE],
            [slug for slug, standing in by_site if standing is Feasibility.UNDECIDED],
            has_fallback=record is not None,
            tested_on=tested_on,
            on=now.date(),
            tested_within=TESTED_WITHIN,
        )
        refused = feasible.refused.get(envelope.slug) or None
        rows.append(CriticalRow(envelope.slug, envelope.name, free, record, refused))
    in_service = tuple(
        _site(site, rows, records.get(site.site_id, {}), vendors[site.slug])
        for site in feasible.facts.sites
        if site.stage in IN_SERVICE
    )
    whole = concentration(sum(vendors.values(), Counter()))
    return FleetFlexibility(
        now, tuple(rows), in_service, whole, {slug: site.name for slug, site in sites.items()}
    )


type _Word = tuple[NewestRecord | None, bool]
"""The record for a class at a site, and whether it says that the fallback was tested."""


def _word(
    slug: str,
    site: SiteFactors | None,
    records: Mapping[int, Mapping[str, NewestRecord]],
    of_classes: Mapping[tuple[int, str], NewestRecord],
) -> _Word:
    """An attestation that names the class, else a record for all classes of the site.

    A record with no untested class covers each of them, and the newer one counts.
    """
    if site is None:
        return None, False
    of_site = records.get(site.site_id, {})
    whole, without = of_site.get(UNTESTED[1]), of_site.get(WITHOUT[1])
    all_tested = whole is not None and whole.value <= 0 and (without is None or without.value <= 0)
    own = of_classes.get((site.site_id, slug))
    if own is None or (whole is not None and all_tested and whole.taken_on > own.taken_on):
        return whole, all_tested
    return own, own.value <= 0


def _fallback(words: Sequence[_Word]) -> tuple[NewestRecord | None, date | None]:
    oldest: NewestRecord | None = None
    for record, is_tested in words:
        if record is None or not is_tested:
            return record, None
        if oldest is None or record.taken_on < oldest.taken_on:
            oldest = record
    return (oldest, oldest.taken_on) if oldest else (None, None)


def _vendors(sites: tuple[SiteFactors, ...]) -> dict[str, Counter[str]]:
    types = {slug for site in sites for slug in site.accelerators}
    device_types = DeviceType.objects.filter(slug__in=types).order_by("slug")
    vendor_of = dict(device_types.values_list("slug", "manufacturer__name"))
    vendors: dict[str, Counter[str]] = {}
    for site in sites:
        of_site = vendors.setdefault(site.slug, Counter())
        if site.stage in IN_SERVICE:
            for slug, count in site.accelerators.items():
                # A type renamed since the sites were read has no known vendor, for a minute at most.
                of_site[vendor_of.get(slug, slug)] += count
    return vendors


def _site(
    site: SiteFactors, rows: Sequence[CriticalRow], records: Mapping[str, NewestRecord], vendors: Counter[str]
) -> SiteFlexibility:
    record = records.get(CONFORMING[1])
    figure = BandedFigure(None, "%", source="nobody attested it, or the attestation expired")
    if record is not None:
        figure = BandedFigure(record.value, "%", Provenance(record.provenance), source=record.source)
    here = tuple(len(row.freedom.alternatives) for row in rows if site.slug in row.freedom.runs_at)
    return SiteFlexibility(site.slug, site.name, figure, record, here, concentration(vendors))
