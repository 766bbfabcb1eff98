"""Mapping rules give series an object whose labels name none."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from inventory.models import SiteChange
from telemetry import matching
from telemetry.models import LateDay, MappingRule, Series
from tests.inventory import made

pytestmark = pytest.mark.django_db
FAN = {"__name__": "rack_fan_rpm", "unit_id": "bmc-07"}


@pytest.fixture
def node(porto):
    return made.device(site=porto, name="node-07")


def add_rule(source, **changes):
    fields = {"name": "BMCs", "label": "unit_id", "value": "bmc-*", "kind": "device", "object_name": "node-*"}
    rule = MappingRule(source=source, **{"site": source.site} | fields | changes)
    rule.full_clean()
    rule.save()
    return rule


def described_device():
    return Series.objects.get(metric=FAN["__name__"]).device


def test_a_rule_counts_backwards_and_its_end_takes_that_back(sender, node):
    sender.deliver((FAN, 900.0, 0))
    matching.match_changed(now=sender.at(0))
    assert described_device() is None
    rule = add_rule(sender.source)
    SiteChange.objects.all().delete()
    later = sender.at(0) + timedelta(days=1)
    assert matching.match_changed(now=later) == 1
    assert described_device() == node
    assert SiteChange.objects.filter(site=node.site).exists()
    assert [day.on_date for day in LateDay.objects.all()] == [sender.at(0).date()]
    assert matching.match_changed(now=later) == 0
    rule.delete()
    assert matching.match_changed(now=later) == 1
    assert described_device() is None


def test_a_series_that_comes_later_is_mapped_at_once(sender, node):
    add_rule(sender.source)
    sender.deliver((FAN, 900.0, 0))
    assert described_device() == node


def test_labels_that_name_an_object_count_before_rules(sender, node, porto):
    other = made.device(site=porto, name="other")
    add_rule(sender.source)
    sender.deliver((FAN | {"instance": "other:9100"}, 900.0, 0))
    assert described_device() == other


def test_two_rules_that_name_two_objects_map_nothing(sender, node, porto):
    made.device(site=porto, name="other")
    add_rule(sender.source)
    add_rule(sender.source, name="by hand", value="bmc-07", object_name="other")
    sender.deliver((FAN, 900.0, 0))
    assert described_device() is None


@pytest.mark.parametrize(
    ("kind", "object_name", "make"),
    [
        ("accelerator", "node-07/3", lambda node: made.accelerator(device=node, index=3, uuid="GPU-aa")),
        ("accelerator", "GPU-AA", lambda node: made.accelerator(device=node, index=3, uuid="GPU-aa")),
        ("port", "node-07/mlx5_0/1", lambda node: made.port(device=node, name="mlx5_0/1")),
        ("feed", "Feed A", lambda node: made.power_feed(site=node.site, name="Feed A")),
        ("cooling-unit", "CRAH 1", lambda node: made.cooling_unit(site=node.site, name="CRAH 1")),
        ("site", "", lambda node: node.site),
    ],
)
def test_each_kind_of_object_is_named(sender, node, kind, object_name, make):
    named = make(node)
    add_rule(sender.source, kind=kind, object_name=object_name)
    sender.deliver((FAN, 900.0, 0))
    series = Series.objects.get(metric=FAN["__name__"])
    assert series.object_kind == kind
    assert getattr(series, "power_feed" if kind == "feed" else kind.replace("-", "_")) == named


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": "*-*"}, "value"),
        ({"metric": "*a*"}, "metric"),
        ({"value": "bmc-07"}, "object_name"),
        ({"value": ""}, "value"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_refused_by_its_field(sender, changes, field):
    with pytest.raises(ValidationError) as refused:
        add_rule(sender.source, **changes)
    assert field in refused.value.message_dict


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "*-*"},
        {"metric": "**"},
        {"value": "bmc-07"},
        {"label": ""},
        {"object_name": ""},
        {"kind": "site"},
        {"kind": "rack"},
    ],
)
def test_the_database_refuses_a_rule_that_cannot_be_applied(sender, changes):
    fields = {"name": "BMCs", "label": "unit_id", "value": "bmc-*", "kind": "device", "object_name": "node-*"}
    with pytest.raises(IntegrityError), transaction.atomic():
        MappingRule.objects.create(source=sender.source, site=sender.source.site, **fields | changes)


def test_a_rule_of_a_source_belongs_to_its_site(sender):
    with pytest.raises(ValidationError, match="The source belongs to Porto"):
        add_rule(sender.source, site=made.site())


class TestManySites:
    """A source whose series name their site by a label, or do not."""

    @pytest.fixture
    def sites(self, porto):
        return made.site(name="Faro", slug="faro"), porto

    @pytest.fixture
    def wide(self, sender_of, sites):
        for site in sites:
            made.device(site=site, name="node-07")
        sender = sender_of(site_label="site")
        sender.deliver((FAN, 900.0, 0), (FAN | {"site": "porto"}, 900.0, 0))
        return sender

    def matched_sites(self, sender):
        matching.match_changed(now=sender.at(1))
        series = Series.objects.order_by("labels__site")
        return [each.device.site.slug if each.device else None for each in series]

    def test_a_label_of_the_site_keeps_rules_of_other_sites_out(self, wide, sites):
        add_rule(wide.source, site=sites[0])
        assert self.matched_sites(wide) == [None, "faro"]

    @pytest.mark.parametrize("first", [0, 1])
    def test_a_rule_that_moves_to_another_site_takes_its_series_along(self, wide, sites, first):
        rule = add_rule(wide.source, site=sites[first])
        before = self.matched_sites(wide)
        assert before[-1] == sites[first].slug
        rule.site = sites[1 - first]
        rule.save()
        SiteChange.objects.all().delete()
        assert self.matched_sites(wide)[-1] == sites[1 - first].slug
        assert set(SiteChange.objects.values_list("site", flat=True)) == {site.pk for site in sites}

    def test_rules_of_two_sites_disagree_as_long_as_both_stand(self, wide, sites):
        add_rule(wide.source, site=sites[0])
        assert self.matched_sites(wide)[-1] == "faro"
        other = add_rule(wide.source, site=sites[1], name="also")
        assert self.matched_sites(wide)[-1] is None
        other.delete()
        assert self.matched_sites(wide)[-1] == "faro"
