"""What one site is judged on: its readings, limits and grants, under one definition."""

from __future__ import annotations

from datetime import datetime

from readiness.evidence.proofs import SiteProofs
from readiness.framework.core.definition import Framework
from readiness.scoring.before import Stored, still_standing
from readiness.scoring.checks import computed
from readiness.scoring.checks.evidenced import with_evidence
from readiness.scoring.core.evaluate import SiteInputs
from readiness.scoring.facts import SiteFacts
from readiness.scoring.waivers.standing import SiteGrants


def site_inputs(
    facts: SiteFacts,
    stored: Stored,
    grants: SiteGrants,
    proved: SiteProofs,
    framework: Framework,
    now: datetime,
) -> SiteInputs:
    """Of the things that a sub-measure is about the worst is taken, and what is worst is the definition's to say."""
    measured = computed(framework, facts, now)
    measured |= still_standing(stored, facts, measured, now)
    return SiteInputs(
        context=facts.context,
        readings=with_evidence(measured, proved, facts.limits, framework, now),
        limits=facts.limits,
        waivers=grants.waivers,
        exceptions=grants.exceptions,
        declared_na=grants.declared_na,
    )
