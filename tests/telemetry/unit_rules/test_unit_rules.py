"""Unit rules of a source: what is stored with them, what the form and the endpoint refuse, and what a trial shows."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from telemetry.models import Source, UnitRule
from tests.telemetry.sending import stored

pytestmark = pytest.mark.django_db
TEMPERATURE = {"__name__": "cooling_supply_temperature_celsius", "unit": "crac-1"}
POWER = {"__name__": "node_hwmon_power_average_watt", "instance": "n1"}
PAGE, ENDPOINT = "/telemetry/unit-rules/", "/api/telemetry/unit-rules/"


def values():
    return [value for _, _, value in stored()]


@pytest.fixture
def rule_of(sender):
    def make(metric=TEMPERATURE["__name__"], **fields):
        rule = UnitRule(source=sender.source, metric=metric, **fields)
        rule.full_clean()
        rule.save()
        return rule

    return make


def test_a_rule_reads_what_arrives_while_it_is_in_force(sender, rule_of):
    sender.deliver((TEMPERATURE, 77.0, 0))
    rule = rule_of(unit="°F")
    sender.deliver((TEMPERATURE, 77.0, 60))
    rule.unit, rule.offset = "", 3.0
    rule.save()
    sender.deliver((TEMPERATURE, 20.0, 120))
    rule.delete()
    sender.deliver((TEMPERATURE, 20.0, 180))
    assert values() == pytest.approx([77, 25, 23, 20])


def test_a_rule_holds_for_its_source_and_fits_names_by_a_star(sender, sender_of, porto, rule_of):
    rule_of("cooling_*_celsius", unit="°F")
    sender.deliver((TEMPERATURE, 212.0, 0), (POWER, 212.0, 0))
    sender_of(porto).deliver((TEMPERATURE, 50.0, 60))
    assert sorted(values()) == pytest.approx([50, 100, 212])


def test_placeholders_of_an_exporter_are_known_by_what_it_sends(sender, rule_of):
    metric = "DCGM_FI_DEV_MEMORY_TEMP"
    rule_of(metric, unit="°F")
    sender.deliver(
        *(({"__name__": metric, "gpu": str(place)}, sent, 0) for place, sent in enumerate((0.0, 140.0)))
    )
    assert values() == pytest.approx([60])


def test_a_change_begins_anew_and_the_name_alone_is_the_same(rule_of):
    rule = rule_of(unit="°F")
    UnitRule.objects.filter(pk=rule.pk).update(in_force_since="2020-01-01T00:00:00Z")
    rule.refresh_from_db()
    assert rule.in_force_since.year == 2020
    rule.unit = "K"
    rule.save(update_fields=["unit"])
    rule.refresh_from_db()
    assert rule.in_force_since.year > 2020


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"metric": POWER["__name__"], "unit": "°F"}, "unit", "°F cannot become W: use W, mW, kW, MW."),
        ({"metric": "own", "unit": "kW"}, "unit", "Muster knows no metric own, so it cannot convert kW."),
        ({"metric": "two words", "factor": 2}, "metric", "Enter the name of a metric"),
        ({"metric": "own", "factor": 0}, "__all__", "Enter a factor above 0."),
        ({"metric": "own", "factor": -1}, "__all__", "Enter a factor above 0."),
        ({"metric": POWER["__name__"], "unit": "kW", "factor": 2}, "__all__", "A unit has its own factor"),
        ({"metric": POWER["__name__"], "unit": "leagues"}, "unit", "is not a valid choice"),
    ],
)
def test_a_bad_rule_is_refused_at_its_field(rule_of, fields, field, reason):
    with pytest.raises(ValidationError) as refused:
        rule_of(**fields)
    assert reason in " ".join(refused.value.message_dict[field])


@pytest.mark.parametrize("fields", [{"factor": 0}, {"factor": float("inf")}, {"factor": float("nan")},
                                    {"offset": float("inf")}, {"unit": "leagues"}, {"metric": "a b"},
                                    {"unit": "°F", "factor": 3}])  # fmt: skip
def test_the_database_refuses_what_no_form_wrote(rule_of, fields):
    rule = rule_of(factor=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitRule.objects.filter(pk=rule.pk).update(**fields)


def test_a_source_has_one_rule_for_a_metric(client_of, sender, rule_of):
    rule_of(unit="°F")
    again = {
        "source": sender.source.pk,
        "metric": TEMPERATURE["__name__"],
        "unit": "K",
        "factor": 1,
        "offset": 0,
    }
    answer = client_of("ops").post(f"{PAGE}add/", again)
    assert answer.status_code == 422
    assert "has a rule for this metric already" in answer.content.decode()


def cells(answer):
    table = re.search(r'id="trial".*?<tbody>(.*?)</tbody>', answer.content.decode(), re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table.group(1), re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)][1:3]
        for row in rows
    ]


def test_the_form_tries_a_rule_without_saving_it(client_of, sender, django_assert_max_num_queries):
    for place in range(5):
        sender.deliver((TEMPERATURE | {"unit": f"crac-{place}"}, 77.0 + place, 0))
    fields = {"source": sender.source.pk, "metric": "cooling_*", "unit": "°F", "factor": 1, "offset": 0}
    client = client_of("ops")
    refused = client.post(f"{PAGE}add/", fields | {"try": "1"})
    assert (refused.status_code, "cannot become" in refused.content.decode()) == (422, True)
    fields["metric"] = "cooling_*_celsius"
    with django_assert_max_num_queries(26):
        answer = client.post(f"{PAGE}add/", fields | {"try": "1"})
    assert answer.status_code == 200
    assert cells(answer) == [["77 °C", "25 °C"], ["78 °C", "25.6 °C"], ["79 °C", "26.1 °C"]]
    assert not UnitRule.objects.exists()
    assert client.post(f"{PAGE}add/", fields).status_code == 302
    assert UnitRule.objects.get().unit == "°F"


def test_a_trial_of_a_change_begins_at_what_was_sent(client_of, sender, rule_of):
    rule = rule_of(unit="°F")
    UnitRule.objects.update(in_force_since=sender.at(-600))
    sender.deliver((TEMPERATURE, 298.15, 0))
    fields = {
        "source": sender.source.pk,
        "metric": rule.metric,
        "unit": "K",
        "factor": 1,
        "offset": 0,
        "try": "1",
    }
    assert cells(client_of("ops").post(f"{PAGE}{rule.pk}/edit/", fields)) == [["148 °C", "25 °C"]]
    rule.refresh_from_db()
    assert rule.unit == "°F"
    UnitRule.objects.update(in_force_since=sender.at(600))
    [[before, after]] = cells(client_of("ops").post(f"{PAGE}{rule.pk}/edit/", fields))
    assert (before, after) == ("148 °C", "unknown: it was read before the present rule")


def test_a_trial_without_series_says_so(client_of, sender):
    fields = {"source": sender.source.pk, "metric": "own", "unit": "", "factor": 2, "offset": 0, "try": "1"}
    assert "No value to show" in client_of("ops").post(f"{PAGE}add/", fields).content.decode()


def test_a_form_without_any_conversion_is_refused_and_a_link_fills_it_in(client_of, sender):
    fields = {"source": sender.source.pk, "metric": "own", "unit": "", "factor": 1, "offset": 0}
    answer = client_of("ops").post(f"{PAGE}add/", fields)
    assert answer.status_code == 422
    assert "Choose the unit that the sender uses" in answer.content.decode()
    page = client_of("ops").get(f"{PAGE}add/?source={sender.source.pk}&metric=own&unit=°F").content.decode()
    assert 'value="own"' in page
    assert '<option value="°F" selected>' in page


def test_pages_tell_from_when_a_rule_holds(client_of, rule_of):
    rule = rule_of(unit="°F")
    for page in (client_of("viewer").get(PAGE), client_of("viewer").get(f"{PAGE}{rule.pk}/")):
        assert "sent in °F" in page.content.decode()
    assert "What is stored stays as it was read" in page.content.decode()
    assert client_of("viewer").get(f"{PAGE}add/").status_code == 403


def test_the_endpoint_writes_rules_and_names_the_field_that_is_wrong(api_of, sender):
    body = {"source": {"name": sender.source.name}, "metric": TEMPERATURE["__name__"], "unit": "°F"}
    made = api_of("ops").post(ENDPOINT, body)
    assert made.status_code == 201, made.content
    assert made.json()["in_force_since"]
    wrong = api_of("ops").patch(f"{ENDPOINT}{made.json()['id']}/", {"unit": "kW"})
    assert (wrong.status_code, list(wrong.json())) == (400, ["unit"])
    assert api_of("viewer").get(ENDPOINT).json()["count"] == 1
    assert api_of("viewer").post(ENDPOINT, body).status_code == 403


def test_unit_scale_of_a_source_tells_of_plain_factors_and_writes_them(api_of, sender, rule_of):
    rule_of(unit="°F")
    rule_of("hw.*", factor=5)
    address = f"/api/telemetry/sources/{sender.source.pk}/"
    assert api_of("ops").get(address).json()["unit_scale"] == {}
    assert api_of("ops").patch(address, {"unit_scale": {"a": 1000, "b": 2}}).json()["unit_scale"] == {
        "a": 1000,
        "b": 2,
    }
    assert api_of("ops").patch(address, {"unit_scale": {"b": 3}}).json()["unit_scale"] == {"b": 3}
    assert api_of("ops").patch(address, {"description": "x"}).json()["unit_scale"] == {"b": 3}
    assert set(UnitRule.objects.values_list("metric", flat=True)) == {TEMPERATURE["__name__"], "hw.*", "b"}
    for factors in ({"a*": 2}, {"a b": 2}):
        refused = api_of("ops").patch(address, {"unit_scale": factors})
        assert (refused.status_code, list(refused.json())) == (400, ["unit_scale"])
    body = {"name": "new", "site": {"slug": "porto"}, "unit_scale": {"up": 10}}
    assert api_of("ops").post("/api/telemetry/sources/", body).json()["unit_scale"] == {"up": 10}
    assert Source.objects.get(name="new").unit_rules.get().factor == 10


def test_the_page_of_a_source_lists_its_rules(client_of, sender, sender_of, porto, rule_of):
    page = f"/telemetry/sources/{sender.source.pk}/"
    assert (
        "read in the units that its exporters usually send" in client_of("viewer").get(page).content.decode()
    )
    rule_of(unit="°F")
    UnitRule.objects.create(source=sender_of(porto).source, metric="other_metric", factor=2)
    text = client_of("ops").get(page).content.decode()
    card = text[text.index('id="units"') :]
    assert "sent in °F" in card[: card.index("</section>")]
    assert f"unit-rules/add/?source={sender.source.pk}" in card
    assert "other_metric" not in card
