"""Remove the demo: the objects it created, and everything that belongs to its sites and sources."""

from datetime import datetime

from django.apps import apps
from django.db import models, transaction

from accounts.models import Token, User
from inventory.models import Site
from readiness.demo.models import DemoFleet
from readiness.demo.operations import shadow
from readiness.demo.operations.standards import remove_standards
from readiness.organisation.people.models import Person, Qualification
from telemetry import store
from telemetry.models import Series, Source
from telemetry.operations import delete_source
from web.actor import acting

# In this order, no object of the demo refers to a deleted one.
_CATALOGUE = (
    *("lessons.Lesson", "framework.FrameworkVersion"),
    "golive.WorkPlan",
    "duties.LegalDuty",
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


def remove(*, by: User | None, now: datetime) -> bool:
    """Remove the demo; returns False if there is none.

    Objects that others use in the meantime stay, such as a manufacturer or region. The change history stays, as always.
    """
    fleet = DemoFleet.objects.first()
    if fleet is None:
        return False
    with transaction.atomic(), acting(by or "demo", message="Remove the demo fleet"):
        shadow.drop()
        _remove_telemetry(fleet, by=by, now=now)
        Site.objects.filter(pk__in=fleet.made.get(Site._meta.label, [])).delete()
        remove_standards(fleet.made)
        # Two leads assess each other, so neither could go before the other.
        Qualification.objects.filter(person__in=fleet.made.get(Person._meta.label, [])).delete()
        for label in _CATALOGUE:
            _remove_unused(apps.get_model(label), fleet.made.get(label, []))
        people = fleet.made.get(User._meta.label, [])
        _remove_unused(User, people)
        # A login that decided something that stays is kept there by name, but can no longer sign in.
        User.objects.filter(pk__in=people).update(is_active=False)
        fleet.delete()
    return True


def _remove_telemetry(fleet: DemoFleet, *, by: User | None, now: datetime) -> None:
    sources = Source.objects.filter(pk__in=fleet.made.get(Source._meta.label, []))
    series_ids = list(Series.objects.filter(source__in=sources).order_by("pk").values_list("pk", flat=True))
    store.erase(series_ids)
    for source in sources.order_by("pk"):
        tokens = Token.objects.filter(pk__in=[source.token_id])
        delete_source(source, by=by, now=now)
        tokens.delete()


def _remove_unused(model: type[models.Model], ids: list[int]) -> None:
    """Delete leaf rows first where rows of a model refer to each other, so that a region goes after its children."""
    remaining_ids = list(ids)
    while remaining_ids:
        before = len(remaining_ids)
        for pk in list(remaining_ids):
            try:
                with transaction.atomic():
                    model._default_manager.filter(pk=pk).delete()
                remaining_ids.remove(pk)
            except models.ProtectedError:
                continue
        if len(remaining_ids) == before:
            break
