"""A case decided, as endpoint and page tell it."""

from datetime import date
from typing import Any

from readiness.jurisdiction import queries, sentences
from readiness.jurisdiction.core.deciding import AppliedRule, LegalFinding, Request
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import RulePack
from web.versioned.core.documents import written


def answered_case(*, request: Request, on: date, pack: RulePack | None = None) -> dict[str, Any]:
    """Both answers with rules, citations and plain sentences. Raises NothingPublished."""
    row, decision = queries.decision(request, on=on, pack=pack)
    content = queries.content_of(row)
    return {
        "pack": {"id": row.pk, "version": row.version, "digest": row.digest, "status": row.status},
        "on": on.isoformat(),
        "origin": request.origin,
        "data_categories": sorted(request.categories),
        "destination": request.destination,
        "operator": request.operator,
        "bases": sorted(request.bases),
        **{str(finding.kind): _finding(finding, content) for finding in decision.findings},
        "notice": sentences.NOTICE,
    }


def _finding(finding: LegalFinding, pack: RulePackDocument) -> dict[str, Any]:
    return {
        "answer": {"value": str(finding.answer), "label": sentences.ANSWERS[finding.answer]},
        "text": sentences.sentence(finding, pack),
        "rules": [_ground(ground, pack, deciding=ground in finding.deciding) for ground in finding.grounds],
        "missing": [
            {
                "reason": str(lacking.gap),
                "what": lacking.what,
                "text": sentences.missing(lacking, pack, finding.kind),
            }
            for lacking in finding.missing
        ],
        "bases_needed": [list(bases) for bases in finding.bases_needed],
    }


def _ground(ground: AppliedRule, pack: RulePackDocument, *, deciding: bool) -> dict[str, Any]:
    rule = ground.rule
    return {
        "slug": rule.id,
        "title": rule.title,
        "jurisdiction": rule.jurisdiction,
        "citation": written(rule.citation),
        "answer": str(ground.answer),
        "deciding": deciding,
        "doubt": str(ground.doubt) if ground.doubt else None,
        "met_by": ground.met_by or None,
        "bases": list(rule.bases),
        "text": sentences.ground(ground, pack),
    }
