"""Messages at the start and at the end of a silence or window, and the channels that they go through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import ScopeKind
from inventory.core import regions_outwards
from inventory.models import Region, Site
from readiness.loop.alerts.core.matching import AlertMatcher
from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.silencing.matches import ANYTHING, AlertMatches, matches_of
from readiness.loop.alerts.silencing.sentences import matcher_words
from readiness.loop.alerts.telling.readers import working_last_resorts
from web.delivery.models import Channel, ChannelKind
from web.delivery.outbox import Draft
from web.links import page_url
from web.scopes import everything, read_as
from web.units import how_many, instant
from web.visibility import name_of

FOR_PROGRAMS = (ChannelKind.PAGERDUTY, ChannelKind.ALERTMANAGER)
"""Channels that take alerts alone."""


@dataclass(frozen=True, slots=True)
class SilenceTurn:
    """A silence, or an occurrence of a window, began or ended."""

    row: Silence | MaintenanceWindow
    has_begun: bool
    starts_at: datetime
    ends_at: datetime

    @property
    def noun(self) -> str:
        return "silence" if isinstance(self.row, Silence) else "window"

    @property
    def event(self) -> str:
        return f"{self.noun}.{'began' if self.has_begun else 'ended'}"


def drafts_of(turn: SilenceTurn, *, now: datetime) -> Iterator[Draft]:
    with everything():
        channels = _channels(turn.row)
    for channel in channels:
        with read_as(channel.owner):
            if _is_hidden(turn.row, channel):
                continue
            matches = matches_of(turn.row.matcher, within=_scope_of(channel))
        yield _draft(turn, channel, matches, now=now)


def _channels(row: Silence | MaintenanceWindow) -> list[Channel]:
    """The chosen channel while it is usable, else the author's own ones, else the last resort."""
    if row.channel is not None and row.channel.is_usable and row.channel.kind not in FOR_PROGRAMS:
        return [row.channel]
    usable_channels = (
        Channel.objects.usable().exclude(kind__in=FOR_PROGRAMS).select_related("owner").order_by("pk")
    )
    own = (
        list(usable_channels.filter(owner=row.created_by, is_shared=False))
        if row.created_by is not None
        else []
    )
    last_resorts = working_last_resorts().values("last_resort")
    return own or list(usable_channels.filter(pk__in=last_resorts))


def _is_hidden(row: Silence | MaintenanceWindow, channel: Channel) -> bool:
    """Whether whoever reads the channel may not know of it: the present reader is the channel's owner."""
    if not type(row)._default_manager.filter(pk=row.pk).exists():
        return True
    site = row.site
    region_id = row.region_id or (site.region_id if site is not None else None)
    if not channel.scope_kind or region_id is None:
        return False
    places = {(ScopeKind.SITE.value, site.slug)} if site is not None else set()
    regions = {
        key: (slug, parent) for key, slug, parent in Region.objects.values_list("pk", "slug", "parent")
    }
    parents = {key: parent for key, (_slug, parent) in regions.items()}
    region_ids = [each for each in regions_outwards(region_id, parents) if each in regions]
    places |= {(ScopeKind.REGION.value, regions[each][0]) for each in region_ids}
    return (channel.scope_kind, channel.scope_slug) not in places


def _scope_of(channel: Channel) -> AlertMatcher:
    """The alerts that a channel may count; a scope that is gone counts none."""
    if channel.scope_kind == ScopeKind.SITE:
        site = Site.objects.filter(slug=channel.scope_slug).first()
        return AlertMatcher(site_id=site.pk if site is not None else 0)
    if channel.scope_kind == ScopeKind.REGION:
        region = Region.objects.filter(slug=channel.scope_slug).first()
        return AlertMatcher(region_id=region.pk if region is not None else 0)
    return ANYTHING


def _draft(turn: SilenceTurn, channel: Channel, matches: AlertMatches, *, now: datetime) -> Draft:
    row, zone = turn.row, ZoneInfo(channel.owner.time_zone)
    url = f"{settings.BASE_URL}{page_url(row) or ''}"
    until = instant(turn.ends_at, zone)
    what = "Silence" if turn.noun == "silence" else "Maintenance window"
    verb = f"until {until}" if turn.has_begun else "has ended"
    author = name_of(row.created_by, channel.owner)
    parts = [
        f"{what} {'began' if turn.has_begun else 'ended'}: {row}",
        f"It {'holds' if turn.has_begun else 'held'} back alerts of: {matcher_words(row)}.",
        f"From {instant(turn.starts_at, zone)} until {until}.",
        f"Author: {author}." if author else "",
        f"Reason: {row.reason}" if row.reason and row.reason != str(row) else "",
        _effect(turn, matches),
        url,
    ]
    return Draft(
        channel_id=channel.pk,
        # A change of the matcher alone is told again, too.
        key=f"{turn.noun}-{row.pk}-{turn.event}-{turn.starts_at.timestamp():.0f}-{turn.ends_at.timestamp():.0f}"
        f"-{now.timestamp():.0f}-{channel.pk}",
        event=turn.event,
        subject=f"{what} {verb}: {row}",
        text="\n".join(filter(None, parts)),
        payload=_payload(turn, matches, url, now),
        order_key=f"{turn.noun}-{row.pk}",
        about=f"{turn.noun}:{row.pk}",
    )


def _effect(turn: SilenceTurn, matches: AlertMatches) -> str:
    number = how_many(matches.number, "alert", "alerts")
    titles = "".join(f"\n- {title}" for title in matches.titles)
    more = f"\n- and {matches.more} more" if matches.more else ""
    if turn.has_begun:
        return f"It matches {number} now; you are still told when they end.{titles}{more}"
    if not matches.number:
        return "Nothing that it held back still fires."
    return f"{number} that it held back still {'fires' if matches.number == 1 else 'fire'}:{titles}{more}"


def _payload(turn: SilenceTurn, matches: AlertMatches, url: str, now: datetime) -> Mapping[str, Any]:
    row = turn.row
    return {
        "event": turn.event,
        "at": now.isoformat(),
        turn.noun: {
            "id": row.pk,
            "title": str(row),
            "reason": row.reason,
            "matches": matcher_words(row),
            "starts_at": turn.starts_at.isoformat(),
            "ends_at": turn.ends_at.isoformat(),
            "alerts": matches.number,
            "url": url,
        },
    }
