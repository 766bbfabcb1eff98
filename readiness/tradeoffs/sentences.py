"""Sentences about the factors of a site, and about the hours of one: what a reader should see first."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from readiness.evidence.tables import exact
from readiness.tradeoffs.core.factors import SiteFactors, outdated
from readiness.tradeoffs.models import FactorKind
from readiness.tradeoffs.queries.stored import SourceSeries


def finding(site: SiteFactors, at: datetime) -> str:
    factors = [(str(kind.label), site.factors[kind.value]) for kind in FactorKind]
    known = sum(factor.best is not None for _, factor in factors)
    clauses = [f"{known} of {len(factors)} factors are known"]
    old = [label for label, factor in factors if factor.best and outdated(factor.kind, factor.best, at)]
    if old:
        clauses.append(f"older than they should be: {', '.join(old)}")
    if apart := [label for label, factor in factors if factor.disagrees]:
        clauses.append(f"sources disagree on {', '.join(apart)}")
    return f"{'; '.join(clauses)}."


def hours_finding(series: Sequence[SourceSeries], title: str) -> str:
    sentences = []
    for each in series:
        known = each.series.values[~np.isnan(each.series.values)]
        if len(known):
            mean, lowest, highest = (
                exact(float(value)) for value in (known.mean(), known.min(), known.max())
            )
            sentences.append(f"{each.source}: mean {mean} {each.unit}, lowest {lowest}, highest {highest}")
    return f"{title}. {'; '.join(sentences)}." if sentences else "No hour is known."
