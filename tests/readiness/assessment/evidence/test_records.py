"""Attestations, recorded facts and floors: what they keep, what they refuse."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import Site, SiteChange
from readiness.assessment.evidence.models import Attestation, Floor, RecordedFact, ValidationRun
from readiness.assessment.evidence.operations import (
    FactRow,
    attest,
    import_floors,
    import_run,
    record_fact,
    record_facts,
    set_floor,
)
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.framework import queries as framework_queries
from readiness.demand.workloads.models import WorkloadClass
from tests.inventory import made
from tests.readiness.assessment.evidence.core.samples import FOLDER, sample
from web.history.events import history_of

pytestmark = pytest.mark.django_db
GIB = 1024**3


@pytest.fixture
def tokyo():
    return made.site(name="Tokyo", slug="tokyo", time_zone="Asia/Tokyo")


@pytest.fixture
def enter(tokyo, frozen_now, ops):
    def one(**given):
        values = {"check": "p2-energy-kpis", "part": "pue", "value": 1.21, "source": "meter report 10/2026"}
        values |= {"taken_on": date(2026, 11, 1), **given}
        return record_fact(site=tokyo, by=ops, now=frozen_now.at, **values)

    return one


@pytest.fixture
def state(tokyo, frozen_now, ops):
    def one(**given):
        values = {"check": "p4-golive-review", "statement": "All five signed", "attested_by": "R. Costa"}
        values |= {"taken_on": date(2026, 11, 1), **given}
        return attest(site=tokyo, by=ops, now=frozen_now.at, **values)

    return one


def test_a_fact_counts_from_the_end_of_its_day_in_the_sites_zone(enter, ops):
    fact = enter()
    assert fact.taken_at == datetime(2026, 11, 1, 15, tzinfo=UTC)
    assert (fact.value, fact.by, fact.source) == (1.21, ops, "meter report 10/2026")


def test_a_fact_of_today_counts_from_now(enter, frozen_now):
    # 16:00 in UTC is 01:00 of the next day in Tokyo.
    assert enter(taken_on=date(2026, 11, 25)).taken_at == frozen_now.at


def test_a_fact_entered_again_for_the_day_corrects_it_and_history_keeps_both(enter):
    enter()
    fact = enter(value=1.19)
    assert RecordedFact.objects.get().value == 1.19
    assert [row.action for row in history_of(fact).rows] == ["changed", "created"]


def test_a_fact_leaves_its_site_to_be_scored_again(enter, tokyo):
    SiteChange.objects.all().delete()
    enter()
    assert set(SiteChange.objects.values_list("site_id", "origin")) == {(tokyo.pk, "evidence")}


def test_a_fact_says_where_its_value_comes_from(enter):
    with pytest.raises(EvidenceRefused, match="says where its value comes from"):
        enter(source=" ")


def test_temperatures_slopes_and_drifts_may_be_below_zero(enter):
    for part, value in (("memory-slope", -0.5), ("ttft-drift", -2), ("inlet-p99", -3)):
        assert enter(check="p1-soak-24h", part=part, value=value).value == value


def test_an_attestation_without_a_value_stands_beside_the_check(state):
    attestation = state(document="ORR 2026-11", link="https://docs.example.net/orr")
    assert (attestation.part, attestation.value, attestation.attested_by) == ("", None, "R. Costa")


def test_the_database_wants_a_value_with_a_sub_measure(state):
    attestation = state()
    with pytest.raises(IntegrityError, match="attestation_value_of_a_part"), transaction.atomic():
        Attestation.objects.filter(pk=attestation.pk).update(value=1)


class TestFloors:
    def test_a_floor_set_again_is_changed(self, ops, frozen_now):
        for value in (450, 460):
            floor = set_floor(
                platform="dgx-h100",
                tool="nccl-tests",
                measure="busbw",
                value=value,
                unit="GB/s",
                by=ops,
                now=frozen_now.at,
            )
        assert Floor.objects.get() == floor
        assert floor.value == 460

    def test_a_floor_leaves_the_sites_of_its_platform_to_be_scored_again(self, tokyo, frozen_now):
        ValidationRun.objects.create(
            site=tokyo,
            tool="nccl-tests",
            scope="node",
            platform="DGX-H100",
            taken_at=frozen_now.at - timedelta(days=1),
            received_at=frozen_now.at,
            file_name="a",
            file_sha256="a",
            file_bytes=1,
        )
        made.site()
        SiteChange.objects.all().delete()
        Floor.objects.create(platform="dgx-h100", tool="nccl-tests", measure="busbw", value=460, unit="GB/s")
        assert set(SiteChange.objects.values_list("site_id", flat=True)) == {tokyo.pk}

    def test_one_floor_of_a_measure_at_a_size(self):
        values = {"platform": "x", "tool": "perftest", "measure": "bandwidth", "value": 1, "unit": "Gb/s"}
        Floor.objects.create(**values)
        with pytest.raises(IntegrityError, match="floor_unique"), transaction.atomic():
            Floor.objects.create(**values)

    def test_a_configuration_without_floors_is_refused(self, frozen_now):
        with pytest.raises(EvidenceRefused, match="no floor"):
            import_floors(
                content=b" * || check_hw_swap 0kB\n", platform="x", source="", by=None, now=frozen_now.at
            )

    def test_the_command_takes_the_files_name_as_platform(self):
        sample("nd96isr_h100_v5.conf")
        call_command(
            "import_floors",
            str(FOLDER / "nd96isr_h100_v5.conf"),
            str(FOLDER / "nd96isr_mi300x_v5.conf"),
            stdout=StringIO(),
        )
        assert set(Floor.objects.values_list("platform", "tool", "value")) == {
            ("nd96isr_h100_v5", "nccl-tests", 460.0),
            ("nd96isr_h100_v5", "perftest", 380.0),
            ("nd96isr_mi300x_v5", "rccl-tests", 314.0),
            ("nd96isr_mi300x_v5", "perftest", 390.0),
        }

    def test_the_command_takes_all_files_or_none(self, tmp_path):
        good, bad = tmp_path / "good.conf", tmp_path / "bad.conf"
        good.write_text(" * || check_ib_bw_gdr 380\n")
        bad.write_text("\n * || check_ib_bw_gdr fast\n")
        with pytest.raises(CommandError, match=r"bad.conf:2: fast is not a floor"):
            call_command("import_floors", str(good), str(bad), stdout=StringIO())
        assert not Floor.objects.exists()


def test_many_facts_take_no_more_statements_than_two(tokyo, frozen_now):
    def rows(days):
        return [
            FactRow(
                site=tokyo,
                check="p2-failover-drill",
                part="scenarios-run",
                value=100.0,
                taken_on=frozen_now.at.date() - timedelta(days=day),
                source="drill",
            )
            for day in range(days)
        ]

    def statements(given):
        with CaptureQueriesContext(connection) as captured:
            record_facts(given, by=None, now=frozen_now.at)
        return len(captured)

    statements(rows(1))
    assert statements(rows(2)) == statements(rows(200))
    assert RecordedFact.objects.count() == 200


def test_what_is_said_of_some_classes_proves_nothing_of_their_site(tokyo, state, frozen_now):
    WorkloadClass.objects.create(name="Pay", slug="pay")
    key = ("p4-flexibility-preserved", "classes-untested")
    given = {"check": key[0], "part": key[1], "value": 0}
    _, framework = framework_queries.current()

    def proved():
        return proofs([tokyo.pk], framework, now=frozen_now.at)[tokyo.pk].get(key)

    state(**given, workload_classes=["pay"])
    assert proved() is None
    state(**given, taken_on=date(2026, 10, 1))
    assert proved()[0].taken_at.date() == date(2026, 10, 1)


def test_the_database_takes_no_classes_without_a_sub_measure(state):
    with pytest.raises(IntegrityError, match="attestation_classes_of_a_part"), transaction.atomic():
        Attestation.objects.filter(pk=state().pk).update(workload_classes=["pay"])


@pytest.mark.parametrize("given", ["enter", "state"])
def test_nothing_is_kept_of_a_retired_site(request, tokyo, given):
    tokyo.stage = Site.Stage.RETIRED
    tokyo.save()
    with pytest.raises(EvidenceRefused) as refused:
        request.getfixturevalue(given)()
    assert refused.value.field == "site"


def test_no_run_is_kept_of_a_retired_site(tokyo, frozen_now, ops):
    tokyo.stage = Site.Stage.RETIRED
    with pytest.raises(EvidenceRefused, match="site: Tokyo is retired"):
        import_run(site=tokyo, tool="nccl-tests", content=b"", file_name="x", by=ops, now=frozen_now.at)
