"""Grants with the results that they cover: rows with the vendor, and the ageing report."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.models import Device
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.grants.models import Grant, GrantStanding
from readiness.assessment.grants.queries import GrantRow, row_of
from readiness.assessment.scoring.models import CheckResult
from web.visibility import name_of

OLD = (timedelta(days=30), timedelta(days=90))
"""Age limits of the ageing report. Operator-set defaults."""


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """Live grants of one requester, owner, vendor or pillar.

    The `key` "" means "none" or "unknown". `counts` are the waiting grants, those in force, and all by age since the
    request: up to 30 days, up to 90, more.
    """

    key: str
    label: str
    counts: dict[str, int]
    oldest_at: datetime
    next_end_at: datetime


def rows(grants: Sequence[Grant], *, now: datetime) -> list[GrantRow]:
    _version, framework = framework_queries.current()
    vendors = vendors_of(grants, framework)
    return [row_of(grant, framework, vendors.get(grant.pk, ""), now) for grant in grants]


def vendors_of(grants: Iterable[Grant], framework: Framework) -> dict[int, str]:
    """The vendor of the equipment that a check is about, by grant id, if it is unambiguous; three statements.

    The vendor of the device that decided the check, else the common vendor of all devices of the check's domains at the
    site.
    """
    covered = list(grants)
    site_ids = {grant.site_id for grant in covered}
    decided = {
        (site_id, check_id): (evidence or {}).get("object", "")
        for site_id, check_id, evidence in CheckResult.objects.filter(
            site_id__in=site_ids, check_id__in={grant.check_id for grant in covered}
        ).values_list("site_id", "check_id", "evidence")
    }
    makers_by_device = {
        (site_id, name): maker
        for site_id, name, maker in Device.objects.filter(
            site_id__in=site_ids, name__in={name for name in decided.values() if name}
        ).values_list("site_id", "name", "device_type__manufacturer__name")
    }
    makers: dict[tuple[int, str], set[str]] = defaultdict(set)
    for site_id, domain, maker in (
        Device.objects.filter(site_id__in=site_ids)
        .values_list("site_id", "device_type__domain", "device_type__manufacturer__name")
        .distinct()
        .order_by()
    ):
        makers[site_id, domain].add(maker)
    vendors = {}
    for grant in covered:
        device = decided.get((grant.site_id, grant.check_id), "")
        check = framework.checks_by_id.get(grant.check_id)
        domains = check.domains if check else ()
        of_domains = set().union(*(makers.get((grant.site_id, domain.value), set()) for domain in domains))
        only = next(iter(of_domains)) if len(of_domains) == 1 else ""
        vendors[grant.pk] = makers_by_device.get((grant.site_id, device), only)
    return vendors


KEYS: dict[str, Callable[[GrantRow], tuple[str, str]]] = {
    "requester": lambda row: (row.grant.requested_by.username, name_of(row.grant.requested_by)),
    "owner": lambda row: (row.grant.site.owner, row.grant.site.owner),
    "vendor": lambda row: (row.vendor, row.vendor),
    "pillar": lambda row: (row.pillar, row.pillar_name),
}
"""Groups of the ageing report, as functions from a row to the key and title of its group."""


def ageing(by: str, *, now: datetime) -> tuple[AgeingRow, ...]:
    groups: dict[tuple[str, str], list[GrantRow]] = defaultdict(list)
    live = Grant.objects.live(now).select_related("site", "requested_by", "approver").order_by("pk")
    for row in rows(list(live), now=now):
        groups[KEYS[by](row)].append(row)
    aged = [_aged(key, label, members, now) for (key, label), members in groups.items()]
    return tuple(sorted(aged, key=lambda row: (row.oldest_at, row.label)))


def _aged(key: str, label: str, members: Sequence[GrantRow], now: datetime) -> AgeingRow:
    in_force = [row for row in members if row.grant.is_in_force(now)]
    ages = [now - row.grant.requested_at for row in in_force]
    counts = {
        "waiting": sum(row.standing == GrantStanding.REQUESTED for row in members),
        "in_force": len(in_force),
        "young": sum(age <= OLD[0] for age in ages),
        "middle": sum(OLD[0] < age <= OLD[1] for age in ages),
        "old": sum(age > OLD[1] for age in ages),
    }
    oldest_at = min(row.grant.requested_at for row in members)
    return AgeingRow(key, label, counts, oldest_at, min(row.grant.ends_at for row in members))
