"""Plans that people have made: campaigns, a go-live review, the worklist. Written when the past has been scored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from inventory.models import Site
from readiness.demo.core.records import book
from readiness.golive.campaigns import operations as campaigns
from readiness.golive.reviews import operations
from readiness.golive.reviews import operations as reviews
from readiness.golive.worklist import operations as worklist

REVIEWED = "SYD-1"
SIGNERS = {"compute": "ops", "network": "planner", "security": "manager"}
"""By domain. Nobody has been named for energy and planning yet."""
SIGNED = "ops"


def write_plans(sites: Mapping[str, Site], staff: Mapping[str, User], *, now: datetime) -> None:
    if not {"ops", "planner", "manager"} <= set(staff):
        return
    kept = book()
    for row in kept["campaigns"]:
        if row["site"] in sites:
            _write_campaign(sites[row["site"]], row, by=staff["planner"], now=now)
    for row in kept["worklist"]:
        if row["site"] in sites:
            worklist.add(
                site=sites[row["site"]],
                check_id=row["check"],
                owner_name=row["owner"],
                due_on=(now + timedelta(days=row["due_in"])).date(),
                note=row["note"],
                by=staff["planner"],
                now=now - timedelta(days=7),
            )
    if REVIEWED in sites:
        _write_review(sites[REVIEWED], staff, now=now)


def _write_campaign(site: Site, row: Mapping[str, Any], *, by: User, now: datetime) -> None:
    planned_at = now - timedelta(days=row["planned"])
    campaign = campaigns.create(
        site=site,
        name=row["name"],
        due_on=(now + timedelta(days=row["due_in"])).date(),
        note=row["note"],
        by=by,
        now=planned_at,
    )
    campaigns.start(campaign, by=by, now=planned_at)
    if "finished" in row:
        ended_at = now - timedelta(days=row["finished"])
        campaigns.finish(campaign, note=row["ended_with"], by=by, now=ended_at)


def _write_review(site: Site, staff: Mapping[str, User], *, now: datetime) -> None:
    manager = staff["manager"]
    for domain, role in SIGNERS.items():
        operations.add_approver(
            domain=domain, user=staff[role], site=site, by=manager, now=now - timedelta(days=6)
        )
    review = reviews.open_review(
        site=site, note="Before the first production load", by=manager, now=now - timedelta(days=5)
    )
    reviews.sign(
        review, note="Nodes are in; two to be tested again.", by=staff[SIGNED], now=now - timedelta(days=3)
    )
