"""Frozen rows of one site or one check to the lines of lists and tables: checks, their parts, flips, sources."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from readiness.boards import findings
from readiness.boards.part_links import limit_form, proof_link
from readiness.boards.queries.check_list import CheckListRow
from readiness.boards.queries.checks import SiteCheck
from readiness.boards.queries.site import SourceRow
from readiness.boards.sentences import flip_words
from readiness.scoring.core.states import Tier
from readiness.scoring.queries.rows import CheckRow, FlipRow, PartRow
from web.ages import ago, old
from web.drawing import stacked
from web.links import link
from web.units import against_limit, duration, format_value, signed

type Line = dict[str, Any]

CAUSES = {
    "data": "new data",
    "evidence-age": "evidence aged",
    "rule": "the rule changed",
    "waiver": "a waiver began or ended",
    "applicability": "what applies changed",
}
DOMAIN_WORDS = {
    "compute": "Compute health",
    "network": "Network health",
    "energy": "Energy health",
}
KIND_OF_SUBJECT = {"check": "check", "part": "check", "verdict": "verdict", "health": "health"}


def check_line(row: CheckRow, slug: str) -> Line:
    """A check with its measured value against its limit."""
    return {
        "id": row.id,
        "state": row.state,
        "tier": row.tier,
        "name": row.name,
        "url": link("site-check", slug, row.id),
        "gate": row.gate,
        "result": against_limit(row.value, row.unit, row.threshold_text),
        "reason": row.reason,
        "provenance": row.provenance,
        "age": old(row.taken_at, row.age_s),
        "since": row.since,
    }


def check_list_line(row: CheckListRow) -> Line:
    return {
        "id": row.check.id,
        "name": row.check.name,
        "why": row.check.why,
        "url": link("check", row.check.id),
        "gate": row.check.gate,
        "segments": stacked(row.counts),
        "sites_open": row.sites_open,
        "stake": findings.kw(row.kw_at_stake) if row.kw_at_stake else "",
        "waits_for": row.check.waits_for if row.counts and set(row.counts) <= {"unknown", "n-a"} else "",
    }


def flip_line(flip: FlipRow, *, with_site: bool = False) -> Line:
    """A change of state with its cause, and when the first evidence for it was seen."""
    kind = KIND_OF_SUBJECT[flip.subject]
    named = {"verdict": "Verdict", "health": DOMAIN_WORDS.get(flip.key, flip.title)}
    title = named.get(flip.subject, flip.title)
    url = link("site-check", flip.site, flip.key) if kind == "check" else link("site", flip.site)
    return {
        "id": flip.id,
        "at": flip.at,
        "kind": kind,
        "from_state": flip.from_state,
        "to_state": flip.to_state,
        "title": f"{flip.site_name}: {title}" if with_site else title,
        "url": url,
        "cause": CAUSES.get(flip.cause, flip.cause),
        "words": flip_words(flip),
        "first_bad_at": flip.first_bad_at,
    }


def source_line(source: SourceRow, *, now: datetime) -> Line:
    clock = source.state if source.state in ("late", "silent") else ""
    return {
        "id": source.id,
        "name": source.name,
        "url": reverse("source", args=[source.id]),
        "state": source.state,
        "since": source.state_since,
        "provenance": source.provenance,
        "age": ago(source.last_sample_at, now=now),
        "at": source.last_sample_at,
        "clock": clock,
        "cadence": duration(source.cadence_s),
        "grace": duration(source.grace_s),
    }


INVENTORY_WORDS = {
    "rack": "Racks",
    "device": "Devices",
    "accelerator": "Accelerators",
    "port": "Ports",
    "link": "Links",
    "power-feed": "Power feeds",
    "cooling-unit": "Cooling units",
}


def inventory_line(noun: str, count: int, slug: str) -> Line:
    return {"label": INVENTORY_WORDS[noun], "count": count, "url": link(f"{noun}-list", site=slug)}


def check_facts(site_check: SiteCheck, *, now: datetime) -> list[Line]:
    """The figures that decided: value, limit, margin, where they come from and how old they are."""
    row = site_check.result
    if row is None:
        return []
    deciding = _deciding_part(row)
    measured = format_value(row.value, row.unit)
    facts: list[Line] = [
        {"term": "State", "kind": "check", "state": row.state, "note": _since(row.since)},
        {
            "term": "Measured",
            "value": measured.value,
            "unit": measured.unit,
            "provenance": row.provenance,
            "source": row.evidence.get("source", "") or row.evidence.get("object", ""),
            "age": old(row.taken_at, row.age_s),
            "at": row.taken_at,
        },
        {
            "term": "Limit",
            "value": row.threshold_text or "none",
            "note": _limit_note(deciding),
        },
    ]
    if row.tier:
        facts.append({"term": "Rests on", "kind": "tier", "state": row.tier})
    if row.margin is not None:
        facts.append({"term": "Margin", "value": signed(row.margin, row.unit)})
    if row.evidence.get("object"):
        facts.append({"term": "Decided by", "value": row.evidence["object"]})
    if row.first_bad_at:
        began = "Declared since" if row.tier == Tier.CAPPED else "First out of limits"
        facts.append({"term": began, "value": f"{row.first_bad_at:%Y-%m-%d %H:%M} UTC"})
    if row.measured_state != row.state:
        facts.append({"term": "Without the waiver", "kind": "check", "state": row.measured_state})
    facts.append({"term": "Gate", "value": row.gate, "note": gate_words(row.gate)})
    return facts


def _since(at: datetime) -> str:
    return "since {at} UTC".format(at=f"{at:%Y-%m-%d %H:%M}")


def gate_words(gate: str) -> str:
    return {
        "BLOCK": "a site is not ready until this is met",
        "COND": "a site is only conditional until this is met",
        "INFO": "shown for its trend; decides nothing",
    }[gate]


def _deciding_part(row: CheckRow) -> PartRow | None:
    """The sub-measure whose figures the check shows."""
    same = [part for part in row.parts if part.state == row.measured_state and part.value == row.value]
    return same[0] if same else None


def _limit_note(part: PartRow | None) -> str:
    if part is None:
        return ""
    if part.limit_source:
        return part.limit_source
    return part.threshold_source_title


def part_lines(site_check: SiteCheck, site_slug: str) -> list[Line]:
    """Each sub-measure: as judged where it was, the rule that judges it, and the form for what it lacks."""
    judged = {part.id: part for part in site_check.result.parts} if site_check.result else {}
    lines = []
    for rule in site_check.thresholds:
        part = judged.get(rule.part_id)
        declare_url, floor_url = limit_form(part, rule.limit_declared_on, site_slug)
        lines.append(
            {
                "rule": rule,
                "part": part,
                "result": _part_result(part),
                "margin": _part_margin(part),
                "age": _part_age(part),
                "proof": proof_link(part.evidence) if part else None,
                "declare_url": declare_url,
                "floor_url": floor_url,
            }
        )
    return lines


def _part_result(part: PartRow | None) -> str:
    return str(format_value(part.value, part.unit)) if part and part.value is not None else ""


def _part_margin(part: PartRow | None) -> str:
    return signed(part.margin, part.unit) if part else ""


def _part_age(part: PartRow | None) -> str:
    return old(part.taken_at, part.age_s) if part else ""
