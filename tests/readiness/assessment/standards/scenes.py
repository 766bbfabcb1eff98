"""A standard in force and its draft, deviations with and without a waiver, and one of all that stays flexible."""

from datetime import timedelta

from inventory.models import Device
from readiness.assessment.standards.models import (
    Alternative,
    Conformance,
    Deviation,
    DeviationWaiver,
    FlexibleArea,
    Standard,
    StandardVersion,
)
from tests.readiness.organisation.people import made as people

RULE = {
    "id": "node-firmware",
    "title": "Nodes run the approved firmware",
    "subject": "device",
    "roles": ["node"],
    "reads": "firmware",
    "operator": "at-least",
    "values": ["4.2"],
}
DAY = timedelta(days=1)


def build(site, workload, ops, manager, now):
    """`ops` asked for the waivers, `manager` decided on one; another one waits."""
    standard = Standard.objects.create(
        name="Node baseline", slug="node-baseline", kind="baseline", topics=["matrix"], owner=people.team(),
        review_on=(now + 90 * DAY).date(), purpose="One firmware",
    )  # fmt: skip
    written = {"standard": standard, "rules": [RULE], "created_by": ops, "created_at": now - DAY}
    version = StandardVersion.objects.create(
        **written, version="1", status="published", published_by=manager, published_at=now - DAY
    )
    StandardVersion.objects.create(**written, version="2", note="Draft")
    device = Device.objects.filter(site=site).order_by("pk").first()
    asked = {
        "standard": standard,
        "rule": RULE["id"],
        "site": site,
        "requested_by": ops,
        "requested_at": now - DAY,
    }
    asked |= {"starts_at": now - DAY, "ends_at": now + 9 * DAY}
    granted = DeviationWaiver.objects.create(
        **asked,
        device=device,
        reason="Parts are late",
        state="approved",
        approver=manager,
        decided_at=now - DAY,
    )
    DeviationWaiver.objects.create(**asked, reason="All of the site")
    place = {"site": site, "standard": standard, "domain": "compute", "since_at": now - DAY}
    Conformance.objects.create(
        **place,
        version=version,
        objects_total=3,
        conforming=1,
        waived=1,
        deviating=1,
        digest="x",
        until_at=None,
    )
    for waiver in (granted, None):
        Deviation.objects.create(
            **place,
            rule=RULE["id"],
            device=device,
            has="4.1",
            wants="firmware version at least 4.2",
            waiver=waiver,
        )
    area = FlexibleArea.objects.create(
        name="Second vendor", kind="vendor", layer="accelerators", why="Two sources", owner=standard.owner,
        leaving_cost=10_000, currency="EUR", leaving_days=90,
    )  # fmt: skip
    Alternative.objects.create(
        workload_class=workload, site=site, area=area, kind="vendor", name="Another", proven_on=now.date(),
        proof="Run 12",
    )  # fmt: skip
    return standard
