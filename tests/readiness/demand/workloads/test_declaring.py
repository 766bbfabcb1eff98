"""Declaring an envelope, changing it, confirming it, placing it: what is refused, and from when it counts."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import SiteChange
from readiness.demand.workloads import documents, operations, queries
from readiness.demand.workloads.core.envelope import AcceleratorNeed, UserDemand
from readiness.demand.workloads.models import Placement, WorkloadClass
from tests.conftest import NOW
from tests.inventory import made
from web.history.events import history_of
from web.permissions import MissingPermission

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def change(chat, planner, frozen_now):
    def make(**given):
        return operations.change(chat, by=planner, now=frozen_now.at, **given)

    return make


def test_what_was_declared_is_read_as_an_envelope(chat):
    [envelope] = queries.envelopes()
    assert envelope.accelerators == (AcceleratorNeed(8, "h100", envelope.accelerators[0].name, 700),)
    assert envelope.users == (UserDemand("iberia", "Iberia", 12.5, (40.4168, -3.7038)),)
    assert (envelope.missing, envelope.declared_on, envelope.confirmed_on) == ((), TODAY, ())
    assert (len(envelope.countries), envelope.cost_ceiling, envelope.cost_unit) == (
        30,
        2.5,
        "accelerator-hour",
    )


def test_all_envelopes_take_as_many_statements_as_one(chat, whole, planner, frozen_now):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            queries.envelopes()
        return len(captured)

    few = statements()
    for number in range(4):
        named = whole | {"name": f"Chat {number}", "slug": f"chat-{number}"}
        operations.declare(**named, by=planner, now=frozen_now.at)
    assert statements() == few == 4


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"latency_limit_ms": 0}, "latency_limit_ms"),
        ({"latency_percentile": 100}, "latency_percentile"),
        ({"cost_unit": ""}, "cost_unit"),
        ({"cost_ceiling": None}, "cost_ceiling"),
        ({"cost_currency": "euro"}, "cost_currency"),
        ({"allowed_jurisdictions": ["UK"]}, "allowed_jurisdictions"),
        ({"forbidden_jurisdictions": ["EEA"]}, "forbidden_jurisdictions"),
        ({"residency": "US"}, "residency"),
        ({"data_categories": ["secret"]}, "data_categories"),
        ({"carbon_g_per_kwh": -1}, "carbon_g_per_kwh"),
        ({"min_score": 70}, "min_score"),
        ({"kind": "fast"}, "kind"),
        ({"deferrable_h": 6}, "deferrable_h"),
        ({"it_kw": 0}, "it_kw"),
        ({"declared_on": TODAY + timedelta(days=1)}, "declared_on"),
        ({"colour": "blue"}, "colour"),
    ],
    ids=lambda value: "-".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_refused_by_field(whole, planner, frozen_now, wrong, field):
    with pytest.raises(ValidationError) as refused:
        operations.declare(**whole | wrong, by=planner, now=frozen_now.at)
    assert field in refused.value.message_dict
    assert not WorkloadClass.objects.exists()


def test_rows_are_of_accelerators_and_stated_once(change, h100, iberia):
    switch = made.device_type(kind="switch", domain="network")
    for wrong in ([(switch, 1)], [(h100, 1), (h100, 2)], [(None, 0)]):
        with pytest.raises(ValidationError) as refused:
            change(accelerators=wrong)
        assert "accelerators" in refused.value.message_dict
    with pytest.raises(ValidationError, match="users"):
        change(users=[(iberia, 1.0), (iberia, 2.0)])


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"cost_unit": ""}, "workload_cost_whole"),
        ({"cost_ceiling": float("nan")}, "workload_cost_whole"),
        ({"latency_percentile": 100}, "workload_percentile_inside"),
        ({"allowed_jurisdictions": ["UK"]}, "workload_allowed_known"),
        ({"forbidden_jurisdictions": ["EEA"]}, "workload_allowed_or_forbidden"),
        ({"residency": "UK"}, "workload_residency_known"),
        ({"data_categories": ["secret"]}, "workloadclass_data_categories_known"),
        ({"it_kw": float("nan")}, "workload_it_kw_in_range"),
        ({"min_score": 70}, "workload_min_score_share"),
        ({"deferrable_h": -1}, "workload_deferrable_h_in_range"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_database_holds_the_rules_whoever_writes(chat, wrong, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        WorkloadClass.objects.update(**wrong)


class TestFromWhenItCounts:
    def test_another_limit_is_declared_anew_and_another_name_is_not(self, chat, change, frozen_now):
        later = frozen_now.move(days=30).date()
        assert change(name="Chat 2", source="Catalogue 4").declared_on == TODAY
        assert change(carbon_g_per_kwh=250.0).declared_on == later

    def test_other_rows_are_another_envelope(self, change, h100, frozen_now):
        later = frozen_now.move(days=30).date()
        assert change(accelerators=[(h100, 8)]).declared_on == TODAY
        assert change(accelerators=[(h100, 16)], it_kw=20.4).declared_on == later

    def test_a_class_that_declares_nothing_has_no_day(self, planner, frozen_now):
        bare = operations.declare(name="Bare", slug="bare", by=planner, now=frozen_now.at)
        assert bare.declared_on is None
        with pytest.raises(ValidationError, match="declared yet"):
            operations.confirm(bare, by=planner, now=frozen_now.at)

    def test_it_is_confirmed_once_a_day_from_when_it_was_declared(self, chat, planner, frozen_now):
        later = frozen_now.move(days=30)
        for note in ("", "Looked again"):
            operations.confirm(chat, by=planner, now=later, note=note)
        [confirmation] = chat.confirmations.all()
        assert (confirmation.confirmed_on, confirmation.note) == (later.date(), "Looked again")
        for day in (TODAY - timedelta(days=1), later.date() + timedelta(days=1)):
            with pytest.raises(ValidationError, match="until today"):
                operations.confirm(chat, on=day, by=planner, now=later)

    def test_a_row_that_stays_leaves_no_trace_in_the_history(self, chat, change):
        before = len(history_of(chat, limit=50).rows)
        change(name="Chat")
        assert len(history_of(chat, limit=50).rows) == before


class TestPlacing:
    def test_it_is_placed_once_at_a_time_and_ends_after_it_began(self, chat, planner, frozen_now):
        tokyo = made.site(time_zone="Asia/Tokyo")
        evening = NOW.replace(hour=20)
        placement = operations.place(chat, site=tokyo, by=planner, now=evening)
        assert placement.started_on == TODAY + timedelta(days=1)
        with pytest.raises(ValidationError, match="already"):
            operations.place(chat, site=tokyo, by=planner, now=evening)
        with pytest.raises(ValidationError, match="cannot end before"):
            operations.end_placement(placement, on=TODAY, by=planner)
        operations.end_placement(placement, on=placement.started_on, by=planner)
        with pytest.raises(ValidationError, match="already"):
            operations.end_placement(placement, on=placement.started_on, by=planner)
        again = operations.place(chat, site=tokyo, on=date(2027, 1, 1), by=planner, now=evening)
        assert list(queries.placements_of(chat)) == [again, placement]

    def test_a_change_of_the_envelope_claims_the_sites_of_its_placements(
        self, chat, planner, change, h100, frozen_now
    ):
        here = made.site()
        operations.place(chat, site=here, by=planner, now=frozen_now.at)
        for write in (
            lambda: change(carbon_g_per_kwh=250.0),
            lambda: change(accelerators=[(h100, 4)], it_kw=5.0),
            lambda: change(users=[]),
            lambda: operations.confirm(chat, by=planner, now=frozen_now.at),
        ):
            SiteChange.objects.all().delete()
            write()
            claimed = SiteChange.objects.filter(origin="workload").values_list("site_id", flat=True)
            assert set(claimed) == {here.pk}


@pytest.mark.parametrize(
    ("write", "permission"),
    [
        (lambda chat, **by: operations.declare(name="A", slug="a", **by), "workloads.add_workloadclass"),
        (lambda chat, **by: operations.change(chat, it_kw=1.0, **by), "workloads.change_workloadclass"),
        (lambda chat, **by: operations.confirm(chat, **by), "workloads.change_workloadclass"),
        (lambda chat, by, now: operations.remove(chat, by=by), "workloads.delete_workloadclass"),
        (lambda chat, **by: operations.place(chat, site=made.site(), **by), "workloads.add_placement"),
        (
            lambda chat, **by: documents.import_workloads({"workloads.yaml": "workloads: []"}, **by),
            "workloads.add_workloadclass",
        ),
    ],
    ids=["declare", "change", "confirm", "remove", "place", "import"],
)
def test_who_may_not_write_is_told_the_permission(chat, user_of, frozen_now, write, permission):
    with pytest.raises(MissingPermission, match=permission.replace(".", r"\.")):
        write(chat, by=user_of("ops"), now=frozen_now.at)
    assert Placement.objects.count() == 0
