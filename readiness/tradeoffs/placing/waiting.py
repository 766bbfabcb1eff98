"""Why a site is no option yet: failing BLOCK checks, or the day on which it opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Min

from inventory.models import CapacityEvent, Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.combine import ACCEPTABLE
from readiness.assessment.scoring.core.states import CheckState, Gate, Verdict
from readiness.assessment.scoring.models import CheckResult
from readiness.golive.models import ENDED, Campaign

NOT_OPEN = (Site.Stage.PLANNED, Site.Stage.BUILDING)


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """A BLOCK check that keeps a site from being ready."""

    check: str
    name: str
    state: str

    @property
    def words(self) -> str:
        return f"{self.name} ({self.state})"


@dataclass(frozen=True, slots=True)
class OpeningDay:
    """The day on which a planned site is due, and what says so."""

    on: date
    source: str


def open_checks(framework: Framework) -> dict[str, tuple[OpenCheck, ...]]:
    """BLOCK checks that sites which are not ready do not pass, by slug of the site."""
    rows = (
        CheckResult.objects.filter(gate=Gate.BLOCK, site__score__verdict=Verdict.NOT_READY)
        .exclude(state__in=[*ACCEPTABLE, CheckState.WAIVED])
        .order_by("site__slug", "check_id")
        .values_list("site__slug", "check_id", "state")
    )
    names = {check.id: check.name for check in framework.checks}
    by_site: dict[str, list[OpenCheck]] = {}
    for slug, check_id, state in rows:
        by_site.setdefault(slug, []).append(OpenCheck(check_id, names.get(check_id, check_id), state))
    return {slug: tuple(checks) for slug, checks in by_site.items()}


def opening_days(now: datetime) -> Mapping[str, OpeningDay]:
    """Days of planned and building sites by slug: the first capacity that is dated ahead, else the campaign's."""
    sites = Site.objects.filter(stage__in=NOT_OPEN)
    ahead = CapacityEvent.objects.filter(
        site__in=sites, kind=CapacityEvent.Kind.COMMISSION, happened_on__gte=now.date()
    )
    campaigns = Campaign.objects.filter(site__in=sites).exclude(state__in=ENDED)
    due = campaigns.order_by().values("site__slug").annotate(on=Max("due_on"))
    dated = ahead.order_by().values("site__slug").annotate(on=Min("happened_on"))
    days = {row["site__slug"]: OpeningDay(row["on"], "campaign") for row in due}
    return days | {row["site__slug"]: OpeningDay(row["on"], "dated capacity") for row in dated}
