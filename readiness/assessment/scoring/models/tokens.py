"""Tokens of what is on record of sites: which claims say that it changed."""

import secrets
from collections.abc import Collection, Mapping

from inventory.models import SiteChange
from readiness.assessment.scoring.models import SiteScore
from readiness.assessment.scoring.records import RecordTokens

SENT = frozenset({SiteChange.Origin.TELEMETRY, SiteChange.Origin.SOURCE})
"""Claims of these origins say that something was sent or stopped. All others say that what is on record changed."""
PROVING = frozenset({SiteChange.Origin.EVIDENCE})
"""Claims of these origins say that evidence or grants changed, and no other fact on record."""
type Claim = tuple[int, str]
"""A site that changed, and the origin of the change."""


def waiting_claims(site_ids: Collection[int]) -> Collection[Claim]:
    claims = SiteChange.objects.filter(site_id__in=site_ids).exclude(origin__in=SENT)
    return claims.order_by().values_list("site_id", "origin")


def tokens_of(scores: Mapping[int, SiteScore | None], claims: Collection[Claim]) -> dict[int, RecordTokens]:
    """The tokens that sites have from this evaluation on, by their stored scores. A new one never was before, so that
    what is read in a transaction that fails counts for no other."""
    changed_records = {site_id for site_id, origin in claims if origin not in SENT}
    changed_facts = {site_id for site_id, origin in claims if origin not in SENT | PROVING}
    return {
        site_id: _tokens(
            score,
            have_records_changed=site_id in changed_records,
            have_facts_changed=site_id in changed_facts,
        )
        for site_id, score in scores.items()
    }


def _tokens(score: SiteScore | None, *, have_records_changed: bool, have_facts_changed: bool) -> RecordTokens:
    new_token = secrets.randbits(62) + 1
    if score is None or score.failed_at is not None or have_facts_changed or not score.facts_token:
        return RecordTokens(new_token, new_token)
    if have_records_changed or not score.records_token:
        return RecordTokens(new_token, score.facts_token)
    return RecordTokens(score.records_token, score.facts_token)
