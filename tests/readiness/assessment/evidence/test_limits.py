"""Limits of sites and of workload classes: what can be declared, which one binds, and from which day on."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from inventory.models import SiteChange
from readiness.assessment.evidence.models import DeclaredLimit
from readiness.assessment.evidence.operations import declare_limit, record_fact
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.demand.workloads.models import Placement, WorkloadClass
from tests.entries import entries_of
from tests.inventory import made

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto", time_zone="Asia/Tokyo", profiles=["inference"])


@pytest.fixture
def assistant(porto):
    placed = WorkloadClass.objects.create(name="Assistant", slug="assistant-emea")
    Placement.objects.create(workload_class=placed, site=porto, started_on=date(2026, 1, 1))
    return placed


@pytest.fixture
def declare(frozen_now, planner):
    def one(limit, value=None, *, on=date(2026, 1, 1), source="Contract 7", **more):
        return declare_limit(
            limit=limit, value=value, declared_on=on, source=source, by=planner, now=frozen_now.at, **more
        )

    return one


@pytest.fixture
def part_of(porto, frozen_now):
    """`part_of(check, part)` evaluates Porto and gives the sub-measure as stored."""

    def look(check_id, part_id, at=None):
        frozen_now.move(seconds=1)
        CheckResult.objects.filter(site=porto).delete()
        porto.score.delete() if hasattr(porto, "score") else None
        porto.refresh_from_db()
        evaluate(site_ids=[porto.pk], now=at or frozen_now.at)
        result = CheckResult.objects.get(site=porto, check_id=check_id)
        return next(part for part in result.parts if part["part"] == part_id)

    return look


def fact(site, now, check, part, value, on=date(2026, 11, 20)):
    record_fact(
        site=site, check=check, part=part, value=value, taken_on=on, source="report", by=None, now=now
    )


def test_a_value_is_judged_by_the_limit_of_its_site(porto, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p2-energy-kpis", "pue", 1.25)
    assert part_of("p2-energy-kpis", "pue")["code"] == "no-limit"
    declare("pue-target", 1.3, site=porto)
    part = part_of("p2-energy-kpis", "pue")
    assert (part["state"], part["threshold"], part["limit_source"]) == ("pass", 1.3, "PUE target of Porto")


def test_a_preset_is_a_limit_by_its_name(porto, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p2-energy-kpis", "pue", 1.25)
    declare("pue-target", preset="enefg-new", site=porto)
    part = part_of("p2-energy-kpis", "pue")
    assert (part["state"], part["threshold"]) == ("fail", 1.2)
    assert part["limit_source"] == "PUE target of Porto: EnEfG, started from July 2026"


def test_the_limit_of_a_placed_class_says_whose_it_is(porto, assistant, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p1-serving-latency", "ttft-p99", 900)
    declare("ttft-slo", preset="llama2-70b", workload_class=assistant)
    part = part_of("p1-serving-latency", "ttft-p99")
    assert (part["state"], part["code"], part["threshold"]) == ("warn", "capped", 2000)
    assert part["limit_source"] == "Time to first token at p99 of class assistant-emea: Llama2-70B"


def test_of_several_the_strictest_binds(porto, assistant, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p1-serving-latency", "ttft-p99", 900)
    search = WorkloadClass.objects.create(name="Search", slug="search")
    Placement.objects.create(workload_class=search, site=porto, started_on=date(2026, 1, 1))
    declare("ttft-slo", 2000, workload_class=assistant)
    declare("ttft-slo", 0.8, unit="s", workload_class=search)
    part = part_of("p1-serving-latency", "ttft-p99")
    assert (part["threshold"], part["limit_source"]) == (800, "Time to first token at p99 of class search")
    declare("ttft-slo", 1500, site=porto)
    assert part_of("p1-serving-latency", "ttft-p99")["threshold"] == 800
    declare("ttft-slo", 500, site=porto, on=date(2026, 2, 1))
    assert part_of("p1-serving-latency", "ttft-p99")["limit_source"] == "Time to first token at p99 of Porto"


def test_where_higher_is_better_the_strictest_is_the_highest(porto, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p2-energy-kpis", "renewable-share", 70)
    declare("renewable-target", 50, site=porto)
    assert part_of("p2-energy-kpis", "renewable-share")["state"] == "pass"


def test_a_class_that_is_not_placed_there_binds_nothing(porto, assistant, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p1-serving-latency", "ttft-p99", 900)
    declare("ttft-slo", 100, workload_class=assistant)
    Placement.objects.update(ended_on=date(2026, 11, 1))
    assert part_of("p1-serving-latency", "ttft-p99")["code"] == "no-limit"


def test_a_limit_holds_from_the_start_of_its_day_at_the_site(porto, declare, part_of, frozen_now):
    """In Tokyo the 25th begins at 15:00 UTC of the 24th."""
    fact(porto, frozen_now.at, "p2-energy-kpis", "pue", 1.25)
    declare("pue-target", 1.5, site=porto)
    declare("pue-target", 1.2, site=porto, on=date(2026, 11, 25))
    midnight = frozen_now.at.replace(hour=15, minute=0, second=0, microsecond=0)
    before = part_of("p2-energy-kpis", "pue", at=midnight - timedelta(seconds=1))
    assert (before["state"], before["threshold"]) == ("pass", 1.5)
    assert part_of("p2-energy-kpis", "pue", at=midnight)["state"] == "fail"


def test_a_past_day_is_judged_by_what_was_in_force_then(porto, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p2-energy-kpis", "pue", 1.25, on=date(2026, 10, 25))
    declare("pue-target", 1.3, site=porto, on=date(2026, 1, 1))
    declare("pue-target", 1.1, site=porto, on=date(2026, 11, 1))
    month_ago = frozen_now.at - timedelta(days=29)
    assert part_of("p2-energy-kpis", "pue", at=month_ago)["state"] == "pass"
    assert part_of("p2-energy-kpis", "pue")["state"] == "fail"


def test_a_declared_limit_goes_before_the_column_of_the_site(porto, declare, part_of, frozen_now):
    type(porto).objects.filter(pk=porto.pk).update(contracted_kw=1000)
    fact(porto, frozen_now.at, "p2-power-headroom", "site-load", 700, on=TODAY)
    assert part_of("p2-power-headroom", "site-load")["threshold"] == 850
    declare("contracted-kw", 0.8, unit="MW", site=porto)
    assert part_of("p2-power-headroom", "site-load")["threshold"] == 680


def test_a_cooling_class_is_declared_by_preset(porto, declare, part_of, frozen_now):
    fact(porto, frozen_now.at, "p2-cooling-headroom", "inlet-p99", 24, on=TODAY)
    assert " is within 18 to 27 °C." in part_of("p2-cooling-headroom", "inlet-p99")["reason"]
    declare("cooling-class", preset="h1", site=porto)
    part = part_of("p2-cooling-headroom", "inlet-p99")
    assert " is outside 18 to 22 °C." in part["reason"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"limit": "speed", "value": 1}, "limit", "no limit 'speed'"),
        ({"limit": "fabric-floor", "value": 1}, "limit", "a limit of platforms"),
        ({"limit": "pue-target"}, "value", "one of the two"),
        ({"limit": "pue-target", "value": 1.2, "preset": "enefg-new"}, "value", "one of the two"),
        ({"limit": "pue-target", "preset": "a1"}, "preset", "there are enefg-old-2027"),
        ({"limit": "wue-target", "preset": "a1"}, "preset", "it has none"),
        ({"limit": "ttft-slo", "value": 1, "unit": "kW"}, "unit", "ms"),
        ({"limit": "pue-target", "value": 1, "unit": "kW"}, "unit", "without a unit"),
        ({"limit": "pue-target", "preset": "enefg-new", "unit": "%"}, "unit", "its own unit"),
        ({"limit": "cooling-class", "value": 20}, "value", "a range"),
        ({"limit": "pue-target", "value": float("nan")}, "value", "finite"),
        ({"limit": "pue-target", "value": -1}, "value", "0 or more"),
        ({"limit": "reuse-target", "value": 101}, "value", "100 %"),
        ({"limit": "pue-target", "value": 1, "on": date(2060, 1, 1)}, "declared_on", "twenty years"),
        ({"limit": "pue-target", "value": 1, "on": date(1970, 1, 1)}, "declared_on", "twenty years"),
    ],
)
def test_what_can_be_no_limit_is_refused(porto, declare, given, field, words):
    with pytest.raises(EvidenceRefused, match=words) as refused:
        declare(**given, site=porto)
    assert refused.value.field == field


def test_a_limit_is_of_one_site_or_of_one_class(porto, assistant, declare):
    with pytest.raises(EvidenceRefused, match="one site or"):
        declare("ttft-slo", 1)
    with pytest.raises(EvidenceRefused, match="one site or"):
        declare("ttft-slo", 1, site=porto, workload_class=assistant)
    with pytest.raises(EvidenceRefused, match="declared for a site"):
        declare("pue-target", 1, workload_class=assistant)
    with pytest.raises(ValidationError):
        declare("pue-target", 1, site=porto, source=" ")


def test_no_limit_is_taken_for_a_retired_site(porto, assistant, declare):
    porto.stage = porto.Stage.RETIRED
    porto.save()
    with pytest.raises(EvidenceRefused, match="site: Porto is retired"):
        declare("pue-target", 1.2, site=porto)
    assert declare("ttft-slo", 500, workload_class=assistant).pk


def test_declared_again_for_the_same_day_it_corrects(porto, declare, planner):
    declare("pue-target", 1.2, site=porto)
    declare("pue-target", preset="enefg-new", site=porto)
    limit = DeclaredLimit.objects.get()
    assert (limit.value, limit.preset, limit.by) == (None, "enefg-new", planner)
    assert entries_of(DeclaredLimit).count() == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"value": None},
        {"preset": "enefg-new"},
        {"site_id": None},
        {"source": ""},
    ],
)
def test_the_database_keeps_what_the_operation_keeps(porto, declare, broken):
    limit = declare("pue-target", 1.2, site=porto)
    with pytest.raises(IntegrityError), transaction.atomic():
        DeclaredLimit.objects.filter(pk=limit.pk).update(**broken)


def test_a_change_claims_the_sites_that_it_binds(porto, assistant, declare):
    SiteChange.objects.all().delete()
    declare("ttft-slo", 1000, workload_class=assistant)
    assert list(SiteChange.objects.values_list("site", "origin")) == [(porto.pk, "record")]
    SiteChange.objects.all().delete()
    declare("pue-target", 1.2, site=porto).delete()
    assert set(SiteChange.objects.values_list("site", flat=True)) == {porto.pk}


TABLE = """site,workload_class,limit,value,unit,preset,declared_on,source,note
# of the contract
porto,,pue-target,1.2,,,2026-01-01,Contract 7,
,assistant-emea,ttft-slo,0.5,s,,2026-01-01,SLO sheet,interactive
porto,,cooling-class,,,h1,2026-01-01,Data sheet,
"""


@pytest.fixture
def send(client_of):
    """Send a table to the endpoint as somebody who may declare limits."""

    def post(text):
        file = SimpleUploadedFile("limits.csv", text.encode(errors="surrogatepass"))
        return client_of("planner").post("/api/readiness/limits/import/", {"file": file})

    return post


def test_a_table_is_declared(porto, assistant, send):
    answer = send(TABLE)
    assert answer.status_code == 201
    assert [(each["limit"], each["value"], each["preset"]) for each in answer.json()] == [
        ("pue-target", 1.2, ""),
        ("ttft-slo", 500, ""),
        ("cooling-class", None, "h1"),
    ]


def test_the_lists_own_file_is_declared_again(porto, assistant, send, client_of):
    send(TABLE)
    kept = list(DeclaredLimit.objects.order_by("limit_id").values_list("limit_id", "value", "preset"))
    export = b"".join(client_of("viewer").get("/evidence/limits/?export=csv")).decode()
    DeclaredLimit.objects.all().delete()
    assert send(export).status_code == 201
    assert list(DeclaredLimit.objects.order_by("limit_id").values_list("limit_id", "value", "preset")) == kept


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("faro,,pue-target,1.2,,,2026-01-01,x,", "Site: No site is called faro"),
        (",chat,ttft-slo,1,,,2026-01-01,x,", "Workload class: No workload class is called chat"),
        ("porto,,pue-target,fast,,,2026-01-01,x,", "Value: A valid number is required."),
        ("porto,,pue-target,1.2,,,tomorrow,x,", "In force from: Date has wrong format"),
        ("porto,,pue-target,1.2,,,2026-01-01,,", "Source: This field is required."),
        ("porto,,speed,1.2,,,2026-01-01,x,", "Limit: There is no limit"),
        ("gone,,pue-target,1.2,,,2026-01-01,x,", "Site: Gone is retired."),
        ("porto,,pue-target,1.2", "The line has 4 cells and the header 9."),
    ],
)
def test_a_table_is_refused_with_line_and_field_and_kept_out_whole(porto, assistant, send, line, words):
    made.site(name="Gone", slug="gone", stage="retired")
    answer = send(f"{TABLE}{line}\n")
    assert answer.status_code == 400
    refused = answer.json()
    assert (refused["line"], refused["reason"][: len(words)]) == (6, words)
    assert refused["file"] == [f"Line 6: {refused['reason']}"]
    assert not DeclaredLimit.objects.exists()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("site,limit,valeu,declared_on,source", "Unknown columns valeu; there are site,"),
        ("site,limit,limit,declared_on,source", "The header names a column twice."),
    ],
)
def test_a_head_that_cannot_be_read_is_refused(porto, send, head, words):
    refused = send(f"{head}\nporto,pue-target,1.2,2026-01-01,x\n").json()
    assert (refused["line"], refused["reason"][: len(words)]) == (1, words)


@pytest.mark.parametrize(
    "column", ["site", "workload_class", "limit", "value", "unit", "preset", "declared_on"]
)
@pytest.mark.parametrize(
    "cell", ["nan", "1e999", "0001-01-01", "soon", '"', "\x00", "\ud800", "x" * 500, "-1"]
)
def test_whatever_a_cell_holds_it_is_refused_by_line(porto, send, column, cell):
    row = {"site": "porto", "limit": "pue-target", "value": "1.2", "declared_on": "2026-01-01", "source": "x"}
    row[column] = cell
    answer = send(f"{','.join(row)}\n{','.join(row.values())}\n")
    assert (answer.status_code, answer.json()["line"]) == (400, 2)


@pytest.mark.parametrize("text", ["", "site,limit\n", 'site,limit\n"porto,x\n'])
def test_a_file_without_rows_is_refused(porto, send, text):
    answer = send(text)
    assert (answer.status_code, answer.json()["line"] >= 1) == (400, True)
