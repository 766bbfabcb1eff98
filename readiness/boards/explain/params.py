"""The parameters of an address that asks for an explanation: a site or region, and two UTC days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from readiness.boards.params import Place, region_named, site_named
from web.timerange import BadParameter, BadTimeRangeError, parse_instant

DEFAULT_START = "now-30d"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Place):
    """A day stands for its last evaluation."""

    start: date
    end: date

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address, with the days themselves, so that a copied link shows the same."""
        return self.place | self.days

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
    return Asked(site=site_named(site), region=region_named(region), start=start, end=end)


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
