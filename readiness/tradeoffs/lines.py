"""The factors of a site as the parts of the page kit read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.urls import reverse

from readiness.evidence.tables import exact
from readiness.tradeoffs.core.ages import outdated
from readiness.tradeoffs.core.entries import FactorEntry
from readiness.tradeoffs.core.factors import Factor, KnownValue, SiteFactors
from readiness.tradeoffs.models import FactorKind, SiteFactor
from readiness.tradeoffs.queries.preview import Preview
from readiness.tradeoffs.queries.series import SourceSeries
from readiness.tradeoffs.rows import band_text, value_text
from readiness.tradeoffs.tables import BASIS_LABELS
from web.units import age, percent
from web.visibility import name_of

type Line = dict[str, Any]


def beside(site: SiteFactors, at: datetime) -> list[Line]:
    """Every factor with its sources side by side, the one that counts first; unknown ones with the reason."""
    return [_factor(kind.value, site.factors[kind.value], str(kind.label), at) for kind in FactorKind]


def paths(site: SiteFactors, regions: dict[str, str], at: datetime) -> list[Line]:
    """Round trips to user regions, and to other sites where any is known."""
    to_regions = [
        _factor("latency", factor, regions.get(slug, slug), at) for slug, factor in site.latency.items()
    ]
    return to_regions + [
        _factor("latency", factor, slug, at) for slug, factor in sorted(site.between.items())
    ]


def _factor(kind: str, factor: Factor, label: str, at: datetime) -> Line:
    return {
        "label": label,
        "unknown": factor.unknown,
        "disagrees": factor.disagrees,
        "sources": [
            _source(known, at, counts=place == 0) | {"outdated": outdated(kind, known, at)}
            for place, known in enumerate(factor.known)
        ],
    }


def _source(known: KnownValue, at: datetime, *, counts: bool) -> Line:
    band = band_text(known)
    notes = [known.detail, known.caution]
    if known.coverage is not None:
        notes.insert(0, f"{percent(known.coverage)} of it known")
    if known.percentile is not None:
        notes.insert(0, f"p{known.percentile:g}")
    return {
        "value": value_text(known),
        "band": band,
        "basis": str(BASIS_LABELS[known.basis.value]),
        "provenance": known.provenance,
        "source": known.source,
        "at": known.as_of,
        "age": age(known.as_of, now=at) if known.as_of <= at else "",
        "counts": counts,
        "caution": known.caution,
        "notes": " · ".join(dict.fromkeys(note for note in notes if note)),
    }


def finding(site: SiteFactors, at: datetime) -> str:
    """Return what a reader should see first: how much is unknown, and where sources disagree."""
    unknown = sum(1 for factor in site.factors.values() if factor.best is None)
    apart = [kind for kind, factor in site.factors.items() if factor.disagrees]
    labels = {kind.value: str(kind.label) for kind in FactorKind}
    told = f"{len(site.factors) - unknown} of {len(site.factors)} factors are known"
    old = [
        labels[kind]
        for kind, factor in site.factors.items()
        if factor.best is not None and outdated(kind, factor.best, at)
    ]
    if old:
        told = f"{told}; older than they should be: {', '.join(old)}"
    if apart:
        names = ", ".join(labels[kind] for kind in apart)
        told = f"{told}; sources disagree on {names}"
    return f"{told}."


def hours_finding(series: Sequence[SourceSeries], title: str) -> str:
    """Mean, lowest, highest and how much is known, of each source."""
    sentences = []
    for each in series:
        known = each.series.values[~np.isnan(each.series.values)]
        if len(known):
            sentences.append(
                f"{each.source}: mean {exact(float(known.mean()))} {each.unit}, lowest "
                f"{exact(float(known.min()))}, highest {exact(float(known.max()))}"
            )
    return f"{title}. {'; '.join(sentences)}." if sentences else "No hour is known."


def entry_facts(entry: SiteFactor) -> list[Line]:
    """Return what is known of one entry; what was not said is left out."""
    band = (
        f"{exact(entry.low)} – {exact(entry.high)}"
        if entry.low is not None and entry.high is not None
        else ""
    )
    lines: list[Line] = [
        {
            "term": "Site",
            "value": entry.site.name,
            "url": reverse("factor-site", args=[entry.site.slug]),
        },
        {"term": "Value", "value": f"{exact(entry.value)} {entry.unit}".strip()},
        {"term": "As stated", "value": entry.stated},
        {"term": "Band", "value": band},
        {"term": "Source", "value": entry.source},
        {"term": "Basis", "value": entry.get_basis_display()},
        {"term": "Provenance", "value": entry.get_provenance_display()},
        {"term": "As of", "value": entry.as_of_on.isoformat()},
        {"term": "Until", "value": entry.until_on.isoformat() if entry.until_on else ""},
        {"term": "Caution", "value": entry.caution},
        {"term": "Note", "value": entry.note},
        {"term": "Entered by", "value": name_of(entry.by)},
    ]
    return [line for line in lines if line["value"]]


def preview_facts(entry: FactorEntry, shown: Preview, site_name: str) -> list[Line]:
    """Return what would be stored, in the stored unit, and what it would take the place of."""
    checked = shown.checked
    label = str(FactorKind(entry.kind).label)
    band = ""
    if checked.low is not None and checked.high is not None:
        band = f"{exact(checked.low)} – {exact(checked.high)} {shown.unit}".strip()
    corrects = ""
    if shown.corrects is not None:
        corrects = f"{exact(shown.corrects.value)} {shown.corrects.unit}".strip()
    lines: list[Line] = [
        {"term": "Site", "value": site_name},
        {"term": "Factor", "value": label},
        {"term": "Kept as", "value": f"{exact(checked.value)} {shown.unit}".strip()},
        {"term": "As stated", "value": checked.stated},
        {"term": "Band", "value": band},
        {"term": "Source", "value": entry.sourcing.source},
        {"term": "As of", "value": entry.sourcing.as_of_on.isoformat()},
        {"term": "Takes the place of", "value": corrects},
        {"term": "Caution", "value": checked.caution},
    ]
    return [line for line in lines if line["value"]]


def tabs(current: str) -> list[Line]:
    pages = (
        ("factors", "Factors"),
        ("latencies", "Round trips"),
        ("rates", "Exchange rates"),
    )
    return [{"label": label, "url": reverse(name), "current": name == current} for name, label in pages]


def breadcrumbs(*here: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"label": "Site factors", "url": reverse("factors")},
        *({"label": label, "url": url} for label, url in here),
    ]


def kind_views(kinds: Iterable[str], current: str, slug: str, query: dict[str, str]) -> list[Line]:
    """A segment for each hourly factor of the site."""
    labels = {kind.value: str(kind.label) for kind in FactorKind}
    here = reverse("factor-site", args=[slug])
    return [
        {
            "label": labels[kind],
            "url": f"{here}?{urlencode({**query, 'hours': kind})}",
            "current": kind == current,
        }
        for kind in kinds
    ]


def add_url(may: bool, **asked: str) -> str:
    if not may:
        return ""
    address = reverse("site-factor-add")
    return f"{address}?{urlencode(asked)}" if asked else address
