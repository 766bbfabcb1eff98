"""A change that was undone before anybody looked: history tells what the inventory of now does not."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from inventory.models import Device, Link
from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.evidence.operations import record_fact, void_changed
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.vocabulary import Change
from readiness.demand.workloads.models import Placement, WorkloadClass
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.voiding.changing import change
from web.audit import AuditEntry, retention

pytestmark = pytest.mark.django_db


def rewired(node, leaf, **_):
    link = Link.objects.get(name="leaf-1 to node-1")
    ends = {"port_a": link.port_a, "port_b": link.port_b}
    link.delete()
    made.link(name="leaf-1 to node-1", **ends)


def there_and_back(obj, **values):
    before = {name: getattr(obj, name) for name in values}
    change(obj, **values)
    change(obj, **before)


UNDONE = {
    "firmware": lambda node, **_: there_and_back(node, firmware_version="1.3"),
    "driver": lambda node, **_: there_and_back(node, software_version="570.10"),
    "nos": lambda leaf, **_: there_and_back(leaf, software_version="4.31"),
    "firmware of an accelerator": lambda gpu, **_: there_and_back(gpu, firmware_version="97"),
    "accelerator": lambda gpu, **_: there_and_back(gpu, serial="1777"),
    "device": lambda node, **_: there_and_back(node, serial="CH9"),
    "topology": rewired,
    "expansion": lambda node, **_: made.accelerator(device=node, index=7).delete(),
    "power-topology": lambda feed, **_: there_and_back(feed, rated_kw=99.0),
    "cooling-topology": lambda unit, **_: there_and_back(unit, capacity_kw=99.0),
    "placement-policy": lambda placement, **_: there_and_back(placement, started_on=date(2026, 3, 1)),
}
"""By kind of change: one that is undone before anybody looks."""
UNMINDED = {Change.COLLECTIVE_LIBRARY, Change.SERVING_STACK}
"""No inventory has these, so that nothing tells when they change."""


@pytest.fixture
def ground(porto, nodes, leaf):
    """Something of every kind that evidence stands on, by name."""
    chat = WorkloadClass.objects.create(name="Chat", slug="chat")
    return {
        "node": nodes[0],
        "leaf": leaf,
        "gpu": made.accelerator(device=nodes[0], index=0, firmware_version="96", serial="1650", uuid="GPU-0"),
        "feed": made.power_feed(site=porto, name="feed A", rated_kw=50.0),
        "unit": made.cooling_unit(site=porto, capacity_kw=50.0),
        "placement": Placement.objects.create(site=porto, workload_class=chat, started_on=date(2026, 1, 1)),
    }


@pytest.fixture
def everything(take, ground, porto, frozen_now):
    """Evidence that each kind of change voids: a run across nodes and a switch, and a fact of each check that minds."""
    frozen_now.at = timezone.now()
    run = take(
        "nccl-tests",
        outputs.collective(hosts=["node-1", "node-2"]),
        devices=[*Device.objects.filter(role="node").order_by("name")[:2], ground["leaf"]],
    )
    _, framework = framework_queries.current()
    minding = {}
    for check in framework.checks:
        for part in check.parts:
            if not (part.validity.is_live or minding.keys() >= part.validity.voided_by):
                minding |= dict.fromkeys(part.validity.voided_by, (check.id, part.id))
    facts = [
        record_fact(
            site=porto, check=check, part=part, value=1, taken_on=frozen_now.at.date(), source="report",
            by=None, now=frozen_now.at,
        )
        for check, part in sorted(set(minding.values()))
    ]  # fmt: skip
    return [run, *facts]


def voided_kinds(evidence):
    for each in evidence:
        each.refresh_from_db()
    return {kind for each in evidence for kind in each.void_changes}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", UNDONE)
def test_a_change_that_was_undone_before_anybody_looked_voids(everything, ground, porto, frozen_now, kind):
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert voided_kinds(everything) == set()
    UNDONE[kind](**ground)
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert voided_kinds(everything) == {kind.partition(" ")[0]}
    assert all(each.void_reason for each in everything if each.void_changes)
    assert void_changed(site_ids=[porto.pk], now=timezone.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_what_voids_outlives_the_history(everything, ground, porto, settings):
    for undone in UNDONE.values():
        undone(**ground)
    settings.HISTORY_DAYS = 0
    retention.keep(now=timezone.now() + timedelta(days=62))
    retention.make_ready(now=timezone.now())
    assert not AuditEntry.objects.filter(lasts=False).exists()
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert voided_kinds(everything) == {kind.partition(" ")[0] for kind in UNDONE}


def test_every_kind_that_voids_is_undone_above():
    assert {kind.partition(" ")[0] for kind in UNDONE} == {kind.value for kind in set(Change) - UNMINDED}


@pytest.mark.django_db(transaction=True)
def test_what_was_undone_before_the_evidence_was_entered_voids_nothing(ground, porto, request):
    for undone in UNDONE.values():
        undone(**ground)
    evidence = request.getfixturevalue("everything")
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert voided_kinds(evidence) == set()


@pytest.mark.django_db(transaction=True)
def test_a_fact_entered_again_after_what_was_undone_counts_again(everything, ground, porto, frozen_now):
    for undone in UNDONE.values():
        undone(**ground)
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert voided_kinds(everything)
    [fact, *_] = [each for each in everything if isinstance(each, RecordedFact) and each.void_changes]
    again = {"site": porto, "check": fact.check_id, "part": fact.part, "taken_on": fact.taken_on}
    record_fact(value=2, source="report", by=None, now=timezone.now(), **again)
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert voided_kinds([fact]) == set()


@pytest.mark.django_db(transaction=True)
def test_an_accelerator_in_the_place_of_another_is_no_expansion_on_the_way(everything, ground, porto):
    ground["gpu"].delete()
    made.accelerator(device=ground["node"], index=0, firmware_version="96", serial="1650", uuid="GPU-0")
    void_changed(site_ids=[porto.pk], now=timezone.now())
    assert "expansion" not in voided_kinds(everything)
