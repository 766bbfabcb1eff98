"""The kinds of rows in telemetry that belong on the list of a leaver, owned sources and known tokens."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from telemetry.models import Source
from web import leaving


def register() -> None:
    leaving.register(
        "sources",
        "Sources of telemetry",
        leaving.AfterLeaving.GOES_ON,
        _owned,
        permission="telemetry.view_source",
    )
    leaving.register(
        "source-tokens",
        "Sources whose token they made",
        leaving.AfterLeaving.SECRET_SEEN,
        _opened,
        permission="telemetry.view_source",
    )


def _owned(person: User, *, now: datetime) -> QuerySet[Source]:
    return Source.objects.filter(owner=person).order_by("name")


def _opened(person: User, *, now: datetime) -> QuerySet[Source]:
    return Source.objects.filter(token__created_by=person, token__enabled=True).order_by("name")
