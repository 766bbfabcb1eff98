"""Columns and filters of security events."""

from decimal import Decimal

import django_filters
from django.db.models import Q, QuerySet

from web.rest.filters import ObjectFilterSet
from web.security_log.models import BAD_ACTIONS, SecurityEvent
from web.tables import Column, Table

_COLUMN_WORDS = {"is_active": "active", "is_staff": "staff", "is_superuser": "administrator"}


class SecurityEventFilters(ObjectFilterSet):
    lead = django_filters.NumberFilter(method="narrow_to_alike", label="alike to event")

    class Meta:
        model = SecurityEvent
        fields = (
            *("action", "actor", "account", "part", "token", "address", "place", "request_id"),
            *("at", "last_at", "times"),
        )
        through = ("batch__number",)
        search_fields = ("actor__username", "account__username", "address", "place", "token", "request_id")
        panel = ("action", "actor", "account", "last_at")

    def narrow_to_alike(self, queryset: QuerySet, name: str, value: Decimal) -> QuerySet:
        """The event of this id, and those that are listed under it."""
        return queryset.filter(Q(pk=value) | Q(lead=value))


def detail_words(event: SecurityEvent) -> str:
    """The details in one line, such as "role ops". Files and the endpoint hold them as they are stored."""
    return ", ".join(f"{_words(name)} {_value(value)}" for name, value in event.detail.items())


def _words(name: str) -> str:
    """A column or a permission without its app: "administrator", "view user"."""
    return _COLUMN_WORDS.get(name) or name.rpartition(".")[2].replace("_", " ")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_words(str(each)) for each in value)
    if isinstance(value, str):
        return _words(value) if "." in value and "_" in value else value
    return "–" if value is None else str(value)


def _name_of_deleted(account_id: int | None) -> str | None:
    """An account that is gone has no name."""
    return f"deleted account {account_id}" if account_id else None


def _batch_name(event: SecurityEvent) -> str:
    return f"batch {event.batch.number}" if event.batch else "open"


SECURITY_EVENTS = Table(
    id="security-events",
    page="security-log",
    noun=("event", "events"),
    label="Security events",
    columns=(
        Column("last_at", "When", sort="last_at", locked=True, phone="pair"),
        Column("action", "Event", sort="action", locked=True, phone="title",
               tone=lambda event: "warn" if event.action in BAD_ACTIONS else ""),
        Column("actor", "Who acted", value=lambda event: event.actor or _name_of_deleted(event.actor_id),
               sort="actor__username"),
        Column("account", "Account", value=lambda event: event.account or _name_of_deleted(event.account_id),
               sort="account__username", hint="The account that the event concerns"),
        Column("times", "Times", sort="times", numeric=True, hint="Repeats within half a minute are one event"),
        Column("alike", "Alike", sort="alike", numeric=True,
               value=lambda event: event.alike or None, text=lambda event: f"+ {event.alike}" if event.alike else "–",
               url=lambda event: f"?lead={event.pk}" if event.alike else "",
               hint="More events of the same request or command: they are listed under the first one"),
        Column("detail", "Detail", text=detail_words, phone="full"),
        Column("place", "Page or endpoint", sort="place", code=True, phone="full"),
        Column("address", "Address", sort="address", code=True),
        Column("token", "Token", sort="token", code=True, default=False),
        Column("part", "Part of Muster", sort="part", default=False),
        Column("at", "First", sort="at", default=False),
        Column("request_id", "Request", sort="request_id", code=True, default=False),
        Column("batch", "Chained", value=_batch_name, sort="batch__number", default=False),
    ),
    filterset=SecurityEventFilters,
    row_url=lambda event: "",
    default_sort="-last_at",
    then_by=("-pk",),
    api="web-api-security-event-list",
    exports=("csv", "json", "jsonl"),
    empty={
        "title": "No event",
        "text": "Sign-ins, refusals, files that were taken, and changes of accounts and rights are listed here.",
        "icon": "shield-check",
    },
)  # fmt: skip
