"""The contents of a pack, read in a number of statements that does not grow with the site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from inventory.models import Site
from readiness.assessment.evidence.models import Attestation, RecordedFact, Review, ValidationRun
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.queries.results import check_row
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.sites.queries import SiteRow
from readiness.boards.sites.queries import rows as site_rows
from readiness.golive.campaigns import queries as campaign_queries
from readiness.golive.campaigns.queries import CampaignRow
from readiness.golive.reviews import queries as review_queries

RECORDS = ("run", "fact", "attestation")


@dataclass(frozen=True, slots=True)
class Pack:
    """`checks` are all checks of the framework in order; a check that was never evaluated has no row."""

    site: Site
    row: SiteRow
    score: SiteScore | None
    framework: Framework
    checks: tuple[tuple[Check, CheckRow | None], ...]
    runs: QuerySet[ValidationRun]
    facts: QuerySet[RecordedFact]
    attestations: QuerySet[Attestation]
    grants: QuerySet[Grant]
    reviews: QuerySet[Review]
    campaign: CampaignRow | None


def pack_of(site: Site, *, now: datetime) -> Pack:
    _version, framework = framework_queries.current()
    [row] = site_rows([site], now=now)
    results = {
        result.check_id: check_row(result, framework, now=now)
        for result in CheckResult.objects.filter(site=site)
    }
    last = campaign_queries.last_campaign(site)
    return Pack(
        site=site,
        row=row,
        score=getattr(site, "score", None),
        framework=framework,
        checks=tuple((check, results.get(check.id)) for check in framework.checks),
        **_evidence(results),
        grants=(
            Grant.objects.live(now)
            .filter(site=site)
            .select_related("requested_by", "approver")
            .order_by("check_id", "id")
        ),
        reviews=review_queries.whole_reviews().filter(site=site).order_by("-opened_at", "-id")[:3],
        campaign=campaign_queries.rows([last], now=now)[0] if last else None,
    )


def refs_of(row: CheckRow) -> list[str]:
    """References to the evidence of a check's sub-measures, such as `run:12`, each once; telemetry has none."""
    refs = (part.evidence for part in row.parts)
    return list(dict.fromkeys(ref for ref in refs if ref.partition(":")[0] in RECORDS))


def _evidence(results: Mapping[str, CheckRow]) -> dict[str, Any]:
    ids_by_kind: dict[str, set[int]] = {kind: set() for kind in RECORDS}
    for ref in (ref for row in results.values() for ref in refs_of(row)):
        kind, _, key = ref.partition(":")
        if key.isdecimal():
            ids_by_kind[kind].add(int(key))
    models: dict[str, Any] = {"runs": ValidationRun, "facts": RecordedFact, "attestations": Attestation}
    records = {
        name: model._default_manager.filter(pk__in=ids).select_related("by").order_by("id")
        for (name, model), ids in zip(models.items(), ids_by_kind.values(), strict=True)
    }
    answered = records["attestations"].select_related("by", "confirmed_by", "rejected_by")
    return records | {"attestations": answered}
