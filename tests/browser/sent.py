"""One site that sends samples: a faulty accelerator that still takes work, and the site's meter."""

from datetime import timedelta

from readiness.assessment.scoring import operations as scoring
from telemetry import drain, operations, rollups, store
from tests.inventory import made
from tests.telemetry.sending import Sender

MINUTES = 90
UUIDS = ("GPU-8f6c1c52-5a3e-4c0b-9d2f-3b7e6a1d0c41", "GPU-0d9e7b36-f1c4-4a58-8e6a-92c5d4b3a7f0")
"""Real ones have 40 characters, and pages must find room for them."""


def porto(clock, region, *, every_minutes=1):
    """Everything was sent over the last hour and a half, once a minute, and the site is evaluated on it."""
    site = made.site(
        name="Porto", slug="porto", city="Porto", region=region, owner="Platform team", contracted_kw=60
    )
    made.capacity_event(
        site=site, happened_on=(clock.at - timedelta(days=60)).date(), it_kw=48, accelerators=2
    )
    node = made.device(site=site, name="node-1")
    for index, uuid in enumerate(UUIDS):
        made.accelerator(device=node, index=index, uuid=uuid)
    store.keep_partitions(now=clock.at)
    source, plain = operations.create_source(
        site=site, name="porto prometheus", provenance="simulated", by=None, now=clock.at
    )
    source.plain_token = plain
    sender = Sender(source, clock)
    for minute in range(MINUTES, -1, -every_minutes):
        sender.send(*_readings(minute))
    while drain.drain(now=clock.at):
        pass
    while rollups.roll_up(now=clock.at):
        pass
    scoring.evaluate(site_ids=[site.pk], now=clock.at)
    return site


def _readings(minute):
    gpu = {"Hostname": "node-1", "gpu": "0", "UUID": UUIDS[0]}
    other = gpu | {"gpu": "1", "UUID": UUIDS[1]}
    at = -60 * minute
    busy = 60 + minute % 30
    return [
        ({"__name__": "DCGM_FI_DEV_GPU_UTIL"} | gpu, busy, at),
        ({"__name__": "DCGM_FI_DEV_GPU_UTIL"} | other, busy + 5, at),
        ({"__name__": "DCGM_FI_DEV_XID_ERRORS"} | gpu, 79 if minute < 40 else 0, at),
        ({"__name__": "DCGM_FI_DEV_XID_ERRORS"} | other, 0, at),
        ({"__name__": "site_power_watts", "site": "porto"}, 40_000 + 100 * busy, at),
    ]
