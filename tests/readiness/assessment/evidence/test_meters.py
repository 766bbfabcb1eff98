"""A meter that contradicts what is behind it is told with both figures until both agree; silence answers nothing."""

import pytest

from inventory.models import Device, PowerFeed, SiteChange
from readiness.assessment.evidence.models import MeterContradiction
from readiness.assessment.evidence.operations import meters
from telemetry import operations as telemetry
from tests.inventory import made
from tests.telemetry.sending import Sender

pytestmark = pytest.mark.django_db
PDU, NODES = "idrac_pdu_power_watts", "idrac_power_control_consumed_watts"


@pytest.fixture
def rack(porto):
    """A rack of Porto that one PDU feeds, with two nodes."""
    rack = made.rack(site=porto)
    pdu = made.device(site=porto, rack=rack, name="pdu-1", role=Device.Role.PDU)
    for number in (1, 2):
        made.device(site=porto, rack=rack, name=f"node-{number}", role=Device.Role.NODE)
    PowerFeed.objects.create(site=porto, rack=rack, device=pdu, name="A1", rated_kw=20)
    return rack


@pytest.fixture
def sender(porto, frozen_now):
    source, plain = telemetry.create_source(site=porto, name="bmc", by=None, now=frozen_now.at)
    source.plain_token = plain
    return Sender(source, frozen_now)


def hour(sender, **kw):
    """An hour of samples, each minute of ten; then compare. Names are those of devices, with an underscore."""
    names = {
        "pdu": PDU,
        "node": NODES,
        "gpu": "DCGM_FI_DEV_POWER_USAGE",
        "mig": "DCGM_FI_DEV_POWER_USAGE",
        "inlet": PDU,
        "site": "site_power_watts",
    }
    labels = {
        "gpu_0": {"Hostname": "node-1", "gpu": "0"},
        "gpu_1": {"Hostname": "node-1", "gpu": "1"},
        "mig_1": {"Hostname": "node-1", "gpu": "0", "GPU_I_ID": "1"},
        "mig_2": {"Hostname": "node-1", "gpu": "0", "GPU_I_ID": "2"},
        "inlet_2": {"instance": "pdu-1", "id": "2"},
        "site": {},
    }
    sender.clock.move(minutes=70)
    sender.deliver(
        *(
            (
                {
                    "__name__": names[name.split("_")[0]],
                    **labels.get(name, {"instance": name.replace("_", "-")}),
                },
                1000.0 * value,
                -60 * minute,
            )
            for name, value in kw.items()
            for minute in range(0, 70, 2)
        )
    )
    changed = meters.reconcile(now=sender.clock.at)
    found = MeterContradiction.objects.order_by("meter", "behind")
    return changed, [(row.meter, row.behind, round(row.kw, 1), round(row.behind_kw, 1)) for row in found]


def test_a_pdu_is_held_against_the_loads_of_its_racks(sender, rack, porto):
    too_much = ("pdu-1", "loads", 12.5, 10.0)
    SiteChange.objects.all().delete()
    assert hour(sender, pdu_1=12.5, node_1=5, node_2=5) == (1, [too_much])
    assert SiteChange.objects.filter(site=porto, origin="evidence").exists()
    row = MeterContradiction.objects.get()
    assert (row.percent, row.level, row.metric) == (25, "rack-pdu", PDU)
    MeterContradiction.objects.update(metric="upsOutputPower")
    # So little power says nothing, and what is seen again is written anew.
    assert hour(sender, pdu_1=0.5, node_1=0.2, node_2=0.2) == (0, [too_much])
    assert hour(sender, pdu_1=12.5, node_1=5, node_2=5) == (0, [too_much])
    assert MeterContradiction.objects.get().metric == PDU
    # One of them silent answers nothing.
    assert hour(sender, pdu_1=10, node_1=5) == (0, [too_much])
    assert hour(sender, pdu_1=10, node_1=5, node_2=5) == (1, [])
    # No meter reads less than what is behind it: here the levels of the site show it too.
    assert hour(sender, pdu_1=7.5, node_1=5, node_2=5) == (
        2,
        [("The rack PDUs", "node", 7.5, 10.0), ("pdu-1", "loads", 7.5, 10.0)],
    )


def test_a_meter_at_the_limit_does_not_flap(sender, rack):
    """It stands from 20 % on, and ends below 18 %."""
    standing = [
        hour(sender, pdu_1=kw, node_1=5, node_2=5)[1] != [] for kw in (11.9, 12.1, 11.9, 12.1, 11.7, 11.9)
    ]
    assert standing == [False, True, True, True, False, False]


def test_instances_of_one_accelerator_count_once(sender, rack):
    """Each MIG instance has the power of the whole accelerator."""
    made.accelerator(device=Device.objects.get(name="node-1"), index=0)
    assert hour(sender, node_1=5, gpu_0=4, mig_1=4, mig_2=4) == (0, [])
    assert hour(sender, node_1=3, gpu_0=4, mig_1=4, mig_2=4) == (1, [("node-1", "accelerators", 3.0, 4.0)])


def test_a_node_reads_no_less_than_its_accelerators(sender, rack):
    made.accelerator(device=Device.objects.get(name="node-1"), index=0)
    assert hour(sender, node_1=5, gpu_0=4) == (0, [])
    assert hour(sender, node_1=3, gpu_0=4) == (1, [("node-1", "accelerators", 3.0, 4.0)])
    assert hour(sender, node_1=3) == (0, [("node-1", "accelerators", 3.0, 4.0)])
    assert hour(sender, node_1=5, gpu_0=4) == (1, [])


def test_a_drained_node_draws_power_still(sender, rack):
    Device.objects.filter(name="node-2").update(status=Device.Status.DRAINED)
    assert hour(sender, pdu_1=10, node_1=5, node_2=5) == (0, [])


def test_a_meter_that_leaves_service_contradicts_nothing(sender, rack):
    hour(sender, pdu_1=12.5, node_1=5, node_2=5)
    Device.objects.filter(name="pdu-1").update(status=Device.Status.OFFLINE)
    assert hour(sender, node_1=5) == (1, [])


def test_a_rack_with_a_load_that_has_no_meter_may_draw_more(sender, rack, porto):
    made.device(site=porto, rack=rack, name="leaf-1", role=Device.Role.SWITCH)
    assert hour(sender, pdu_1=12.5, node_1=5, node_2=5) == (0, [])


def test_a_meter_without_a_feed_is_no_longer_compared(sender, rack):
    assert hour(sender, pdu_1=12.5, node_1=5, node_2=5)[0] == 1
    PowerFeed.objects.all().delete()
    assert hour(sender, pdu_1=12.5, node_1=5, node_2=5) == (1, [])


def test_a_contradiction_of_the_site_ends_also_once_a_level_between_is_metered(sender, rack):
    assert hour(sender, site=7.5, node_1=5, node_2=5) == (1, [("The site meter", "node", 7.5, 10.0)])
    assert hour(sender, site=10, pdu_1=10, node_1=5, node_2=5) == (1, [])


def test_a_level_is_compared_only_with_one_that_feeds_all_of_it(sender, rack, porto):
    made.device(site=porto, rack=made.rack(site=porto, name="B02"), name="node-3", role=Device.Role.NODE)
    assert hour(sender, pdu_1=10, node_1=5, node_2=5, node_3=5) == (0, [])


def test_half_of_a_meter_says_nothing(sender, rack):
    assert hour(sender, pdu_1=5, inlet_2=5, node_1=5, node_2=5) == (0, [])
    assert hour(sender, pdu_1=5, node_1=5, node_2=5) == (0, [])


def test_an_accelerator_out_of_service_is_not_waited_for(sender, rack):
    accelerators = [made.accelerator(device=Device.objects.get(name="node-1"), index=at) for at in (0, 1)]
    assert hour(sender, node_1=5, gpu_0=2, gpu_1=2) == (0, [])
    accelerators[1].status = "failed"
    accelerators[1].save()
    assert hour(sender, node_1=1, gpu_0=2) == (1, [("node-1", "accelerators", 1.0, 2.0)])
