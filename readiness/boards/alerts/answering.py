"""Who answers for an alert now: who is on call for its domains, and who owns what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.queries.rows import ref_of
from readiness.loop.alerts.models import Alert
from readiness.loop.alerts.telling.recipients import domains_of
from readiness.loop.problems import responders
from readiness.loop.problems.responders import DomainDuty, ItemOwner


@dataclass(frozen=True, slots=True)
class AlertAnswering:
    """`owner` is None where the reader may see none."""

    duties: Sequence[DomainDuty]
    sees_duties: bool
    owner: ItemOwner | None


def answering_for(alert: Alert, *, user: Any, now: datetime) -> AlertAnswering | None:
    """None for an alert of Muster itself. Three statements at most."""
    if alert.site is None:
        return None
    _version, framework = framework_queries.current()
    domains = domains_of(alert, framework)
    sees_duties = user.has_perm(responders.SEES_ON_CALL)
    sees_owners = user.has_perm(responders.SEES_OWNERS)
    return AlertAnswering(
        responders.duties_at_site(alert.site.pk, domains, now=now) if domains and sees_duties else (),
        sees_duties,
        responders.owner_of(ref_of(alert.site), domains, user=user, now=now) if sees_owners else None,
    )
