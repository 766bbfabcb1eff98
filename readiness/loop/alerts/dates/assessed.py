"""Waivers that end, and evidence that expires."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from django.db.models import OuterRef, Q, Subquery

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.core.states import CheckState, Gate
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.leads import longest_lead
from readiness.loop.alerts.dates.ahead import DateAhead
from readiness.loop.alerts.models import Alert
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
    """One for each site: how many of its checks that pass lose their evidence, and which is the first. A check whose
    evidence expired while the site's alert was open stays in it until the check is proven anew."""
    _version, framework = framework_queries.current()
    until = now + longest_lead(AlertKind.EVIDENCE)
    alert = Alert.objects.open().filter(kind=AlertKind.EVIDENCE, site=OuterRef("site"))
    expires = Q(state__in=[CheckState.PASS, CheckState.WARN], expires_at__lte=until)
    has_lapsed = Q(state=CheckState.STALE, since__gte=Subquery(alert.values("raised_at")[:1]))
    rows = (
        CheckResult.objects.filter(expires | has_lapsed, gate__in=[Gate.BLOCK, Gate.COND])
        .exclude(site__stage=Site.Stage.RETIRED)
        .values_list("site_id", "site__slug", "check_id", "state", "expires_at", "since")
    )
    by_site: dict[tuple[int, str], list[tuple[datetime, str]]] = defaultdict(list)
    for site_id, slug, check_id, state, expires_at, since in rows:
        due_at = since if state == CheckState.STALE else expires_at
        if due_at is not None:
            by_site[site_id, slug].append((due_at, check_id))
    for (site_id, slug), checks in sorted(by_site.items()):
        due_at, first = min(checks)
        name = check_name(framework, first)
        yield DateAhead(
            kind=AlertKind.EVIDENCE,
            key=f"site-{site_id}",
            site_id=site_id,
            due_at=due_at,
            title=_evidence_title(len(checks), sum(expires_at <= now for expires_at, _check in checks)),
            detail=f"The first is {name}. Run or attest it again"
            f"{': it counts as stale.' if due_at <= now else ' before it counts as stale.'}",
            url=link("site", slug, tab="evidence"),
            check_id=first if len(checks) == 1 else "",
        )


def _evidence_title(checks: int, expired_checks: int) -> str:
    if checks == expired_checks:
        return plural(checks, "Evidence of 1 check has expired", f"Evidence of {checks} checks has expired")
    title = plural(checks, "Evidence of 1 check expires", f"Evidence of {checks} checks expires")
    return f"{title}; {expired_checks} expired already" if expired_checks else title
