"""The demo's whole fleet as it stands before it has a past."""

from django.apps import apps

from readiness.demo.core.plan import fleet_plan
from readiness.demo.operations.fleet import write_inventory
from tests.scenes import scene


def counts():
    """Rows by model, but for what keeps record of what was done."""
    records = {"web.AuditEntry", "admin.LogEntry"}
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.label not in records
    }


@scene()
def demo_inventory(clock):
    """Returns how many rows there were before, and the fleet."""
    return counts(), write_inventory(fleet_plan(), scale=1, now=clock.at)
