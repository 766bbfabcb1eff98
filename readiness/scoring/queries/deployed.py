"""Deployed kW of sites at instants, inside statements: as `core.gap.deployed_at` has it where the stage counts."""

from datetime import datetime

from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    F,
    FloatField,
    Func,
    OuterRef,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast

from inventory.models import CapacityEvent

# A dated event counts from the end of its day in the site's own zone.
CAPACITY = """
    SELECT site_id, array_agg(since ORDER BY since) AS since, array_agg(greatest(kw, 0) ORDER BY since) AS kw
    FROM (
        SELECT site_id, since, sum(sum(signed_kw)) OVER (PARTITION BY site_id ORDER BY since) AS kw
        FROM (
            SELECT event.site_id, (event.happened_on + 1)::timestamp AT TIME ZONE site.time_zone AS since,
                   CASE event.kind WHEN 'commission' THEN event.it_kw ELSE -event.it_kw END AS signed_kw
            FROM inventory_capacityevent AS event JOIN inventory_site AS site ON site.id = event.site_id
        ) AS event
        GROUP BY site_id, since
    ) AS step
    GROUP BY site_id
"""
"""What each site had from each step of its capacity on, a row a site. Arrays, since a join of days with steps costs as
much again as all the rest of a year's trend: `kw[width_bucket(at, since)]` is null before the first."""


def event_kw(*, site: str = "pk", at: datetime | OuterRef) -> Subquery:
    signed = Case(
        When(kind=CapacityEvent.Kind.COMMISSION, then=F("it_kw")),
        default=-F("it_kw"),
        output_field=FloatField(),
    )
    instant = at if isinstance(at, OuterRef) else Value(at, output_field=DateTimeField())
    there = Func(F("site__time_zone"), instant, function="timezone", output_field=DateTimeField())
    past = CapacityEvent.objects.filter(site=OuterRef(site), happened_on__lt=Cast(there, DateField()))
    return Subquery(past.order_by().values("site").annotate(kw=Sum(signed)).values("kw"))
