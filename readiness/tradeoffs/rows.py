"""Rows of the lists of factors: one row for a site and factor on pages, one for each of its sources in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from readiness.evidence.tables import exact
from readiness.tradeoffs.core.ages import outdated
from readiness.tradeoffs.core.factors import Factor, KnownValue, SiteFactors, ValueBasis
from readiness.tradeoffs.core.kinds import KINDS
from readiness.tradeoffs.models import FactorKind
from web.units import age

UNKNOWN = "unknown"
"""The basis of a factor that nobody knows."""
SERIES, DESIGN = "series", "design"
"""Bases in files alone: what was worked out of hours, or read off a link, is nothing that anybody stated."""


@dataclass(frozen=True, slots=True)
class FactorRow:
    """`known` is the value that the row is about, None where nothing is known; `factor` has the other sources."""

    site: SiteFactors
    kind: str
    label: str
    factor: Factor
    known: KnownValue | None
    at: datetime

    @property
    def id(self) -> str:
        return f"{self.site.slug}:{self.kind}"

    @property
    def value(self) -> float | None:
        return None if self.known is None else self.known.value

    @property
    def basis(self) -> str:
        return UNKNOWN if self.known is None else self.known.basis.value

    @property
    def basis_in_file(self) -> str:
        if self.known is None or self.known.basis not in (ValueBasis.PUBLISHED, ValueBasis.DECLARED):
            return self.basis
        if self.known.coverage is not None:
            return SERIES
        return self.basis if self.known.as_of_on is not None else DESIGN

    @property
    def provenance(self) -> str:
        return UNKNOWN if self.known is None else self.known.provenance

    @property
    def agreement(self) -> str:
        """disagree, agree, one, or none: how its sources stand to each other."""
        if self.known is None:
            return "none"
        if not self.factor.others:
            return "one"
        return "disagree" if self.factor.disagrees else "agree"

    @property
    def as_of(self) -> datetime | None:
        return None if self.known is None else self.known.as_of

    @property
    def age_s(self) -> float | None:
        """An estimate from distance has none."""
        if self.known is None or self.known.basis is ValueBasis.GREAT_CIRCLE:
            return None
        return self.known.age_s(self.at)

    @property
    def outdated(self) -> str:
        """How far it is beyond the age limit of its kind, in words; empty where it is not."""
        if self.known is None:
            return ""
        return outdated("latency" if self.kind not in KINDS else self.kind, self.known, self.at)

    @property
    def age_state(self) -> str:
        return "old" if self.outdated else "within" if self.age_s is not None else "none"

    @property
    def age_text(self) -> str:
        return "" if self.age_s is None else age(self.as_of, now=self.at)


def value_text(known: KnownValue) -> str:
    """`0.084 EUR/kWh`, `1.2`."""
    return f"{digits(known, known.value)} {known.unit}".strip()


def digits(known: KnownValue, value: float) -> str:
    """Return what was entered as it was entered; what was worked out to four digits."""
    return exact(value if known.as_of_on is not None else float(f"{value:.4g}"))


def band_text(known: KnownValue | None) -> str:
    if known is None or known.low is None or known.high is None:
        return ""
    return f"{digits(known, known.low)} – {digits(known, known.high)}"


def factor_rows(sites: Iterable[SiteFactors], at: datetime, *, every_source: bool) -> list[FactorRow]:
    """Return every factor of each site, in the order of their names on the site's page."""
    labels = {kind.value: str(kind.label) for kind in FactorKind}
    return [
        row
        for site in sites
        for kind, label in labels.items()
        for row in _rows(site, kind, label, site.factors[kind], at, every_source)
    ]


def latency_rows(
    sites: Iterable[SiteFactors], regions: Mapping[str, str], at: datetime, *, every_source: bool
) -> list[FactorRow]:
    """Return the round trip of each site to every user region; `regions` are names by slug."""
    return [
        row
        for site in sites
        for slug, factor in site.latency.items()
        for row in _rows(site, slug, regions.get(slug, slug), factor, at, every_source)
    ]


def _rows(
    site: SiteFactors, kind: str, label: str, factor: Factor, at: datetime, every_source: bool
) -> Iterator[FactorRow]:
    shown = factor.known if every_source else factor.known[:1]
    for known in shown or (None,):
        yield FactorRow(site, kind, label, factor, known, at)
