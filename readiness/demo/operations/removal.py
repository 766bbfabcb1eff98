"""Taking the demo out: what it made, and everything that hangs on its sites and sources."""

from datetime import datetime

from django.apps import apps
from django.db import connection, models, transaction

from accounts.models import Token, User
from inventory.models import Site
from readiness.demo.models import DemoFleet
from readiness.demo.operations import shadow
from telemetry.models import Series, Source
from telemetry.operations import delete_source
from web.actor import acting

# In this order nothing still refers to what is deleted, unless somebody else's does.
_CATALOGUE = (
    *("people.Survey", "people.Rotation", "people.CapabilityRule"),
    *("people.Person", "people.Course", "people.Skill", "people.Procedure", "people.Team"),
    "evidence.Floor",
    "tradeoffs.PortfolioRun",
    "tradeoffs.ExchangeRate",
    "workloads.WorkloadClass",
    "workloads.UserRegion",
    "inventory.DeviceType",
    "inventory.Manufacturer",
    "inventory.Region",
)
_TABLES = ("telemetry_sample", "telemetry_rollup_5m", "telemetry_rollup_1h")


def remove(*, by: User | None, now: datetime) -> bool:
    """Take the demo out; False when there is none. What others use of it by now stays: a manufacturer, a region.

    The change history keeps what was done, as always.
    """
    fleet = DemoFleet.objects.first()
    if fleet is None:
        return False
    with transaction.atomic(), acting(by or "demo", message="Remove the demo fleet"):
        shadow.drop()
        _remove_telemetry(fleet, by=by, now=now)
        Site.objects.filter(pk__in=fleet.made.get(Site._meta.label, [])).delete()
        for label in _CATALOGUE:
            _remove_unused(apps.get_model(label), fleet.made.get(label, []))
        people = fleet.made.get(User._meta.label, [])
        _remove_unused(User, people)
        # Whoever decided something that stays is still named there, and signs in no more.
        User.objects.filter(pk__in=people).update(is_active=False)
        fleet.delete()
    return True


def _remove_telemetry(fleet: DemoFleet, *, by: User | None, now: datetime) -> None:
    sources = Source.objects.filter(pk__in=fleet.made.get(Source._meta.label, []))
    series_ids = list(Series.objects.filter(source__in=sources).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE series_id = ANY(%s)", [series_ids])
    for source in sources.order_by("pk"):
        tokens = Token.objects.filter(pk__in=[source.token_id])
        delete_source(source, by=by, now=now)
        tokens.delete()


def _remove_unused(model: type[models.Model], ids: list[int]) -> None:
    """Deepest first where rows of the model refer to each other, so that a region goes after its children."""
    left = list(ids)
    while left:
        before = len(left)
        for pk in list(left):
            try:
                with transaction.atomic():
                    model._default_manager.filter(pk=pk).delete()
                left.remove(pk)
            except models.ProtectedError:
                continue
        if len(left) == before:
            break
