"""Columns and filters of deliveries."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from web import links
from web.delivery.models import Channel, Message
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table


def _channels(request: Any) -> QuerySet[Channel]:
    return Channel.objects.visible_to(request.user) if request else Channel.objects.none()


class DeliveryFilters(ObjectFilterSet):
    channel = django_filters.ModelChoiceFilter(queryset=_channels, label="Channel")
    kind = django_filters.ChoiceFilter(
        field_name="channel__kind", choices=Channel._meta.get_field("kind").choices, label="Kind of channel"
    )

    class Meta:
        model = Message
        fields = ("state", "event", "is_urgent", "about", "key", "attempts", "created_at", "ended_at")
        search_fields = ("subject", "key", "event", "channel__name")
        panel = ("state", "channel", "kind", "is_urgent")


def _table(table_id: str, page: str, columns: tuple[Column, ...], empty: dict[str, str]) -> Table:
    return Table(
        id=table_id,
        page=page,
        noun=("message", "messages"),
        label="Messages",
        columns=columns,
        filterset=DeliveryFilters,
        row_url=lambda message: links.link("delivery", message.pk),
        default_sort="-created_at",
        api="web-api-message-list",
        empty=empty,
    )


_SUBJECT = Column("subject", "Message", sort="subject", locked=True, phone="title")
_CHANNEL = Column(
    "channel", "Channel", "channel.name", sort="channel__name", url=lambda row: links.page_url(row.channel)
)
_WRITTEN = Column("created_at", "Written", sort="created_at")

DELIVERIES = _table(
    "deliveries",
    "deliveries",
    (
        _SUBJECT,
        Column("state", "State", sort="state", states="delivery", template="web/deliveries/state.html", phone="status"),
        _CHANNEL,
        Column("kind", "Kind of channel", "channel.kind", text=lambda row: row.channel.get_kind_display(),
               sort="channel__kind", default=False),
        Column("attempts", "Attempts", sort="attempts", numeric=True),
        Column("next_at", "Next attempt", sort="next_at"),
        Column("last_answer", "Last answer", phone="full"),
        _WRITTEN,
        Column("ended_at", "Ended", sort="ended_at", default=False),
        Column("event", "Event", sort="event", code=True, default=False),
        Column("is_urgent", "Urgent", sort="is_urgent", default=False),
        Column("key", "Key", sort="key", code=True, default=False),
    ),
    {
        "title": "No message",
        "text": "Messages to your channels and to shared ones are listed here, with each attempt to deliver them.",
        "icon": "bell",
        "page": "channels",
        "action_label": "Channels",
    },
)  # fmt: skip

MAILBOX = _table(
    "mailbox",
    "mailbox",
    (_SUBJECT, _CHANNEL, _WRITTEN),
    {
        "title": "The mailbox is empty",
        "text": "Messages to channels of the kind “mailbox” stay here and leave Muster by no other way.",
        "icon": "bell",
    },
)
