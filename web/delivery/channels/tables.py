"""The list of channels and its columns."""

from django.urls import reverse

from web.delivery.channels.filters import ChannelFilters
from web.delivery.channels.queries import channel_state, scope_of, seen_address
from web.delivery.models import Channel
from web.tables import Column, Table


def _page(channel: Channel) -> str:
    return reverse("channel-detail", args=[channel.pk])


def _place(channel: Channel) -> str:
    return scope_of(channel) or ("all that its owner sees" if channel.is_shared else "")


CHANNELS = Table(
    id="channels",
    noun=("channel", "channels"),
    columns=(
        Column("name", "Name", sort="name", locked=True, phone="title", url=_page),
        Column("kind", "Kind", sort="kind"),
        Column("address", "Leads to", seen_address, phone="full"),
        Column("state", "State", channel_state, template="web/channels/state_cell.html", phone="status",
               states="channel"),
        Column("owner", "Answers for it", "owner", sort="owner__username"),
        Column("is_shared", "Shared", sort="is_shared"),
        Column("scope", "Limited to", scope_of, text=_place),
        Column("only_urgent", "Urgent only", sort="only_urgent", default=False),
        Column("failing_since", "Failing since", sort="failing_since", default=False),
        Column("created_at", "Added", sort="created_at", default=False),
    ),
    filterset=ChannelFilters,
    row_url=_page,
    default_sort="name",
    api="web-api-channel-list",
    page="channels",
    empty={
        "title": "No channel yet",
        "text": "Add one, so that Muster can tell you what is wrong while you are not looking.",
        "icon": "bell",
    },
)  # fmt: skip
