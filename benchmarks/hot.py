"""Measures the list of problems while many devices of one site are too hot at once, and how long writing that takes.

The bars: 150 ms for the 95th percentile of a page, 2 s from stored reasons to the stored problem, of the 15 s that a
problem may take from the sample to the page. `python -m benchmarks.hot 2000` does it with 2,000 devices.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import machine, pages

DEVICES = 10_000
METRIC = "DCGM_FI_DEV_GPU_TEMP"
BAR_S = 2.0


def main(count: int = DEVICES) -> None:
    with machine.servers() as servers:
        servers.set_up()
        now = datetime.now(UTC)
        load(count, now=now)
        machine.vacuum()
        took_s = machine.timed(lambda: _write(now))
        print(
            f"{count:,} devices: written in {took_s:.2f} s  bar {BAR_S:.0f} s: {machine.verdict(took_s <= BAR_S)}"
        )
        _check(count)
        cookie = machine.session()
        port = servers.serve(hashed=True)
        pages.measure(servers, port, pages.page_requests("hot"), cookie)


def load(count: int, *, now: datetime) -> None:
    """A site whose accelerators are all above their limit, as scoring would have stored it."""
    from inventory.models import Accelerator, Device, DeviceType, Manufacturer, Region, Site
    from readiness.assessment.scoring.models import DomainHealth, HealthReason

    region = Region.objects.create(name="Region", slug="region")
    site = Site.objects.create(name="Hot", slug="hot", region=region, stage="production", country="PT")
    maker = Manufacturer.objects.create(name="Maker", slug="maker")
    node, card = (
        DeviceType.objects.create(manufacturer=maker, model=kind, slug=kind, kind=kind, domain="compute")
        for kind in ("node", "accelerator")
    )
    devices = Device.objects.bulk_create(
        Device(site=site, name=f"node-{number}", device_type=node, role="node")
        for number in range(count // 8)
    )
    cards = Accelerator.objects.bulk_create(
        Accelerator(device=devices[number // 8], index=number % 8, device_type=card)
        for number in range(count)
    )
    lasting: dict[str, Any] = {
        "since": now,
        "taken_at": now,
        "counts_from": now,
        "standing": "live",
        "rank": 1,
    }
    HealthReason.objects.bulk_create(
        HealthReason(
            site=site, domain="compute", object_kind="accelerator", object_id=each.pk,
            object=f"node-{number // 8} #{number % 8}", metric=METRIC, measure="value", direction="above",
            health="critical", title="GPU is too hot", value=91.0 + number % 9, unit="°C", threshold=90.0, **lasting,
        )
        for number, each in enumerate(cards)
    )  # fmt: skip
    DomainHealth.objects.create(
        site=site, domain="compute", health="critical", since=now, evaluated_at=now, heard_at=now,
        blind_at=now + timedelta(hours=1), objects_by_health={"critical": count},
    )  # fmt: skip


def _write(now: datetime) -> None:
    from readiness.loop.problems.operations import write_claimed

    write_claimed(now=now)


def _check(count: int) -> None:
    from readiness.loop.problems.models import Problem

    numbers = list(Problem.objects.open().filter(kind="health").values_list("objects_affected", flat=True))
    if numbers != [count]:
        raise SystemExit(f"{count} hot devices are problems of {numbers} objects.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
