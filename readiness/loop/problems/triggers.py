"""Triggers that leave a claim for each site whose problems may have changed.

They stand on tables of lower floors, which do not know of them: whatever claims a site for scoring claims it for
problems too, and so do the results and the health that scoring writes, where a problem may follow from them. Samples
alone claim nothing: their effect is what scoring makes of them.
"""

from functools import cache

import pgtrigger
from django.db import models

from inventory.models import Site, SiteChange
from inventory.models.triggers import PerStatement
from readiness.assessment.scoring.core.states import CheckState
from readiness.assessment.scoring.models import CheckResult, DomainHealth, HealthReason
from telemetry.models import Source

_NAMES = {
    pgtrigger.Insert: "problems_insert",
    pgtrigger.Update: "problems_update",
    pgtrigger.Delete: "problems_delete",
}
_CLAIM = (
    "INSERT INTO problems_problemclaim (site_id) SELECT DISTINCT touched.site_id FROM {touched} ORDER BY 1;"
    " RETURN NULL;"
)
# A site that goes takes its claims with it, also those that the deletion of its results just left.
_FORGET = "DELETE FROM problems_problemclaim WHERE site_id IN (SELECT id FROM old_values); RETURN NULL;"
_NEW, _OLD = "new_values AS touched", "old_values AS touched"
# PostgreSQL plans this once, for the few rows of the first call, and would then make an inner join row by
# row: that took ten minutes for 48,000 results. A full join is hashed. Ids do not change, so both give the
# same pairs.
_BOTH = f"{_NEW} FULL JOIN old_values AS before ON before.id = touched.id"
_OPEN = f"IN ('{CheckState.FAIL.value}', '{CheckState.STALE.value}')"
_HEALTH = ("health", "since", "last_health", "is_last_known", "objects_by_health", "reasons")
# New values of reasons come with those of the domain's worst.
_REASON = ("health", "title", "since", "is_last_known", "rank")
# An instant of blindness that moves on needs no look: the one that a look has noted comes first.
_HEALTH_DIFFERS = " OR ".join(
    [
        *(f"touched.{column} IS DISTINCT FROM before.{column}" for column in _HEALTH),
        "touched.blind_at < coalesce(before.blind_at, 'infinity')",
    ]
)
_REASON_NOW = f"SELECT id, site_id, {', '.join(_REASON)}, counts_from IS NULL FROM"
_REASON_DIFFERS = f"({_REASON_NOW} new_values EXCEPT {_REASON_NOW} old_values) AS touched"
# The name of a source and its limits stand in its problems.
_OF_SOURCES = (
    "problems_problem AS touched WHERE touched.kind = 'source' AND touched.ended_at IS NULL"
    " AND touched.subject IN (SELECT id::text FROM new_values)"
)
_TOUCHED: tuple[tuple[type[models.Model], pgtrigger.Operation, str], ...] = (
    (SiteChange, pgtrigger.Insert, f"{_NEW} WHERE touched.origin <> '{SiteChange.Origin.TELEMETRY.value}'"),
    (CheckResult, pgtrigger.Insert, f"{_NEW} WHERE touched.state {_OPEN}"),
    (CheckResult, pgtrigger.Update, f"{_BOTH} WHERE touched.state {_OPEN} OR before.state {_OPEN}"),
    (CheckResult, pgtrigger.Delete, f"{_OLD} WHERE touched.state {_OPEN}"),
    (DomainHealth, pgtrigger.Insert, _NEW),
    (DomainHealth, pgtrigger.Update, f"{_BOTH} WHERE {_HEALTH_DIFFERS}"),
    (DomainHealth, pgtrigger.Delete, _OLD),
    (HealthReason, pgtrigger.Insert, f"{_NEW} WHERE touched.counts_from IS NOT NULL"),
    (HealthReason, pgtrigger.Update, _REASON_DIFFERS),
    (HealthReason, pgtrigger.Delete, f"{_OLD} WHERE touched.counts_from IS NOT NULL"),
    (Source, pgtrigger.Update, _OF_SOURCES),
)


@cache  # a trigger may be registered once, and apps may get ready twice
def register() -> None:
    for model, operation, touched in _TOUCHED:
        claim = PerStatement(name=_NAMES[operation], operation=operation, func=_CLAIM.format(touched=touched))
        pgtrigger.register(claim)(model)
    forget = PerStatement(name="problems_forget", operation=pgtrigger.Delete, func=_FORGET)
    pgtrigger.register(forget)(Site)
