"""Putting work on the list, doing it, closing it: who may, what is refused, and that no verdict hears of it."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from inventory.models import SiteChange
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, Flip, SiteScore
from readiness.golive.models import WorkItem
from readiness.golive.worklist import operations, queries
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.golive.worklist.conftest import CHECK
from web.history.events import history_of
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db


def standing(item):
    return queries.items().get(pk=item.pk).standing


def test_an_item_says_who_put_it_there_and_when(porto, put, planner, frozen_now):
    item = put(porto, owner_name=" Facilities ", due_on=date(2026, 12, 1), note="Order batteries")
    item.refresh_from_db()
    assert (item.status, item.created_by, item.created_at) == ("open", planner, frozen_now.at)
    assert (item.owner_name, item.closed_at) == ("Facilities", None)


def test_one_check_at_a_site_is_on_the_list_once(porto, put, planner, frozen_now):
    first = put(porto)
    with pytest.raises(ValidationError, match=f"already, as item {first.pk}"):
        put(porto)
    operations.change(first, status="dropped", by=planner, now=frozen_now.at)
    put(porto)
    with pytest.raises(ValidationError, match="already"):
        operations.change(first, status="open", by=planner, now=frozen_now.at)


def test_the_database_refuses_a_second_one_whoever_writes(porto, put, planner, frozen_now):
    put(porto)
    again = WorkItem(site=porto, check_id=CHECK, created_by=planner, created_at=frozen_now.at)
    with pytest.raises(IntegrityError, match="work_item_one_live"), transaction.atomic():
        again.save()


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"owner_name": "Facilities"}, "work_item_one_owner"),
        ({"status": "done"}, "work_item_closed_at_some_time"),
        ({"cost": 10.0}, "work_item_cost_has_currency"),
        ({"cost": float("nan"), "currency": "EUR"}, "work_item_cost_has_currency"),
        ({"status": "paused", "closed_at": NOW}, "workitem_status_known"),
    ],
)
def test_the_database_holds_the_rules(porto, put, planner, wrong, constraint):
    item = put(porto, owner=planner)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        WorkItem.objects.filter(pk=item.pk).update(**wrong)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"check_id": "p9-nothing"}, "check"),
        ({"owner_name": "x" * 101}, "owner_name"),
        ({"status": "paused"}, "status"),
        ({"cost": 10.0}, "currency"),
        ({"currency": "EUR"}, "cost"),
        ({"cost": float("nan"), "currency": "EUR"}, "cost"),
        ({"cost": -1.0, "currency": "EUR"}, "cost"),
        ({"cost": 10.0, "currency": "eu1"}, "currency"),
    ],
)
def test_what_cannot_be_is_refused_by_field(porto, put, given, field):
    with pytest.raises(ValidationError) as refused:
        put(porto, **given)
    assert field in refused.value.message_dict


@pytest.mark.parametrize("role", ["viewer", "ops"])
def test_who_may_not_add_is_told_the_permission(porto, put, user_of, role):
    with pytest.raises(MissingPermission, match=r"golive\.add_workitem"):
        put(porto, by=user_of(role))


def test_those_who_do_the_work_set_status_and_note_alone(porto, put, ops, frozen_now):
    item = put(porto)
    operations.change(item, status="in-progress", note="Ordered", by=ops, now=frozen_now.at)
    with pytest.raises(MissingPermission, match=r"golive\.change_workitem"):
        operations.change(item, due_on=date(2027, 1, 1), by=ops, now=frozen_now.at)
    item.refresh_from_db()
    assert (item.status, item.note, item.due_on) == ("in-progress", "Ordered", None)


def test_a_viewer_changes_nothing(porto, put, viewer, frozen_now):
    with pytest.raises(MissingPermission, match=r"golive\.progress_workitem"):
        operations.change(put(porto), status="done", by=viewer, now=frozen_now.at)


def test_what_was_removed_meanwhile_is_gone(porto, put, admin, planner, frozen_now):
    item = put(porto)
    operations.remove(WorkItem.objects.get(), by=admin, now=frozen_now.at)
    with pytest.raises(NotInState, match="is gone"):
        operations.change(item, status="done", by=planner, now=frozen_now.at)


def test_it_is_closed_when_it_is_done_and_open_again_when_it_is_not(porto, put, planner, frozen_now):
    item = put(porto)
    at = frozen_now.move(hours=3)
    assert operations.change(item, status="done", by=planner, now=at).closed_at == at
    assert operations.change(item, status="dropped", by=planner, now=frozen_now.move(hours=1)).closed_at == at
    assert operations.change(item, status="open", by=planner, now=frozen_now.at).closed_at is None


def test_it_is_resolved_by_itself_once_the_check_is_met(porto, put, planner, frozen_now):
    item = put(porto)
    assert standing(item) == "open"
    CheckResult.objects.filter(site=porto).update(state="warn")
    assert standing(item) == "resolved"
    operations.change(item, status="done", by=planner, now=frozen_now.at)
    assert standing(item) == "done"


@pytest.mark.parametrize(("gate", "expected"), [("BLOCK", "open"), ("COND", "resolved")])
def test_a_check_met_by_a_declaration_is_resolved_where_that_holds_nothing(porto, put, gate, expected):
    item = put(porto)
    CheckResult.objects.filter(site=porto).update(state="warn", tier="capped", gate=gate)
    assert standing(item) == expected


def test_many_at_once_leave_out_what_is_there(porto, put, planner, frozen_now):
    put(porto)
    faro = stored.site(name="Faro", slug="faro")
    pairs = [(porto, CHECK), (faro, CHECK), (faro, "p1-soak-24h"), (faro, CHECK)]
    added = operations.add_many(pairs, owner=planner, by=planner, now=frozen_now.at)
    assert added == 2
    assert WorkItem.objects.filter(site=faro, owner=planner).count() == 2


@pytest.mark.parametrize("pairs", [[], [CHECK] * 1001], ids=["none", "too many"])
def test_how_many_at_once_is_bounded(porto, planner, frozen_now, pairs):
    with pytest.raises(ValidationError, match="1000 checks at most"):
        operations.add_many([(porto, check) for check in pairs], by=planner, now=frozen_now.at)


def test_a_status_for_many_is_all_or_none(porto, put, ops, planner, frozen_now):
    first = put(porto)
    assert operations.set_status([first.pk], status="done", by=ops, now=frozen_now.at) == 1
    second = put(porto)
    with pytest.raises(ValidationError, match="again already"):
        operations.set_status([first.pk, second.pk], status="in-progress", by=ops, now=frozen_now.at)
    second.refresh_from_db()
    assert second.status == "open"


def test_who_did_what_is_in_the_history(porto, put, ops, frozen_now):
    item = put(porto)
    operations.set_status([item.pk], status="done", by=ops, now=frozen_now.at)
    assert len(history_of(item, limit=9).rows) == 2


def test_no_item_moves_a_verdict(plant_of, user_of, frozen_now):
    """Work that is put on the list, done and removed leaves no claim, and the next evaluation finds what it found."""
    planner = user_of("planner")
    there = plant_of().site
    scoring.evaluate(site_ids=[there.pk], now=frozen_now.at)
    SiteChange.objects.all().delete()
    fields = ("verdict", "deciding", "score", "first_blocker", "verdict_reason")
    before = SiteScore.objects.values(*fields).get(site=there), Flip.objects.count()
    made = operations.add(site=there, check_id=before[0]["deciding"][0], by=planner, now=frozen_now.at)
    operations.change(made, status="done", by=planner, now=frozen_now.at)
    operations.remove(made, by=planner, now=frozen_now.at)
    assert not SiteChange.objects.exists()
    scoring.evaluate(site_ids=[there.pk], now=frozen_now.at)
    assert (SiteScore.objects.values(*fields).get(site=there), Flip.objects.count()) == before
