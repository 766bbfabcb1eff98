"""Figures of `/metrics` for each site, so that an alert reaches those who answer for the site. The first
`METRICS_SITES` sites by address have them; `muster_metrics_sites_unnamed` counts the others."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Count, F

from inventory.models import Site
from readiness.assessment.framework.core.vocabulary import CheckState, Gate
from readiness.assessment.scoring.core.gap import gap_of
from readiness.assessment.scoring.models import CheckResult, DomainHealth
from readiness.assessment.scoring.queries.standing import FleetStanding, standing_of
from readiness.loop.problems.models import Problem
from readiness.organisation.people.core.on_call import LEVELS
from readiness.organisation.people.queries.on_call import duties_at
from web import metrics, watch
from web.metrics import GaugeFamily, Values

FAMILIES = (
    GaugeFamily("muster_metrics_sites_unnamed", "Sites beyond MUSTER_METRICS_SITES"),
    GaugeFamily("muster_problems", "Open problems that follow from no other", ("kind", "state")),
    GaugeFamily("muster_site_problems", "Open problems that follow from no other", ("site", "kind", "state")),
    GaugeFamily(
        "muster_site_info", "1: name, region, stage and owner", ("site", "name", "region", "stage", "owner")
    ),
    GaugeFamily("muster_site_verdict", "1 for the verdict of the site, none included", ("site", "verdict")),
    GaugeFamily(
        "muster_site_capacity_kw", "IT power: deployed, and deployed but not ready", ("site", "figure")
    ),
    GaugeFamily(
        "muster_site_evaluated_timestamp_seconds",
        "Up to when its verdict is evaluated, since 1970",
        ("site",),
    ),
    GaugeFamily("muster_site_domain_health", "1 for the health of the domain", ("site", "domain", "health")),
    GaugeFamily(
        "muster_site_check",
        "1 for each blocking or conditional check that fails, warns or is stale",
        ("site", "check", "gate", "state"),
    ),
    GaugeFamily(
        "muster_site_on_call_people",
        "People on call now, for domains with a rotation",
        ("site", "domain", "level"),
    ),
)


def register() -> None:
    metrics.gauges(FAMILIES, _figures)


def _figures(now: datetime) -> Mapping[str, Values]:
    # A fixed order names the same sites at each scrape.
    sites = list(Site.objects.order_by("slug")[: settings.METRICS_SITES])
    slugs = {site.pk: site.slug for site in sites}
    fleet = standing_of(Site.objects.filter(pk__in=slugs), now=now)
    return {
        "muster_metrics_sites_unnamed": {(): Site.objects.count() - len(sites)},
        "muster_problems": _all_problems(),
        "muster_site_problems": _problems(slugs),
        **_standing(fleet),
        "muster_site_domain_health": _health(slugs, now),
        "muster_site_check": _checks(slugs),
        "muster_site_on_call_people": _people_on_call(sites, now),
    }


def _standing(fleet: FleetStanding) -> Mapping[str, Values]:
    refs = [site.ref for site in fleet.sites]
    capacity = fleet.capacity.values()
    gaps: Values = {(each.site, "gap"): gap_of([each], at=fleet.at).gap.it_kw for each in capacity}
    return {
        "muster_site_info": {(ref.slug, ref.name, ref.region, ref.stage, ref.owner): 1 for ref in refs},
        "muster_site_verdict": {(site.ref.slug, site.verdict or "none"): 1 for site in fleet.sites},
        "muster_site_capacity_kw": {
            **{(each.site, "deployed"): each.deployed.it_kw for each in capacity},
            **gaps,
        },
        "muster_site_evaluated_timestamp_seconds": {
            (site.ref.slug,): up_to.timestamp()
            for site in fleet.sites
            if (up_to := site.evaluated_up_to(fleet.at))
        },
    }


def _all_problems() -> Values:
    rows = Problem.objects.open().causes().order_by().values_list("kind", "state").annotate(Count("pk"))
    return {(kind, state): count for kind, state, count in rows}


def _problems(slugs: Mapping[int, str]) -> Values:
    rows = Problem.objects.open().causes().filter(site__in=slugs).order_by()
    counts = rows.values_list("site_id", "kind", "state").annotate(Count("pk"))
    return {(slugs[site_id], kind, state): count for site_id, kind, state, count in counts}


def _health(slugs: Mapping[int, str], now: datetime) -> Values:
    rows = DomainHealth.objects.filter(site__in=slugs).annotate_health_now(watch.instant_reached(now))
    healths = rows.order_by().values_list("site_id", "domain", F("health_now"))
    return {(slugs[site_id], domain, health): 1 for site_id, domain, health in healths}


def _checks(slugs: Mapping[int, str]) -> Values:
    rows = CheckResult.objects.filter(
        site__in=slugs,
        gate__in=(Gate.BLOCK, Gate.COND),
        state__in=(CheckState.FAIL, CheckState.WARN, CheckState.STALE),
    )
    checks = rows.order_by().values_list("site_id", "check_id", "gate", "state")
    return {(slugs[site_id], check_id, gate, state): 1 for site_id, check_id, gate, state in checks}


def _people_on_call(sites: list[Site], now: datetime) -> Values:
    return {
        (duty.site.slug, duty.domain, name): len(
            {shift.person_id for shift in duty.holders.get(level, ()) if shift.person is not None}
        )
        for duty in duties_at(sites, at=now, covered={})
        for level, name in LEVELS.items()
    }
