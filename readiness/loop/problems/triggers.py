"""Triggers that leave a claim for each site whose problems may have changed.

They stand on tables of lower floors, which do not know of them: whatever claims a site for scoring claims it for
problems too, and so does what scoring writes. Samples alone claim nothing: their effect is what scoring makes of them.
"""

import pgtrigger
from django.db import models

from inventory.models import Site, SiteChange
from inventory.models.triggers import PerStatement
from readiness.assessment.scoring.models import CheckResult, DomainHealth
from telemetry.models import Source

_CLAIM = (
    "INSERT INTO problems_problemclaim (site_id) SELECT DISTINCT site_id FROM {rows} ORDER BY 1; RETURN NULL;"
)
_NEW, _OLD = "new_values", "old_values"
_NAMES = {
    pgtrigger.Insert: "problems_insert",
    pgtrigger.Update: "problems_update",
    pgtrigger.Delete: "problems_delete",
}
# A site that goes takes its claims with it, also those that the deletion of its results just left.
_FORGET = "DELETE FROM problems_problemclaim WHERE site_id IN (SELECT id FROM old_values); RETURN NULL;"
# The name of a source and its limits stand in its problems.
_OF_SOURCES = (
    "problems_problem AS problem WHERE problem.kind = 'source' AND problem.ended_at IS NULL"
    " AND problem.subject IN (SELECT id::text FROM new_values)"
)


def register() -> None:
    _install(SiteChange, pgtrigger.Insert, f"{_NEW} WHERE origin <> '{SiteChange.Origin.TELEMETRY.value}'")
    for model in (CheckResult, DomainHealth):
        for operation, rows in (
            (pgtrigger.Insert, _NEW),
            (pgtrigger.Update, _NEW),
            (pgtrigger.Delete, _OLD),
        ):
            _install(model, operation, rows)
    _install(Source, pgtrigger.Update, _OF_SOURCES)
    forget = PerStatement(name="problems_forget", operation=pgtrigger.Delete, func=_FORGET)
    pgtrigger.register(forget)(Site)


def _install(model: type[models.Model], operation: pgtrigger.Operation, rows: str) -> None:
    func = _CLAIM.format(rows=rows)
    pgtrigger.register(PerStatement(name=_NAMES[operation], operation=operation, func=func))(model)
