"""How the history finds what happened at a site."""

from django.db.models import Q

from inventory.models import Site
from web.history.naming import Places, register_places


def register() -> None:
    register_places(Places(Site, _sites, _entries_about))


def _sites() -> list[tuple[str, str]]:
    return list(Site.objects.order_by("name").values_list("slug", "name"))


def _entries_about(slug: str) -> Q | None:
    """The site itself, and all rows that name it, before or after."""
    site_id = Site.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if site_id is None:
        return None
    of_site = Q(table=Site._meta.db_table, object_id=site_id)
    return of_site | Q(after__site_id=site_id) | Q(before__site_id=site_id)
