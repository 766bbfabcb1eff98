"""The parameters of an address that asks for an explanation: a site or region, and two UTC days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from inventory.models import Region, Site
from web.timerange import BadParameter, BadTimeRangeError, parse_instant

DEFAULT_START = "now-30d"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


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
        return self.place | self.days

    @property
    def place(self) -> dict[str, str]:
        return {"site": self.site.slug} if self.site else {"region": self.region.slug} if self.region else {}

    @property
    def days(self) -> dict[str, str]:
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}


def read(params: Mapping[str, str], *, now: datetime) -> Asked:
    """Raises BadParameter. At most one statement."""
    start = _day(params.get("start") or DEFAULT_START, "start", now)
    end = _day(params.get("end") or "now", "end", now)
    if end <= start:
        raise BadParameter("end", "must be a later day than start")
    site, region = params.get("site", ""), params.get("region", "")
    if site and region:
        raise BadParameter("region", "cannot be asked for together with a site")
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
        raise BadParameter(field, error.reason) from error
    except (ValueError, OverflowError, OSError) as error:
        raise BadParameter(field, "is neither a date, now-7d, an ISO 8601 time nor milliseconds") from error
    return min(day, now.astimezone(UTC).date())


def _site(slug: str) -> Site | None:
    site = Site.objects.select_related("region", "score").filter(slug=slug[:200]).first() if slug else None
    if slug and site is None:
        raise BadParameter("site", "There is no site of that name.")
    return site


def _region(slug: str) -> Region | None:
    region = Region.objects.filter(slug=slug[:200]).first() if slug else None
    if slug and region is None:
        raise BadParameter("region", "There is no region of that name.")
    return region
