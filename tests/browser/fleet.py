"""A fleet to look at: two dozen sites with stored verdicts, their history, health and flips."""

from datetime import timedelta

from inventory.models import Region, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, ScorePoint, SiteScore
from telemetry.models import Source, SourceStatus
from tests.inventory import made

CITIES = (
    ("Dallas", "US", 32.78, -96.80), ("Dublin", "IE", 53.35, -6.26), ("Johor Bahru", "MY", 1.49, 103.74),
    ("São Paulo", "BR", -23.55, -46.63), ("Luleå", "SE", 65.58, 22.15), ("Sydney", "AU", -33.87, 151.21),
    ("Tokyo", "JP", 35.77, 140.39), ("Frankfurt", "DE", 50.11, 8.68), ("Montréal", "CA", 45.50, -73.57),
    ("Mumbai", "IN", 19.08, 72.88), ("Johannesburg", "ZA", -26.20, 28.05), ("Osaka", "JP", 34.69, 135.50),
)  # fmt: skip
"""Cities only; the sites in them are made up."""


def build(now, *, sites=24, first=0):
    """Site n of a city gets its figures from n alone, so that pictures of two runs are alike."""
    regions = [
        Region.objects.get_or_create(name=name, slug=name.lower())[0]
        for name in ("Americas", "Europe", "Asia")
    ]
    return [_site(number, now, regions[number % 3]) for number in range(first, first + sites)]


def sites():
    """Those that `build` made, in its order."""
    return list(Site.objects.filter(slug__regex=r"^site-\d{1,2}$").order_by("pk"))


def yard(region):
    """Under construction: no capacity and no verdict."""
    return made.site(name="Yard", slug="yard", stage="building", region=region)


def _site(number, now, region):
    city, country, latitude, longitude = CITIES[number % len(CITIES)]
    stage = "building" if number == 23 else "production"
    there = made.site(
        name=f"{city} {number // len(CITIES) + 1}", slug=f"site-{number}", city=city, country=country, region=region,
        stage=stage, latitude=round(latitude + number % 24 / 10, 4), longitude=round(longitude + number % 24 / 10, 4),
        owner="" if number % 7 == 3 else "Platform team", contracted_kw=400,
    )  # fmt: skip
    if stage == "production":
        for step in range(3):
            on = (now - timedelta(days=330 - 100 * step - 9 * (number % 8))).date()
            made.capacity_event(site=there, happened_on=on, it_kw=40 + 7 * (number % 5), accelerators=32)
    _judge(there, number, now)
    return there


def _judge(there, number, now):
    version, framework = framework_queries.current()
    verdict = (
        "" if there.stage == "building" else ("not-ready", "not-ready", "conditional", "ready")[number % 4]
    )
    blocker = framework.checks[(number * 11) % len(framework.checks)]
    states = ("pass", "unknown", "pass", "unknown", "warn", "unknown")
    pillars, counts = {}, {}
    results, flips = [], []
    for place, check in enumerate(framework.checks):
        state = (
            "fail" if verdict == "not-ready" and check is blocker else states[(place + number) % len(states)]
        )
        counts[state] = counts.get(state, 0) + 1
        results.append(
            CheckResult(
                site=there, check_id=check.id, pillar=check.pillar, gate=check.gate, state=state, measured_state=state,
                reason=check.waits_for if state == "unknown" else f"{check.parts[0].name}: {97 - number} against it.",
                value=97.0 - number if state != "unknown" else None, unit="%" if state != "unknown" else "",
                threshold=99.0, threshold_text="≥ 99 %", margin=-2.0 if state == "fail" else 1.0,
                evidence={"kind": "TQ", "provenance": "simulated", "object": "feed A"} if state != "unknown" else {},
                taken_at=now - timedelta(minutes=3) if state != "unknown" else None, since=now - timedelta(days=4),
                framework_version=version, parts=[],
            )
        )  # fmt: skip
    for pillar in framework.pillars:
        score = ((number * 17 + int(pillar.id[1]) * 13) % 50) / 100 + 0.3
        worst = "fail" if blocker.pillar == pillar.id and verdict == "not-ready" else "unknown"
        pillars[pillar.id] = {
            "score": score,
            "upper": score + 0.2,
            "waived": 0,
            "coverage": 0.4,
            "state": worst,
        }
    flips.append(("verdict", "", "conditional", verdict, timedelta(days=20)))
    flips.append(("check", blocker.id, "pass", "fail", timedelta(days=4)))
    Flip.objects.bulk_create(
        Flip(site=there, subject=subject, key=key, from_state=before, to_state=after, at=now - ago, cause="data",
             reason="It left its limits.", framework_version=version)
        for subject, key, before, after, ago in flips if there.stage != "building"
    )  # fmt: skip
    CheckResult.objects.bulk_create(results if verdict else [])
    SiteScore.objects.create(
        site=there, verdict=verdict, verdict_reason=f"{blocker.name} is not met." if verdict else "",
        verdict_since=now - timedelta(days=20), first_blocker=blocker.id if verdict == "not-ready" else "",
        deciding=[blocker.id] if verdict == "not-ready" else [], score=0.5, score_upper=0.8, coverage=0.4,
        pillars=pillars, counts=counts, newest_sample_at=now - timedelta(seconds=40 + number), evaluated_at=now,
        framework_version=version,
    )  # fmt: skip
    earlier = {pillar: {"score": stored["score"] - 0.15} for pillar, stored in pillars.items()}
    ScorePoint.objects.bulk_create(
        ScorePoint(site=there, on_date=(now - timedelta(weeks=week)).date(), verdict=verdict, evaluated_at=now,
                   score=0.5 + ((number + week * 7) % 11) / 60, pillars=earlier,
                   framework_version=version)
        for week in range(24) if verdict
    )  # fmt: skip
    _health(there, number, now)


def _health(there, number, now):
    if there.stage == "building":
        return
    for place, domain in enumerate(("compute", "network", "energy")):
        health = ("ok", "ok", "ok", "warn", "ok", "critical")[(number + 2 * place) % 6]
        clock = "silent" if number == 11 else ""
        DomainHealth.objects.create(
            site=there, domain=domain, health=health, clock=clock, since=now - timedelta(days=1), evaluated_at=now,
            objects_by_health={"ok": 12, health: 2} if health != "ok" else {"ok": 14},
        )  # fmt: skip
    source = Source.objects.create(name=f"{there.name} collector", site=there, provenance="simulated")
    SourceStatus.objects.create(
        source=source,
        state="silent" if number == 11 else "on-time",
        state_since=now,
        last_sample_at=now - timedelta(minutes=1),
    )
