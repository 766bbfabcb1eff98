"""The road as the JSON that the page's drawing reads, with what it needs to recompute all sums for other ticks."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import orjson
from django.utils.safestring import SafeString

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.road.core.sums import RoadFix
from readiness.boards.road.core.threads import RoadBlocker, RoadSite, fix_key
from readiness.boards.road.queries import RoadStanding
from readiness.boards.road.steps import RoadStep
from web.links import link

UNITS = {CapacityMeasure.POWER: "kW", CapacityMeasure.ACCELERATORS: "accelerators"}
NAMES = {CapacityMeasure.POWER: "power", CapacityMeasure.ACCELERATORS: "accelerators"}


def picture_of(standing: RoadStanding, fixes: Sequence[RoadFix]) -> dict[str, Any]:
    """Sites with their state as planned; `fixes` are those that can be ticked on the page."""
    road = standing.road
    offered = {fix.key for fix in fixes}
    return {
        "today": road.today.isoformat(),
        "measure": NAMES[road.measure],
        "unit": UNITS[road.measure],
        "deployed": road.planned.deployed,
        "sites": [_site(standing, site, offered) for site in road.sites],
        "checks": _checks(standing),
        "owners": [
            {"key": owner.key, "name": owner.name, "lead": owner.lead, "is_gap": owner.is_gap}
            for owner in standing.owners.values()
        ],
        "fixes": [
            {
                "key": fix.key,
                "check": fix.check,
                "sites": fix.sites,
                "date": road.by.isoformat(),
                "owner": fix.owner,
            }
            for fix in fixes
        ],
    }


def script(picture: dict[str, Any]) -> SafeString:
    """The element `#road-data`, as the filter `json_script` writes it, in a tenth of the time."""
    text = orjson.dumps(picture).decode()
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return SafeString(f'<script id="road-data" type="application/json">{text}</script>')


def _site(standing: RoadStanding, site: RoadSite, offered: set[str]) -> dict[str, Any]:
    road, ref = standing.road, standing.sites[site.slug].ref
    ready_on = road.planned.days[site.slug]
    first = site.first
    return {
        "slug": site.slug,
        "code": ref.name,
        "name": ref.city or ref.name,
        "url": link("site", site.slug),
        "size": road.measure.amount_from_whole(road.measure.whole(site.capacity)),
        "state": road.planned.state_of(site).value,
        "is_silent": site.slug in standing.silent,
        "blocker": first.check if first else None,
        "owner": first.owner if first else None,
        "month": ready_on.isoformat()[:7] if ready_on else None,
        "ready_on": _iso(ready_on),
        "blockers": [
            {
                "check": blocker.check,
                "date": _iso(blocker.due_on),
                "fix": key,
                "cost": _cost(standing.step(site.slug, blocker.check)),
            }
            for blocker, key in _needed(site.blockers, offered)
        ],
    }


def _needed(blockers: Iterable[RoadBlocker], offered: set[str]) -> list[tuple[RoadBlocker, str | None]]:
    """The blockers that an offered fix resolves, with its key, also where they are resolved sooner without it: the page
    tries other days. Of all others only the one that is resolved last: the others change nothing."""
    needed: list[tuple[RoadBlocker, str | None]] = []
    last: RoadBlocker | None = None
    for blocker in blockers:
        key = blocker.fix or fix_key(blocker.check, blocker.owner)
        if key in offered:
            needed.append((blocker, key))
        elif last is None or (last.due_on or date.max) < (blocker.due_on or date.max):
            last = blocker
    return [*needed, (last, None)] if last else needed


def _cost(step: RoadStep | None) -> tuple[str, float] | None:
    return None if step is None or step.cost is None else (step.currency, step.cost)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _checks(standing: RoadStanding) -> list[dict[str, str]]:
    """The checks that are somebody's first blocker or can be fixed, in the framework's order."""
    blocking_ids = {blocker.check for site in standing.road.sites for blocker in site.blockers}
    pillars = {pillar.id: pillar.name for pillar in standing.framework.pillars}
    return [
        {
            "id": check.id,
            "name": standing.check_name(check.id),
            "claim": check.claim,
            "pillar": check.pillar,
            "pillar_name": pillars[check.pillar],
        }
        for check in standing.framework.checks
        if check.id in blocking_ids
    ]
