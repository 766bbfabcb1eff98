"""Findings of the demo's operator in every state, their actions, and two joint reviews. All belong to a site."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from inventory.models import DomainChoices, Site
from readiness.demo.core.plan import book
from readiness.loop.actions import operations as actions
from readiness.loop.findings import operations, proving
from readiness.loop.findings.joint import operations as joint
from readiness.loop.findings.models import Finding

STAFF = frozenset({"ops", "planner"})


def write_loop(sites: Mapping[str, Site], staff: Mapping[str, User], *, now: datetime) -> None:
    """Call after the first scoring: a check that passes already closes nothing."""
    if not set(staff) >= STAFF:
        return
    rows = [row for row in book("loop")["findings"] if row["site"] in sites]
    for row in rows:
        _write_finding(sites[row["site"]], row, staff, now=now)
    proving.prove(site_ids=[sites[row["site"]].pk for row in rows], now=now)


def _write_finding(site: Site, row: Mapping[str, Any], staff: Mapping[str, User], *, now: datetime) -> None:
    raised_at = now - timedelta(days=row["raised"])
    check = row.get("check", "")
    by_check = bool(check) and not operations.is_passing(site.pk, check)
    seen = row.get("seen", {})
    finding = operations.raise_finding(
        title=row["title"],
        text=row["text"],
        route=row["route"],
        subject_kind=row["about"][0],
        subject_key=row["about"][1],
        site=site,
        seen=seen | {"at": raised_at.isoformat()} if seen else {},
        closing=Finding.Closing.CHECK if by_check else Finding.Closing.EVIDENCE,
        check_id=check if by_check else "",
        by=staff[row["by"]],
        now=raised_at,
    )
    answerer = staff["planner" if row["by"] == "ops" else "ops"]
    if "answered" in row:
        _answer_finding(finding, row["answered"], by=answerer, raised_at=raised_at)
    if "action" in row:
        _write_action(finding, row["action"], by=answerer, raised_at=raised_at, now=now)
    if "evidence" in row:
        at = raised_at + timedelta(days=row["evidence"]["after"])
        operations.attach_finding_evidence(finding, evidence=row["evidence"]["text"], by=answerer, now=at)
    if "reopened" in row and by_check:
        _reopen(finding, row, raised_at=raised_at)
    if "joint_review" in row:
        _write_review(site, row["joint_review"], by=staff["planner"], now=now)


def _answer_finding(finding: Finding, answer: Mapping[str, Any], *, by: User, raised_at: datetime) -> None:
    reason = answer["reason"]
    if "accepted" in answer:
        at = raised_at + timedelta(days=answer["accepted"])
        operations.accept(finding, reason=reason, by=by, now=at)
    elif "rejected" in answer:
        at = raised_at + timedelta(days=answer["rejected"])
        operations.reject(finding, reason=reason, by=by, now=at)
    else:
        at = raised_at + timedelta(days=answer["deferred"])
        until = (at + timedelta(days=answer["days"])).date()
        operations.defer(finding, reason=reason, until=until, by=by, now=at)


def _write_action(
    finding: Finding, row: Mapping[str, Any], *, by: User, raised_at: datetime, now: datetime
) -> None:
    action = operations.add_finding_action(
        finding,
        title=row["title"],
        due_on=(now + timedelta(days=row["due_in"])).date(),
        effect=finding.closing,
        check_id=finding.check_id,
        by=by,
        now=raised_at + timedelta(days=7),
    )
    if "done" in row:
        at = raised_at + timedelta(days=row["done"])
        actions.finish_action(action, note="Done.", by=by, now=at)
        actions.attach_evidence(action, evidence="Revision C", by=by, now=at)


def _reopen(finding: Finding, row: Mapping[str, Any], *, raised_at: datetime) -> None:
    """Close it and open it again, as Muster did when its check passed and failed."""
    closed_at = raised_at + timedelta(days=row["closed"])
    again_at = raised_at + timedelta(days=row["reopened"])
    finding.refresh_from_db()
    check, site = finding.check_id, finding.site
    operations.close(finding, because=f"{check} passes at {site}.", now=closed_at)
    operations.open_again(finding, because=f"{check} fails at {site}.", by=None, now=again_at)


def _write_review(site: Site, row: Mapping[str, Any], *, by: User, now: datetime) -> None:
    held_at = now - timedelta(days=row.get("held", 0))
    day = (now + timedelta(days=row["planned_in"])).date() if "planned_in" in row else held_at.date()
    review = joint.open_joint_review(name=row["name"], planned_on=day, site=site, by=by, now=held_at)
    if "record" in row:
        joint.hold(
            review,
            record=row["record"],
            domains=DomainChoices.values,
            had_operations=True,
            had_planning=True,
            by=by,
            now=held_at,
        )
