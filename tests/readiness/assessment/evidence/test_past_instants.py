"""What evidence proves at a past instant is what it proved then: nothing that happened later is among it."""

from datetime import date, timedelta

import pytest

from readiness.assessment.evidence.core.proving.values import voids_at
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import RunContext, attest, import_run, record_fact, void_changed
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(porto):
    return made.device(site=porto, name="node-1", firmware_version="1.2", software_version="560")


@pytest.fixture
def proved(porto, frozen_now):
    """`proved("check/part", days=3)` is the only proof as of so many days ago."""

    def look(name, *, days=0.0):
        _, framework = framework_queries.current()
        key = tuple(name.split("/"))
        found = proofs([porto.pk], framework, now=frozen_now.at - timedelta(days=days))
        [proof] = found[porto.pk].get(key, (None,))
        return proof

    return look


@pytest.fixture
def run(porto, node, frozen_now):
    return import_run(
        site=porto,
        tool="nccl-tests",
        content=outputs.collective(),
        file_name="out.log",
        by=None,
        now=frozen_now.at,
        context=RunContext(taken_at=frozen_now.at - timedelta(days=10)),
    )


def void(run, **days_ago_by_kind):
    """As a look at the inventory leaves it, each change so many days ago."""
    at = {kind: run.received_at - timedelta(days=days) for kind, days in days_ago_by_kind.items()}
    ValidationRun.objects.filter(pk=run.pk).update(
        void_changes=sorted(at),
        voided_at=min(at.values()),
        void_reason=" ".join(f"{kind} changed." for kind in at),
        voids={kind: {"at": when.isoformat(), "reason": f"{kind} changed."} for kind, when in at.items()},
    )


def test_a_run_was_not_voided_before_the_change(run, proved):
    void(run, firmware=2)
    assert proved("p1-intra-node/busbw").voided == "firmware changed."
    assert proved("p1-intra-node/busbw", days=2).voided == "firmware changed."
    assert proved("p1-intra-node/busbw", days=2.1).voided == ""
    assert proved("p1-intra-node/busbw", days=11) is None


def test_of_two_changes_the_later_is_not_seen_before_it_was_made(run, proved):
    void(run, topology=5, firmware=2)
    assert proved("p1-intra-node/busbw", days=1).voided == "topology changed. firmware changed."
    # Topology does not void an intra-node run, and the firmware was still the old one.
    assert proved("p1-intra-node/busbw", days=3).voided == ""


def test_a_look_at_the_inventory_notes_when_each_kind_of_change_was_made(run, porto, node, frozen_now):
    node.firmware_version, node.software_version = "1.3", "570"
    node.save()
    void_changed(site_ids=[porto.pk], now=frozen_now.at)
    run.refresh_from_db()
    assert run.void_changes == ["driver", "firmware"]
    assert sorted(run.voids) == ["driver", "firmware"]
    assert "firmware 1.2 → 1.3" in run.voids["firmware"]["reason"]
    told = (run.void_changes, run.voids, run.voided_at, run.void_reason)
    assert voids_at(*told, now=run.voided_at).changes == {"driver", "firmware"}
    assert voids_at(*told, now=run.voided_at - timedelta(seconds=1)).changes == frozenset()


def test_a_record_of_a_later_day_is_not_seen(porto, proved, frozen_now):
    for days, value in ((2, 1.4), (20, 1.2)):
        day = (frozen_now.at - timedelta(days=days)).date()
        record_fact(
            site=porto,
            check="p2-energy-kpis",
            part="pue",
            value=value,
            taken_on=day,
            source="x",
            by=None,
            now=frozen_now.at,
        )
    assert proved("p2-energy-kpis/pue").value == 1.4
    assert proved("p2-energy-kpis/pue", days=5).value == 1.2
    assert proved("p2-energy-kpis/pue", days=25) is None


def test_an_attestation_held_until_its_last_day_was_over(porto, proved, frozen_now):
    last = (frozen_now.at - timedelta(days=3)).date()
    attest(
        site=porto,
        check="p4-golive-review",
        part="signatures-missing",
        value=0,
        statement="Signed",
        attested_by="R. Costa",
        taken_on=date(2026, 11, 1),
        valid_until=last,
        by=None,
        now=frozen_now.at,
    )
    assert "held until" in proved("p4-golive-review/signatures-missing").voided
    assert proved("p4-golive-review/signatures-missing", days=3).voided == ""
