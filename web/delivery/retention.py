"""Messages that ended are kept for some months, with their attempts."""

from datetime import datetime, timedelta

from django.conf import settings

from web.delivery.models import Message

BATCH = 5000


def keep(*, now: datetime) -> int:
    """Delete those that ended before; returns how many. Each batch is a transaction."""
    old = Message.objects.filter(ended_at__lt=now - timedelta(days=settings.DELIVERY_DAYS)).order_by(
        "ended_at", "pk"
    )
    total = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        Message.objects.filter(pk__in=ids).delete()
        total += len(ids)
    return total
