"""Jobs of deliveries. The beat wakes a courier; from then on it works by itself, as long as its process lives."""

from typing import Any

from celery import shared_task
from celery.signals import worker_process_shutdown

from web import clock
from web.delivery import retention
from web.delivery.courier import Courier
from web.delivery.senders import SENDERS

COURIER = Courier(clock=clock.now, senders=SENDERS)


@shared_task(name="web.deliver")
def deliver() -> int:
    return COURIER.wake()


@shared_task(name="web.keep_deliveries")
def keep_deliveries() -> int:
    return retention.keep(now=clock.trusted_now())


@worker_process_shutdown.connect(dispatch_uid="web.delivery")
def _stop(**sent: Any) -> None:
    COURIER.stop()
