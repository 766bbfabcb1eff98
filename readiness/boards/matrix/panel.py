"""The evidence of one cell as the panel beside the matrix tells it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from inventory.models import Site
from readiness.boards import cards, findings, lines
from readiness.boards.matrix.words import short_name
from readiness.boards.queries.checks import SiteCheck
from readiness.boards.set_aside import set_aside
from readiness.boards.waivers import sentences as waiver_lines
from readiness.grants.queries import GrantRow
from readiness.scoring.queries.rows import PartRow
from readiness.scoring.queries.standing import present_capacity, score_of
from web.ages import old
from web.links import link
from web.units import against_limit

type Card = dict[str, Any]


def panel(site: Site, site_check: SiteCheck, grants: Sequence[GrantRow], *, now: datetime) -> Card:
    strip = cards.history_strip(site_check.strip)
    row = site_check.result
    return {
        "site": site,
        "check": site_check.check,
        "pillar": site_check.pillar,
        "short": short_name(site_check.check),
        "url": link("site-check", site.slug, site_check.check.id),
        "result": row,
        "stake": _stake(site, site_check.check.id, now=now),
        "facts": _facts(site_check, now=now),
        "parts": _parts(site_check, now=now),
        "strip": strip,
        "strip_label": cards.strip_label(strip),
        "grants": waiver_lines.of_check(list(grants), now=now),
        "grants_url": link("waivers", site=site.slug, check=site_check.check.id),
        "set_aside": set_aside(site, row, now=now),
        "no_verdict": "" if site.has_verdict else findings.no_verdict(site.stage),
    }


def _stake(site: Site, check_id: str, *, now: datetime) -> str:
    """The capacity that the site has deployed and cannot use while this check holds its verdict."""
    score = score_of(site)
    if score is None or check_id not in score.deciding:
        return ""
    kw = present_capacity([site], now=now)[site.pk].deployed.it_kw
    return f"holds back {findings.kw(kw)}" if kw else ""


def _facts(site_check: SiteCheck, *, now: datetime) -> list[Card]:
    """The rule, then what the page of the check says; its state stands above the list already."""
    evidence = site_check.result.evidence if site_check.result else {}
    rules = {rule.part_id: rule for rule in site_check.thresholds}
    rule = rules.get(evidence.get("part", "")) or site_check.thresholds[0]
    facts: list[Card] = [
        {"term": "Rule", "value": rule.measure or site_check.check.name},
        *(fact for fact in lines.check_facts(site_check, now=now) if fact["term"] != "State"),
    ]
    if evidence.get("ref"):
        facts.append({"term": "Evidence", **_source(evidence["ref"])})
    if site_check.result and site_check.result.expires_at:
        day = date_format(localtime(site_check.result.expires_at), "j M Y")
        facts.append({"term": "Goes stale", "value": day})
    valid = sorted({rule.validity_text for rule in site_check.thresholds})
    facts.append({"term": "Valid for", "value": ", ".join(valid)})
    return facts


def _source(ref: str) -> Card:
    """A stored reference in words, with the page of what it names where there is one."""
    kind, _colon, key = ref.partition(":")
    if kind == "run" and key.isdigit():
        url = reverse("validation-run-detail", args=[int(key)])
        return {"value": f"Run {key}", "url": url}
    if kind in ("ownership", "owned-assets") and key.isdigit():
        return {
            "value": f"Assignment {key}",
            "url": reverse("assignment", args=[int(key)]),
        }
    if kind == "review":
        return {
            "value": f"Go-live review #{key}",
            "url": reverse("review", args=[int(key)]),
        }
    words = {
        "fact": "Recorded fact %(id)s",
        "attestation": "Attestation %(id)s",
    }
    return {"value": words[kind] % {"id": key} if kind in words else ref}


def _parts(site_check: SiteCheck, *, now: datetime) -> list[Card]:
    judged: dict[str, PartRow] = (
        {part.id: part for part in site_check.result.parts} if site_check.result else {}
    )
    return [
        {
            "name": rule.part,
            "state": part.state if part else "unknown",
            "result": against_limit(part.value, part.unit, part.threshold_text or rule.pass_text)
            if part
            else rule.pass_text,
            "age": old(part.taken_at, part.age_s) if part else "",
            "reason": "" if part and part.state == "pass" else part.reason if part else rule.waits_for,
        }
        for rule in site_check.thresholds
        for part in [judged.get(rule.part_id)]
    ]
