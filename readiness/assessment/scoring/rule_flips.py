"""A dry run of this release's rules of health: the newest samples, judged without storing anything, beside the stored
health. It belongs before the first start of a new release."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.core.reasons import RuleFinding
from readiness.assessment.scoring.core.states import Health
from readiness.assessment.scoring.gather import gather
from readiness.assessment.scoring.judging import findings_of
from readiness.assessment.scoring.models import DomainHealth, HealthReason
from telemetry.models import SourceStatus

SITES_AT_ONCE = 50
type Reason = tuple[int, str, int, str]
"""(site, object kind, object id, metric)."""


@dataclass(frozen=True, slots=True)
class RuleFlip:
    """One object that a rule would turn from `before` to `after`; "ok" is no reason by this metric."""

    site: str
    object: str
    title: str
    before: str
    after: str
    value: float
    unit: str
    metric: str


def newest_sample_at() -> datetime | None:
    newest: datetime | None = SourceStatus.objects.aggregate(newest=Max("last_sample_at"))["newest"]
    return newest


def rule_flips(*, now: datetime, site_ids: Collection[int] | None = None) -> list[RuleFlip]:
    """The flips of reasons, by title and object. A minimum duration counts as over."""
    sites = Site.objects.order_by("id") if site_ids is None else Site.objects.filter(id__in=site_ids)
    names = dict(sites.values_list("id", "name"))
    _, framework = framework_queries.current()
    stored = _stored_reasons(names)
    flips: list[RuleFlip] = []
    ids = sorted(names)
    for start in range(0, len(ids), SITES_AT_ONCE):
        for site_id, facts in gather(ids[start : start + SITES_AT_ONCE], framework, now=now).items():
            worst = _worst_by_reason(site_id, findings_of(facts, now))
            for reason, (finding, after) in worst.items():
                before = stored.get(reason, str(Health.OK))
                if after != before:
                    name = facts.names[finding.key]
                    flips.append(_flip(names[site_id], name, finding, before, after))
    return sorted(flips, key=lambda flip: (flip.title, flip.site, flip.object))


def _flip(site: str, name: str, finding: RuleFinding, before: str, after: str) -> RuleFlip:
    title = finding.rule.title
    return RuleFlip(site, name, title, before, after, finding.value, finding.unit, finding.metric)


def _worst_by_reason(site_id: int, findings: Iterable[RuleFinding]) -> dict[Reason, tuple[RuleFinding, str]]:
    """The worst judgement of each metric of each object. What a rule cannot judge is left out."""
    order = (str(Health.OK), str(Health.WARN), str(Health.CRITICAL))
    worst: dict[Reason, tuple[RuleFinding, str]] = {}
    for finding in findings:
        judgement = finding.rule.judge(finding.value)
        reason = (site_id, *finding.key, finding.metric)
        if judgement and (reason not in worst or order.index(judgement) > order.index(worst[reason][1])):
            worst[reason] = finding, judgement
    return worst


def _stored_reasons(names: Mapping[int, str]) -> dict[Reason, str]:
    """The worst stored health by reason. A release before the table of reasons kept them with the domain."""
    stored: dict[Reason, list[str]] = defaultdict(list)
    for site_id, reasons in DomainHealth.objects.filter(site__in=names).values_list("site_id", "reasons"):
        for each in reasons:
            key = (site_id, each["object_kind"], each["object_id"], each.get("metric", ""))
            stored[key].append(each["health"])
    columns = ("site_id", "object_kind", "object_id", "metric", "health")
    for *parts, health in HealthReason.objects.filter(site__in=names).values_list(*columns):
        stored[tuple(parts)].append(health)
    ranks = (str(Health.CRITICAL), str(Health.WARN))
    return {
        key: next((rank for rank in ranks if rank in healths), str(Health.OK))
        for key, healths in stored.items()
    }
