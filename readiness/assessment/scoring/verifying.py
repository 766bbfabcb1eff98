"""Compares the stored verdicts of a restored database with those that an evaluation gives at the backup's time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inventory.models import SiteChange
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.operations import SITES_AT_ONCE, evaluate


@dataclass(frozen=True, slots=True)
class VerdictComparison:
    """`waiting` counts the sites whose next evaluation was due when the backup was made: they may differ. `differences`
    are sentences about the others."""

    sites: int
    waiting: int
    differences: tuple[str, ...]


def compare_verdicts(*, at: datetime) -> VerdictComparison:
    """Evaluate all sites at `at`, compare verdicts and states of checks with the stored ones, and keep nothing."""
    site_ids = list(SiteScore.objects.filter(failed_at=None).order_by("site").values_list("site", flat=True))
    due_sites = set(SiteScore.objects.filter(changes_at__lte=at).values_list("site", flat=True))
    waiting = due_sites | set(SiteChange.objects.values_list("site", flat=True))
    settled = [site_id for site_id in site_ids if site_id not in waiting]
    with transaction.atomic():
        before = _states(settled)
        for start in range(0, len(settled), SITES_AT_ONCE):
            part = settled[start : start + SITES_AT_ONCE]
            newest = max(SiteScore.objects.filter(site__in=part).values_list("evaluated_at", flat=True))
            evaluate(site_ids=part, now=max(at, newest))
        after = _states(settled)
        transaction.set_rollback(True)
    differences = [
        f"{place} was {before.get(place, 'absent')} and is {after.get(place, 'absent')}"
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    ]
    return VerdictComparison(len(settled), len(waiting & set(site_ids)), tuple(differences))


def _states(site_ids: Iterable[int]) -> dict[str, str]:
    """States of the checks of sites, and verdicts, by what they are of."""
    checks = CheckResult.objects.filter(site__in=site_ids).values_list("site__name", "check_id", "state")
    verdicts = SiteScore.objects.filter(site__in=site_ids).values_list("site__name", "verdict")
    return {f"{check_id} of {site}": state for site, check_id, state in checks} | {
        f"the verdict of {site}": verdict or "none" for site, verdict in verdicts
    }
