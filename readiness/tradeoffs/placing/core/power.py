"""IT power of a placement at a site: by the type of its nodes, else as the envelope declares it."""

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.assessment.scoring.core.states import Provenance
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.core.factors import SiteFactors
from readiness.tradeoffs.factors.core.power import AcceleratorPower, PowerBasis
from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.units import number, only_type

NOT_DECLARED = "the envelope does not say its IT power"


@dataclass(frozen=True, slots=True)
class ItPower:
    """IT power in kW: `drawn` typically, which energy counts, and `peak`, which needs room."""

    drawn: BandedFigure
    peak: BandedFigure
    basis: PowerBasis

    @property
    def rests_on(self) -> str:
        return "" if self.basis is PowerBasis.DECLARED else self.drawn.source


def it_power(envelope: Envelope, site: SiteFactors, count: int | None) -> ItPower:
    """`count` is the number of the site's accelerators that stand in for those of any type, None if unknown."""
    needs = _needs(envelope, site, count)
    parts = [(number_of, site.power.get(slug)) for slug, number_of in needs.items()]
    powered = [(number_of, power) for number_of, power in parts if power is not None]
    if not powered or len(powered) < len(parts):
        return _declared(envelope.it_kw)
    return _summed_power(powered)


def _needs(envelope: Envelope, site: SiteFactors, count: int | None) -> Mapping[str, int]:
    """Accelerators by type of the site; empty if a type is open."""
    if any(need.type for need in envelope.accelerators):
        needs: dict[str, int] = {}
        for need in envelope.accelerators:
            if need.count:
                slug = need.type or only_type(site.accelerators)
                needs[slug] = needs.get(slug, 0) + need.count
        return needs
    here = only_type(site.accelerators)
    return {here: count} if here and count else {}


def _declared(it_kw: float | None) -> ItPower:
    if it_kw is None:
        unknown = BandedFigure(None, "kW", source=NOT_DECLARED)
        return ItPower(unknown, unknown, PowerBasis.DECLARED)
    declared = BandedFigure(it_kw, "kW", Provenance.DECLARED, source="as the envelope declares it")
    return ItPower(declared, declared, PowerBasis.DECLARED)


def _summed_power(parts: list[tuple[int, AcceleratorPower]]) -> ItPower:
    is_estimate = any(power.basis is PowerBasis.NAMEPLATE for _count, power in parts)
    provenance = Provenance.ESTIMATED if is_estimate else Provenance.DECLARED
    source = "; ".join(
        f"{count} x {number(power.typical_kw * 1000)} W by the {power.source}" for count, power in parts
    )
    drawn_kw = sum(count * power.typical_kw for count, power in parts)
    peak_kw = sum(count * power.peak_kw for count, power in parts)
    return ItPower(
        BandedFigure(drawn_kw, "kW", provenance, source=source),
        BandedFigure(max(peak_kw, drawn_kw), "kW", provenance, source=source),
        PowerBasis.NAMEPLATE if is_estimate else PowerBasis.TYPE,
    )
