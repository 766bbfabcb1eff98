"""A channel that Muster disabled waits for its owner, who knows where messages shall go now."""

from django.db.models import Q

from web.delivery.models import GONE, Channel
from web.workflows.waiting import Turn, awaits, subjects_by

CHECKING = Turn(
    kind="Check a channel",
    verb="Open",
    tab="deliveries",
    page="channel-detail",
    of=lambda by, now: Q(owner=by, disabled_for=GONE),
    subjects=subjects_by(lambda channel: f"{channel.name}: its receiver is gone"),
    since="disabled_at",
    site=lambda channel: None,
    joined=(),
)
awaits(Channel, turn=CHECKING)
