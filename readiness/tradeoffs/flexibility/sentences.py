"""Freedom, fallbacks and concentration in words."""

from collections.abc import Iterable, Mapping

from readiness.tradeoffs.core.flexibility import Concentration, Freedom
from readiness.tradeoffs.core.units import number
from readiness.tradeoffs.flexibility.queries import FleetFlexibility

MOST_NAMED = 6


def listed(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """The first of them, by name, and how many more: of a large fleet hundreds are feasible."""
    ordered = sorted(names.get(slug, slug) for slug in slugs)
    message = ", ".join(ordered[:MOST_NAMED])
    more = len(ordered) - MOST_NAMED
    return message if more <= 0 else f"{message} and {more} more"


def if_lost(freedom: Freedom, names: Mapping[str, str]) -> str:
    if not freedom.runs_at:
        return "runs nowhere"
    sentences = []
    if len(freedom.runs_at) > 1:
        sentences.append(f"goes on at {len(freedom.runs_at) - 1} of {len(freedom.runs_at)} sites")
    if freedom.alternatives:
        sentences.append(f"may move to {listed(freedom.alternatives, names)}")
    elif freedom.undecided:
        sentences.append(f"{len(freedom.undecided)} sites undecided")
    return "; ".join(sentences) or "nothing"


def shares(concentration: Concentration) -> str:
    """`NVIDIA 90 %, AMD 10 %`."""
    ordered = sorted(concentration.shares.items(), key=lambda share: (-share[1], share[0]))
    return ", ".join(f"{vendor} {number(round(share, 1))} %" for vendor, share in ordered)


def index(concentration: Concentration) -> str | None:
    """`8 200 (high)`; None where no accelerator is counted."""
    if concentration.hhi is None:
        return None
    return f"{number(round(concentration.hhi))} ({concentration.level})"


def balance(fleet: FleetFlexibility) -> str:
    conformance = fleet.conformance
    kept = "unknown" if conformance.value is None else f"{number(conformance.value)} {conformance.unit}"
    provenance = f", {conformance.provenance}" if conformance.provenance else ""
    vendors = index(fleet.concentration)
    return (
        f"conformance {kept}{provenance}; {fleet.with_alternative} of {len(fleet.rows)} critical workloads "
        f"could run elsewhere, {fleet.with_tested_fallback} with a tested fallback; "
        f"{'vendors unknown' if vendors is None else f'vendor concentration {vendors}'}"
    )


def finding(fleet: FleetFlexibility) -> str:
    fewest = [site.fewest for site in fleet.sites if site.fewest is not None]
    if not fewest:
        return "No critical workload runs at a site in service."
    sites = f"{fewest.count(0)} of {len(fewest)} sites"
    return f"At {sites} with critical workloads, one of them has no alternative."
