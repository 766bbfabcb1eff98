"""Waivers that end, and evidence that expires."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.core.states import CheckState, Gate
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.leads import longest_lead
from readiness.loop.alerts.dates.ahead import DateAhead
from web.links import link
from web.units import day, plural


def ending_waivers(now: datetime) -> Iterator[DateAhead]:
    """Grants in force whose end is near, unless another one that is approved follows without a gap."""
    _version, framework = framework_queries.current()
    in_force = Grant.objects.only_in_force(now).exclude(site__stage=Site.Stage.RETIRED)
    grants = list(
        in_force.filter(ends_at__lte=now + longest_lead(AlertKind.WAIVER))
        .select_related("site")
        .order_by("ends_at", "pk")
    )
    followed = Grant.objects.filter(
        state=Grant.State.APPROVED, site__in={grant.site_id for grant in grants}, starts_at__gt=now
    )
    follows = {(grant.site_id, grant.kind, grant.check_id, grant.part, grant.starts_at) for grant in followed}
    for grant in grants:
        if (grant.site_id, grant.kind, grant.check_id, grant.part, grant.ends_at) in follows:
            continue
        name = check_name(framework, grant.check_id)
        yield DateAhead(
            kind=AlertKind.WAIVER,
            key=str(grant.pk),
            site_id=grant.site_id,
            due_at=grant.ends_at,
            title=f"{grant.get_kind_display()} of {name} ends",
            detail=f"It ends on {day(grant.ends_at.astimezone(UTC).date())}; then the check counts as measured.",
            url=link("waiver", grant.pk),
            check_id=grant.check_id,
        )


def expiring_evidence(now: datetime) -> Iterator[DateAhead]:
    """One for each site: how many of its checks that pass lose their evidence, and which is the first."""
    _version, framework = framework_queries.current()
    rows = (
        CheckResult.objects.filter(
            expires_at__gt=now,
            expires_at__lte=now + longest_lead(AlertKind.EVIDENCE),
            gate__in=[Gate.BLOCK, Gate.COND],
            state__in=[CheckState.PASS, CheckState.WARN],
        )
        .exclude(site__stage=Site.Stage.RETIRED)
        .order_by("expires_at", "check_id")
        .values_list("site_id", "site__slug", "check_id", "expires_at")
    )
    by_site: dict[tuple[int, str], list[tuple[str, datetime]]] = defaultdict(list)
    for site_id, slug, check_id, expires_at in rows:
        if expires_at is not None:
            by_site[site_id, slug].append((check_id, expires_at))
    for (site_id, slug), checks in by_site.items():
        first, due_at = checks[0]
        number, name = len(checks), check_name(framework, first)
        yield DateAhead(
            kind=AlertKind.EVIDENCE,
            key=f"site-{site_id}",
            site_id=site_id,
            due_at=due_at,
            title=plural(number, "Evidence of 1 check expires", f"Evidence of {number} checks expires"),
            detail=f"The first is {name}. Run or attest it again before it counts as stale.",
            url=link("site", slug, tab="evidence"),
            check_id=first if number == 1 else "",
        )
