"""From the list of unmatched series to a mapping rule, with a trial before it is saved."""

from html import unescape
from re import findall

import pytest

from telemetry import matching
from telemetry.models import MappingRule, Series
from tests.inventory import made
from tests.telemetry.pages.conftest import words

pytestmark = pytest.mark.django_db
ADD, UNMATCHED = "/telemetry/mapping-rules/add/", "/telemetry/unmatched/"


def fan(unit, **labels):
    return {"__name__": "rack_fan_rpm", "unit_id": unit, **labels}


@pytest.fixture
def fields(sender):
    source, site = sender.source.pk, sender.source.site_id
    series = {"metric": "", "label": "unit_id", "value": "bmc-*"}
    return {
        "source": source,
        "site": site,
        "name": "BMCs",
        "kind": "device",
        "object_name": "node-*",
        **series,
    }


@pytest.fixture
def nodes(porto):
    return [made.device(site=porto, name=f"node-{number:02}") for number in (7, 8)]


def tried_page(client, fields, *, status=200):
    response = client.post(ADD, fields | {"try": "1"})
    assert response.status_code == status, words(response)
    return words(response)


def test_a_label_of_an_unmatched_series_leads_to_a_rule(client_of, sender, nodes, fields):
    sender.deliver((fan("bmc-07"), 900.0, 0))
    page = client_of("ops").get(UNMATCHED).content.decode()
    [address] = {unescape(found) for found in findall(r'href="(/telemetry/mapping-rules/add/[^"]+)"', page)}
    form = client_of("ops").get(address).context["form"]
    assert {name: form[name].value() for name in ("source", "site", "metric", "label", "value", "name")} == {
        "source": str(sender.source.pk),
        "site": str(sender.source.site_id),
        "metric": "rack_fan_rpm",
        "label": "unit_id",
        "value": "bmc-07",
        "name": "bmc-07",
    }
    assert "/telemetry/mapping-rules/add/" not in client_of("viewer").get(UNMATCHED).content.decode()


def test_a_trial_says_what_becomes_of_series_and_saves_nothing(client_of, sender, nodes, fields, porto):
    made.device(site=porto, name="other")
    sender.deliver(
        (fan("bmc-07"), 900.0, 0),
        (fan("bmc-08", fan="1"), 900.0, 0),
        (fan("bmc-08", fan="2"), 900.0, 0),
        (fan("bmc-09"), 900.0, 0),
        (fan("BMC-07", instance="other:9100"), 900.0, 0),
        (fan("pdu-07"), 900.0, 0),
    )
    page = tried_page(client_of("ops"), fields)
    assert "Series that fit 5" in page
    assert "Get an object 3 2 objects" in page
    assert "Labels name an object 1" in page
    assert "Not in the inventory 1 such as node-09" in page
    assert "node-08 2 series" in page
    assert not MappingRule.objects.exists()


def test_a_trial_names_the_rules_that_disagree(client_of, sender, nodes, fields):
    sender.deliver((fan("bmc-07"), 900.0, 0))
    client_of("ops").post(ADD, fields | {"name": "by hand", "value": "bmc-07", "object_name": "node-08"})
    page = tried_page(client_of("ops"), fields)
    assert "Rules disagree 1 another object by by hand" in page


def test_a_trial_without_a_series_says_so(client_of, sender, nodes, fields):
    assert "No stored series fits this rule" in tried_page(client_of("ops"), fields)


def test_a_trial_of_a_bad_rule_names_its_field(client_of, sender, fields):
    assert "One star at most." in tried_page(client_of("ops"), fields | {"value": "*-*"}, status=422)


def test_rules_that_disagree_are_both_named_with_the_series(browse, client_of, sender, nodes, fields):
    sender.deliver((fan("bmc-07"), 900.0, 0))
    for name, node in (("BMCs", "node-*"), ("by hand", "node-08")):
        assert client_of("ops").post(ADD, fields | {"name": name, "object_name": node}).status_code == 302
    matching.match_changed(now=sender.at(1))
    assert Series.objects.get().device is None
    assert "BMCs names device node-07 at Porto, by hand names device node-08 at Porto" in browse(
        "viewer", UNMATCHED
    )


def test_a_rule_without_its_object_is_named_with_the_series(browse, client_of, sender, fields):
    sender.deliver((fan("bmc-07"), 900.0, 0))
    client_of("ops").post(ADD, fields)
    assert "The series mapping rule BMCs names device node-07 at Porto" in browse("viewer", UNMATCHED)


def test_the_page_of_a_source_leads_to_its_unmatched_series(client_of, sender):
    sender.deliver((fan("bmc-07"), 900.0, 0))
    page = client_of("viewer").get(f"/telemetry/sources/{sender.source.pk}/").content.decode()
    assert f'href="{UNMATCHED}?source={sender.source.pk}"' in page


def test_the_list_of_unmatched_series_takes_as_many_statements_for_one_as_for_many(
    client_of, sender, fields, django_assert_max_num_queries
):
    client = client_of("ops")
    client.post(ADD, fields)
    for count in (1, 30):
        sender.deliver(*((fan(f"bmc-{number}"), 900.0, 0) for number in range(count)))
        with django_assert_max_num_queries(14):
            assert "bmc-0" in words(client.get(UNMATCHED))
