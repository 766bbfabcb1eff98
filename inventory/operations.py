"""Inventory operations beyond saving one object. The actor comes from web.actor's context."""

from django.db import transaction

from inventory.models import Site
from web import actor


@transaction.atomic
def set_stage(*, site_id: int, stage: str, message: str = "") -> bool:
    """Set a site's stage, with the reason in its history; returns whether it changed."""
    site = Site.objects.select_for_update().get(pk=site_id)
    if site.stage == stage:
        return False
    if message:
        actor.note(message)
    site.stage = stage
    site.save(update_fields=["stage"])
    return True
