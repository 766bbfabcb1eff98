"""Past decisions, recorded when the history reaches their day; at its end campaigns, a go-live review, the worklist and
one portfolio."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from inventory.models import Site
from readiness.assessment.scoring.core.closing import ClosingTarget
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap.closing import closing
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.demand.workloads.models import WorkloadClass
from readiness.demo.core.plan import book
from readiness.demo.models import DemoFleet
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.people import people
from readiness.golive.campaigns import operations as campaigns
from readiness.golive.models import Campaign
from readiness.golive.reviews import operations as reviews
from readiness.golive.worklist import operations as worklist
from readiness.golive.worklist import plans as road_plans
from readiness.golive.worklist.plans import PlannedPair
from readiness.tradeoffs.decisions import operations
from readiness.tradeoffs.models import Decision, PortfolioRun
from readiness.tradeoffs.placing.params import question_of
from readiness.tradeoffs.portfolios import operations as portfolios
from readiness.tradeoffs.portfolios import solving

STAFF = frozenset({"planner", "manager"})
"""The people who decide and answer."""

REVIEWED = "SYD-1"
SIGNERS = {"compute": "ops", "network": "planner", "security": "manager"}
"""Signers by domain. Nobody has been named for energy and planning yet."""
SIGNED = "ops"


class Decided:
    """Decisions that the history has not reached yet, and decisions that wait for their review."""

    def __init__(self, fleet: DemoFleet) -> None:
        self._staff = people(fleet.made)
        self._sites = {site.name: site for site in Site.objects.filter(pk__in=fleet.made[Site._meta.label])}
        decided = list(Decision.objects.filter(site__in=self._sites.values()).select_related("site"))
        recorded = {(decision.workload_slug, decision.site.name) for decision in decided}
        self._to_come = [
            (fleet.loaded_at - timedelta(days=row["ago"]), row)
            for row in sorted(book("decisions")["decisions"], key=lambda row: -row["ago"])
            if row["site"] in self._sites and set(self._staff) >= STAFF
            if (row["workload"], row["site"]) not in recorded
        ]
        self._approved = [
            each for each in decided if each.state == Decision.State.APPROVED and not each.reviewed_at
        ]

    def come_to(self, now: datetime, scored: Collection[str]) -> None:
        for due in [each for each in self._to_come if each[0] <= now and each[1]["site"] in scored]:
            self._to_come.remove(due)
            # A decision before the requested history has no figures to rest on.
            if now - due[0] < timedelta(days=1):
                self._decide(due[1], now=now)

    def review(self, *, now: datetime) -> None:
        for decision in [each for each in self._approved if each.is_due(now)]:
            operations.review(decision, by=None, now=now)
            self._approved.remove(decision)

    def _decide(self, row: Mapping[str, Any], *, now: datetime) -> None:
        workload = WorkloadClass.objects.filter(slug=row["workload"]).first()
        if workload is None:
            return
        try:
            decision = operations.record(
                workload=workload,
                site=self._sites[row["site"]],
                question=question_of({"weights": row["weights"]}),
                rationale=row["rationale"],
                by=self._staff["planner"],
                now=now,
            )
        except ValidationError:
            # Without the published factors a limit may have no figure, so that the site is not an option.
            return
        self._record_answer(decision, row, now=now)

    def _record_answer(self, decision: Decision, row: Mapping[str, Any], *, now: datetime) -> None:
        manager, answered = self._staff["manager"], row.get("answered", {})
        note = answered.get("note", "")
        if "approved" in answered:
            at = now + timedelta(days=answered["approved"])
            self._approved.append(operations.approve(decision, note=note, by=manager, now=at))
        elif "rejected" in answered:
            operations.reject(decision, note=note, by=manager, now=now + timedelta(days=answered["rejected"]))
        elif "withdrawn" in row:
            operations.withdraw(
                decision,
                note=row["withdrawn"]["note"],
                by=self._staff["planner"],
                now=now + timedelta(days=row["withdrawn"]["after"]),
            )


def ask_portfolio(staff: Mapping[str, User], *, now: datetime) -> PortfolioRun | None:
    """Compute a portfolio of all workloads now; None if nobody may request it."""
    request = book("decisions")["portfolio"]
    by = staff.get(request["by"])
    if by is None or not WorkloadClass.objects.exists():
        return None
    run = portfolios.ask({name: request[name] for name in ("points", "weights")}, by=by, now=now)
    solving.run(run.pk, now=now)
    return run


def write_plans(sites: Mapping[str, Site], staff: Mapping[str, User], *, now: datetime) -> None:
    if not {"ops", "planner", "manager"} <= set(staff):
        return
    record_book = book("records")
    for row in record_book["campaigns"]:
        if row["site"] in sites:
            _write_campaign(sites[row["site"]], row, staff, now=now)
    for row in record_book["worklist"]:
        if row["site"] in sites:
            worklist.add(
                site=sites[row["site"]],
                check_id=row["check"],
                owner_name=row["owner"],
                due_on=(now + timedelta(days=row["due_in"])).date(),
                note=row["note"],
                cost=row.get("cost"),
                currency=row.get("currency", ""),
                by=staff["planner"],
                now=now - timedelta(days=7),
            )


def plan_the_road(
    sites: Mapping[str, Site], staff: Mapping[str, User], objects: DemoObjects, *, now: datetime
) -> None:
    """Put all that holds some sites on the worklist, as plans with a day. Call after the first scoring."""
    for row in book("records")["plans"]:
        planned_sites = {sites[name].slug: sites[name] for name in row["sites"] if name in sites}
        if not planned_sites or row["by"] not in staff:
            continue
        held_sites = closing(
            fleet_standing(now=now, site_ids=[site.pk for site in planned_sites.values()]),
            target=ClosingTarget.READY,
            measure=CapacityMeasure.POWER,
        ).held_sites
        pairs = [
            PlannedPair(planned_sites[each.site], check_id, row["owner"])
            for each in held_sites
            for check_id in each.checks
        ]
        if pairs:
            due_on = (now + timedelta(days=row["due_in"])).date()
            by = staff[row["by"]]
            objects.note([road_plans.add(name=row["name"], due_on=due_on, pairs=pairs, by=by, now=now)])


def _write_campaign(site: Site, row: Mapping[str, Any], staff: Mapping[str, User], *, now: datetime) -> None:
    by, planned_at = staff["planner"], now - timedelta(days=row["planned"])
    campaign = campaigns.create(
        site=site,
        name=row["name"],
        due_on=(now + timedelta(days=row["due_in"])).date(),
        note=row["note"],
        by=by,
        now=planned_at,
    )
    campaigns.start(campaign, by=by, now=planned_at)
    _share_out(campaign, row.get("doers", ()), staff, now=now)
    if "finished" in row:
        ended_at = now - timedelta(days=row["finished"])
        campaigns.finish(campaign, note=row["ended_with"], by=by, now=ended_at)


def _share_out(campaign: Campaign, doers: Sequence[str], staff: Mapping[str, User], *, now: datetime) -> None:
    """Give the runs to these in turn, each two days after the one before; "" leaves a run to nobody."""
    for place, (item, name) in enumerate(zip(campaign.items.order_by("pk"), cycle(doers), strict=False)):
        if name:
            due_on = min((now + timedelta(days=2 * place + 1)).date(), campaign.due_on)
            who = {"assignee": staff[name]} if name in staff else {"assigned_to": name}
            campaigns.change_item(item, due_on=due_on, by=staff["planner"], now=now, **who)


def write_review(sites: Mapping[str, Site], staff: Mapping[str, User], *, now: datetime) -> None:
    """Call before any scoring, because the proof of a review counts from its own days."""
    site, manager = sites.get(REVIEWED), staff.get("manager")
    if site is None or manager is None or not set(SIGNERS.values()) <= set(staff):
        return
    for domain, role in SIGNERS.items():
        reviews.add_approver(
            domain=domain, user=staff[role], site=site, by=manager, now=now - timedelta(days=6)
        )
    review = reviews.open_review(
        site=site, note="Before the first production load", by=manager, now=now - timedelta(days=5)
    )
    reviews.sign(
        review, note="Nodes are in; two to be tested again.", by=staff[SIGNED], now=now - timedelta(days=3)
    )
