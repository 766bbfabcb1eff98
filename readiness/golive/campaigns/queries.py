"""Queries for the pages of campaigns: the list with progress, the items of one, and the open BLOCK checks."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from inventory.models import Device, Port, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.framework.core.vocabulary import EvidenceKind, Gate
from readiness.assessment.scoring.core.combine import ACCEPTABLE
from readiness.assessment.scoring.core.states import CheckState, Tier
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.queries.results import failing_of
from readiness.golive.campaigns.doers import DoerShare, PlannedRun, next_run, shares
from readiness.golive.campaigns.planning import IN_NO_SHARE, ItemProgress, Since, Sum, progress_of
from readiness.golive.models import Campaign, CampaignItem, Progress, RunTarget
from web.visibility import name_of

BY_HAND = frozenset({EvidenceKind.INVENTORY_FACT, EvidenceKind.PEOPLE_RECORD, EvidenceKind.OWNERSHIP_RECORD})

type Stored = Mapping[tuple[int, str], Mapping[str, Mapping[str, Any]]]
"""The sub-measures of the last evaluation, by site and check."""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    campaign: Campaign
    sum: Sum
    days_left: int | None
    runs: tuple[PlannedRun, ...] = ()

    @property
    def next_run(self) -> PlannedRun | None:
        return next_run(self.runs) if self.campaign.is_open else None

    @property
    def shares(self) -> list[DoerShare]:
        return shares(self.runs)

    @property
    def unassigned(self) -> int:
        """Open runs of an open campaign that nobody does."""
        return sum(run.is_open and not run.doer for run in self.runs) if self.campaign.is_open else 0

    @property
    def is_over(self) -> bool:
        return self.days_left is not None and self.days_left < 0


@dataclass(frozen=True, slots=True)
class ItemRow:
    item: CampaignItem
    check_name: str
    claim: str
    gate: str
    part_names: tuple[str, ...]
    standing: ItemProgress
    is_late: bool

    @property
    def progress(self) -> str:
        return Progress.DROPPED if self.item.is_dropped else self.standing.progress

    @property
    def is_open(self) -> bool:
        return self.progress not in (Progress.DONE, *IN_NO_SHARE)

    @property
    def first_parts(self) -> tuple[str, ...]:
        return self.part_names[:2]

    @property
    def more_parts(self) -> int:
        return len(self.part_names) - len(self.first_parts)

    @property
    def reason(self) -> str:
        return self.item.drop_reason if self.item.is_dropped else self.standing.reason

    @property
    def assigned(self) -> str:
        return name_of(self.item.assignee or self.item.assigned_to)


@dataclass(frozen=True, slots=True)
class GateRow:
    """A BLOCK check that keeps the site from being ready: `parts` are the sub-measures responsible, `item` plans a
    run."""

    check: Check
    state: str
    failing: str
    reason: str
    parts: tuple[tuple[str, str, str], ...]
    evidence: frozenset[EvidenceKind]
    item: CampaignItem | None
    excepted: bool

    @property
    def is_met(self) -> bool:
        """Whether the check is met by a declaration only, which keeps a site from Ready but not from Conditional."""
        return self.state in ACCEPTABLE

    @property
    def is_by_hand(self) -> bool:
        return not self.evidence.isdisjoint(BY_HAND)


def campaigns() -> QuerySet[Campaign]:
    return Campaign.objects.select_related(
        "site", "created_by", "ended_by", "framework_version", "repeats"
    ).defer("framework_version__definition")


def last_campaign(site: Site) -> Campaign | None:
    open_first = sorted(campaigns().filter(site=site)[:50], key=lambda campaign: not campaign.is_open)
    return open_first[0] if open_first else None


def rows(campaigns: Sequence[Campaign], *, now: datetime) -> list[CampaignRow]:
    _version, framework = framework_queries.current()
    items: dict[int, list[CampaignItem]] = defaultdict(list)
    stored_items = CampaignItem.objects.filter(campaign__in=campaigns).select_related("assignee")
    for item in stored_items.order_by("id"):
        items[item.campaign_id].append(item)
    stored = _stored({campaign.site_id for campaign in campaigns if campaign.is_open}, items.values())
    return [_campaign_row(campaign, items[campaign.pk], framework, stored, now) for campaign in campaigns]


def _campaign_row(
    campaign: Campaign, items: Sequence[CampaignItem], framework: Framework, stored: Stored, now: datetime
) -> CampaignRow:
    checks = framework.checks_by_id
    runs = tuple(
        PlannedRun(
            item,
            checks[item.check_id].name if item.check_id in checks else item.check_id,
            _progress(campaign, item, framework, stored),
            item.due_on or campaign.due_on,
        )
        for item in items
    )
    left_days = days_left(campaign, now) if campaign.is_open else None
    return CampaignRow(campaign, Sum(Counter(run.progress for run in runs)), left_days, runs)


def item_rows(campaign: Campaign, *, now: datetime) -> list[ItemRow]:
    """Open items come first, by day, then in the framework's order."""
    items = list(campaign.items.select_related("assignee", "dropped_by").order_by("id"))
    for item in items:
        item.campaign = campaign
    by_id = rows_of_items(items, now=now)
    _version, framework = framework_queries.current()
    order = {check.id: place for place, check in enumerate(framework.checks)}
    return sorted(
        by_id.values(),
        key=lambda row: (
            *(not row.is_open, row.item.due_on or campaign.due_on),
            *(order.get(row.item.check_id, len(order)), row.item.pk),
        ),
    )


def rows_of_items(items: Sequence[CampaignItem], *, now: datetime) -> dict[int, ItemRow]:
    """Rows by item id; the items need their campaign and its site joined in. Three statements."""
    _version, framework = framework_queries.current()
    stored = _stored({item.campaign.site_id for item in items if item.campaign.is_open}, [items])
    sites = {item.campaign.site_id for item in items}
    gates = {
        (site_id, check_id): gate
        for site_id, check_id, gate in CheckResult.objects.filter(
            site_id__in=sites, check_id__in={item.check_id for item in items}
        ).values_list("site_id", "check_id", "gate")
    }
    return {item.pk: _item_row(item, framework, stored, gates, now) for item in items}


def _item_row(
    item: CampaignItem,
    framework: Framework,
    stored: Stored,
    gates: Mapping[tuple[int, str], str],
    now: datetime,
) -> ItemRow:
    campaign, check = item.campaign, framework.checks_by_id.get(item.check_id)
    names = {part.id: part.name for part in check.parts} if check else {}
    progress = _standing(campaign, item, framework, stored)
    due = item.due_on or campaign.due_on
    late = campaign.is_open and not item.is_dropped and progress.progress not in ("done", "n-a")
    return ItemRow(
        item=item,
        check_name=check.name if check else item.check_id,
        claim=check.claim if check else "",
        gate=gates.get((campaign.site_id, item.check_id), str(check.gate) if check else ""),
        part_names=tuple(names.get(part, part) for part in item.parts),
        standing=progress,
        is_late=late and due < _today(campaign, now),
    )


def _progress(campaign: Campaign, item: CampaignItem, framework: Framework, stored: Stored) -> str:
    return Progress.DROPPED if item.is_dropped else _standing(campaign, item, framework, stored).progress


def _standing(campaign: Campaign, item: CampaignItem, framework: Framework, stored: Stored) -> ItemProgress:
    if item.outcome:
        return ItemProgress(item.outcome, "", item.outcome_reason)
    since = Since(campaign.counts_from, campaign.site.time_zone) if campaign.counts_from else None
    return progress_of(
        framework.checks_by_id.get(item.check_id),
        item.parts,
        stored.get((campaign.site_id, item.check_id), {}),
        since=since,
    )


def _stored(site_ids: Collection[int], items: Iterable[Sequence[CampaignItem]]) -> Stored:
    parts_by_check: dict[str, set[str]] = defaultdict(set)
    for item in (item for several in items for item in several):
        parts_by_check[item.check_id].update(item.parts)
    results = CheckResult.objects.filter(site_id__in=site_ids, check_id__in=parts_by_check)
    by_check: dict[tuple[int, str], dict[str, dict[str, Any]]] = {}
    for site_id, check_id, state, reason, parts in results.values_list(
        "site_id", "check_id", "state", "reason", "parts"
    ):
        by_check[site_id, check_id] = {part["part"]: part for part in parts}
        if state == CheckState.NOT_APPLICABLE:
            # A check that does not apply has no stored sub-measures: each takes the check's state.
            whole = {"state": state, "reason": reason}
            by_check[site_id, check_id] = dict.fromkeys(parts_by_check[check_id], whole)
    return by_check


def days_left(campaign: Campaign, now: datetime) -> int:
    return (campaign.due_on - _today(campaign, now)).days


def _today(campaign: Campaign, now: datetime) -> date:
    return now.astimezone(ZoneInfo(campaign.site.time_zone)).date()


def gate_rows(site: Site, items: Sequence[CampaignItem] = ()) -> list[GateRow] | None:
    """BLOCK checks that are not acceptable or rest on a declaration; None before the first evaluation."""
    _version, framework = framework_queries.current()
    score = SiteScore.objects.filter(site=site).only("excepted").first()
    if score is None:
        return None
    planned = {item.check_id: item for item in reversed(items) if not item.is_dropped}
    is_open = ~Q(state__in=ACCEPTABLE) | Q(tier=Tier.CAPPED)
    results = {
        result.check_id: result for result in CheckResult.objects.filter(is_open, site=site, gate=Gate.BLOCK)
    }
    return [
        GateRow(
            check=check,
            state=result.state,
            failing=failing_of(check, result),
            reason=result.reason,
            parts=tuple(_open_parts(check, result)),
            evidence=check.evidence,
            item=planned.get(check.id),
            excepted=check.id in score.excepted,
        )
        for check in framework.checks
        if (result := results.get(check.id)) is not None and _holds(result)
    ]


def _holds(result: CheckResult) -> bool:
    """A COND sub-measure of a BLOCK check does not block; a check whose sub-measures are all n-a may."""
    deciding = [part for part in result.parts if part["gate"] == Gate.BLOCK]
    return all(part["state"] == CheckState.NOT_APPLICABLE for part in deciding) or any(
        map(_is_open, deciding)
    )


def _is_open(part: Mapping[str, Any]) -> bool:
    return part["state"] not in ACCEPTABLE or part.get("tier") == Tier.CAPPED


def _open_parts(check: Check, result: CheckResult) -> Iterable[tuple[str, str, str]]:
    for stored in result.parts:
        if stored["gate"] == Gate.BLOCK and _is_open(stored):
            part = next((each for each in check.parts if each.id == stored["part"]), None)
            if part is not None:
                yield part.id, part.name, stored["state"]


RDMA = (Port.Kind.ROCE, Port.Kind.INFINIBAND)


def targets_of(site: Site) -> dict[RunTarget, list[str]]:
    """Names by kind, as the form of a run takes them; two statements. Parts in service count, as for coverage."""
    nodes = list(
        Device.objects.active()
        .filter(site=site, role=Device.Role.NODE)
        .order_by("name")
        .values_list("name", flat=True)
    )
    ports = (
        Port.objects.active()
        .filter(device__site=site, device__role=Device.Role.NODE, kind__in=RDMA)
        .order_by("device__name", "name")
        .values_list("device__name", "name")
    )
    return {
        RunTarget.SITE: [site.name],
        RunTarget.NODE: nodes,
        RunTarget.PAIR: [f"{first} – {second}" for first, second in pairs(nodes)],
        # The first and last node by name are usually the farthest apart.
        RunTarget.PATH: [f"{nodes[0]} – {nodes[-1]}"] if len(nodes) > 1 else [],
        RunTarget.FABRIC: [", ".join(nodes)] if nodes else [],
        RunTarget.PORT: [f"{device} {port}" for device, port in ports],
    }


def pairs(nodes: Sequence[str]) -> list[tuple[str, str]]:
    """The fewest pairs that cover every node: neighbours by name; an odd node is paired with the first."""
    if len(nodes) < 2:
        return []
    neighbours = list(zip(nodes[::2], nodes[1::2], strict=False))
    return [*neighbours, (nodes[-1], nodes[0])] if len(nodes) % 2 else neighbours
