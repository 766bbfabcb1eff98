"""Request a grant for a check as it stands at the site."""

from datetime import datetime
from typing import Any

from accounts.models import User
from inventory.models import Site
from readiness.assessment.framework.core.vocabulary import CheckState, Gate
from readiness.assessment.grants import operations
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.core.states import ReasonCode
from readiness.assessment.scoring.models import CheckResult


def ask_for_grant(*, site: Site, check_id: str, by: User, now: datetime, **details: Any) -> Grant:
    """Call `grants.operations.request` with the gate that the last evaluation found at the site."""
    result = CheckResult.objects.filter(site=site, check_id=check_id).only("gate", "state", "code").first()
    return operations.request(
        site=site,
        check_id=check_id,
        gate=Gate(result.gate) if result else None,
        excluded=result is not None
        and result.state == CheckState.NOT_APPLICABLE
        and result.code == ReasonCode.EXCLUDED,
        by=by,
        now=now,
        **details,
    )
