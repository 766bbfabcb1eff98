"""Frozen rows to what the parts of the page kit read: key figures, bars, cards, lists, strips.

Words, links and formatted numbers only; every figure was worked out by the queries.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from inventory.models import DomainChoices
from readiness.boards import sentences
from readiness.boards.queries.attention import Attention
from readiness.boards.queries.checks import StripCell
from readiness.boards.queries.fleet import DomainCard, Fleet
from readiness.boards.queries.site import DomainDetail
from readiness.scoring.core.combine import SEVERITY
from readiness.scoring.core.states import CheckState
from readiness.scoring.queries.capacity import HoldsBack
from readiness.scoring.queries.rows import DomainFigure, HealthReason, PillarFigure
from web.drawing import bar_width, spark_path, stacked
from web.links import link
from web.states import state
from web.units import format_value, instant, power, power_unit

type Card = dict[str, Any]

# The strip's cells are half days.
CELLS_TOGETHER = 4
OF_OWNERS = ("owner", "ownership")
SPARK = {"width": 74, "height": 26}
DOMAIN_TITLES = dict(DomainChoices.choices)


def key_figures(fleet: Fleet) -> list[Card]:
    """Deployed, ready, the gap, sites ready, data freshness; each leads to the sites behind it."""
    now, before = fleet.now, fleet.before
    unit = power_unit(now.deployed.it_kw)
    change = {
        "deployed": now.deployed.it_kw - before.deployed.it_kw,
        "ready": now.ready.it_kw - before.ready.it_kw,
        "gap": now.gap.it_kw - before.gap.it_kw,
    }
    return [
        _capacity_figure(
            gettext("Deployed capacity"), now.deployed.it_kw, unit, change["deployed"], fleet.sparks.deployed
        )
        | {"url": link("sites", sort="-deployed"), "role": "deployed"},
        _capacity_figure(
            gettext("Production-ready"), now.ready.it_kw, unit, change["ready"], fleet.sparks.ready
        )
        | {
            "url": link("sites", verdict="ready"),
            "role": "ready",
            "tone": "ok" if change["ready"] > 0 else "",
        },
        _capacity_figure(gettext("Readiness gap"), now.gap.it_kw, unit, change["gap"], fleet.sparks.gap)
        | {"url": link("sites", verdict="not-ready"), "role": "gap", "tone": _tone_of_growth(change["gap"])},
        _sites_ready(fleet),
        _freshness(fleet),
    ]


def _tone_of_growth(change: float) -> str:
    return "bad" if change > 0 else "ok" if change < 0 else ""


def _capacity_figure(label: str, kw: float, unit: str, change: float, weeks: Sequence[float | None]) -> Card:
    shown = power(kw, unit)
    if round(change, 3):
        moved = power(abs(change), unit)
        note = gettext("%(sign)s%(value)s %(unit)s in 4 weeks") % {
            "sign": "+" if change > 0 else "−",
            "value": moved.value,
            "unit": moved.unit,
        }
    else:
        note = gettext("unchanged in 4 weeks")
    icon = "arrow-up" if change > 0 else "arrow-down-right" if change < 0 else ""
    spark = spark_path(weeks, **SPARK)
    return {
        "label": label,
        "value": shown.value,
        "unit": shown.unit,
        "note": note,
        "icon": icon,
        "spark": spark,
    }


def _sites_ready(fleet: Fleet) -> Card:
    judged = sum(count for verdict, count in fleet.verdicts.items() if verdict != "none")
    ownerless = len(fleet.without_owner)
    card = {
        "label": gettext("Sites ready"),
        "value": str(fleet.verdicts.get("ready", 0)),
        "unit": gettext("of %(sites)s") % {"sites": judged},
        "url": link("sites", verdict="ready"),
    }
    if ownerless:
        note = ngettext("%(n)s site without an owner", "%(n)s sites without an owner", ownerless)
        return card | {"note": note % {"n": ownerless}, "icon": "users-group", "tone": "warn"}
    unjudged = fleet.sites - judged
    note = ngettext("%(n)s more has no verdict", "%(n)s more have no verdict", unjudged) % {"n": unjudged}
    return card | {"note": note if unjudged else gettext("every site has an owner")}


def _freshness(fleet: Fleet) -> Card:
    silent, late = fleet.sources.get("silent", 0), fleet.sources.get("late", 0)
    card = {
        "label": gettext("Data freshness"),
        "value": str(fleet.sites_reporting),
        "unit": gettext("of %(sites)s sites") % {"sites": fleet.monitored},
        "url": link("ingest"),
        "icon": "clock",
    }
    if not fleet.sources_total:
        return card | {"value": None, "note": gettext("no source yet")}
    parts = []
    if silent:
        parts.append(ngettext("%(n)s source silent", "%(n)s sources silent", silent) % {"n": silent})
    if late:
        parts.append(ngettext("%(n)s late", "%(n)s late", late) % {"n": late})
    tone = "bad" if silent else "warn" if late else ""
    return card | {"note": " · ".join(parts) or gettext("all sources on time"), "tone": tone}


def blockers(held: HoldsBack) -> list[Card]:
    """Capacity that is not ready by the pillar that blocks it first, each site counted once."""
    widest = max((pillar.held.it_kw for pillar in held.pillars), default=0)
    unit = power_unit(held.gap.gap.it_kw)
    made = []
    for pillar in held.pillars:
        shown = power(pillar.held.it_kw, unit)
        count = len(pillar.sites)
        first = ngettext("first blocker at %(n)s site", "first blocker at %(n)s sites", count) % {"n": count}
        made.append(
            {
                "label": pillar.name,
                "url": link("readiness", pillar=pillar.pillar),
                "quantity": shown,
                "width": bar_width(pillar.held.it_kw, of=widest),
                "note": first if count else gettext("blocks no site first"),
                "role": "gap",
            }
        )
    return made


def domain_card(card: DomainCard, *, now: datetime) -> Card:
    clock = [
        ngettext("%(n)s site silent", "%(n)s sites silent", card.clocks.get("silent", 0)),
        ngettext("%(n)s site late", "%(n)s sites late", card.clocks.get("late", 0)),
    ]
    counts = (card.clocks.get("silent", 0), card.clocks.get("late", 0))
    notes = [text % {"n": number} for text, number in zip(clock, counts, strict=True) if number]
    reporting = gettext("%(n)s of %(all)s sites reporting") % {"n": card.reporting, "all": card.sites}
    return {
        "domain": card.domain,
        "title": DOMAIN_TITLES[card.domain],
        "url": link("sites", **{card.domain: "critical"}),
        "note": reporting,
        "figures": [figure(each, now=now) for each in card.figures[:3]],
        "kind": "health",
        "segments": stacked(card.sites_by_health),
        "clock_note": " · ".join(notes),
    }


def figure(each: DomainFigure, *, now: datetime) -> Card:
    shown = format_value(each.value, each.unit) if each.value is not None else None
    return {
        "label": each.label,
        "value": shown.value if shown else None,
        "unit": shown.unit if shown else "",
        "provenance": each.provenance,
        "source": each.source,
        "at": each.taken_at,
        "age": "",
    }


def attention_list(items: Iterable[Attention], *, now: datetime) -> list[Card]:
    made = []
    for item in items:
        stake = power(item.kw, power_unit(item.kw)) if item.kw else None
        since = gettext("since %(at)s") % {"at": instant(item.since)} if item.since else ""
        made.append(
            {
                "id": f"{item.kind}-{item.site.slug if item.site else 'several'}-{item.subject or item.state}",
                # A site without an owner has no state of its own; it wants attention.
                "kind": "check" if item.kind in OF_OWNERS else item.kind,
                "state": "warn" if item.kind in OF_OWNERS else item.state,
                "title": item.title,
                "url": _attention_url(item),
                "detail": " · ".join(part for part in (item.detail, since) if part),
                "value": stake.value if stake else None,
                "unit": stake.unit if stake else "",
                "clock": item.clock,
            }
        )
    return made


def _attention_url(item: Attention) -> str:
    if item.kind == "source":
        return link("source", item.source_id)
    if item.kind == "ownership":
        return link("ownership-queues", queue=item.subject)
    if item.kind == "owner":
        return link("sites", owner="none")
    if item.site is None:
        return link("check", item.check_id) if item.check_id else link("sites")
    if item.check_id:
        return link("site-check", item.site.slug, item.check_id)
    return link("site", item.site.slug, tab=item.subject)


def pillar_bars(pillars: Iterable[PillarFigure], *, slug: str) -> list[Card]:
    return [
        _pillar(pillar) | {"url": link("site", slug, tab="evidence", pillar=pillar.id)} for pillar in pillars
    ]


def pillar_marks(pillars: Iterable[PillarFigure]) -> list[Card]:
    return [_pillar(pillar) for pillar in pillars]


def _pillar(pillar: PillarFigure) -> Card:
    return {
        "label": pillar.name,
        "short": pillar.short_name,
        "score": None if pillar.score is None else 100 * pillar.score,
        "upper": None if pillar.upper is None else round(100 * pillar.upper, 1),
        "waived": pillar.waived_checks,
        "waived_width": None if not pillar.waived else round(100 * pillar.waived, 1),
        "state": pillar.state,
    }


def domain_detail(detail: DomainDetail, slug: str, *, now: datetime) -> Card:
    """A domain of one site: its state, its figures, and the worst objects with a way to their samples."""
    return {
        "domain": detail.domain,
        "title": DOMAIN_TITLES[detail.domain],
        "health": detail.health,
        "clock": detail.clock,
        "since": detail.since,
        "last_known": sentences.last_known(detail.last_health, detail.heard_at),
        "url": link("site", slug, tab=detail.domain),
        "figures": [figure(each, now=now) for each in detail.figures],
        "segments": stacked(detail.objects_by_health),
        "reasons": [_reason(reason, slug) for reason in detail.reasons],
    }


def _reason(reason: HealthReason, slug: str) -> Card:
    return {
        "health": reason.health,
        "object": reason.object,
        "object_url": _object_url(reason.object_kind, reason.object_id),
        "words": sentences.reason_words(reason),
        "source": reason.source,
        "at": reason.taken_at,
        "samples_url": link("explore", site=slug, metric=reason.metric, start="now-24h", end="now")
        if reason.metric
        else "",
    }


def _object_url(kind: str, pk: int | None) -> str:
    return reverse(f"{kind}-detail", args=[pk]) if kind and pk else ""


def history_strip(cells: Sequence[StripCell]) -> list[Card]:
    """The worst state of each two days. What held before the first evaluation is left out: it was no state."""
    spans = [cells[place : place + CELLS_TOGETHER] for place in range(0, len(cells), CELLS_TOGETHER)]
    worst = [(span[0].start, max((cell.state for cell in span), key=_severity)) for span in spans]
    return [
        {"state": held, "title": f"{instant(start)}: {state('check', held).word}"}
        for start, held in worst
        if held
    ]


def strip_label(strip: Sequence[Card]) -> str:
    """How often each state held over the strip, in words."""
    counted = Counter(cell["state"] for cell in strip)
    if not counted:
        return gettext("Not evaluated in the last 30 days")
    listed = ", ".join(f"{count} × {state('check', held).word}" for held, count in counted.items())
    return gettext("The worst of each two days: %(told)s") % {"told": listed}


def _severity(check_state: str) -> int:
    return SEVERITY[CheckState(check_state)] if check_state else -1
