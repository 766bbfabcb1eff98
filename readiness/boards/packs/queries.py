"""The contents of a pack, read once in a number of statements that does not grow with the site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.models import Site
from readiness.boards.queries.sites import rows as site_rows
from readiness.evidence.models import Attestation, RecordedFact, Review, ValidationRun
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Check, Framework
from readiness.golive.campaigns import queries as campaign_queries
from readiness.golive.campaigns.queries import CampaignRow
from readiness.golive.reviews import queries as review_queries
from readiness.grants.models import Grant
from readiness.scoring.models import CheckResult, SiteScore
from readiness.scoring.queries.results import check_row
from readiness.scoring.queries.rows import CheckRow, SiteRow
from web.visibility import name_of

RECORDS = ("run", "fact", "attestation")


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A row of evidence that some sub-measure stands on; `used_by` are checks. A run has a file, others have not."""

    ref: str
    what: str
    taken_at: datetime
    by: str
    file_name: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """`checks` are all of the framework in its order; a check that was never evaluated has no row."""

    site: Site
    row: SiteRow
    score: SiteScore | None
    framework: Framework
    checks: tuple[tuple[Check, CheckRow | None], ...]
    evidence: tuple[EvidenceRow, ...]
    grants: tuple[Grant, ...]
    reviews: tuple[Review, ...]
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
        evidence=tuple(_evidence(results)),
        grants=tuple(
            Grant.objects.live(now)
            .filter(site=site)
            .select_related("requested_by", "approver")
            .order_by("check_id", "id")
        ),
        reviews=tuple(review_queries.whole_reviews().filter(site=site).order_by("-opened_at", "-id")[:3]),
        campaign=campaign_queries.rows([last], now=now)[0] if last else None,
    )


def refs_of(row: CheckRow) -> list[str]:
    """References to the evidence of a check's sub-measures, as `run:12`, each once; none to telemetry."""
    refs = (part.evidence for part in row.parts)
    return list(dict.fromkeys(ref for ref in refs if ref.partition(":")[0] in RECORDS))


def _evidence(results: Mapping[str, CheckRow]) -> list[EvidenceRow]:
    """Three statements."""
    wanted: dict[str, set[int]] = {kind: set() for kind in RECORDS}
    for row in results.values():
        for ref in refs_of(row):
            kind, _, key = ref.partition(":")
            if key.isdecimal():
                wanted[kind].add(int(key))
    runs = ValidationRun.objects.filter(pk__in=wanted["run"]).select_related("by")
    facts = RecordedFact.objects.filter(pk__in=wanted["fact"]).select_related("by")
    stated = Attestation.objects.filter(pk__in=wanted["attestation"]).select_related("by")
    return [
        *(_of_run(run) for run in runs.order_by("id")),
        *(_of_record("fact", fact, fact.source) for fact in facts.order_by("id")),
        *(
            _of_record("attestation", attestation, _stated(attestation))
            for attestation in stated.order_by("id")
        ),
    ]


def _of_run(run: ValidationRun) -> EvidenceRow:
    return EvidenceRow(
        ref=f"run:{run.pk}",
        what=f"{run.get_tool_display()}, {run.get_scope_display()}".lower(),
        taken_at=run.taken_at,
        by=str(run.by or ""),
        file_name=run.file_name,
        sha256=run.file_sha256,
    )


def _of_record(kind: str, record: Any, what: str) -> EvidenceRow:
    return EvidenceRow(
        ref=f"{kind}:{record.pk}", what=what, taken_at=record.taken_at, by=str(record.by or "")
    )


def _stated(attestation: Attestation) -> str:
    return "; ".join(
        part for part in (name_of(attestation.attested_by), attestation.document, attestation.link) if part
    )


def of_pillar(pack: Pack, pillar_id: str) -> Sequence[tuple[Check, CheckRow | None]]:
    return [(check, row) for check, row in pack.checks if check.pillar == pillar_id]
