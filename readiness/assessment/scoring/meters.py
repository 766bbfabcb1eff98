"""Figures of `/metrics` about sites: their number by verdict, and the health of domains."""

from datetime import datetime

from django.db.models import Count, F

from readiness.assessment.scoring.models import DomainHealth, SiteScore
from web import metrics, watch


def register() -> None:
    metrics.gauge("muster_sites", "Sites by verdict, none included", ("verdict",), _verdicts)
    metrics.gauge("muster_site_domains", "Domains of sites by health", ("domain", "health"), _health)


def _verdicts(now: datetime) -> dict[tuple[str, ...], float]:
    sites = (
        SiteScore.objects.annotate_confirmed().order_by().values_list(F("confirmed")).annotate(Count("pk"))
    )
    return {(verdict or "none",): count for verdict, count in sites}


def _health(now: datetime) -> dict[tuple[str, ...], float]:
    rows = (
        DomainHealth.objects.annotate_health_now(watch.instant_reached(now))
        .order_by()
        .values_list("domain", F("health_now"))
    )
    return {(domain, health): count for domain, health, count in rows.annotate(Count("pk"))}
