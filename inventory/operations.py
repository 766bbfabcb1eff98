"""Changes to the inventory that are more than saving one object. Who did it is known from web.actor's context."""

from collections.abc import Collection

from django.db import transaction

from inventory.models import Accelerator, Device, Site
from web import actor


@transaction.atomic
def set_status(
    *, model: type[Device] | type[Accelerator], ids: Collection[int], status: str, message: str = ""
) -> int:
    """Give devices or accelerators a status, all or none; returns how many had another one.

    Rows are locked in one order, so that two of these never wait for each other.
    """
    if message:
        actor.note(message)
    locked = model.objects.select_for_update().filter(pk__in=ids).exclude(status=status)
    changing = list(locked.order_by("pk").values_list("pk", flat=True))
    return model.objects.filter(pk__in=changing).update(status=status)


@transaction.atomic
def set_stage(*, site_id: int, stage: str, message: str = "") -> bool:
    """Give a site a stage, with the reason in its history; returns whether it had another one."""
    site = Site.objects.select_for_update().get(pk=site_id)
    if site.stage == stage:
        return False
    if message:
        actor.note(message)
    site.stage = stage
    site.save(update_fields=["stage"])
    return True
