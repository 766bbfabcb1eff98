"""Files of samples that are read by an import rule."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from telemetry import drain
from telemetry.asgi import SampleDoor
from telemetry.models import ImportRule, InboxBatch, Rejection, Series
from tests.telemetry.sending import hand_to, stored

pytestmark = pytest.mark.django_db
ADDRESS = "/api/telemetry/import/"
HEAD = "Zeit;Rechner;Leistung;Notiz"
COLUMNS = (
    "Zeit = time\nRechner = label instance\nLeistung = metric DCGM_FI_DEV_POWER_USAGE in kW\nNotiz = nothing"
)


@pytest.fixture
def rule(sender):
    row = ImportRule(
        source=sender.source,
        name="meters",
        columns=COLUMNS,
        labels="rack=R1",
        zone="UTC",
        decimal="comma",
    )
    row.full_clean()
    row.save()
    return row


def body(at, *, power="1,5", head=HEAD):
    return f"{head}\n{at:%Y-%m-%d %H:%M:%S};gpu-01;{power};ok\n".encode("utf-8-sig")


def post(sender, data, name="meters", content_type="text/csv", parameter="rule"):
    headers = {
        "authorization": f"Bearer {sender.source.plain_token}",
        "content-type": content_type,
        "content-length": str(len(data)),
    }
    return hand_to(lambda here: SampleDoor(threads=here), f"{ADDRESS}?{parameter}={name}", data, headers)


def test_a_file_becomes_samples_by_its_rule(sender, rule):
    assert post(sender, body(sender.at(0))).status_code == 204
    drain.drain(now=sender.at(1))
    assert [(metric, value) for metric, _, value in stored()] == [("DCGM_FI_DEV_POWER_USAGE", 1500)]
    assert Series.objects.get().labels == {"instance": "gpu-01", "rack": "R1"}


def test_a_long_file_names_metrics_in_cells(sender, rule):
    rule.columns = "when = time\nreading = metric\namount = value in °F"
    rule.zone = ""
    rule.decimal = "point"
    rule.full_clean()
    rule.save()
    at = sender.at(0).isoformat()
    data = f"when,reading,amount\n{at},DCGM_FI_DEV_GPU_TEMP,212\n{at},unheard_of,1\n".encode()
    answer = post(sender, data)
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "1 bad_line (e.g. line 3: column amount: Muster knows no unit of unheard_of, so it cannot convert °F)",
    )
    drain.drain(now=sender.at(1))
    assert [(metric, pytest.approx(value)) for metric, _, value in stored()] == [
        ("DCGM_FI_DEV_GPU_TEMP", 100)
    ]


def test_a_file_that_differs_from_its_rule_is_refused_whole(sender, rule):
    answer = post(sender, body(sender.at(0), head="Zeit;Host;Leistung;Notiz"))
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "line 1: the file does not fit the rule meters: no column Rechner; unexpected column Host",
    )
    assert not InboxBatch.objects.exists()
    assert Rejection.objects.get().reason == "malformed_body"


def test_the_same_file_twice_counts_once_until_its_rule_changes(sender, rule):
    data = body(sender.at(0))
    assert [post(sender, data).status_code for _ in range(3)] == [204, 204, 204]
    assert InboxBatch.objects.count() == 1
    ImportRule.objects.update(columns=COLUMNS.replace("in kW", "in W"))
    assert post(sender, data).status_code == 204
    assert InboxBatch.objects.count() == 2


def test_an_unknown_rule_is_told(sender, rule, sender_of, porto):
    assert post(sender, body(sender.at(0)), "other").json()["detail"] == (
        "source porto prometheus has no import rule other"
    )
    stranger = sender_of(porto, name="another")
    assert post(stranger, body(sender.at(0))).json()["detail"] == "source another has no import rule meters"


def test_a_rule_reads_tables_only(sender, rule):
    answer = post(sender, b"up 1\n", content_type="text/plain")
    assert (answer.status_code, answer.json()["detail"]) == (400, "no import rule reads text/plain")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"columns": "Zeit = time"}, "columns"),
        ({"columns": "Zeit = time\nLeistung = metric DCGM_FI_DEV_POWER_USAGE in °C"}, "columns"),
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"name": "Big Meters"}, "name"),
        ({"labels": "instance=x"}, "labels"),
        ({"labels": "nonsense"}, "labels"),
    ],
)
def test_a_rule_that_no_file_could_follow_is_refused(rule, fields, field):
    for name, value in fields.items():
        setattr(rule, name, value)
    with pytest.raises(ValidationError) as caught:
        rule.full_clean()
    assert list(caught.value.message_dict) == [field]


@pytest.mark.parametrize("fields", [{"name": "Big Meters"}, {"labels": "x"}, {"decimal": "none"}])
def test_the_database_refuses_what_the_form_refuses(rule, fields):
    with transaction.atomic(), pytest.raises(IntegrityError):
        ImportRule.objects.filter(pk=rule.pk).update(**fields)


@pytest.mark.parametrize("name", ["%00", "a%00b", "Meters", "%0A", "meters%0A", "%FF"])
def test_a_name_that_no_rule_can_have_is_refused_by_its_form(sender, rule, name):
    answer = post(sender, body(sender.at(0)), name=name)
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "rule= names an import rule by small letters, digits and hyphens",
    )
    assert Rejection.objects.get().reason == "malformed_body"


def test_a_rule_that_no_longer_can_be_read_is_named(sender, rule):
    ImportRule.objects.update(columns=COLUMNS.replace("in kW", "in leagues"))
    answer = post(sender, body(sender.at(0)))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("import rule meters: line 3: ")


def test_a_misspelt_parameter_is_refused_by_its_name(sender, rule):
    answer = post(sender, body(sender.at(0)), parameter="rul")
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "unknown parameter rul: this address takes rule= alone",
    )
    assert not InboxBatch.objects.exists()


@pytest.mark.parametrize(
    ("dates", "pattern"),
    [
        ("day-first", "%d/%m/%Y %H:%M:%S"),
        ("month-first", "%m/%d/%Y %I:%M:%S %p"),
        ("day-first", "%d.%m.%Y %H:%M:%S"),
    ],
)
def test_a_rule_tells_the_order_of_dates(sender, rule, dates, pattern):
    rule.dates = dates
    rule.full_clean()
    rule.save()
    data = f"Bericht der Anlage\n\n{HEAD}\n{sender.at(0).strftime(pattern)};gpu-01;1,5;ok\n".encode()
    rule.separator = "semicolon"
    rule.save()
    assert post(sender, data).status_code == 204
    drain.drain(now=sender.at(1))
    assert [at for _, at, _ in stored()] == [sender.at(0).timestamp()]


def test_a_date_without_an_order_is_refused(sender, rule):
    data = f"{HEAD}\n11/12/2026 10:00;gpu-01;1,5;ok\n".encode()
    assert "does not say whether day or month comes first" in post(sender, data).json()["detail"]


def test_a_column_of_each_meter_names_what_it_measures(sender, rule):
    rule.columns = (
        "Tag = date\nUhr = time of day\n"
        "kW = metric rPDU2DeviceStatusPower{instance=pdu-a1} in kW\n"
        "kW (2) = metric rPDU2DeviceStatusPower{instance=pdu-a2} in kW"
    )
    rule.full_clean()
    rule.save()
    at = sender.at(0)
    data = f"Tag;Uhr;kW;kW\n{at:%Y-%m-%d};{at:%H:%M:%S};1.250,5;2,5\nTag;Uhr;kW;kW\n".encode()
    assert post(sender, data).status_code == 204
    drain.drain(now=sender.at(1))
    assert {series.labels["instance"] for series in Series.objects.all()} == {"pdu-a1", "pdu-a2"}
    assert sorted(value for _, _, value in stored()) == [2500.0, 1250500.0]


def test_the_endpoint_refuses_columns_that_cannot_be_read(rule, api_of):
    answer = api_of("admin").patch(
        f"/api/telemetry/import-rules/{rule.pk}/", {"columns": "Zeit = nobody knows"}
    )
    assert (answer.status_code, list(answer.json())) == (400, ["columns"])
    rule.refresh_from_db()
    assert rule.columns == COLUMNS
