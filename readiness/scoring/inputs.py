"""The inputs that one site is judged on: its readings, limits and grants, under one definition."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from readiness.evidence.proofs import SiteProofs, proofs
from readiness.framework.core.definition import Framework
from readiness.grants import standing
from readiness.grants.standing import SiteGrants
from readiness.scoring.checks import computed
from readiness.scoring.checks.evidenced import with_evidence
from readiness.scoring.core.evaluate import SiteInputs
from readiness.scoring.facts import EvaluationFacts
from readiness.scoring.gather import gather
from readiness.scoring.stored_state import Stored, still_standing


def inputs_of(
    site_ids: Collection[int], stored: Mapping[int, Stored], framework: Framework, *, now: datetime
) -> dict[int, tuple[EvaluationFacts, SiteInputs]]:
    """Facts and inputs of each site at `now`; the definition says which metrics and presets to look for.

    The number of statements does not depend on the sites.
    """
    grants = standing.standing_grants(site_ids, now=now)
    facts = gather(site_ids, framework, now=now)
    proved = proofs(site_ids, framework, now=now)
    return {
        site_id: (
            of_site,
            _site_inputs(
                of_site,
                stored[site_id],
                grants.get(site_id, standing.NONE),
                proved[site_id],
                framework,
                now,
            ),
        )
        for site_id, of_site in facts.items()
    }


def _site_inputs(
    facts: EvaluationFacts,
    stored: Stored,
    grants: SiteGrants,
    proved: SiteProofs,
    framework: Framework,
    now: datetime,
) -> SiteInputs:
    """A sub-measure takes the worst of the things that it is about, and the definition says which is worst."""
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
