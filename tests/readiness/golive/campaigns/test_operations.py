"""Planning, running, ending: who may, what is refused, and what the database refuses whoever writes."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from readiness.assessment.scoring.models import CheckResult
from readiness.golive.campaigns import operations, queries
from readiness.golive.models import Campaign, CampaignItem
from tests.readiness.assessment.grants.test_races import at_once
from tests.readiness.assessment.scoring import stored
from tests.readiness.golive.campaigns.conftest import DUE, judged
from web.history.events import history_of
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db
WRITERS = {"ops", "planner", "admin"}


def done_by(by, frozen_now):
    return {"by": by, "now": frozen_now.at}


def test_a_plan_is_made_from_the_framework(porto, plan, planner, frozen_now):
    campaign = plan(porto)
    assert (campaign.state, campaign.created_by, campaign.created_at) == ("planned", planner, frozen_now.at)
    items = {item.check_id: item for item in campaign.items.all()}
    assert "p1-serving-latency" not in items
    intra = items["p1-intra-node"]
    assert (intra.tool, intra.targets, intra.size_bytes) == ("nccl-tests", "node", 16 * 1024**3)
    assert {row.progress for row in queries.item_rows(campaign, now=frozen_now.at)} == {"missing"}


@pytest.mark.parametrize("role", ["viewer", "ops", "planner", "manager", "admin"])
def test_who_may_do_what(porto, plan, planner, user_of, frozen_now, role):
    by = done_by(user_of(role), frozen_now)
    campaign = plan(porto)
    item = campaign.items.first()
    steps = [
        lambda: operations.change(campaign, note="x", **by),
        lambda: operations.change_item(item, how="x", **by),
        lambda: operations.drop(item, reason="x", **by),
        lambda: operations.restore(item, **by),
        lambda: operations.add_item(
            campaign, check_id="p1-intra-node", tool="rccl-tests", scope="node", targets="node", **by
        ),
        lambda: operations.start(campaign, **by),
        lambda: operations.finish(campaign, note="x", **by),
        lambda: operations.clone(campaign, due_on=DUE, **by),
        lambda: operations.delete(Campaign.objects.get(state="planned"), **by),
        lambda: operations.cancel(operations.create(site=porto, name="x", due_on=DUE, **by), note="x", **by),
    ]
    for step in steps:
        if role in WRITERS:
            step()
        else:
            with pytest.raises(MissingPermission, match=r"golive\.(add|change|delete)_campaign"):
                step()


def test_a_site_has_one_open_campaign(porto, plan, planner, frozen_now):
    first = plan(porto)
    with pytest.raises(ValidationError, match="open campaign already"):
        plan(porto)
    operations.cancel(first, note="Postponed", **done_by(planner, frozen_now))
    assert plan(porto).pk


@pytest.mark.django_db(transaction=True)
def test_of_two_plans_at_once_one_is_made(porto, planner, plan):
    done = at_once(lambda: plan(porto), lambda: plan(porto, name="Other"))
    assert sorted(type(each).__name__ for each in done) == ["Campaign", "ValidationError"]
    assert Campaign.objects.count() == 1


def test_a_retired_site_gets_none(porto, plan):
    porto.stage = "retired"
    porto.save()
    with pytest.raises(ValidationError, match="retired"):
        plan(porto)


class TestItems:
    def test_one_is_added_for_what_runs_prove_alone(self, porto, plan, planner, frozen_now):
        by, campaign = done_by(planner, frozen_now), plan(porto)
        more = {"tool": "csv", "scope": "site", "targets": "site"}
        item = operations.add_item(
            campaign, check_id="p2-failover-drill", parts=["scenarios-run"], **more, **by
        )
        assert (item.added, item.parts) == (True, ["scenarios-run"])
        for wrong, field in (
            ({"check_id": "p9-luck"}, "check"),
            ({"check_id": "p2-power-headroom"}, "check"),
            ({"check_id": "p1-intra-node", "parts": ["nothing"]}, "parts"),
            ({"check_id": "p1-intra-node", "tool": "hammer"}, "tool"),
            ({"check_id": "p1-intra-node", "repeats": 0}, None),
        ):
            with pytest.raises(ValidationError) as refused:
                operations.add_item(campaign, **(more | wrong), **by)
            assert field is None or field in refused.value.message_dict

    def test_it_is_for_a_person_or_somebody_without_an_account(self, porto, plan, planner, ops, frozen_now):
        by, item = done_by(planner, frozen_now), plan(porto).items.first()
        operations.change_item(item, assignee=ops, due_on=date(2026, 12, 1), **by)
        with pytest.raises(ValidationError, match="not both"):
            operations.change_item(item, assigned_to="The vendor", **by)
        changed = operations.change_item(item, assignee=None, assigned_to="The vendor", **by)
        assert (changed.assignee, changed.assigned_to, changed.due_on) == (
            None,
            "The vendor",
            date(2026, 12, 1),
        )

    def test_it_is_dropped_with_a_reason_and_taken_back(self, porto, plan, planner, frozen_now):
        by, campaign = done_by(planner, frozen_now), plan(porto)
        item = campaign.items.first()
        with pytest.raises(ValidationError, match="Enter a reason"):
            operations.drop(item, reason=" ", **by)
        operations.drop(item, reason="No such rack yet", **by)
        [row] = [row for row in queries.item_rows(campaign, now=frozen_now.at) if row.item == item]
        assert (row.progress, row.reason) == ("dropped", "No such rack yet")
        with pytest.raises(NotInState, match="dropped already"):
            operations.drop(item, reason="again", **by)
        assert not operations.restore(item, **by).is_dropped
        assert [row.action for row in history_of(item).rows] == ["changed", "changed", "created"]


class TestEnding:
    def test_it_keeps_how_far_it_was(self, porto, plan, planner, frozen_now):
        by, campaign = done_by(planner, frozen_now), plan(porto)
        judged(porto, "p1-intra-node", ["busbw", "wrong-values", "nodes-covered"], "pass")
        operations.start(campaign, **by)
        with pytest.raises(ValidationError, match="items are open"):
            operations.finish(campaign, **by)
        ended = operations.finish(campaign, note="The rest in January", **by)
        porto.check_results.all().delete()
        kept = {row.item.check_id: row.progress for row in queries.item_rows(ended, now=frozen_now.at)}
        assert (kept["p1-intra-node"], kept["p1-rdma-port"]) == ("done", "missing")
        [row] = queries.rows([ended], now=frozen_now.at)
        assert (row.sum.done, row.days_left) == (1, None)

    def test_steps_that_do_not_follow_are_refused(self, porto, plan, planner, frozen_now):
        by, campaign = done_by(planner, frozen_now), plan(porto)
        with pytest.raises(NotInState, match="planned"):
            operations.finish(campaign, note="x", **by)
        operations.start(campaign, **by)
        for step in (operations.start, operations.delete):
            with pytest.raises(NotInState, match="running"):
                step(campaign, **by)
        operations.cancel(campaign, note="Cut", **by)
        item = campaign.items.first()
        for late in (
            lambda: operations.cancel(campaign, note="x", **by),
            lambda: operations.change(campaign, note="x", **by),
            lambda: operations.change_item(item, how="x", **by),
            lambda: operations.drop(item, reason="x", **by),
        ):
            with pytest.raises(NotInState, match="cancelled"):
                late()

    def test_a_repetition_has_the_items_that_were_kept(self, porto, plan, planner, frozen_now):
        by, campaign = done_by(planner, frozen_now), plan(porto)
        operations.drop(campaign.items.first(), reason="x", **by)
        operations.cancel(campaign, note="x", **by)
        again = operations.clone(campaign, due_on=DUE, counts_from=frozen_now.at.date(), **by)
        assert (again.state, again.repeats, again.name) == ("planned", campaign, campaign.name)
        assert again.items.count() == campaign.items.count() - 1
        judged(
            porto,
            "p1-intra-node",
            ["busbw", "wrong-values", "nodes-covered"],
            "pass",
            now=frozen_now.at - timedelta(days=2),
        )
        rows = {row.item.check_id: row for row in queries.item_rows(again, now=frozen_now.at)}
        assert "counts runs from 24 Nov 2026" in rows["p1-intra-node"].reason


class TestGate:
    def test_it_names_what_holds_the_site_back(self, porto, plan, frozen_now):
        campaign = plan(porto)
        assert queries.gate_rows(porto) is None
        stored.score(porto, excepted=["p2-backup-power"])
        judged(porto, "p1-intra-node", "busbw", "fail")
        stored.result(porto, "p2-backup-power", "fail", parts=[])
        stored.result(porto, "p5-telemetry-coverage", "pass")
        stored.result(porto, "p5-fabric-health", "fail", gate="COND")
        rows = queries.gate_rows(porto, list(campaign.items.all()))
        assert [(row.check.id, row.excepted) for row in rows] == [
            ("p1-intra-node", False),
            ("p2-backup-power", True),
        ]
        assert rows[0].item.check_id == "p1-intra-node"
        assert rows[0].parts[0][0] == "busbw"

    def test_it_names_what_only_a_declaration_holds_up(self, porto, plan):
        """A conditional site: every check is acceptable, and a run would replace each declaration."""
        campaign = plan(porto)
        stored.score(porto)
        judged(porto, "p1-intra-node", ["busbw", "data-errors"], "warn", evidence="fact:1", tier="capped")
        CheckResult.objects.filter(check_id="p1-intra-node").update(tier="capped", state="warn")
        stored.result(porto, "p2-power-headroom", "warn", tier="measured")
        [row] = queries.gate_rows(porto, list(campaign.items.all()))
        assert (row.check.id, row.state, row.item.check_id) == ("p1-intra-node", "warn", "p1-intra-node")
        states = {part: state for part, _, state in row.parts}
        assert states["busbw"] == "warn"


class TestDatabase:
    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("campaign_started_once_it_runs", {"state": "running"}),
            ("campaign_ended_by_somebody", {"state": "cancelled", "end_note": "x"}),
            ("campaign_has_name", {"name": " "}),
            ("campaign_counts_before_due", {"counts_from": DUE + timedelta(days=1)}),
            ("campaign_started_once_it_runs", {"state": "paused"}),
        ],
    )
    def test_refuses(self, porto, plan, constraint, changes):
        campaign = plan(porto)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Campaign.objects.filter(pk=campaign.pk).update(**changes)

    def test_refuses_two_open(self, porto, plan):
        second = plan(porto)
        second.pk = None
        with pytest.raises(IntegrityError, match="campaign_one_open_at_site"), transaction.atomic():
            second.save(force_insert=True)

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("campaign_item_dropped_with_reason", {"drop_reason": "x"}),
            ("campaign_item_proves_something", {"parts": []}),
            ("campaign_item_counts_positive", {"repeats": 0}),
            ("campaignitem_tool_known", {"tool": "hammer"}),
        ],
    )
    def test_refuses_items(self, porto, plan, constraint, changes):
        item = plan(porto).items.first()
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            CampaignItem.objects.filter(pk=item.pk).update(**changes)
