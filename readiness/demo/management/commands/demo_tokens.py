import json
from typing import Any

from django.core.management.base import BaseCommand

from readiness.demo.models import DemoFleet
from readiness.demo.operations.history import new_tokens
from web import clock
from web.actor import acting


class Command(BaseCommand):
    help = "Print which fleet to send for, with new tokens, as JSON; nothing when there is no demo."

    def handle(self, *args: Any, **options: Any) -> None:
        fleet = DemoFleet.objects.first()
        if fleet is None:
            return
        with acting("demo", message="Start sending"):
            tokens = new_tokens(fleet, now=clock.now())
        self.stdout.write(
            json.dumps(
                {
                    "loaded_at": fleet.loaded_at.isoformat(),
                    "scale": fleet.scale,
                    "site_names": fleet.site_names,
                    "tokens": tokens,
                }
            )
        )
