"""The parameters of an address that asks for an explanation: a site or region, and two UTC days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from inventory.models import Region, Site
from web.timerange import BadTimeRangeError, parse_instant

PARAMETERS = ("site", "region", "start", "end")
DEFAULT_START = "now-30d"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class AskedError(ValueError):
    """Says which parameter cannot be read, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Asked:
    """Without a site or a region it is the fleet. A day stands for its last evaluation."""

    site: Site | None
    region: Region | None
    start: date
    end: date

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address, with the days themselves, so that a copied link shows the same."""
        of = {"site": self.site.slug} if self.site else {"region": self.region.slug} if self.region else {}
        return of | {"start": self.start.isoformat(), "end": self.end.isoformat()}


def read(params: Mapping[str, str], *, now: datetime) -> Asked:
    """Raises AskedError. At most one statement."""
    start = _day(params.get("start") or DEFAULT_START, "start", now)
    end = _day(params.get("end") or "now", "end", now)
    if end <= start:
        raise AskedError("end", "must be a later day than start")
    site, region = params.get("site", ""), params.get("region", "")
    if site and region:
        raise AskedError("region", "cannot be asked for together with a site")
    return Asked(_site(site), _region(region), start, end)


def _day(text: str, field: str, now: datetime) -> date:
    """Read a date as a UTC day, an instant as the UTC day that it falls on. No day lies ahead of today."""
    try:
        if _DAY.fullmatch(text.strip()):
            day = date.fromisoformat(text.strip())
            parse_instant(f"{day}T00:00:00Z", now=now, zone=UTC, field=field)
        else:
            day = parse_instant(text, now=now, zone=UTC, field=field).astimezone(UTC).date()
    except BadTimeRangeError as error:
        raise AskedError(field, error.reason) from error
    except (ValueError, OverflowError, OSError) as error:
        raise AskedError(field, "is neither a date, now-7d, an ISO 8601 time nor milliseconds") from error
    return min(day, now.astimezone(UTC).date())


def _site(slug: str) -> Site | None:
    if not slug:
        return None
    site = Site.objects.select_related("region", "score").filter(slug=slug[:200]).first()
    if site is None:
        raise AskedError("site", "There is no site of that name.")
    return site


def _region(slug: str) -> Region | None:
    if not slug:
        return None
    region = Region.objects.filter(slug=slug[:200]).first()
    if region is None:
        raise AskedError("region", "There is no region of that name.")
    return region
