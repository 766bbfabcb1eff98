"""How much of what is at a site, for links into the inventory."""

from django.db.models import F, Func, IntegerField, OuterRef, QuerySet, Subquery

from inventory.models import Accelerator, CoolingUnit, Device, Link, Port, PowerFeed, Rack, Site

# Noun of the list page, and how its rows lead to a site.
KINDS: tuple[tuple[str, type, str], ...] = (
    ("rack", Rack, "site"),
    ("device", Device, "site"),
    ("accelerator", Accelerator, "device__site"),
    ("port", Port, "device__site"),
    ("link", Link, "site_a"),
    ("power-feed", PowerFeed, "site"),
    ("cooling-unit", CoolingUnit, "site"),
)


def inventory_counts(site: Site) -> tuple[tuple[str, int], ...]:
    """Pairs of noun and count in one statement; a link counts at its first site."""
    counts = Site.objects.filter(pk=site.pk).values_list(
        *(_count(model, path) for _noun, model, path in KINDS)
    )
    [row] = counts
    return tuple((noun, count) for (noun, _model, _path), count in zip(KINDS, row, strict=True))


def _count(model: type, path: str) -> Subquery:
    rows: QuerySet = model.objects.filter(**{path: OuterRef("pk")}).order_by()
    counted = rows.annotate(all=Func(F("pk"), function="COUNT", output_field=IntegerField())).values("all")
    return Subquery(counted, output_field=IntegerField())
