"""Parameters that several pages share: a site, a region or the fleet, a check, and two UTC days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.http import Http404

from inventory.models import Region, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check
from web.links import link
from web.reports import choices
from web.timerange import BadParameter, BadTimeRangeError, parse_instant


@dataclass(frozen=True, slots=True)
class Place:
    """A site, a region, or the fleet if both are empty."""

    site: Site | None = None
    region: Region | None = None

    @property
    def place(self) -> dict[str, str]:
        return {"site": self.site.slug} if self.site else {"region": self.region.slug} if self.region else {}

    def others(self, page: str, query: Mapping[str, Any]) -> dict[str, Any]:
        regions = [("", "Fleet"), *Region.objects.order_by("name", "pk").values_list("slug", "name")]
        current = None if self.site else self.region.slug if self.region else ""
        links = choices(
            regions, current, lambda slug: link(page, **({"region": slug} if slug else {}), **query)
        )
        return {
            "regions": [{"slug": slug, **each} for (slug, _name), each in zip(regions, links, strict=True)],
            "regions_url": link(page),
            "regions_kept": query,
            "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
        }


def site_named(slug: str) -> Site | None:
    """Return None for an empty name. Raises BadParameter for an unknown site."""
    site = Site.objects.select_related("region", "score").filter(slug=slug[:200]).first() if slug else None
    if slug and site is None:
        raise BadParameter("site", "There is no site of that name.")
    return site


def region_named(slug: str) -> Region | None:
    region = Region.objects.filter(slug=slug[:200]).first() if slug else None
    if slug and region is None:
        raise BadParameter("region", "There is no region of that name.")
    return region


def check_named(check_id: str) -> Check:
    _version, framework = framework_queries.current()
    if check_id not in framework.checks_by_id:
        raise Http404(f"The framework in force has no check {check_id}.")
    return framework.checks_by_id[check_id]


DEFAULT_START = "now-30d"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoDays(Place):
    """Two UTC days; each stands for its last evaluation."""

    start: date
    end: date

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address with explicit days, so that a copied link keeps showing the same."""
        return self.place | self.days

    @property
    def days(self) -> dict[str, str]:
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}


def two_days(params: Mapping[str, str], *, now: datetime) -> TwoDays:
    """Raises BadParameter. Takes at most one statement."""
    start = _day(params.get("start") or DEFAULT_START, "start", now)
    end = _day(params.get("end") or "now", "end", now)
    if end <= start:
        raise BadParameter("end", "must be a later day than start")
    site, region = params.get("site", ""), params.get("region", "")
    if site and region:
        raise BadParameter("region", "cannot be asked for together with a site")
    return TwoDays(site=site_named(site), region=region_named(region), start=start, end=end)


def _day(text: str, field: str, now: datetime) -> date:
    """Read a date, or an instant as its UTC day; a day in the future becomes today."""
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
